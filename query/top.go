package query

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/endscope/endscope/scopes"
)

// ranking says which series of a plan are shown, by their values over the whole span: for every scope so many.
type ranking struct {
	evaluation *evaluation
	level      scopes.Level
	kept       map[string]int // place of each series that is shown, by its labels' bytes
	groups     []*rankedScope // by scope
}

// rankedScope is the part of a ranking that lies in one scope.
type rankedScope struct {
	scope scopes.Path
	kept  []labels.Labels // best first
	rest  []labels.Labels
}

// other is what a question evaluates for the series of one scope that its ranking leaves out.
type other struct {
	plan *plan
	pair
	folded int
}

// rank finds the top of every question. Questions of one plan that are ranked by the same aggregation share a ranking.
func (d *drillDown) rank(ctx context.Context, questions []*question) error {
	type key struct {
		plan *plan
		by   scopes.Aggregation
	}
	rankings := map[key]*ranking{}
	var all []*evaluation
	span := windows{start: d.now.start, length: d.now.end().Sub(d.now.start), count: 1}
	for _, q := range questions {
		k := key{q.plan, cmp.Or(d.request.OrderBy.Aggregation, q.aggregation)}
		if rankings[k] == nil {
			e, err := d.evaluation(ctx, q.plan, k.by, span)
			if err != nil {
				return err
			}
			rankings[k] = &ranking{evaluation: e, level: q.plan.scope.Level(), kept: map[string]int{}}
			all = append(all, e)
		}
		q.ranking = rankings[k]
	}
	if err := d.evaluate(ctx, all); err != nil {
		return err
	}
	for _, r := range rankings {
		r.order(d.request.Top, d.request.OrderBy.Ascending)
	}
	for _, q := range questions {
		if err := d.fold(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// order puts the series of each scope in order: by value, those without one last, then by name.
func (r *ranking) order(top int, ascending bool) {
	type entry struct {
		labels labels.Labels
		value  *float64
		key    string
	}
	byScope := map[scopes.Path][]entry{}
	seen := map[string]*float64{}
	for i, part := range r.evaluation.runs {
		for _, s := range r.evaluation.results[i].Matrix {
			value := make([]*float64, 1)
			part.fill(value, s.Floats)
			key := string(s.Metric.Bytes(nil))
			if _, ok := seen[key]; ok {
				continue
			}
			seen[key] = value[0]
			scope := scopeAt(s.Metric, r.level)
			byScope[scope] = append(byScope[scope], entry{s.Metric, value[0], key})
		}
	}
	for _, scope := range slices.SortedFunc(maps.Keys(byScope), func(a, b scopes.Path) int { return strings.Compare(a.String(), b.String()) }) {
		entries := byScope[scope]
		slices.SortFunc(entries, func(a, b entry) int {
			switch {
			case a.value != nil && b.value != nil && *a.value != *b.value:
				if (*a.value < *b.value) == ascending {
					return -1
				}
				return 1
			case (a.value == nil) != (b.value == nil):
				if b.value == nil {
					return -1
				}
				return 1
			}
			return labels.Compare(a.labels, b.labels)
		})
		group := &rankedScope{scope: scope}
		for i, e := range entries {
			if i < top {
				r.kept[e.key] = i
				group.kept = append(group.kept, e.labels)
			} else {
				group.rest = append(group.rest, e.labels)
			}
		}
		r.groups = append(r.groups, group)
	}
}

// scopeAt returns the scope of a series at a level.
func scopeAt(ls labels.Labels, level scopes.Level) scopes.Path {
	path := scopes.Of(ls)
	if level.Depth() < scopes.LevelInstance.Depth() {
		path.Instance = ""
	}
	if level.Depth() < scopes.LevelDeployment.Depth() {
		path.Deployment = ""
	}
	return path
}

// keeps says whether a series is shown, by its labels' bytes.
func (r *ranking) keeps(key string) bool {
	_, ok := r.kept[key]
	return ok
}

// place returns the scope of a series and its place there.
func (r *ranking) place(ls labels.Labels) (scope string, rank int) {
	return scopeAt(ls, r.level).String(), r.kept[string(ls.Bytes(nil))]
}

// restricted returns the plan narrowed to the values that the shown series have. That may still be more than those
// series, where the plan is split by several dimensions.
func (r *ranking) restricted(pl *plan) *plan {
	out := *pl
	out.filter = slices.Clone(pl.filter)
	for _, dim := range pl.split {
		if dim.Derive != nil {
			continue
		}
		var values []string
		for _, g := range r.groups {
			for _, ls := range g.kept {
				values = append(values, ls.Get(dim.Label))
			}
		}
		if slices.Sort(values); len(values) > 0 {
			out.filter = append(out.filter, oneOf(dim.Label, slices.Compact(values), labels.MatchEqual, labels.MatchRegexp))
		}
	}
	return &out
}

// fold plans, for every scope in which a question's ranking leaves something out, the one series that stands for it.
func (d *drillDown) fold(ctx context.Context, q *question) error {
	for _, g := range q.ranking.groups {
		if len(g.rest) == 0 {
			continue
		}
		pl := *q.plan
		pl.scope = scopes.Pattern(g.scope)
		pl.matchers = pl.scope.Matchers()
		pl.filter = slices.Clone(q.plan.filter)
		pl.split = nil
		folded, err := d.leaveOut(ctx, &pl, q.plan, g.kept)
		if err != nil {
			return err
		}
		if !folded {
			q.left += len(g.rest)
			continue
		}
		q.others = append(q.others, other{plan: &pl, folded: len(g.rest)})
	}
	return nil
}

// leaveOut narrows a plan to the series that differ from the kept ones in a label that these are told apart by. One such label makes
// a matcher; several need an expression.
func (d *drillDown) leaveOut(ctx context.Context, pl, split *plan, kept []labels.Labels) (bool, error) {
	told := slices.Clone(split.split)
	for _, label := range split.identity()[pl.scope.Level().Depth():] {
		if !slices.ContainsFunc(told, func(d scopes.Dimension) bool { return d.Label == label }) {
			told = append(told, scopes.Dimension{Name: label, Label: label})
		}
	}
	if len(told) > 1 {
		return false, nil
	}
	dim := told[0]
	taken := func(value string) bool {
		return !slices.ContainsFunc(kept, func(ls labels.Labels) bool { return ls.Get(labelOf(dim)) == value })
	}
	return true, d.resolver.narrow(ctx, pl, dim, taken)
}
