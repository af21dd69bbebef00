package hub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/config"
)

func watchdog(t *testing.T, cfg WatchdogConfig, set WatchdogSettings) *Watchdog {
	t.Helper()
	w, err := NewWatchdog(cfg, set)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return w
}

// fault is an error that tests set.
type fault struct {
	mu  sync.Mutex
	err error
}

func (f *fault) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fault) check(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func TestTheWatchdogNamesWhatDoesNotWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		evaluation, routing := &fault{}, &fault{}
		reg := prometheus.NewPedanticRegistry()
		w := watchdog(t, DefaultWatchdogConfig(), WatchdogSettings{Registerer: reg, Checks: []Check{{"evaluation", evaluation.check}, {"routing", routing.check}}})
		time.Sleep(time.Second)
		require.NoError(t, w.Healthy())
		require.InDelta(t, 1, testutil.ToFloat64(w.metrics.healthy), 0)
		evaluation.set(errors.New("no rule was evaluated for 5m"))
		routing.set(errors.New("down"))
		time.Sleep(11 * time.Second)
		require.EqualError(t, w.Healthy(), "alerts: evaluation: no rule was evaluated for 5m\nalerts: routing: down")
		require.InDelta(t, 0, testutil.ToFloat64(w.metrics.healthy), 0)
		evaluation.set(nil)
		routing.set(nil)
		time.Sleep(11 * time.Second)
		require.NoError(t, w.Healthy())
	})
}

func TestACheckThatDoesNotAnswerIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		var calls atomic.Int64
		w := watchdog(t, DefaultWatchdogConfig(), WatchdogSettings{Checks: []Check{{"store", func(context.Context) error {
			calls.Add(1)
			<-free
			return nil
		}}}})
		time.Sleep(time.Minute)
		require.NoError(t, w.Healthy())
		time.Sleep(2 * time.Minute)
		require.ErrorContains(t, w.Healthy(), "alerts: store: no answer for")
		require.EqualValues(t, 1, calls.Load(), "it is not started again while it runs")
		close(free)
		time.Sleep(11 * time.Second)
		require.NoError(t, w.Healthy())
	})
}

func TestTheDeadManURLIsCalledOnlyWhileAlertingWorks(t *testing.T) {
	var calls atomic.Int64
	var answer atomic.Int64
	answer.Store(200)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/secret-token" && r.Method == http.MethodGet {
			calls.Add(1)
		}
		w.WriteHeader(int(answer.Load()))
	}))
	defer server.Close()
	var log bytes.Buffer
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	state := &fault{}
	file := filepath.Join(t.TempDir(), "url")
	require.NoError(t, os.WriteFile(file, []byte(server.URL+"/secret-token\n"), 0o600))
	cfg := DefaultWatchdogConfig()
	cfg.DeadManURLFile = file
	w, err := NewWatchdog(cfg, WatchdogSettings{HTTPClient: client, Logger: slog.New(slog.NewTextHandler(&log, nil)), Checks: []Check{{"x", state.check}}})
	require.NoError(t, err)
	look := func() {
		var wg sync.WaitGroup
		w.look(t.Context(), &wg)
		wg.Wait()
		w.ping(t.Context())
	}
	look()
	require.EqualValues(t, 1, calls.Load())
	state.set(errors.New("broken"))
	look()
	require.EqualValues(t, 1, calls.Load())
	state.set(nil)
	look()
	require.EqualValues(t, 2, calls.Load())
	answer.Store(500)
	look()
	look()
	require.NoError(t, os.WriteFile(file, []byte("http://127.0.0.1:1/secret-token"), 0o600)) // it is read anew
	look()
	require.NoError(t, os.WriteFile(file, []byte("secret-token"), 0o600))
	look()
	require.InDelta(t, 2, testutil.ToFloat64(w.metrics.pings.WithLabelValues("ok")), 0)
	require.InDelta(t, 4, testutil.ToFloat64(w.metrics.pings.WithLabelValues("failed")), 0)
	require.InDelta(t, 1, testutil.ToFloat64(w.metrics.pings.WithLabelValues("withheld")), 0)
	require.Contains(t, log.String(), "it answered 500")
	require.Equal(t, 1, strings.Count(log.String(), "it answered 500"), "not the same again and again")
	require.Contains(t, log.String(), "could not be reached")
	require.NotContains(t, log.String(), "secret-token")
}

// TestTheDeadManURLIsNotCalledBeforeAlertingWorks looks at what is no fault, and keeps alerts from people all the same.
func TestTheDeadManURLIsNotCalledBeforeAlertingWorks(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, tc := range []struct {
		name  string
		check func(free chan struct{}) func(context.Context) error
	}{
		{"a part starts", func(free chan struct{}) func(context.Context) error {
			return func(context.Context) error {
				select {
				case <-free:
					return nil
				default:
					return fmt.Errorf("the log is replayed: %w", ErrStarting)
				}
			}
		}},
		{"a part has never answered", func(free chan struct{}) func(context.Context) error {
			return func(context.Context) error { <-free; return nil }
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			calls.Store(0)
			cfg := DefaultWatchdogConfig()
			cfg.Interval, cfg.DeadManURL = time.Second, config.Secret(server.URL)
			free := make(chan struct{})
			w, err := NewWatchdog(cfg, WatchdogSettings{HTTPClient: client, Checks: []Check{{"x", tc.check(free)}}})
			require.NoError(t, err)
			w.ping(t.Context())
			require.Zero(t, calls.Load(), "nobody has looked yet")
			var wg sync.WaitGroup
			w.look(t.Context(), &wg)
			w.ping(t.Context())
			require.NoError(t, w.Healthy(), "that is no fault")
			require.Zero(t, calls.Load())
			require.InDelta(t, 0, testutil.ToFloat64(w.metrics.healthy), 0)
			close(free)
			wg.Wait()
			w.look(t.Context(), &wg)
			wg.Wait()
			w.ping(t.Context())
			require.EqualValues(t, 1, calls.Load())
			require.InDelta(t, 1, testutil.ToFloat64(w.metrics.healthy), 0)
		})
	}
}

func TestTheDeadManURLIsCalledAtEachInterval(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	cfg := DefaultWatchdogConfig()
	cfg.DeadManURL, cfg.DeadManInterval, cfg.DeadManTimeout = config.Secret(server.URL), 5*time.Second, 5*time.Second
	watchdog(t, cfg, WatchdogSettings{HTTPClient: client})
	require.Eventually(t, func() bool { return calls.Load() >= 2 }, 30*time.Second, 20*time.Millisecond)
}

func TestConfigurationsAreChecked(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	require.NoError(t, DefaultWatchdogConfig().Validate())
	keys := func(err error) (out []string) {
		for _, f := range config.Fields(err) {
			out = append(out, f.Key)
		}
		return out
	}
	require.Equal(t, []string{"explain.timeout", "explain.concurrency", "explain.queue", "resolve_hold"}, keys(Config{ResolveHold: -1}.Validate()))
	err := WatchdogConfig{DeadManURL: "ftp://secret", DeadManURLFile: "x"}.Validate()
	require.Equal(t, []string{"interval", "patience", "dead_man_url_file", "dead_man_url", "dead_man_interval", "dead_man_timeout"}, keys(err))
	require.NotContains(t, err.Error(), "secret")

	cfg := DefaultWatchdogConfig()
	cfg.DeadManInterval = 7 * time.Second // the timeout that goes with it is not given
	require.EqualError(t, cfg.Validate(), "dead_man_timeout: must be between 1s and dead_man_interval, which is 7s (got 10s)")
}
