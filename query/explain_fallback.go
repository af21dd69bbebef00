package query

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/endscope/endscope/scopes"
)

// compareChildren answers for metrics whose change cannot be divided up, such as the number of instances by state: it gives the
// children's own values side by side.
func (e *explainer) compareChildren(ctx context.Context) error {
	e.out.Warnings = append(e.out.Warnings, fmt.Sprintf("%s cannot be attributed to parts: contributions compare the children's own values", e.out.Metric))
	own, err := e.valuesBy(ctx, "")
	if err != nil {
		return err
	}
	for _, v := range own {
		e.out.Before, e.out.After = v.Before, v.After
	}
	if e.out.Before == nil || e.out.After == nil {
		e.out.Warnings = append(e.out.Warnings, missingSpans(change{before: e.out.Before, after: e.out.After}))
		e.out.Explanation = e.noData()
		return nil
	}
	e.out.Change = difference(e.out.Before, e.out.After)
	if e.plan.def.Source.Kind == scopes.KindSkew { // the others know of instances that are silent
		if e.coverage, err = e.coverageOfSeries(ctx); err != nil {
			return err
		}
		e.out.Warnings = append(e.out.Warnings, e.coverage.shortfalls()...)
	}
	for _, dim := range e.plan.def.Dimensions {
		children, err := e.valuesBy(ctx, dim.Name)
		if err != nil {
			return err
		}
		e.out.Contributions = append(e.out.Contributions, children...)
	}
	slices.SortStableFunc(e.out.Contributions, func(a, b Contribution) int { return cmp.Compare(moved(b), moved(a)) })
	if !e.coverage.comparable() {
		e.out.Explanation = e.notComparable()
		return nil
	}
	if math.Abs(*e.out.Change) < minRelative*math.Abs(*e.out.Before) || *e.out.Change == 0 {
		e.out.Explanation = e.noChange()
		return nil
	}
	e.out.Verdict = VerdictSeveral
	e.out.Explanation = fmt.Sprintf("%s of %s %s; its children are compared, since it cannot be divided up%s.", e.out.Metric, e.out.Scope, e.movement(*e.out.Before, *e.out.After), e.timeCompared())
	return nil
}

// moved is how far a child's own value moved; what came or went moved by all of it.
func moved(c Contribution) float64 {
	v := 0.0
	if c.After != nil {
		v = *c.After
	}
	if c.Before != nil {
		v -= *c.Before
	}
	return math.Abs(v)
}

// valuesBy returns the values of the scope by one dimension, or its own for the empty one.
func (e *explainer) valuesBy(ctx context.Context, dimension string) ([]Contribution, error) {
	r := Request{Scopes: []scopes.Pattern{e.plan.scope}, Metrics: []string{e.plan.def.Name}, Aggregations: []scopes.Aggregation{e.aggregation}, Interval: Interval{Full: true}, Filter: e.filter}
	if dimension != "" {
		r.Split = []string{dimension}
	}
	found := map[[2]string]*Contribution{}
	var order [][2]string
	for span, w := range []windows{e.baseline, e.window} {
		r.Start, r.End = w.start, w.end()
		answer, err := e.planner.DrillDown(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, s := range answer.Series {
			key := [2]string{s.Scope.String(), s.Dimensions[dimension]}
			c := found[key]
			if c == nil {
				c = &Contribution{Dimension: dimension, Value: key[1], Scope: s.Scope}
				found[key] = c
				order = append(order, key)
			}
			if span == inBaseline {
				c.Before = s.Values[0]
			} else {
				c.After = s.Values[0]
			}
		}
	}
	out := make([]Contribution, 0, len(order))
	for _, key := range order {
		out = append(out, *found[key])
	}
	return out, nil
}
