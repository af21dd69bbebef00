package main

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/stretchr/testify/require"
)

func testPlan(end time.Time) plan {
	return plan{Seed: 7, Endpoints: 1, Deployments: 2, Instances: 4, Span: 90 * time.Minute, End: end}
}

// messages returns all bodies of a plan in order, decoded.
func messages(t *testing.T, p plan) (native, classic []prompb.WriteRequest, expect map[string]int, digest uint64) {
	t.Helper()
	expect = map[string]int{}
	var bodies [2]body
	sum := xxhash.New()
	decode := func(b *body) prompb.WriteRequest {
		raw, err := snappy.Decode(nil, b.finish())
		require.NoError(t, err)
		_, _ = sum.Write(raw)
		var m prompb.WriteRequest
		require.NoError(t, m.Unmarshal(raw))
		return m
	}
	machines := fleet(p)
	for round := 0; round < p.rounds(); round += perBatch {
		for _, m := range machines {
			require.NoError(t, m.batch(p, round, min(round+perBatch, p.rounds()), &bodies[0], &bodies[1], expect))
		}
		native, classic = append(native, decode(&bodies[0])), append(classic, decode(&bodies[1]))
	}
	return native, classic, expect, sum.Sum64()
}

// TestBodiesHoldTheFleet wants what is counted, in the order of time, the same twice, and nothing later than the end.
func TestBodiesHoldTheFleet(t *testing.T) {
	p := testPlan(time.Unix(1_700_000_040, 0))
	native, classic, expect, digest := messages(t, p)
	_, _, _, again := messages(t, p)
	require.Equal(t, digest, again)
	counts, last, restarts := map[string]int{}, map[string]int64{}, 0
	each := func(messages []prompb.WriteRequest, sample func(name, key string, at int64)) {
		for _, m := range messages {
			for _, s := range m.Timeseries {
				b := labels.NewScratchBuilder(0)
				ls := s.ToLabels(&b, nil)
				for _, v := range s.Samples {
					sample(ls.Get(model.MetricNameLabel), ls.String(), v.Timestamp)
				}
				for _, h := range s.Histograms {
					sample(ls.Get(model.MetricNameLabel), ls.String(), h.Timestamp)
				}
			}
		}
	}
	each(native, func(name, key string, at int64) {
		counts[name]++
		was, ok := last[key]
		last[key] = at
		step := spacing.Milliseconds()
		if ok && at-was > step {
			restarts++
			step *= silence + 1
		}
		if ok && at-was != step || at > p.End.UnixMilli() || at < p.start().UnixMilli() { // cheaper than an assertion each
			t.Fatalf("%s at %d, after %d", key, at, was)
		}
	})
	require.Equal(t, expect, counts)
	require.Len(t, last, p.instances()*(60+len(statuses)))
	require.Positive(t, restarts)
	classics := map[string]int{}
	each(classic, func(name, _ string, _ int64) { classics[name]++ })
	require.Equal(t, expect[durations], classics[durations+"_count"])
	require.Equal(t, expect[durations]*(len(ladder)+1), classics[durations+"_bucket"])
	require.NotContains(t, classics, durations)
}

// TestHistogramsHoldTheSameObservations compares the native with the classic form, and both with what was drawn.
func TestHistogramsHoldTheSameObservations(t *testing.T) {
	for i, s := range statuses {
		l := latency{status: s}
		r := rand.New(rand.NewPCG(3, uint64(i)))
		var h prompb.Histogram
		for range 500 {
			l.observe(r, 400, 1)
			l.native(&h, 1)
			require.NoError(t, h.ToIntHistogram().Validate())
		}
		f := h.ToIntHistogram().ToFloat(nil)
		require.EqualValues(t, l.count, f.Count)
		total := int64(0)
		for _, n := range l.classic {
			total += n
		}
		require.EqualValues(t, l.count, total)
		require.InEpsilon(t, 500*400*s.share, float64(l.count), 0.1)
		require.InEpsilon(t, s.median*math.Exp(s.sigma*s.sigma/2), l.sum/float64(l.count), 0.15)
		for _, q := range []float64{0.5, 0.99} {
			got, _ := promql.HistogramQuantile(q, f, durations, posrange.PositionRange{})
			z := map[float64]float64{0.5: 0, 0.99: 2.326}[q]
			require.InEpsilon(t, s.median*math.Exp(s.sigma*z), got, 0.3, "%s at %g", s.code, q)
			rank, k := int64(q*float64(l.count)), 0
			for rank -= l.classic[0]; rank > 0; rank -= l.classic[k] {
				k++
			}
			require.True(t, tolerance{buckets: true}.holds(1000*got, 999*append(ladder[:], 20)[k]), "%s at %g: %g is not in classic bucket %d", s.code, q, got, k)
		}
		l.reset()
		require.Zero(t, l.count)
		require.Equal(t, s, l.status)
	}
}

func TestOneInstanceIsSlowInTheEnd(t *testing.T) {
	p := testPlan(time.Unix(1_700_000_040, 0))
	_, _, guilty := p.guilty()
	native, _, _, _ := messages(t, p)
	sums := map[bool][2]float64{} // guilty: mean duration of the first and of the last hour
	for _, ill := range []bool{false, true} {
		var first, last, count [2]float64
		for _, m := range native {
			for _, s := range m.Timeseries {
				b := labels.NewScratchBuilder(0)
				ls := s.ToLabels(&b, nil)
				if len(s.Histograms) == 0 || (ls.Get("instance") == guilty) != ill || ls.Get("status_code") != "200" || strings.HasSuffix(ls.Get("instance"), "-0") {
					continue
				}
				h := s.Histograms[len(s.Histograms)-1]
				if h.Timestamp < p.start().Add(time.Hour).UnixMilli() {
					first[0], count[0] = h.Sum, float64(h.GetCountInt())
				} else {
					last[0], count[1] = h.Sum, float64(h.GetCountInt())
				}
			}
		}
		sums[ill] = [2]float64{first[0] / count[0], last[0] / count[1]}
	}
	require.Greater(t, sums[true][1], 2*sums[true][0])
	require.Less(t, sums[false][1], 1.5*sums[false][0])
}
