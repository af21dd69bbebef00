package query

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// The tests in this file write the same kind of observations in every form that histograms come in, alone and mixed, and
// compare the answers with the raw observations.

// observer is an instance that observes, and how its histogram is stored.
type observer struct {
	path   scopes.Path
	ladder []float64 // of classic and custom buckets
	custom bool
	spell  func(float64) string
}

func native(t *testing.T, name string) observer { return observer{path: path(t, name)} }

func custom(t *testing.T, name string, ladder ...float64) observer {
	return observer{path: path(t, name), ladder: ladder, custom: true}
}

func classic(t *testing.T, name string, ladder ...float64) observer {
	return observer{path: path(t, name), ladder: ladder, spell: formatBound}
}

// write pushes the state of the histogram.
func (o observer) write(app *appender, series string, start, at time.Time, observations []float64) {
	switch {
	case o.ladder == nil:
		app.hist(start, at, nativeHistogram(observations), seriesOf(series, o.path))
	case o.custom:
		app.hist(start, at, customHistogram(o.ladder, observations), seriesOf(series, o.path))
	default:
		for _, bound := range append(slices.Clone(o.ladder), math.Inf(1)) {
			below := 0.0
			for _, v := range observations {
				if v <= bound {
					below++
				}
			}
			app.counter(start, at, below, seriesOf(series+"_bucket", o.path, "le", o.spell(bound)))
		}
		app.counter(start, at, float64(len(observations)), seriesOf(series+"_count", o.path))
		app.counter(start, at, sum(observations), seriesOf(series+"_sum", o.path))
	}
}

// customHistogram counts observations into a native histogram with the bounds of a classic one.
func customHistogram(ladder, observations []float64) *histogram.Histogram {
	h := &histogram.Histogram{Schema: histogram.CustomBucketsSchema, Count: uint64(len(observations)), CustomValues: ladder,
		PositiveSpans: []histogram.Span{{Length: uint32(len(ladder) + 1)}}}
	counts := make([]int64, len(ladder)+1)
	for _, v := range observations {
		h.Sum += v
		i, _ := slices.BinarySearch(ladder, v)
		counts[i]++
	}
	var previous int64
	for _, c := range counts {
		h.PositiveBuckets = append(h.PositiveBuckets, c-previous)
		previous = c
	}
	return h
}

// seen is what an observer saw in one round.
type seen struct {
	at     time.Time
	of     scopes.Path
	values []float64
}

// observe lets the observers see things for a while, restarting once, and writes what they push.
func observe(b *bench, series string, rng *rand.Rand, observers []observer) []seen {
	var out []seen
	for n, o := range observers {
		var all []float64
		start := testTime.Add(time.Second)
		restart := testTime.Add(time.Duration(3+n) * time.Minute)
		for at := testTime.Add(time.Duration(2+n) * time.Second); at.Before(b.now); at = at.Add(15 * time.Second) {
			if at.After(restart) && start.Before(restart) {
				start, all = restart, nil
			}
			round := seen{at: at, of: o.path}
			for range rng.IntN(20) {
				round.values = append(round.values, math.Exp(rng.NormFloat64())/4)
			}
			all = append(all, round.values...)
			app := b.append()
			o.write(app, series, start, at, all)
			app.done()
			out = append(out, round)
		}
	}
	return out
}

func TestHistogramsOfEveryForm(t *testing.T) {
	short, long := []float64{0.1, 0.5, 1, 5}, []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 20}
	spelled := classic(t, "a/blue/c1", short...)
	spelled.spell = func(v float64) string {
		if v == 1 {
			return "1.0"
		}
		return formatBound(v)
	}
	for _, tc := range []struct {
		name      string
		observers []observer
		kind      HistogramKind
		differ    bool // buckets differ within an answer that is not split
	}{
		{"native", []observer{native(t, "a/blue/n0"), native(t, "a/green/n1")}, HistogramNative, false},
		{"classic", []observer{classic(t, "a/blue/c0", long...), classic(t, "a/green/c1", long...)}, HistogramClassic, false},
		{"classic with other bounds", []observer{classic(t, "a/blue/c0", long...), spelled, classic(t, "a/green/c2", long...)}, HistogramClassic, true},
		{"custom", []observer{custom(t, "a/blue/u0", long...), custom(t, "a/green/u1", long...)}, HistogramCustom, false},
		{"native and classic", []observer{native(t, "a/blue/n0"), classic(t, "a/blue/c0", long...), native(t, "a/green/n1"), classic(t, "a/green/c1", long...)}, HistogramMixed, false},
		{"native and custom", []observer{native(t, "a/blue/n0"), custom(t, "a/blue/u0", long...)}, HistogramMixed, false},
		{"custom and classic", []observer{custom(t, "a/blue/u0", short...), classic(t, "a/blue/c0", long...)}, HistogramMixed, true},
		{"all", []observer{native(t, "a/blue/n0"), custom(t, "a/blue/u0", long...), classic(t, "a/green/c0", long...), spelled}, HistogramMixed, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			b.now = testTime.Add(12 * time.Minute)
			rounds := observe(b, "model_request_duration_seconds", rand.New(rand.NewPCG(3, uint64(len(tc.name)))), tc.observers)
			for _, split := range [][]string{nil, {"deployment"}, {"instanceId"}} {
				for _, interval := range []Interval{{Fixed: time.Minute}, {Fixed: 5 * time.Minute}, {Full: true}} {
					answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "a")}, Start: testTime, End: b.now, Interval: interval, Split: split,
						Metrics:      []string{"ModelRequestLatency", "ModelRequestLatency_P50", "ModelRequestLatency_P90", "ModelRequestLatency_P99"},
						Aggregations: []scopes.Aggregation{scopes.Average, scopes.Count}})
					require.NoError(t, err)
					differ := false
					for _, w := range answer.Warnings {
						differ = differ || strings.Contains(w, "differ between instances")
						require.True(t, strings.Contains(w, "differ between instances") || strings.Contains(w, "highest bound"), w)
					}
					require.Equal(t, tc.differ && (split == nil || split[0] == "deployment" || tc.kind == HistogramMixed), differ)
					checked := map[string]bool{}
					for _, s := range answer.Series {
						checked[fmt.Sprint(s.Metric, s.Aggregation, s.Scope)] = true
						require.NotNil(t, s.Histogram, s.Metric)
						if split == nil {
							require.Equal(t, tc.kind, s.Histogram.Kind, s.Metric)
						}
						for i, ts := range answer.Timestamps {
							checkObserved(t, s, s.Values[i], inSpan(rounds, s.Scope, time.UnixMilli(ts), time.UnixMilli(ts).Add(answer.Interval)))
						}
					}
					groups := map[scopes.Path]bool{}
					for _, r := range rounds {
						groups[groupOf(1, split, r.of, seriesKey{"200", ""}).scope] = true
					}
					require.Len(t, checked, 8*len(groups), "%v", slices.Sorted(maps.Keys(checked)))
				}
			}
		})
	}
}

// inSpan returns what was seen below a scope in (from, to], nil if nobody looked.
func inSpan(rounds []seen, scope scopes.Path, from, to time.Time) []float64 {
	var out []float64
	for _, r := range rounds {
		if r.at.After(from) && !r.at.After(to) && scope.Contains(r.of) {
			if out == nil {
				out = []float64{}
			}
			out = append(out, r.values...)
		}
	}
	return out
}

func checkObserved(t *testing.T, s AnswerSeries, v *float64, values []float64) {
	t.Helper()
	if s.Aggregation == scopes.Count && values != nil {
		require.NotNil(t, v)
		require.InDelta(t, len(values), *v, 1e-6, "%s %s", s.Metric, s.Scope)
		require.Zero(t, *s.Histogram.RelativeError)
		return
	}
	if len(values) == 0 {
		require.Nil(t, v)
		return
	}
	require.NotNil(t, v, "%s %s", s.Metric, s.Scope)
	got := *v / 1000
	if s.Metric == "ModelRequestLatency" {
		require.InEpsilon(t, sum(values)/float64(len(values)), got, 1e-9)
		require.Zero(t, *s.Histogram.RelativeError)
		return
	}
	var q int
	_, err := fmt.Sscanf(s.Metric, "ModelRequestLatency_P%d", &q)
	require.NoError(t, err)
	slices.Sort(values)
	n := len(values)
	low, high := values[(q*n-1)/100], values[min(q*n/100, n-1)]
	if s.Histogram.RelativeError == nil {
		require.LessOrEqual(t, got, 20.0) // the highest of all bounds
		return
	}
	within := *s.Histogram.RelativeError
	require.Positive(t, within)
	require.GreaterOrEqual(t, got*(1+within)*(1+1e-9), low, "%s %s within %v of %v", s.Metric, s.Scope, within, values)
	require.LessOrEqual(t, got*(1-within)*(1-1e-9), high, "%s %s within %v of %v", s.Metric, s.Scope, within, values)
	if s.Histogram.Kind == HistogramNative {
		require.InDelta(t, bucketGrowth-1, within, 1e-12)
	}
}
