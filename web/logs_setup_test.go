package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/value"
)

const console = "AmlOnlineEndpointConsoleLog"

// withLogs gives the server a log store of its own, with these limits of queries.
func withLogs(t *testing.T, change func(*kql.Config)) (*logs.Store, func(*options)) {
	t.Helper()
	cfg := logs.DefaultConfig()
	cfg.Threads, cfg.MemoryLimit = 1, 256<<20
	registry := prometheus.NewRegistry()
	store, err := logs.Open(cfg, logs.Settings{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Registerer: registry, Sync: logs.SyncOff})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- store.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, store.Close())
	})
	require.Eventually(t, func() bool { return store.Ready() == nil }, 30*time.Second, time.Millisecond)
	engine, err := kql.NewEngine(logs.NewCatalog(store))
	require.NoError(t, err)
	limits := kql.DefaultConfig()
	if change != nil {
		change(&limits)
	}
	return store, func(o *options) {
		o.settings.Logs = &LogsAPI{Engine: engine, Store: store, Gate: kql.NewGate(limits, registry)}
	}
}

// line is a row of the console log.
type line struct {
	at                             time.Time
	endpoint, deployment, instance string
	message, properties            string
}

// say stores lines of the console log.
func say(t *testing.T, store *logs.Store, lines ...line) {
	t.Helper()
	for _, table := range store.Tables() {
		if table.Name != console {
			continue
		}
		b := &logrows.Batch{Table: table.Table, Rows: len(lines), Columns: make([]logrows.Vector, len(table.Columns))}
		text := func(column string, of func(line) string) {
			v := &b.Columns[table.Column(column)]
			for _, l := range lines {
				v.Strings = append(v.Strings, of(l))
			}
		}
		for _, l := range lines {
			v := &b.Columns[table.Column("TimeGenerated")]
			v.Longs = append(v.Longs, int64(value.FromGo(l.at)))
		}
		text("EndpointName", func(l line) string { return l.endpoint })
		text("DeploymentName", func(l line) string { return l.deployment })
		text("InstanceId", func(l line) string { return l.instance })
		text("Message", func(l line) string { return l.message })
		text("Properties", func(l line) string { return l.properties })
		props := &b.Columns[table.Column("Properties")]
		for _, l := range lines {
			props.Nulls = append(props.Nulls, l.properties == "")
		}
		refused, err := store.Append(t.Context(), b)
		require.NoError(t, err)
		require.Empty(t, refused)
		return
	}
	t.Fatal("there is no console log")
}

// ask posts a question as JSON.
func (h *harness) ask(path string, question any, header http.Header) reply {
	h.t.Helper()
	body, err := json.Marshal(question)
	require.NoError(h.t, err)
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	return h.do(http.MethodPost, path, string(body), header)
}

// kql asks a query of our own route that has to succeed.
func (h *harness) kql(text string) reply {
	h.t.Helper()
	got := h.ask("/api/v1/logs/query", map[string]any{"query": text}, nil)
	require.Equal(h.t, http.StatusOK, got.status, got.body)
	return got
}
