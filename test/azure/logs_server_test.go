package azure

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/value"
	"github.com/endscope/endscope/web"
)

// traffic is the log table of the story.
const traffic = "AmlOnlineEndpointTrafficLog"

// logsAPI is a log store with a row for each request of the first minute of the story: 25 of fraud, of which one of green's fails, and 2 of
// credit.
func (s *server) logsAPI(t *testing.T) *web.LogsAPI {
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
	s.log(t, store)
	engine, err := kql.NewEngine(logs.NewCatalog(store))
	require.NoError(t, err)
	return &web.LogsAPI{Engine: engine, Store: store, Gate: kql.NewGate(kql.DefaultConfig(), registry)}
}

func (s *server) log(t *testing.T, store *logs.Store) {
	t.Helper()
	for _, table := range store.Tables() {
		if table.Name != traffic {
			continue
		}
		b := &logrows.Batch{Table: table.Table, Columns: make([]logrows.Vector, len(table.Columns))}
		at := func(column string) *logrows.Vector { return &b.Columns[table.Column(column)] }
		for _, i := range story {
			scope := labelsOf(i, "x")
			for _, r := range i.requests {
				for range r.count {
					at("TimeGenerated").Longs = append(at("TimeGenerated").Longs, int64(value.FromGo(s.begin.Add(time.Duration(b.Rows)*time.Second))))
					for column, text := range map[string]string{
						"EndpointName": scope.Get("endpoint"), "DeploymentName": scope.Get("deployment"), "InstanceId": scope.Get("instance"), "Path": "/score",
					} {
						at(column).Strings = append(at(column).Strings, text)
					}
					code := int64(200)
					if r.status == "500" {
						code = 500
					}
					at("ResponseCode").Longs = append(at("ResponseCode").Longs, code)
					b.Rows++
				}
			}
		}
		refused, err := store.Append(t.Context(), b)
		require.NoError(t, err)
		require.Empty(t, refused)
		return
	}
	t.Fatal("there is no traffic log")
}
