package query

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/endscope/endscope/scopes"
)

// ranking says which series of a plan are shown, by their values over the whole span: for every scope so many.
type ranking struct {
	plan   *plan
	pair   pair
	kept   map[string]int // place of each series that is shown, by its labels' bytes
	groups []*rankedScope // by scope
	folds  bool           // some scope has more series than are shown
}

// rankedScope is the part of a ranking that lies in one scope.
type rankedScope struct {
	scope scopes.Path
	kept  []labels.Labels // best first
	rest  int
}

// other is what a question evaluates for the series that its ranking leaves out.
type other struct {
	plan *plan
	pair
}

// rank finds the top of every question. Questions of one plan that are ranked by the same aggregation share a ranking.
func (d *drillDown) rank(ctx context.Context, questions []*question) error {
	type key struct {
		plan *plan
		by   scopes.Aggregation
	}
	rankings := map[key]*ranking{}
	var all []*evaluation
	for _, q := range questions {
		k := key{q.plan, cmp.Or(d.request.OrderBy.Aggregation, q.aggregation)}
		if rankings[k] == nil {
			// What was there only in the past has a place, too: among the last.
			whole, err := d.pair(ctx, q.plan, k.by, windows.whole)
			if err != nil {
				return err
			}
			rankings[k] = &ranking{plan: q.plan, pair: whole, kept: map[string]int{}}
			all = append(all, whole.list()...)
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
	seen := map[string]bool{}
	for _, e := range r.pair.list() {
		for i, part := range e.runs {
			for _, s := range e.results[i].Matrix {
				var value [1]*float64
				if e == r.pair.now {
					part.fill(value[:], s.Floats)
				}
				key := string(s.Metric.Bytes(nil))
				if !seen[key] {
					seen[key] = true
					scope := r.scopeOf(s.Metric)
					byScope[scope] = append(byScope[scope], entry{s.Metric, value[0], key})
				}
			}
		}
	}
	better := func(a, b *float64) int {
		switch {
		case a == nil || b == nil:
			return cmp.Compare(btoi(a == nil), btoi(b == nil))
		case ascending:
			return cmp.Compare(*a, *b)
		}
		return cmp.Compare(*b, *a)
	}
	for _, scope := range slices.SortedFunc(maps.Keys(byScope), func(a, b scopes.Path) int { return strings.Compare(a.String(), b.String()) }) {
		entries := byScope[scope]
		slices.SortFunc(entries, func(a, b entry) int { return cmp.Or(better(a.value, b.value), labels.Compare(a.labels, b.labels)) })
		group := &rankedScope{scope: scope, rest: max(0, len(entries)-top)}
		for i, e := range entries[:len(entries)-group.rest] {
			r.kept[e.key] = i
			group.kept = append(group.kept, e.labels)
		}
		r.groups = append(r.groups, group)
		r.folds = r.folds || group.rest > 0
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// scopeOf returns the scope that was asked for and that a series belongs to.
func (r *ranking) scopeOf(ls labels.Labels) scopes.Path {
	path, depth := scopes.Of(ls), r.plan.scope.Level().Depth()
	if depth < scopes.LevelInstance.Depth() {
		path.Instance = ""
	}
	if depth < scopes.LevelDeployment.Depth() {
		path.Deployment = ""
	}
	return path
}

// keeps says whether a series is shown, by its labels' bytes.
func (r *ranking) keeps(key string) bool {
	_, ok := r.kept[key]
	return ok || !r.folds
}

// place returns the scope of a series and its place there; what has none comes last.
func (r *ranking) place(ls labels.Labels) (scope string, rank int) {
	rank, ok := r.kept[string(ls.Bytes(nil))]
	if !ok {
		rank = math.MaxInt - 1
	}
	return r.scopeOf(ls).String(), rank
}

// rest returns how many series are folded in the scope of a series, at least one.
func (r *ranking) rest(ls labels.Labels) int {
	scope := r.scopeOf(ls)
	i := slices.IndexFunc(r.groups, func(g *rankedScope) bool { return g.scope == scope })
	if i < 0 {
		return 1
	}
	return max(1, r.groups[i].rest)
}

// restricted returns the plan narrowed to the values that the shown series have. That may still be more than those
// series, where the plan is split by several dimensions.
func (r *ranking) restricted() *plan {
	out := *r.plan
	if !r.folds || out.def.Source.Kind == scopes.KindSkew { // one instance's share depends on all of them
		return &out
	}
	out.filter = slices.Clone(out.filter)
	for _, dim := range out.split {
		if dim.Derive != nil {
			continue
		}
		var values []string
		for _, g := range r.groups {
			for _, ls := range g.kept {
				values = append(values, ls.Get(dim.Label))
			}
		}
		slices.Sort(values)
		out.filter = append(out.filter, oneOf(dim.Label, slices.Compact(values), labels.MatchEqual, labels.MatchRegexp))
	}
	return &out
}

const (
	// maxFolds is the number of scopes that are folded by an expression each.
	maxFolds = 20
	// maxTuples is the number of series that one expression may leave out: it names each.
	maxTuples = 200
)

// fold plans the series that stand for those that a question's ranking leaves out, one in each scope.
func (d *drillDown) fold(ctx context.Context, q *question) error {
	r := q.ranking
	if !r.folds {
		return nil
	}
	if len(r.groups) <= maxFolds && separable(q.plan.def.Source.Kind) {
		var others []other
		for _, g := range r.groups {
			pl, err := d.leaveOut(ctx, q.plan, g)
			if err != nil {
				return err
			}
			if pl != nil {
				others = append(others, other{plan: pl})
			}
		}
		if len(others) == len(r.groups) {
			q.others = others
			return nil
		}
	}
	pl := *q.plan
	pl.exclude = &folded{}
	for _, g := range r.groups {
		for _, ls := range g.kept {
			pl.exclude.tuples = append(pl.exclude.tuples, q.plan.tuple(ls))
		}
	}
	if len(pl.exclude.tuples) > maxTuples {
		for _, g := range r.groups {
			q.left += g.rest
		}
		return nil
	}
	q.others = []other{{plan: &pl}}
	return nil
}

// separable says whether what a kind computes of some series does not depend on series beside them, so that matchers may
// leave those out.
func separable(k scopes.Kind) bool {
	switch k {
	case scopes.KindGauge, scopes.KindGaugeSum, scopes.KindCounter, scopes.KindHistogramCount, scopes.KindHistogramMean, scopes.KindHistogramQuantile, scopes.KindInstanceState:
		return true
	}
	return false
}

// leaveOut returns the plan of one scope without the series that are shown there, nil where these are told apart by more than one label:
// that is beyond matchers.
func (d *drillDown) leaveOut(ctx context.Context, whole *plan, g *rankedScope) (*plan, error) {
	pl := *whole
	pl.scope = scopes.Pattern(g.scope)
	pl.matchers = pl.scope.Matchers()
	told := pl.tupleLabels()
	i := slices.IndexFunc(pl.split, func(dim scopes.Dimension) bool { return slices.Equal(told, []string{labelOf(dim)}) })
	if i < 0 {
		return nil, nil
	}
	dim := pl.split[i]
	pl.split = nil
	return &pl, d.resolver.narrow(ctx, &pl, dim, func(value string) bool {
		return !slices.ContainsFunc(g.kept, func(ls labels.Labels) bool { return ls.Get(told[0]) == value })
	})
}
