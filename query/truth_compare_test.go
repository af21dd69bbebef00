package query_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// compare asks and compares every value. What was answered from roll-ups is asked again without.
func (b *truthBench) compare(t *testing.T, r query.Request, q *asked, must rule, sums *tally) {
	t.Helper()
	known := map[string]truth{}
	r.Plan = true
	rolled := func(s query.PlanStep) bool { return s.Rollup != "" }
	if answer := b.answer(t, q.text(r), r, q, remembered(known, must), sums); answer != nil && slices.ContainsFunc(answer.Plan, rolled) {
		sums.rolled++
		r.Raw = true
		if answer := b.answer(t, "raw: "+q.text(r), r, q, remembered(known, must), sums); answer != nil && slices.ContainsFunc(answer.Plan, rolled) {
			t.Errorf("%s: roll-ups were used although they were not wanted", q.text(r))
		}
	}
}

// remembered is a rule that computes an answer once.
func remembered(known map[string]truth, must rule) rule {
	return func(q *asked, a scopes.Aggregation) truth {
		key := fmt.Sprint(a, q.spans, q.folded, q.not)
		if known[key] == nil {
			known[key] = must(q, a)
		}
		return maps.Clone(known[key])
	}
}

func (b *truthBench) answer(t *testing.T, name string, r query.Request, q *asked, must rule, sums *tally) *query.Answer {
	t.Helper()
	answer, err := b.planner.DrillDown(scopes.WithGrants(context.Background(), scopes.AllAccess()), r)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return nil
	}
	sums.question(r)
	whole := span{q.spans[0].from, q.spans[len(q.spans)-1].to}
	if len(answer.Timestamps) != len(q.spans) || answer.Timestamps[0] != whole.from || answer.End.UnixMilli() != whole.to {
		t.Errorf("%s: windows are %v + %v, want %v", name, answer.Timestamps, answer.Interval, q.spans)
		return nil
	}
	for _, warning := range answer.Warnings {
		if !strings.HasSuffix(warning, "it is the highest bound of the buckets") {
			t.Errorf("%s: warns of %q", name, warning)
		}
	}
	past := q.past(r)
	if (past == nil) != (answer.Compared == nil) || past != nil && answer.Compared.Start.UnixMilli() != past.spans[0].from {
		t.Errorf("%s: is compared with %v", name, answer.Compared)
		return nil
	}
	for _, a := range r.Aggregations {
		sums.kind(q, r, a)
		got, other := map[group]query.AnswerSeries{}, map[scopes.Path]query.AnswerSeries{}
		for _, s := range answer.Series {
			if s.Aggregation != a {
				continue
			}
			if s.Folded > 0 {
				other[s.Scope] = s
				continue
			}
			var values []string
			for _, dim := range q.split {
				values = append(values, s.Dimensions[dim])
			}
			g := group{s.Scope, strings.Join(values, "\x00")}
			if _, twice := got[g]; twice {
				t.Errorf("%s: %s of %s is there twice", name, a, g.text())
			}
			got[g] = s
		}
		c := &comparison{t: t, name: fmt.Sprintf("%s: %s", name, a), sums: sums}
		want := must(q, a)
		var before truth
		if past != nil {
			before = must(past, a)
		}
		if r.Top > 0 {
			b.top(c, r, q, must, a, got, want, before)
			rest := *q
			rest.folded, rest.not = true, map[group]bool{}
			for g := range got {
				rest.not[g] = true
			}
			folded := map[group]query.AnswerSeries{}
			for path, s := range other {
				folded[group{scope: path}] = s
			}
			// Where several dimensions tell the series apart nothing is folded, and the answer says so.
			if answer.Truncated == nil {
				c.of = "other of "
				c.values(q.spans, must(&rest, a), folded, func(s query.AnswerSeries) []*float64 { return s.Values })
				if past != nil {
					rest.spans = past.spans
					old := must(&rest, a)
					for g := range old {
						if _, ok := folded[g]; !ok {
							delete(old, g) // what there is now says what is ranked, and so whether anything is folded
						}
					}
					c.values(past.spans, old, folded, func(s query.AnswerSeries) []*float64 { return s.Compared })
				}
				c.of = ""
			}
			for g := range want {
				if _, ok := got[g]; !ok {
					delete(want, g)
				}
			}
			for g := range before {
				if _, ok := got[g]; !ok {
					delete(before, g)
				}
			}
		}
		c.forms(q, r, got)
		c.values(q.spans, want, got, func(s query.AnswerSeries) []*float64 { return s.Values })
		if past != nil {
			c.of = "past of "
			c.values(past.spans, before, got, func(s query.AnswerSeries) []*float64 { return s.Compared })
		}
		c.done()
	}
	return answer
}

// past is the question that an answer is compared with; nil for none.
func (q *asked) past(r query.Request) *asked {
	first, last := q.spans[0].from, q.spans[len(q.spans)-1].to
	back := r.Compare.Offset.Milliseconds()
	switch {
	case r.Compare == query.Compare{}:
		return nil
	case r.Compare.Previous:
		back = last - first
	case !r.Compare.Start.IsZero():
		back = r.Start.UnixMilli() - r.Compare.Start.UnixMilli()
	}
	p := *q
	p.spans = nil
	for _, s := range q.spans {
		p.spans = append(p.spans, span{s.from - back, s.to - back})
	}
	return &p
}

// top checks that the series of an answer are those that the whole span puts first, of each scope as it was asked for. Where two cannot be told apart either
// may be there.
func (b *truthBench) top(c *comparison, r query.Request, q *asked, must rule, a scopes.Aggregation, got map[group]query.AnswerSeries, want, before truth) {
	whole := *q
	whole.spans = []span{{q.spans[0].from, q.spans[len(q.spans)-1].to}}
	by := a
	if r.OrderBy.Aggregation != "" {
		by = r.OrderBy.Aggregation
	}
	ranks := must(&whole, by)
	at := func(g group) bound {
		v := exactly(math.Inf(-1)) // without a value comes last
		if list := ranks[g]; list != nil && list[0] != nil {
			if v = *list[0]; r.OrderBy.Ascending {
				v = bound{low: -v.high, high: -v.low}
			}
		}
		return v
	}
	scope := func(g group) scopes.Path { return q.patternOf(g.scope) }
	all := map[group]bool{}
	for _, list := range []truth{ranks, want} {
		for g := range list {
			all[g] = true
		}
	}
	for g := range all {
		better, notWorse := 0, 0
		mine := at(g)
		slack := 1e-6 + 1e-7*math.Abs(mine.high)
		for h := range all {
			if h == g || scope(h) != scope(g) {
				continue
			}
			if at(h).low > mine.high+slack {
				better++
			}
			if at(h).high >= mine.low-slack {
				notWorse++
			}
		}
		_, shown := got[g]
		if shown && better >= r.Top {
			c.fail("%s is shown, and %d others are above its %s", g.text(), better, &mine)
		}
		if !shown && notWorse < r.Top && (want[g] != nil || before[g] != nil) {
			c.fail("%s is not shown, and only %d others may be above its %s", g.text(), notWorse, &mine)
		}
	}
}

// comparison is that of one aggregation of one answer.
type comparison struct {
	t        *testing.T
	name, of string
	sums     *tally
	failures int
}

func (c *comparison) fail(format string, args ...any) {
	c.t.Helper()
	if c.failures++; c.failures <= 3 {
		c.t.Errorf("%s: %s", c.name, fmt.Sprintf(format, args...))
	}
}

func (c *comparison) done() {
	if c.failures > 3 {
		c.t.Errorf("%s: %d differences", c.name, c.failures)
	}
}

// values compares every value of every series.
func (c *comparison) values(spans []span, want truth, got map[group]query.AnswerSeries, of func(query.AnswerSeries) []*float64) {
	for _, g := range groupsOf(want, got) {
		c.sums.series++
		for i, w := range spans {
			var have *float64
			if s, ok := got[g]; ok {
				have = of(s)[i]
			}
			var need *bound
			if list := want[g]; list != nil {
				need = list[i]
			}
			c.sums.values++
			if need == nil {
				c.sums.nulls++
			}
			if !agree(have, need) {
				c.fail("%s%s in (%s, %s] is %s, want %s", c.of, g.text(), when(w.from), when(w.to), number(have), need)
			} else if !honest(have, need, got[g].Histogram) {
				c.fail("%s%s in (%s, %s] is %s to %v, and the true value is from %v to %v", c.of, g.text(), when(w.from), when(w.to), number(have), *got[g].Histogram.RelativeError, need.ranked[0], need.ranked[1])
			}
		}
	}
}

// forms checks what an answer says of the histograms that it was computed from, where all of them are of one form.
func (c *comparison) forms(q *asked, r query.Request, got map[group]query.AnswerSeries) {
	base, _, _ := strings.Cut(r.Metrics[0], "_P")
	series, ok := histograms()[base]
	if !ok {
		return
	}
	forms := q.layouts(series, nil)
	for g, s := range got {
		if s.Histogram == nil {
			c.fail("%s does not say from which histograms it is", g.text())
			continue
		}
		for form := range forms {
			want := map[string]query.HistogramKind{"exponential": query.HistogramNative, "custom": query.HistogramCustom, "classic": query.HistogramClassic}[form]
			if len(forms) == 1 && s.Histogram.Kind != want {
				c.fail("%s is said to be from %s histograms, and all are %s", g.text(), s.Histogram.Kind, want)
			}
		}
	}
}

// honest says whether a quantile is as near to the true one as the answer says.
func honest(have *float64, need *bound, source *query.HistogramSource) bool {
	if have == nil || need == nil || need.ranked == nil || source == nil || source.RelativeError == nil {
		return true
	}
	slack := 1e-6 + *source.RelativeError**have*(1+1e-9)
	return *have >= need.ranked[0]-slack && *have <= need.ranked[1]+slack
}

// kind counts what sort of question was asked.
func (s *tally) kind(q *asked, r query.Request, a scopes.Aggregation) {
	if s.kinds == nil {
		s.kinds = map[string]bool{}
	}
	split := slices.Sorted(slices.Values(q.split))
	s.kinds[fmt.Sprint(r.Metrics[0], q.level, a, split)] = true
}

// question counts it.
func (s *tally) question(r query.Request) {
	s.questions++
	if r.Filter != "" {
		s.filtered++
	}
	if r.Top > 0 {
		s.topped++
	}
	if r.Compare != (query.Compare{}) {
		s.compared++
	}
}
