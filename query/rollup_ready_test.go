package query

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// levels is a log that keeps the levels of what is written.
type levels chan slog.Level

func (l levels) Enabled(context.Context, slog.Level) bool { return true }
func (l levels) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l levels) WithGroup(string) slog.Handler            { return l }

func (l levels) Handle(_ context.Context, r slog.Record) error {
	l <- r.Level
	return nil
}

func TestRollerWaitsForTheStoreWithoutAWarning(t *testing.T) {
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	rollups := NewRollups(catalogue, DefaultConfig().Lookback, prometheus.NewRegistry())
	store, err := tsdb.Open(tsdb.DefaultConfig(), tsdb.Settings{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Watch: rollups})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	logged := make(levels, 10)
	roller, err := NewRoller(DefaultRollupConfig(), RollerSettings{Rollups: rollups, Store: store, OutOfOrderWindow: time.Hour, Logger: slog.New(logged), Now: time.Now})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- roller.Run(ctx) }() // the store, which nobody runs, is not ready
	require.Equal(t, slog.LevelDebug, <-logged)
	cancel()
	require.NoError(t, <-done)
	require.Empty(t, logged)
}
