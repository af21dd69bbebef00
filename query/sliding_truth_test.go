package query_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// slidingWindows asks about every metric over windows that overlap or leave gaps, and for some of them alone.
func (b *truthBench) slidingWindows(t *testing.T, seed int, catalogue *scopes.Catalogue) {
	rng := rand.New(rand.NewPCG(uint64(seed), 5))
	sums := slidingTally{}
	for n, def := range catalogue.All() {
		levels := def.Levels
		if def.Source.Quantile > 0 {
			levels = levelsOfQuantile(n, def)
		}
		for _, level := range levels {
			r, q := b.world.ask(rng, def, level)
			r.Top, r.OrderBy, r.Compare = 0, query.OrderBy{}, query.Compare{}
			b.world.slide(rng, &r)
			b.alone(t, rng, r, q.text(r), &sums)
		}
	}
	require.Positive(t, sums.values)
	require.Positive(t, sums.open, "no window was still open")
	require.Positive(t, sums.rolled, "no question was answered from roll-ups")
	t.Logf("%d values compared, %d of open windows, %d questions answered from roll-ups", sums.values, sums.open, sums.rolled)
}

type slidingTally struct{ values, open, rolled int }

// slide makes up windows.
func (w *world) slide(rng *rand.Rand, r *query.Request) {
	units := []time.Duration{time.Minute, time.Minute, 5 * time.Minute, 15 * time.Second, 1234 * time.Millisecond}
	unit := units[rng.IntN(len(units))]
	r.Interval = query.Interval{Fixed: unit * time.Duration(1+rng.IntN(10))}
	r.Every = unit * time.Duration(1+rng.IntN(6))
	end := w.end.Truncate(r.Every)
	if unit > time.Minute {
		end = w.end.Truncate(unit)
	}
	end = end.Add(-r.Every * time.Duration(rng.IntN(8)-2)) // some of it may be still to come
	n := 1 + rng.IntN(12)
	r.End, r.Start = end, end.Add(-r.Interval.Fixed-time.Duration(n-1)*r.Every)
}

func (b *truthBench) alone(t *testing.T, rng *rand.Rand, r query.Request, text string, sums *slidingTally) {
	ctx := scopes.WithGrants(context.Background(), scopes.AllAccess())
	text = fmt.Sprintf("%s every %s", text, r.Every)
	key := func(s query.AnswerSeries) string { return fmt.Sprint(s.Asked, s.Scope, s.Aggregation, s.Dimensions) }
	r.Plan = true
	answer, err := b.planner.DrillDown(ctx, r)
	require.NoError(t, err, text)
	require.Len(t, answer.Timestamps, int((r.End.Sub(r.Start)-r.Interval.Fixed)/r.Every)+1, text)
	require.Equal(t, []time.Time{r.Start, r.End}, []time.Time{answer.Start, answer.End}, text)
	if slices.ContainsFunc(answer.Plan, func(s query.PlanStep) bool { return s.Rollup != "" }) {
		sums.rolled++
	}
	got := map[string]query.AnswerSeries{}
	for _, s := range answer.Series {
		require.Len(t, s.Values, len(answer.Timestamps), text)
		got[key(s)] = s
	}
	ended := answer.Ended()
	for _, s := range answer.Series {
		for _, v := range s.Values[ended:] {
			require.Nil(t, v, "%s: %s has a value for a window that has not ended", text, key(s))
		}
	}
	sums.open += len(answer.Timestamps) - ended
	// The first window, the last that has ended, and one of the others.
	for _, i := range slices.Compact([]int{0, rng.IntN(len(answer.Timestamps)), max(0, ended-1)}) {
		start := r.Start.Add(time.Duration(i) * r.Every)
		require.Equal(t, start.UnixMilli(), answer.Timestamps[i], text)
		require.Equal(t, i < ended, !start.Add(r.Interval.Fixed).After(b.now), text)
		if i >= ended {
			continue
		}
		one := r
		one.Every, one.Interval, one.Start, one.End = 0, query.Interval{Full: true}, start, start.Add(r.Interval.Fixed)
		single, err := b.planner.DrillDown(ctx, one)
		require.NoError(t, err, text)
		want := map[string]*float64{}
		for _, s := range single.Series {
			want[key(s)] = s.Values[0]
		}
		for k := range got {
			if _, ok := want[k]; !ok {
				want[k] = nil // without a series there is no value
			}
		}
		for _, k := range slices.Sorted(maps.Keys(want)) {
			var have *float64
			if s, ok := got[k]; ok {
				have = s.Values[i]
			}
			var need *bound
			if v := want[k]; v != nil {
				need = &bound{low: *v, high: *v}
			}
			sums.values++
			require.True(t, agree(have, need), "%s: %s of %s + %s is %s, alone it is %s", text, k, start.UTC(), r.Interval.Fixed, number(have), number(want[k]))
		}
	}
}
