package app

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts/hub"
	"github.com/endscope/endscope/internal/config"
)

// TestPartsThatDoNotRunAreNotHealthy looks at a server that was never run.
func TestPartsThatDoNotRunAreNotHealthy(t *testing.T) {
	cfg := DefaultConfig()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	a, err := New(cfg, Settings{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()
	look := func() (fine, starting, broken []string) {
		for _, c := range a.alerts.checks() {
			switch err := c.Func(t.Context()); {
			case err == nil:
				fine = append(fine, c.Name)
			case errors.Is(err, hub.ErrStarting):
				starting = append(starting, c.Name)
			default:
				broken = append(broken, c.Name)
			}
		}
		return fine, starting, broken
	}
	fine, starting, broken := look()
	require.Equal(t, []string{"alerts", "alert store", "alert rules"}, fine)
	require.Equal(t, []string{"metric and log stores", "evaluation", "Prometheus rules", "routing"}, starting)
	require.Empty(t, broken)

	a.alerts.readyAt = time.Now().Add(-cfg.Alerts.Watchdog.Patience)
	_, starting, broken = look()
	require.Empty(t, starting, "it has had the time to start")
	require.Equal(t, []string{"metric and log stores", "evaluation", "Prometheus rules", "routing"}, broken)
}

func TestTheDeadManIsNotCalledWhileNoSamplesAreTaken(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"all is well", func(*Config) {}, ""},
		{"the metric store takes nothing", func(c *Config) { c.Storage.MinFree = 1 << 60 }, "storage.min_free"},
		{"the log store takes nothing", func(c *Config) { c.Logs.MinFree = 1 << 60 }, "logs.min_free"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var calls atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
			defer server.Close()
			a := start(t, func(cfg *Config, _ *Settings) {
				w := &cfg.Alerts.Watchdog
				w.Interval, w.DeadManURL, w.DeadManInterval, w.DeadManTimeout = time.Second, config.Secret(server.URL), 5*time.Second, 5*time.Second
				tc.change(cfg)
			})
			if tc.want == "" {
				require.Eventually(t, func() bool { return calls.Load() > 0 }, time.Minute, 20*time.Millisecond)
				require.NoError(t, a.alerts.watchdog.Healthy())
				return
			}
			require.Eventually(t, func() bool { return a.alerts.watchdog.Healthy() != nil }, time.Minute, 20*time.Millisecond)
			require.ErrorContains(t, a.alerts.watchdog.Healthy(), tc.want)
			status, text := get(t, a.URL()+"/-/healthy")
			require.Equal(t, http.StatusServiceUnavailable, status)
			require.Contains(t, text, tc.want)
			require.Zero(t, calls.Load())
		})
	}
}
