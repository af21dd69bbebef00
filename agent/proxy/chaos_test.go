package proxy

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEveryRequestHasOneRow mixes clients that leave with a model that fails, on both protocols, and compares the books in the end.
func TestEveryRequestHasOneRow(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		if rand.IntN(3) == 0 {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		pieces := rand.IntN(4)
		w.Header().Set("Content-Type", "text/event-stream")
		for range pieces {
			_, _ = io.WriteString(w, "data: x\n\n")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
		}
		if rand.IntN(5) == 0 {
			panic(http.ErrAbortHandler)
		}
	})
	f := start(t, model.URL, func(c *Config) {
		c.MaxConcurrent, c.MaxQueue, c.RequestTimeout, c.DrainTimeout = 8, 4, 50*time.Millisecond, 50*time.Millisecond
		c.BandwidthLimit = 1 << 20
	})
	var all sync.WaitGroup
	for _, c := range []*http.Client{client(t), clientH2C(t)} {
		for range 10 {
			all.Go(func() {
				for range 40 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(20))*time.Millisecond)
					req, err := http.NewRequestWithContext(ctx, "POST", f.url, strings.NewReader(strings.Repeat("x", rand.IntN(40_000))))
					if err == nil {
						if res, err := c.Do(req); err == nil {
							_, _ = io.Copy(io.Discard, res.Body)
							res.Body.Close()
						}
					}
					cancel()
				}
			})
		}
	}
	all.Wait()
	f.stop()
	observed, families := 0, 0
	gathered, err := f.reg.Gather()
	require.NoError(t, err)
	for _, family := range gathered {
		if family.GetName() == "endpoint_request_duration_seconds" {
			for _, m := range family.GetMetric() {
				observed += int(m.GetHistogram().GetSampleCount())
				families++
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Len(t, f.rows, observed)
	require.Greater(t, observed, 100)
	ids := map[string]bool{}
	broken := 0
	for _, r := range f.rows {
		require.NotZero(t, r.Code)
		require.False(t, ids[r.RequestID], "two rows of one request")
		ids[r.RequestID] = true
		if r.StreamError != "" {
			broken++
		}
	}
	counted := 0.0
	for _, reason := range []string{reasonReset, reasonTimeout, reasonAbort, reasonLimit} {
		counted += f.counter("endpoint_stream_errors_total", "reason="+reason)
	}
	require.Equal(t, float64(broken), counted)
	require.Zero(t, f.counter("endpoint_requests_in_flight"))
	require.Zero(t, f.counter("endpoint_connections_active"))
	require.Zero(t, f.counter("agent_proxy_panics_total"))
	require.Empty(t, f.gate.slots)
}
