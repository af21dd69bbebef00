package query

import (
	"fmt"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// day writes a day of what a larger endpoint pushes every 15 s, most of it compacted into blocks: 96 native histograms with about 40
// populated buckets, 400 gauges, and roll-ups of the histograms by 5 minutes.
func day(tb testing.TB) (*bench, time.Time) {
	b := newBench(tb)
	const every = 15 * time.Second
	end := testTime.Add(24 * time.Hour)
	rng := rand.New(rand.NewPCG(1, 2))
	instance := func(i int) scopes.Path {
		return scopes.Path{Endpoint: "credit", Deployment: fmt.Sprintf("d%d", i%4), Instance: fmt.Sprintf("i%d", i)}
	}
	draw := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = math.Exp(rng.NormFloat64()) / 20
		}
		return out
	}
	seen := make([]counts, 96)
	for at := testTime.Add(every); !at.After(end); at = at.Add(every) {
		app := b.append()
		for i := range seen {
			for range rng.IntN(4) {
				seen[i].observe(20 + 6*rng.NormFloat64())
			}
			app.hist(testTime, at, seen[i].histogram(), seriesOf("endpoint_request_duration_seconds", instance(i/3), "status_code", []string{"200", "404", "500"}[i%3]))
			if at.Sub(testTime)%(5*time.Minute) == 0 {
				app.hist(time.Time{}, at, nativeHistogram(draw(60)), seriesOf("instance:endpoint_request_duration_seconds:increase5m", instance(i/3), "status_code", []string{"200", "404", "500"}[i%3]))
			}
		}
		for i := range 400 {
			app.float(at, rng.Float64(), seriesOf("gpu_utilization_ratio", instance(i/8), "gpu", fmt.Sprint(i%8)))
		}
		app.done()
	}
	require.NoError(tb, b.db.Compact(tb.Context()))
	b.now = end
	return b, end
}

// counts are the populations of neighbouring buckets.
type counts struct {
	buckets [40]int64
	n       uint64
	sum     float64
}

func (c *counts) observe(bucket float64) {
	i := min(max(int(bucket), 0), len(c.buckets)-1)
	c.buckets[i]++
	c.n++
	c.sum += math.Pow(bucketGrowth, float64(i-30))
}

func (c *counts) histogram() *histogram.Histogram {
	h := &histogram.Histogram{Schema: testSchema, ZeroThreshold: 1e-12, Count: c.n, Sum: c.sum}
	previous, gap := int64(0), int32(-30)
	for _, n := range c.buckets {
		if n == 0 {
			gap++
			continue
		}
		if k := len(h.PositiveSpans); k > 0 && gap == 0 {
			h.PositiveSpans[k-1].Length++
		} else {
			h.PositiveSpans = append(h.PositiveSpans, histogram.Span{Offset: gap, Length: 1})
		}
		h.PositiveBuckets = append(h.PositiveBuckets, n-previous)
		previous, gap = n, 0
	}
	return h
}

// cpu reports the time that cores spent on an operation, which others on the machine disturb less than wall time.
func cpu(b *testing.B) (stop func()) {
	spent := func() time.Duration {
		var u syscall.Rusage
		require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	begun := spent()
	return func() { b.ReportMetric(float64((spent()-begun).Microseconds())/1000/float64(b.N), "cpu-ms/op") }
}

// BenchmarkEvaluate compares a session with the stock engine. Run it with GOMAXPROCS=1 to compare work, and with more to compare time.
func BenchmarkEvaluate(b *testing.B) {
	store, end := day(b)
	engine := store.planner.set.Engine
	ctx := store.ctx()
	for _, c := range []struct {
		name, text string
		step       time.Duration
	}{
		{"percentile/5m", `histogram_quantile(0.99, sum by (endpoint) (increase(endpoint_request_duration_seconds{endpoint="credit"}[5m] anchored)))`, 5 * time.Minute},
		{"percentile of each instance/5m", `histogram_quantile(0.99, sum by (endpoint, deployment, instance) (increase(endpoint_request_duration_seconds{endpoint="credit"}[5m] anchored)))`, 5 * time.Minute},
		{"percentile/1d", `histogram_quantile(0.99, sum by (endpoint) (increase(endpoint_request_duration_seconds{endpoint="credit"}[1d] anchored)))`, 24 * time.Hour},
		{"count/5m", `sum by (endpoint) (histogram_count(increase(endpoint_request_duration_seconds{endpoint="credit"}[5m] anchored)))`, 5 * time.Minute},
		{"busiest minute/5m", `max_over_time(sum by (endpoint) (histogram_count(increase(endpoint_request_duration_seconds{endpoint="credit"}[1m] anchored)))[4m1ms:1m])`, 5 * time.Minute},
		{"gauge average/5m", `sum by (endpoint) (sum_over_time(gpu_utilization_ratio{endpoint="credit"}[5m])) / sum by (endpoint) (count_over_time(gpu_utilization_ratio{endpoint="credit"}[5m]))`, 5 * time.Minute},
		{"gauge maximum/1d", `max by (endpoint) (max_over_time(gpu_utilization_ratio{endpoint="credit"}[1d]))`, 24 * time.Hour},
		{"rolled-up percentile/1h", `histogram_quantile(0.99, sum by (endpoint) (sum_over_time({__name__="instance:endpoint_request_duration_seconds:increase5m",endpoint="credit"}[1h])))`, time.Hour},
	} {
		b.Run("engine/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			defer cpu(b)()
			for b.Loop() {
				_, _, err := engine.Range(ctx, parse(b, c.text), testTime.Add(c.step), end, c.step)
				require.NoError(b, err)
			}
		})
		b.Run("session/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			defer cpu(b)()
			var samples int64
			for b.Loop() {
				r, err := engine.NewSession().Range(ctx, parse(b, c.text), testTime.Add(c.step), end, c.step)
				require.NoError(b, err)
				samples += r.Cost.Samples
			}
			b.ReportMetric(float64(samples)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
