package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// alertMetrics answers what alert rules ask about metrics from the planner.
type alertMetrics struct {
	planner *query.Planner
}

// definition is an alerts.MetricFunc.
func (m *alertMetrics) definition(name string, level scopes.Level) *scopes.Definition {
	def, ok := m.planner.Definitions().Lookup(name, level)
	if !ok {
		return nil
	}
	return def
}

// scopesAtOnce is how many scopes the planner takes in one question.
const scopesAtOnce = 50

// ask is an alerts.MetricsFunc. It sees what lies at or below the scopes of the question. Errors that the question itself is to
// blame for wrap alerts.ErrQuery.
func (m *alertMetrics) ask(ctx context.Context, q alerts.MetricQuestion) ([]alerts.Series, error) {
	every := q.Every
	if q.From.Equal(q.To) {
		every = q.Window
	}
	if every <= 0 || q.To.Before(q.From) || q.To.Sub(q.From)%every != 0 {
		return nil, fmt.Errorf("%w: instants from %s to %s every %s: must be in order, and the last a multiple of the step after the first",
			alerts.ErrQuery, q.From.UTC().Format(time.RFC3339), q.To.UTC().Format(time.RFC3339), every)
	}
	ctx = scopes.WithGrants(ctx, scopes.GrantScopes(q.Scopes...))
	found := newFoundSeries(int(q.To.Sub(q.From)/every) + 1)
	for part := range slices.Chunk(q.Scopes, scopesAtOnce) {
		r := query.Request{
			Scopes: part, Metrics: []string{q.Metric}, Aggregations: []scopes.Aggregation{q.Aggregation}, Interval: query.Interval{Fixed: q.Window}, Every: every,
			Start: q.From.Add(-q.Window), End: q.To, Split: q.Split, Filter: q.Filter, AllowMissing: true,
		}
		if err := m.into(ctx, found, 0, r); err != nil {
			return nil, err
		}
	}
	return found.list(), nil
}

// into puts the answer of a request into the values from an instant on, in halves of the time where the answer would be too large.
func (m *alertMetrics) into(ctx context.Context, found *foundSeries, first int, r query.Request) error {
	answer, err := m.planner.DrillDown(ctx, r)
	instants := int((r.End.Sub(r.Start)-r.Interval.Fixed)/r.Every) + 1
	switch {
	case errors.Is(err, scopes.ErrNotFound):
		return nil
	case tooLarge(err) && instants > 1:
		half := instants / 2
		early, late := r, r
		early.End = r.Start.Add(r.Interval.Fixed + time.Duration(half-1)*r.Every)
		late.Start = r.Start.Add(time.Duration(half) * r.Every)
		if err := m.into(ctx, found, first, early); err != nil {
			return err
		}
		return m.into(ctx, found, first+half, late)
	case tooLarge(err), errors.As(err, new(*query.ParamError)):
		return fmt.Errorf("%w: %w", alerts.ErrQuery, err)
	case err != nil:
		return fmt.Errorf("ask for %s: %w", r.Metrics[0], err)
	}
	for _, s := range answer.Series {
		found.add(s, first)
	}
	return nil
}

// tooLarge says whether a shorter time may have an answer.
func tooLarge(err error) bool {
	var limit *query.LimitError
	return errors.As(err, new(*query.AnswerLimitError)) || errors.As(err, &limit) && (limit.Unit == query.UnitSamples || limit.Unit == query.UnitSeries)
}

// foundSeries are the series of several answers, each of some of the instants.
type foundSeries struct {
	instants int
	byName   map[string]*alerts.Series
}

func newFoundSeries(instants int) *foundSeries {
	return &foundSeries{instants: instants, byName: map[string]*alerts.Series{}}
}

func (f *foundSeries) add(s query.AnswerSeries, first int) {
	name := s.Scope.String()
	for _, dim := range slices.Sorted(maps.Keys(s.Dimensions)) {
		name = strings.Join([]string{name, dim, s.Dimensions[dim]}, "\x00")
	}
	to := f.byName[name]
	if to == nil {
		to = &alerts.Series{Scope: s.Scope, Dimensions: s.Dimensions, Values: make([]*float64, f.instants)}
		f.byName[name] = to
	}
	for i, v := range s.Values {
		if v != nil {
			rounded := withoutNoise(*v)
			to.Values[first+i] = &rounded
		}
	}
}

// withoutNoise rounds a value to twelve significant digits, which is more than any reading has. The mean of twenty times 0.95, times a
// hundred, is 95 then, and not a hair below, so that it meets a threshold of 95 however it was summed up.
func withoutNoise(v float64) float64 {
	const digits = 12
	if v == math.Trunc(v) || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	places := digits - 1 - int(math.Floor(math.Log10(math.Abs(v))))
	if places < 1 || places > 22 {
		return v // beyond what a power of ten can be without noise of its own
	}
	scale := math.Pow10(places)
	return math.Round(v*scale) / scale
}

// list returns the series by name.
func (f *foundSeries) list() []alerts.Series {
	out := make([]alerts.Series, 0, len(f.byName))
	for _, name := range slices.Sorted(maps.Keys(f.byName)) {
		out = append(out, *f.byName[name])
	}
	return out
}

// explain is an alerts.ExplainFunc. It returns nil where nothing is stored.
func (m *alertMetrics) explain(ctx context.Context, q alerts.ExplainQuestion) (*alerts.Finding, error) {
	e, err := m.planner.Explain(scopes.WithGrants(ctx, scopes.GrantScopes(scopes.Pattern(q.Scope))), query.ExplainRequest{
		Metric: q.Metric, Scope: scopes.Pattern(q.Scope), Aggregation: q.Aggregation, Filter: q.Filter,
		Window: query.Span{Start: q.Start, End: q.End}, Baseline: query.Span{Start: q.Baseline, End: q.Start},
	})
	switch {
	case errors.Is(err, scopes.ErrNotFound):
		return nil, nil
	case errors.As(err, new(*query.ParamError)):
		return nil, fmt.Errorf("%w: %w", alerts.ErrQuery, err)
	case err != nil:
		return nil, fmt.Errorf("explain %s of %s: %w", q.Metric, q.Scope, err)
	}
	out := &alerts.Finding{Sentence: e.Explanation, Verdict: string(e.Verdict)}
	for _, step := range e.Path {
		out.Path = append(out.Path, step.Dimension+"="+step.Value)
	}
	return out, nil
}
