package query

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/endscope/endscope/scopes"
)

// ranking says which series of a plan are shown, by their values over the whole span: so many of all that its pattern makes.
type ranking struct {
	plan *plan
	pair pair
	kept []labels.Labels // best first
	at   map[string]int  // place of each series that is shown, by its labels' bytes
	rest int             // series that are not shown
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
			rankings[k] = &ranking{plan: q.plan, pair: whole, at: map[string]int{}}
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

// order puts the series in order: by value, those without one last, then by name.
func (r *ranking) order(top int, ascending bool) {
	type entry struct {
		labels labels.Labels
		value  *float64
		key    string
	}
	var entries []entry
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
					entries = append(entries, entry{s.Metric, value[0], key})
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
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Or(better(a.value, b.value), labels.Compare(a.labels, b.labels)) })
	r.rest = max(0, len(entries)-top)
	for i, e := range entries[:len(entries)-r.rest] {
		r.at[e.key] = i
		r.kept = append(r.kept, e.labels)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// keeps says whether a series is shown, by its labels' bytes.
func (r *ranking) keeps(key string) bool {
	_, ok := r.at[key]
	return ok || r.rest == 0
}

// place returns the place of a series; what has none comes last.
func (r *ranking) place(key string) int {
	if i, ok := r.at[key]; ok {
		return i
	}
	return math.MaxInt - 1
}

// restricted returns the plan narrowed to the values that the shown series have. That may still be more than those
// series, where several labels tell them apart.
func (r *ranking) restricted() *plan {
	out := *r.plan
	if r.rest == 0 || out.def.Source.Kind == scopes.KindSkew { // one instance's share depends on all of them
		return &out
	}
	out.filter = slices.Clone(out.filter)
	for _, label := range out.tupleLabels() {
		if slices.ContainsFunc(out.split, func(dim scopes.Dimension) bool { return dim.Derive != nil && labelOf(dim) == label }) {
			continue
		}
		var values []string
		for _, ls := range r.kept {
			values = append(values, ls.Get(label))
		}
		slices.Sort(values)
		out.filter = append(out.filter, oneOf(label, slices.Compact(values), labels.MatchEqual, labels.MatchRegexp))
	}
	return &out
}

// maxTuples is the number of series that one expression may leave out: it names each.
const maxTuples = 200

// fold plans the series that stands for those that a question's ranking leaves out.
func (d *drillDown) fold(ctx context.Context, q *question) error {
	r := q.ranking
	if r.rest == 0 {
		return nil
	}
	if separable(q.plan.def.Source.Kind) {
		pl, err := d.leaveOut(ctx, q.plan, r.kept)
		if err != nil {
			return err
		}
		if pl != nil {
			q.other = &other{plan: pl}
			return nil
		}
	}
	if len(r.kept) > maxTuples {
		q.left += r.rest
		return nil
	}
	pl := *q.plan
	pl.exclude = &folded{}
	for _, ls := range r.kept {
		pl.exclude.tuples = append(pl.exclude.tuples, q.plan.tuple(ls))
	}
	q.other = &other{plan: &pl}
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

// leaveOut returns the plan of all series together but those that are shown, nil where these are told apart by more than one label:
// that is beyond matchers.
func (d *drillDown) leaveOut(ctx context.Context, whole *plan, kept []labels.Labels) (*plan, error) {
	told := whole.tupleLabels()
	if len(told) != 1 {
		return nil, nil
	}
	dim := scopes.Dimension{Name: told[0], Label: told[0]} // of the scope, where the split does not know it
	if i := slices.IndexFunc(whole.split, func(dim scopes.Dimension) bool { return labelOf(dim) == told[0] }); i >= 0 {
		dim = whole.split[i]
	}
	pl := *whole
	pl.split, pl.together = nil, true
	return &pl, d.resolver.narrow(ctx, &pl, dim, func(value string) bool {
		return !slices.ContainsFunc(kept, func(ls labels.Labels) bool { return ls.Get(told[0]) == value })
	})
}
