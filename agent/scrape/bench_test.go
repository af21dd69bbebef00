package scrape

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

// bigPage is a page of n series: histograms, counters and gauges of a model server with many models.
func bigPage(n int) string {
	var b strings.Builder
	for i := 0; i < n; i += 20 {
		for j := range 16 {
			fmt.Fprintf(&b, "vllm:time_to_first_token_seconds_bucket{engine=\"0\",le=\"%d.5\",model_name=\"model-%d\"} %d.0\n", j, i, j*10)
		}
		fmt.Fprintf(&b, "vllm:time_to_first_token_seconds_bucket{engine=\"0\",le=\"+Inf\",model_name=\"model-%d\"} 160.0\n", i)
		fmt.Fprintf(&b, "vllm:time_to_first_token_seconds_sum{engine=\"0\",model_name=\"model-%d\"} 1234.5\n", i)
		fmt.Fprintf(&b, "vllm:time_to_first_token_seconds_count{engine=\"0\",model_name=\"model-%d\"} 160.0\n", i)
		fmt.Fprintf(&b, "vllm:num_requests_running{engine=\"0\",model_name=\"model-%d\"} 3.0\n", i)
	}
	return b.String()
}

func benchmarkPage(b *testing.B, page string) {
	cfg := DefaultConfig()
	cfg.Targets = []string{"http://127.0.0.1:1/metrics"}
	c, err := New(cfg, Settings{})
	require.NoError(b, err)
	t := c.targets[0]
	body := []byte(page)
	run := func() int {
		t.readings = t.readings[:0]
		require.NoError(b, t.page.read(body, "text/plain"))
		t.adapt(b.Context())
		t.readings = t.mapper.apply(t.page, time.Now(), t.readings)
		t.addRaw(time.Now())
		return len(t.page.order)
	}
	n := run()
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
	require.NoError(b, c.Close())
}

func BenchmarkPage(b *testing.B) {
	b.Run("20k series", func(b *testing.B) { benchmarkPage(b, bigPage(20_000)) })
	page, err := os.ReadFile(filepath.Join("testdata", "pages", "vllm-0.13.0.txt"))
	require.NoError(b, err)
	b.Run("vLLM", func(b *testing.B) { benchmarkPage(b, string(page)) })
}

func TestBigPageCostsLittleMemoryOnceItIsKnown(t *testing.T) {
	s := serve(t, bigPage(20_000))
	c := collector(t, "", nil, s.URL)
	var r agent.Round
	used := func() uint64 {
		r.Readings = r.Readings[:0]
		r.Time = time.Now()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		require.NoError(t, c.Collect(t.Context(), &r))
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	first := used()
	t.Logf("%d KiB are kept", (heap()-before)>>10)
	require.Equal(t, 23_000, len(r.Readings)-10, "the page, three canonical series of each model, and ten of our own")
	used()
	// The server of the test allocates too: its page is gzipped in the same process.
	again := used()
	t.Logf("first round %d KiB, later rounds %d KiB", first>>10, again>>10)
	require.Less(t, again, uint64(6<<20), "a round over 20,000 known series")
}
