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

// evaluate adds the series of one aggregation to the answer.
func (p *Planner) evaluate(ctx context.Context, session *Session, plan *plan, a scopes.Aggregation, win windows, answer *Answer) error {
	found := map[uint64]*AnswerSeries{}
	for _, part := range p.parts(plan, win) {
		result, err := session.Range(ctx, part.plan.expr(a), part.start.Add(part.length), part.end(), part.length)
		if err != nil {
			return fmt.Errorf("evaluate %s of %s: %w", a, plan.def.Name, err)
		}
		for _, w := range result.Annotations.AsErrors() {
			answer.Warnings = append(answer.Warnings, w.Error())
		}
		if n := len(answer.Series) + max(len(found), len(result.Matrix)); n*win.count > p.cfg.MaxValues {
			return &AnswerLimitError{Series: n, Points: win.count, Limit: p.cfg.MaxValues,
				How: "ask for a longer interval, a shorter time range, fewer dimensions in split, or a narrower scope"}
		}
		for _, s := range result.Matrix {
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
	elapsed := p.set.Now().Truncate(time.Millisecond).Sub(win.start)
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
