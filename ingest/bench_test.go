package ingest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"
)

// benchRequest has n series of one sample with the labels that an agent's series have.
func benchRequest(n int, t int64) *prompb.WriteRequest {
	req := &prompb.WriteRequest{}
	for i := range n {
		req.Timeseries = append(req.Timeseries, s1([]prompb.Sample{{Timestamp: t, Value: float64(i)}},
			model.MetricNameLabel, fmt.Sprintf("instance_metric_%d_bytes", i%60), "endpoint", "credit-default", "deployment", "blue",
			"instance", fmt.Sprintf("host-%d:9100", i/60), "device", "eth0"))
	}
	return req
}

// bodies returns the same series at growing times, encoded.
func benchBodies(b testing.TB, version, n, rounds int, start int64) [][]byte {
	var out [][]byte
	for i := range rounds {
		req := benchRequest(n, start+int64(i)*15_000)
		if version == 1 {
			out = append(out, encodeV1(b, req))
		} else {
			out = append(out, encodeV2(b, v2Of(req)))
		}
	}
	return out
}

func benchIngester(b *testing.B, store func(in *Ingester) Store) *Ingester {
	in, err := New(DefaultConfig(), Settings{Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Registerer: prometheus.NewRegistry()})
	require.NoError(b, err)
	in.UseStore(store(in))
	return in
}

func reportSamples(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/sample")
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "samples/s")
}

// BenchmarkWrite measures a body's way from snappy to a commit of upstream's TSDB on disk, without a sync.
func BenchmarkWrite(b *testing.B) {
	for version := 1; version <= 2; version++ {
		for _, n := range []int{60, 2000} {
			b.Run(fmt.Sprintf("V%d/%d", version, n), func(b *testing.B) {
				h := newHarness(b, func(c *Config) { c.MaxAhead = 1000 * time.Hour })
				write := h.in.WriteV1
				if version == 2 {
					write = h.in.WriteV2
				}
				const rounds = 200
				bodies := benchBodies(b, version, n, rounds, h.start)
				b.SetBytes(int64(len(bodies[0])))
				b.ReportAllocs()
				b.ResetTimer()
				for i := 0; b.Loop(); i++ {
					if i > 0 && i%rounds == 0 { // a sample must be newer than the one before it
						b.StopTimer()
						bodies = benchBodies(b, version, n, rounds, h.start+int64(i)*15_000)
						b.StartTimer()
					}
					r, err := write(context.Background(), bodies[i%rounds])
					if err != nil || r.Samples != n {
						b.Fatal(err, r.Err(), r.Samples)
					}
				}
				reportSamples(b, n)
			})
		}
	}
}

// BenchmarkDecode measures a body's way from snappy into a batch.
func BenchmarkDecode(b *testing.B) {
	for version := 1; version <= 2; version++ {
		for _, n := range []int{60, 2000} {
			b.Run(fmt.Sprintf("V%d/%d", version, n), func(b *testing.B) {
				in := benchIngester(b, func(*Ingester) Store { return failing{} })
				write := in.WriteV1
				if version == 2 {
					write = in.WriteV2
				}
				body := benchBodies(b, version, n, 1, time.Now().UnixMilli())[0]
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				b.ResetTimer()
				for b.Loop() {
					if _, err := write(context.Background(), body); err != nil {
						b.Fatal(err)
					}
				}
				reportSamples(b, n)
			})
		}
	}
}

// The way into a batch allocates per request, not per sample.
func TestDecodingAllocatesNothingPerSample(t *testing.T) {
	for version := 1; version <= 2; version++ {
		allocs := map[int]float64{}
		for _, n := range []int{60, 2000} {
			in, err := New(DefaultConfig(), Settings{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
			require.NoError(t, err)
			in.UseStore(failing{})
			body := benchBodies(t, version, n, 1, time.Now().UnixMilli())[0]
			write := in.WriteV1
			if version == 2 {
				write = in.WriteV2
			}
			ctx := context.Background()
			allocs[n] = testing.AllocsPerRun(50, func() {
				if _, err := write(ctx, body); err != nil {
					t.Fatal(err)
				}
			})
		}
		// The race detector empties pools at random, which costs a few buffers per request.
		require.LessOrEqual(t, allocs[2000], 60.0, "version %d, %v", version, allocs)
	}
}
