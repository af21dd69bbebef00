package query

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// fleetQuestion draws a drill-down question about what happened since start.
func fleetQuestion(rnd *rand.Rand, catalogue *scopes.Catalogue, start, now time.Time) Request {
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	text := pick("fraud", "*", "fraud/blue", "*/*", "fraud/*", "fraud/blue/i0", "*/*/*", "credit/*/i1")
	scope, err := scopes.ParsePattern(text)
	if err != nil {
		panic(err)
	}
	defs := catalogue.AtLevel(scope.Level())
	def := defs[rnd.IntN(len(defs))]
	r := Request{Scopes: []scopes.Pattern{scope}, Metrics: []string{def.Name}, Aggregations: def.Aggregations, Plan: true}
	for _, dim := range def.Dimensions {
		if rnd.IntN(4) == 0 {
			r.Split = append(r.Split, dim.Name)
		}
	}
	r.Interval = []Interval{{}, {Fixed: time.Minute}, {Fixed: 3 * time.Minute}, {Fixed: 5 * time.Minute}, {Fixed: 15 * time.Minute}, {Fixed: time.Hour}, {Full: true}, {Full: true}}[rnd.IntN(8)]
	span := now.Sub(start)
	from := time.Duration(rnd.Int64N(int64(span)))
	unit := []time.Duration{time.Minute, 5 * time.Minute, time.Second, time.Millisecond}[rnd.IntN(4)]
	r.Start = start.Add(from).Truncate(unit)
	r.End = r.Start.Add(time.Duration(rnd.Int64N(int64(span)))).Truncate(unit).Add(unit + 2*time.Second)
	if r.End.After(now) {
		r.End = now
	}
	if !r.Start.Before(r.End.Add(-2 * time.Second)) {
		r.Start = r.End.Add(-10 * time.Minute)
	}
	if rnd.IntN(3) == 0 { // windows of five minutes, say, that begin at any minute
		r.Compare.Offset = time.Duration(1+rnd.IntN(20)) * time.Minute
	}
	return r
}

// requireSame compares the answer with roll-ups with the one from raw samples.
func requireSame(t *testing.T, b *rollupBench, r Request) {
	t.Helper()
	got, err := b.planner.DrillDown(b.ctx(), r)
	r.Raw = true
	want, wantErr := b.planner.DrillDown(b.ctx(), r)
	require.Equal(t, wantErr, err)
	if wantErr != nil {
		return
	}
	about := fmt.Sprintf("%v of %v split by %v, interval %v, from %s to %s", r.Metrics, r.Scopes, r.Split, r.Interval, r.Start.UTC().Format(time.RFC3339Nano), r.End.UTC().Format(time.RFC3339Nano))
	require.Len(t, got.Series, len(want.Series), about)
	for i, w := range want.Series {
		g := got.Series[i]
		require.Equal(t, w.Scope, g.Scope, about)
		require.Equal(t, w.Dimensions, g.Dimensions, about)
		values := slices.Concat(g.Values, g.Compared)
		for j, v := range slices.Concat(w.Values, w.Compared) {
			at := fmt.Sprint(j, " windows after ", time.UnixMilli(want.Timestamps[0]).UTC().Format(time.RFC3339), ", compared with ", want.Compared)
			if v == nil || values[j] == nil {
				require.True(t, v == nil && values[j] == nil, "%s: %s of %v at %s: %v with roll-ups, %v without", about, w.Aggregation, w.Scope, at, text1(values[j]), text1(v))
				continue
			}
			if d := math.Abs(*v - *values[j]); d > 1e-9*max(math.Abs(*v), 1) {
				t.Fatalf("%s: %s of %v %v at %s: %v with roll-ups, %v without", about, w.Aggregation, w.Scope, w.Dimensions, at, *values[j], *v)
			}
		}
	}
}

func text1(v *float64) string {
	if v == nil {
		return "nothing"
	}
	return fmt.Sprint(*v)
}

func answersFrom(b *rollupBench, source string) float64 {
	return counterValue(b.rollups.answered.WithLabelValues(source))
}

func TestRollupsSayWhatRawSamplesSay(t *testing.T) {
	seeds, questions := uint64(4), 40
	if RaceDetector {
		seeds, questions = 2, 25
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			b := newRollupBench(t)
			s := newFleetStory(b, seed)
			s.play(40*time.Minute, false)
			for range 3 {
				s.play(35*time.Minute, true)
				for range questions {
					requireSame(t, b, fleetQuestion(s.rnd, b.catalogue, s.start, b.now))
				}
				switch s.rnd.IntN(3) {
				case 0:
					b.reopen()
				case 1:
					at := s.start.Add(time.Duration(s.rnd.IntN(60)) * time.Minute)
					require.NoError(t, b.store.Delete(t.Context(), at.UnixMilli(), at.Add(4*time.Minute).UnixMilli(),
						labels.MustNewMatcher(labels.MatchEqual, scopes.LabelEndpoint, "fraud"), labels.MustNewMatcher(labels.MatchEqual, scopes.LabelInstance, "i0")))
				}
				for range questions {
					requireSame(t, b, fleetQuestion(s.rnd, b.catalogue, s.start, b.now))
				}
			}
			t.Log("raw", answersFrom(b, sourceRaw), "rollup", answersFrom(b, sourceRollup), "both", answersFrom(b, sourceBoth))
			require.Positive(t, answersFrom(b, sourceRollup)+answersFrom(b, sourceBoth))
		})
	}
}
