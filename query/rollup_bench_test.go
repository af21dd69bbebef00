package query

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// benchFleet returns the series of 400 instances: 60 of each are rolled up, 10 of them histograms.
func benchFleet(b *rollupBench) []pushed {
	var gauges, counters, histograms []string
	gauges, counters, histograms = (&fleetStory{b: b}).names()
	var out []pushed
	for i := range 400 {
		p := scopes.Path{Endpoint: fmt.Sprintf("e%d", i/20), Deployment: fmt.Sprintf("d%d", i/5%4), Instance: fmt.Sprintf("i%d", i%5)}
		for n := range 60 {
			kind := fmt.Sprint(n)
			switch {
			case n < 10:
				out = append(out, pushed{labels: seriesOf(histograms[n%len(histograms)], p, "status_code", kind)})
			case n < 30:
				out = append(out, pushed{labels: seriesOf(counters[n%len(counters)], p, "direction", kind)})
			default:
				out = append(out, pushed{labels: seriesOf(gauges[n%len(gauges)], p, "gpu", kind)})
			}
		}
	}
	return out
}

// BenchmarkRoller is the cost of five minutes of 24,000 series, of which 4,000 are native histograms of about 30 buckets.
func BenchmarkRoller(b *testing.B) {
	bench := newRollupBench(b)
	fleet := benchFleet(bench)
	var observed []float64
	for i := range 200 {
		observed = append(observed, 0.01*float64(1+i%37)*1.3)
	}
	round := 0
	push := func(d time.Duration) {
		for end := bench.now.Add(d); bench.now.Before(end); bench.now = bench.now.Add(15 * time.Second) {
			round++
			h := nativeHistogram(observed)
			h.Count *= uint64(round)
			h.Sum *= float64(round)
			for i := range h.PositiveBuckets {
				h.PositiveBuckets[i] *= int64(round)
			}
			for i := range fleet {
				fleet[i].t, fleet[i].v = bench.now.UnixMilli(), float64(round*(i%7))
				if i%60 < 10 {
					fleet[i].h = h
				}
			}
			bench.write(fleet...)
		}
	}
	push(12 * time.Minute)
	bench.roll()
	for b.Loop() {
		b.StopTimer()
		push(5 * time.Minute)
		b.StartTimer()
		bench.roll()
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/period")
}

// BenchmarkAppend is the cost of a sample in a group, as ingest writes it, with and without somebody who watches for late ones.
func BenchmarkAppend(b *testing.B) {
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(b, err)
	for _, watched := range []bool{false, true} {
		b.Run(fmt.Sprintf("watched=%t", watched), func(b *testing.B) {
			cfg := tsdb.DefaultConfig()
			cfg.Sync = tsdb.SyncOff
			set := tsdb.Settings{Dir: b.TempDir(), Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()}
			if watched {
				rollups := NewRollups(catalogue, 5*time.Minute, prometheus.NewRegistry())
				set.Watch = rollups
			}
			store, err := tsdb.Open(cfg, set)
			require.NoError(b, err)
			done := make(chan error, 1)
			go func() { done <- store.Run(b.Context()) }()
			require.Eventually(b, func() bool { return store.Ready() == nil }, 10*time.Second, time.Millisecond)
			b.Cleanup(func() { require.NoError(b, store.Close()) })
			const n = 10_000
			series, refs := make([]labels.Labels, n), make([]storage.SeriesRef, n)
			for i := range series {
				series[i] = seriesOf("instance_network_bytes_total", scopes.Path{Endpoint: "fraud", Deployment: "blue", Instance: fmt.Sprintf("i%d", i)})
			}
			t := testTime.UnixMilli()
			for b.Loop() {
				t += 15_000
				if err := store.Write(b.Context(), func(app storage.AppenderV2) {
					for i := range series {
						refs[i], _ = app.Append(refs[i], series[i], 0, t, float64(t), nil, nil, storage.AOptions{})
					}
				}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/sample")
		})
	}
}
