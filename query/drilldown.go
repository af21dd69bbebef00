package query

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/endscope/endscope/scopes"
)

// Request is a drill-down question.
type Request struct {
	Scope        scopes.Pattern       // `*` asks for every scope at that place, each with its own series
	Metrics      []string             // names of definitions, compared without case; at least one
	Aggregations []scopes.Aggregation // none means the primary one of each metric
	Interval     Interval
	Start, End   time.Time // Start before End; widened to whole windows unless the interval is full
	Split        []string  // names of dimensions, compared without case
}

// Answer holds one series for each metric, aggregation, scope and combination of split values that has data. Every
// series has one value for each timestamp.
type Answer struct {
	Start, End time.Time     // what the windows cover
	Interval   time.Duration // length of a window
	// Timestamps are the starts of the windows in milliseconds since 1970. The value at t stands for the samples in
	// (t, t+Interval].
	Timestamps []int64
	// PartialFrom is the first of Timestamps whose window had not ended when the answer was made, nil if all had.
	PartialFrom *int64
	Series      []AnswerSeries
	Truncated   *Truncation // nil: every series is there
	Warnings    []string    // what the engine noticed, sorted
}

// AnswerSeries is one line of a chart.
type AnswerSeries struct {
	Scope       scopes.Path // as deep as the split names it
	Metric      string
	Aggregation scopes.Aggregation
	Unit        scopes.Unit
	Dimensions  map[string]string // by the catalogue's spelling; empty without a split
	Values      []*float64        // nil where there is no data; never 0 instead, never NaN or infinite
}

// Truncation says that an answer shows only some of its series.
type Truncation struct {
	Shown, Total int
}

// ParamError says that one part of a request is not allowed. Name is the parameter, Value what was given, Rule what is
// allowed and reads on from the value.
type ParamError struct {
	Name, Value, Rule string
}

func (e *ParamError) Error() string {
	value := e.Value
	if len(value) > 200 {
		value = value[:200] + "…"
	}
	return fmt.Sprintf("%s %q: %s", e.Name, value, e.Rule)
}

// AnswerLimitError says that an answer would be too large. How says what to ask for instead.
type AnswerLimitError struct {
	Series, Points int // what was asked for; Series is 0 where the points alone are too many
	Limit          int
	How            string
}

func (e *AnswerLimitError) Error() string {
	if e.Series == 0 {
		return fmt.Sprintf("the answer would have %d points for each series, more than the limit of %d: %s", e.Points, e.Limit, e.How)
	}
	return fmt.Sprintf("the answer would have %d series × %d points = %d values, more than the limit of %d: %s",
		e.Series, e.Points, e.Series*e.Points, e.Limit, e.How)
}

// DrillDown answers a request with what the grants in ctx make visible.
// Errors: *ParamError for what is not allowed, one that wraps scopes.ErrNotFound and names the scope where nothing is
// stored for it, *AnswerLimitError, and those of Settings.Range.
func (p *Planner) DrillDown(ctx context.Context, r Request) (*Answer, error) {
	win, err := p.windowsOf(r)
	if err != nil {
		return nil, err
	}
	plans, err := p.plans(r, win)
	if err != nil {
		return nil, err
	}
	if err := p.requireScope(ctx, r.Scope, r.Start, r.End); err != nil {
		return nil, err
	}
	answer := &Answer{Start: win.start, End: win.end(), Interval: win.length, Timestamps: win.timestamps(), Series: []AnswerSeries{}, Warnings: []string{}}
	if partial := p.Now().Sub(win.start); partial < time.Duration(win.count)*win.length {
		i := max(0, int(partial/win.length))
		answer.PartialFrom = &answer.Timestamps[i]
	}
	for _, plan := range plans {
		if plan.def.Source.Kind == scopes.KindInstanceState {
			if plan.states, err = p.stateRule(ctx, r.Scope, win); err != nil {
				return nil, err
			}
		}
		for _, a := range aggregationsOf(plan.def, r.Aggregations) {
			if err := p.evaluate(ctx, plan, a, win, answer); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(answer.Warnings)
	answer.Warnings = slices.Compact(answer.Warnings)
	return answer, nil
}

func (p *Planner) windowsOf(r Request) (windows, error) {
	if !r.Start.Before(r.End) {
		return windows{}, &ParamError{Name: "start", Value: r.Start.UTC().Format(time.RFC3339), Rule: "must be before end " + r.End.UTC().Format(time.RFC3339)}
	}
	// Milliseconds are what is stored.
	start, end := r.Start.Truncate(time.Millisecond).UTC(), r.End.Truncate(time.Millisecond).UTC()
	if end.Sub(start) < minInterval {
		return windows{}, &ParamError{Name: "end", Value: r.End.UTC().Format(time.RFC3339Nano), Rule: "must be at least 1s after start"}
	}
	if end.Sub(start) > maxDuration {
		return windows{}, &ParamError{Name: "start", Value: r.Start.UTC().Format(time.RFC3339), Rule: "must be at most 100 years before end"}
	}
	win := newWindows(start, end, r.Interval)
	if win.count > p.cfg.MaxPoints {
		return windows{}, &AnswerLimitError{Points: win.count, Limit: p.cfg.MaxPoints, How: "ask for a longer interval or a shorter time range"}
	}
	return win, nil
}

// plans looks up the metrics and checks that each has what is asked of it.
func (p *Planner) plans(r Request, win windows) ([]*plan, error) {
	level := r.Scope.Level()
	if level == "" {
		return nil, &ParamError{Name: "scope", Value: "", Rule: "must be endpoint[/deployment[/instance]], where any part may be *"}
	}
	if len(r.Metrics) == 0 {
		return nil, &ParamError{Name: "metric", Value: "", Rule: "must be one of " + p.metricNames(level)}
	}
	var out []*plan
	for _, name := range r.Metrics {
		def, ok := p.Catalogue.Lookup(name, level)
		if !ok {
			return nil, &ParamError{Name: "metric", Value: name, Rule: fmt.Sprintf("must be one of those at %s scope: %s", level, p.metricNames(level))}
		}
		pl := &plan{def: def, matchers: r.Scope.Matchers(), window: win.length}
		for _, dim := range r.Split {
			d, ok := def.Dimension(dim)
			if !ok {
				return nil, &ParamError{Name: "split", Value: dim, Rule: fmt.Sprintf("must be a dimension of %s at %s scope: %s", def.Name, level, dimensionNames(def))}
			}
			if !slices.ContainsFunc(pl.split, func(o scopes.Dimension) bool { return o.Name == d.Name }) {
				pl.split = append(pl.split, d)
			}
		}
		for _, a := range r.Aggregations {
			if !def.Supports(a) {
				return nil, &ParamError{Name: "aggregation", Value: string(a), Rule: fmt.Sprintf("must be one that %s has: %s", def.Name, joined(def.Aggregations))}
			}
		}
		out = append(out, pl)
	}
	return out, nil
}

func aggregationsOf(def *scopes.Definition, asked []scopes.Aggregation) []scopes.Aggregation {
	if len(asked) == 0 {
		return def.Aggregations[:1]
	}
	return asked
}

// evaluate adds the series of one aggregation to the answer.
func (p *Planner) evaluate(ctx context.Context, plan *plan, a scopes.Aggregation, win windows, answer *Answer) error {
	found := map[uint64]*AnswerSeries{}
	for _, part := range p.parts(plan, win) {
		matrix, warnings, err := p.Range(ctx, part.plan.expr(a), part.start.Add(part.length), part.end(), part.length)
		if err != nil {
			return fmt.Errorf("evaluate %s of %s: %w", a, plan.def.Name, err)
		}
		for _, w := range warnings.AsErrors() {
			answer.Warnings = append(answer.Warnings, w.Error())
		}
		if n := len(answer.Series) + max(len(found), len(matrix)); n*win.count > p.cfg.MaxValues {
			return &AnswerLimitError{Series: n, Points: win.count, Limit: p.cfg.MaxValues,
				How: "ask for a longer interval, a shorter time range, fewer dimensions in split, or a narrower scope"}
		}
		for _, s := range matrix {
			series := found[s.Metric.Hash()]
			if series == nil {
				series = newAnswerSeries(plan, a, s.Metric, win.count)
				found[s.Metric.Hash()] = series
			}
			part.fill(series.Values[part.first:], s.Floats)
		}
	}
	maps.DeleteFunc(found, func(_ uint64, s *AnswerSeries) bool {
		return !slices.ContainsFunc(s.Values, func(v *float64) bool { return v != nil })
	})
	sorted := slices.SortedFunc(maps.Values(found), func(x, y *AnswerSeries) int {
		if c := strings.Compare(x.Scope.String(), y.Scope.String()); c != 0 {
			return c
		}
		return slices.Compare(sortedValues(x.Dimensions), sortedValues(y.Dimensions))
	})
	for _, s := range sorted {
		answer.Series = append(answer.Series, *s)
	}
	return nil
}

func newAnswerSeries(plan *plan, a scopes.Aggregation, metric labels.Labels, points int) *AnswerSeries {
	s := &AnswerSeries{
		Scope: scopes.Of(metric), Metric: plan.def.Name, Aggregation: a, Unit: plan.def.UnitOf(a),
		Dimensions: make(map[string]string, len(plan.split)), Values: make([]*float64, points),
	}
	for _, dim := range plan.split {
		s.Dimensions[dim.Name] = metric.Get(labelOf(dim))
	}
	return s
}

// part is a run of windows that one evaluation answers for; first is the index of its first window.
type part struct {
	windows
	plan  *plan
	first int
}

// parts returns what to evaluate for the windows: all at once for what is computed from the samples inside a window. What
// looks at instants must not look at instants to come, where the newest sample would seem older than it is: there, the
// window that now lies in is evaluated up to now, and later ones not at all.
func (p *Planner) parts(pl *plan, win windows) []part {
	elapsed := p.Now().Truncate(time.Millisecond).Sub(win.start)
	ended := int(max(0, elapsed) / win.length)
	if !pl.instants() || ended >= win.count {
		return []part{{windows: win, plan: pl}}
	}
	var out []part
	if ended > 0 {
		out = append(out, part{windows: windows{win.start, win.length, ended}, plan: pl})
	}
	if open := elapsed - time.Duration(ended)*win.length; open > 0 {
		short := *pl
		short.window = open
		out = append(out, part{windows: windows{win.start.Add(time.Duration(ended) * win.length), open, 1}, plan: &short, first: ended})
	}
	return out
}

// fill puts points into their windows. What is not a finite number is no value.
func (w windows) fill(values []*float64, points []promql.FPoint) {
	kept := make([]float64, 0, len(points))
	for _, point := range points {
		if i, ok := w.index(point.T); ok && !math.IsNaN(point.F) && !math.IsInf(point.F, 0) {
			kept = append(kept, point.F)
			values[i] = &kept[len(kept)-1]
		}
	}
}

func sortedValues(dims map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(dims)) {
		out = append(out, dims[name])
	}
	return out
}

func (p *Planner) metricNames(level scopes.Level) string {
	var names []string
	for _, d := range p.Catalogue.AtLevel(level) {
		names = append(names, d.Name)
	}
	return strings.Join(names, ", ")
}

func dimensionNames(def *scopes.Definition) string {
	var names []string
	for _, d := range def.Dimensions {
		names = append(names, d.Name)
	}
	return strings.Join(names, ", ")
}

func joined[S ~string](values []S) string {
	var out []string
	for _, v := range values {
		out = append(out, string(v))
	}
	return strings.Join(out, ", ")
}
