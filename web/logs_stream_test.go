package web

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
)

// begin sends a question and returns its answer unread.
func (h *harness) begin(ctx context.Context, accept string, question map[string]any) *http.Response {
	h.t.Helper()
	body, err := json.Marshal(question)
	require.NoError(h.t, err)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/api/v1/logs/query", strings.NewReader(string(body)))
	require.NoError(h.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	res, err := http.DefaultClient.Do(req)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { res.Body.Close() })
	return res
}

func TestAStreamThatFailsIsCutShort(t *testing.T) {
	_, logs := withLogs(t, nil)
	h := start(t, logs)
	for _, accept := range []string{"text/csv", "application/x-ndjson"} {
		res := h.begin(t.Context(), accept, map[string]any{"query": "range x from 1 to 90000000 step 1", "limits": map[string]any{"time": "500ms"}})
		require.Equal(t, 200, res.StatusCode, "it has begun before its time is over")
		got, err := io.ReadAll(res.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "half a result must not look whole")
		require.NotEmpty(t, got)
	}
	h.kql("print 1")
}

func TestAQueryEndsWhenItsClientLeaves(t *testing.T) {
	_, logs := withLogs(t, func(c *kql.Config) { c.MaxConcurrent, c.MaxWait = 1, 0 })
	h := start(t, logs)
	free := func() bool {
		leave, err := h.Server.set.Logs.Gate.Enter(t.Context())
		if err != nil {
			return false
		}
		leave(nil)
		return true
	}
	// A stream that nobody reads.
	ctx, cancel := context.WithCancel(t.Context())
	h.begin(ctx, "text/csv", map[string]any{"query": "range x from 1 to 90000000 step 1"})
	require.False(t, free(), "it runs")
	cancel()
	require.Eventually(t, free, 10*time.Second, 10*time.Millisecond)

	// One that computes and answers nothing yet.
	ctx, cancel = context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		body := strings.NewReader(`{"query":"range x from 1 to 90000000 step 1 | summarize count() by x % 7"}`)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/api/v1/logs/query", body)
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", "application/json")
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	}()
	require.Eventually(t, func() bool { return !free() }, 10*time.Second, time.Millisecond, "it runs")
	cancel()
	<-done
	require.Eventually(t, free, 10*time.Second, 10*time.Millisecond)
}

func TestWhatALimitEndedIsSaidAfterTheStream(t *testing.T) {
	_, logs := withLogs(t, nil)
	h := start(t, logs)
	res := h.begin(t.Context(), "text/csv", map[string]any{"query": "range x from 1 to 10 step 1", "limits": map[string]any{"rows": 2}})
	_, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "2 rows", res.Trailer.Get("Endscope-Truncated"))
	res = h.begin(t.Context(), "text/csv", map[string]any{"query": "range x from 1 to 2 step 1", "limits": map[string]any{"rows": 2}})
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Empty(t, res.Trailer.Get("Endscope-Truncated"))
}

func TestLogsAreNotReadyUntilTheirStoreIs(t *testing.T) {
	registry := prometheus.NewRegistry()
	store, err := logs.Open(logs.DefaultConfig(), logs.Settings{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Registerer: registry, Sync: logs.SyncOff})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	engine, err := kql.NewEngine(logs.NewCatalog(store))
	require.NoError(t, err)
	h := start(t, func(o *options) {
		o.settings.Logs = &LogsAPI{Engine: engine, Store: store, Gate: kql.NewGate(kql.DefaultConfig(), registry)}
	})
	got := h.get("/-/ready")
	require.Equal(t, 503, got.status)
	require.Contains(t, got.body, "the log store is not ready")
	got = h.ask("/api/v1/logs/query", map[string]any{"query": console}, nil)
	require.Equal(t, 503, got.status)
	require.Equal(t, "1", got.header.Get("Retry-After"))
	require.Contains(t, got.body, `"type":"/problems/not-ready"`)
	got = h.ask(azureTestWorkspace, map[string]any{"query": console}, nil)
	require.Equal(t, 503, got.status)
	require.Contains(t, got.body, `{"error":{"code":"ServiceUnavailable"`)
	h.kql("print 1")
}
