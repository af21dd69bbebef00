package query

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/scopes"
)

// Request is a drill-down question.
type Request struct {
	Scopes       []scopes.Pattern     // all of one level; `*` asks for every scope at that place, each with its own series
	Metrics      []string             // names of definitions, compared without case; at least one
	Aggregations []scopes.Aggregation // none means the primary one of each metric
	Interval     Interval
	Start, End   time.Time // Start before End; widened to whole windows unless the interval is full
	Split        []string  // names of dimensions, compared without case
	Filter       string    // in the language of ParseFilter; empty takes everything
	Top          int       // series to keep of each metric and scope, by OrderBy; the rest is folded into one. 0 keeps all
	OrderBy      OrderBy
	Compare      Compare
	Plan         bool // the answer says how it was computed
	Raw          bool // only samples as they were pushed are used, no roll-ups
}

// OrderBy says by what Top ranks series: an aggregation over the whole span.
type OrderBy struct {
	Aggregation scopes.Aggregation // empty means the series' own
	Ascending   bool
}

// Compare names the past that an answer is compared with: an offset, or an absolute start of a span as long as the
// request's. The zero Compare compares with nothing.
type Compare struct {
	Offset time.Duration
	Start  time.Time
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
	Compared    *Span       // what the values are compared with, nil if with nothing
	Truncated   *Truncation // nil: every series is there
	Warnings    []string    // what the engine noticed, sorted
	Plan        []PlanStep  // where the request asked for it
}

// Span is a stretch of time (Start, End].
type Span struct{ Start, End time.Time }

// PlanStep is one expression that was evaluated. Evaluated at Start+Step, Start+2*Step and so on up to End, its values are
// those of the windows.
type PlanStep struct {
	Metric      string
	Aggregation scopes.Aggregation
	Expr        string
	Start, End  time.Time
	Step        time.Duration
	Rollup      string // the resolution of the roll-ups that it reads, empty for none
	Cost        Cost
}

// AnswerSeries is one line of a chart.
type AnswerSeries struct {
	Scope       scopes.Path // as deep as the split names it
	Metric      string
	Aggregation scopes.Aggregation
	Unit        scopes.Unit
	Dimensions  map[string]string // by the catalogue's spelling; empty without a split
	Values      []*float64        // nil where there is no data; never 0 instead, never NaN or infinite
	Compared    []*float64        // the values of Answer.Compared, where the request compares; nil where there is no data
	Folded      int               // how many series this one stands for, where it holds what Top left out; otherwise 0
	Histogram   *HistogramSource  // for what is computed from the buckets of histograms
}

// HistogramSource says from which histograms a series was computed and how exact it is.
type HistogramSource struct {
	Kind HistogramKind
	// RelativeError bounds how far a value may lie from the true one, as a share of the value; nil where there is no bound, such as
	// beyond the highest bucket.
	RelativeError *float64
}

// HistogramKind is the kind of histograms that a value was computed from.
type HistogramKind string

// The kinds of histograms.
const (
	HistogramNative  HistogramKind = "native"
	HistogramClassic HistogramKind = "classic" // series with the label le
	HistogramCustom  HistogramKind = "custom"  // native histograms with the bounds of classic ones
	HistogramMixed   HistogramKind = "mixed"   // several kinds, brought to the bounds of the classic ones
)

// Truncation says that an answer shows only some of its series.
type Truncation struct {
	Shown, Total int
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
	for _, scope := range r.Scopes {
		if err := p.requireScope(ctx, scope, r.Start, r.End); err != nil {
			return nil, err
		}
	}
	session := p.set.Engine.NewSession()
	answer := &Answer{Start: win.start, End: win.end(), Interval: win.length, Timestamps: win.timestamps(), Series: []AnswerSeries{}, Warnings: []string{}}
	if partial := p.set.Now().Sub(win.start); partial < time.Duration(win.count)*win.length {
		i := max(0, int(partial/win.length))
		answer.PartialFrom = &answer.Timestamps[i]
	}
	for _, plan := range plans {
		if plan.def.Source.Kind == scopes.KindInstanceState {
			if plan.states, err = p.stateRule(ctx, plan.scope, win); err != nil {
				return nil, err
			}
		}
		for _, a := range aggregationsOf(plan.def, r.Aggregations) {
			if err := p.evaluate(ctx, session, plan, a, win, answer); err != nil {
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
	if len(r.Scopes) == 0 || r.Scopes[0].Level() == "" {
		return nil, &ParamError{Name: "scope", Value: "", Rule: "must be endpoint[/deployment[/instance]], where any part may be *"}
	}
	level := r.Scopes[0].Level()
	for _, scope := range r.Scopes {
		if scope.Level() != level {
			return nil, &ParamError{Name: "scope", Value: scope.String(), Rule: fmt.Sprintf("must be at %s scope, as %s is", level, r.Scopes[0])}
		}
	}
	if len(r.Metrics) == 0 {
		return nil, &ParamError{Name: "metric", Value: "", Rule: "must be one of " + p.metricNames(level)}
	}
	var out []*plan
	for _, name := range r.Metrics {
		def, ok := p.set.Catalogue.Lookup(name, level)
		if !ok {
			return nil, &ParamError{Name: "metric", Value: name, Rule: fmt.Sprintf("must be one of those at %s scope: %s", level, p.metricNames(level))}
		}
		pl := &plan{def: def, window: win.length}
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
		for _, scope := range r.Scopes {
			scoped := *pl
			scoped.scope, scoped.matchers = scope, scope.Matchers()
			out = append(out, &scoped)
		}
	}
	return out, nil
}

func aggregationsOf(def *scopes.Definition, asked []scopes.Aggregation) []scopes.Aggregation {
	if len(asked) == 0 {
		return def.Aggregations[:1]
	}
	return asked
}

func (p *Planner) metricNames(level scopes.Level) string {
	var names []string
	for _, d := range p.set.Catalogue.AtLevel(level) {
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
