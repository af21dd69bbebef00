package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/cmd/internal/conf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs a until the test ends, and returns once it is ready.
func run(t *testing.T, a *App) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, a.Close())
		require.NoError(t, a.Close(), "a second Close does nothing")
	})
	t.Cleanup(stop)
	require.Eventually(t, func() bool { return a.Ready() == nil }, 30*time.Second, 5*time.Millisecond)
	return stop
}

func TestTwoServersRunInOneProcessAndOneAfterTheOther(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		a := start(t, nil)
		b, err := New(func() Config {
			cfg := DefaultConfig()
			cfg.DataDir, cfg.Listen = dir, "127.0.0.1:0"
			return cfg
		}(), Settings{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		stop := run(t, b)
		for _, s := range []*App{a, b} {
			status, _ := get(t, s.URL()+"/-/healthy")
			require.Equal(t, http.StatusOK, status)
		}
		stop() // and its data directory and port are free again
	}
}

func TestNewUndoesWhatItOpenedWhenALaterStepFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	cfg := DefaultConfig()
	cfg.DataDir, cfg.Listen = t.TempDir(), taken.Addr().String()
	_, err = New(cfg, Settings{Logger: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "address already in use")

	// The lock of the data directory is free.
	cfg.Listen = "127.0.0.1:0"
	a, err := New(cfg, Settings{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.NoError(t, a.Close(), "Close without Run")
}

func TestReloadTakesTheLogLevelAndNamesWhatWaitsForARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	write("log:\n  level: info\n")
	loader, err := conf.New(DefaultConfig)
	require.NoError(t, err)
	var out lockedBuffer
	cfg := DefaultConfig()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	log, level := cli.NewLogger(cfg.Log, &out)
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	loader.AddFlags(flags)
	require.NoError(t, flags.Parse([]string{"--config.file", file, "--data-dir", cfg.DataDir, "--listen", cfg.Listen}))
	a, err := New(cfg, Settings{Logger: log, Level: level, Source: loader})
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()

	write("log:\n  level: loud\n")
	require.InDelta(t, 1, testutil.ToFloat64(a.reloadGood), 0)
	require.ErrorContains(t, a.Reload(), file+":2: log.level: must be one of debug")
	require.InDelta(t, 0, testutil.ToFloat64(a.reloadGood), 0)
	write("log:\n  level: debug\nstorage:\n  retention: 30d\n")
	require.NoError(t, a.Reload())
	require.InDelta(t, 1, testutil.ToFloat64(a.reloadGood), 0)
	require.Contains(t, out.String(), "keys=[storage.retention]")
	require.True(t, log.Enabled(t.Context(), slog.LevelDebug))
	require.NoError(t, a.Reload(), "it waits still")

	plain, err := New(func() Config { c := cfg; c.DataDir = t.TempDir(); return c }(), Settings{Logger: log})
	require.NoError(t, err)
	defer func() { require.NoError(t, plain.Close()) }()
	require.Error(t, plain.Reload())
}

func TestRunEndsWhenAPartFails(t *testing.T) {
	cfg := DefaultConfig()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	a, err := New(cfg, Settings{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(filepath.Join(cfg.DataDir, "wal")))
	require.NoError(t, os.WriteFile(filepath.Join(cfg.DataDir, "wal"), []byte("in the way"), 0o600))
	err = a.Run(t.Context())
	require.ErrorContains(t, err, "metric store: ")
	require.False(t, errors.Is(err, context.Canceled))
	require.NoError(t, a.Close())
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
