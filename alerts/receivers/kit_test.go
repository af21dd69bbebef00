package receivers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// fired is when the alerts of these tests fire.
var fired = time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)

// call is a request that a listener got.
type call struct {
	Method, Path, Query string
	Header              http.Header
	Body                []byte
}

func (c call) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal(c.Body, &v), string(c.Body))
	return v
}

// listener is an HTTP server that keeps what it is asked.
type listener struct {
	*httptest.Server
	mu    sync.Mutex
	calls []call
}

// listen starts a listener; answer may be nil for an empty 200.
func listen(t *testing.T, answer func(w http.ResponseWriter, c call, n int)) *listener {
	t.Helper()
	l := &listener{}
	l.Server = httptest.NewServer(l.handler(answer))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) handler(answer func(w http.ResponseWriter, c call, n int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c := call{r.Method, r.URL.Path, r.URL.RawQuery, r.Header, body}
		l.mu.Lock()
		l.calls = append(l.calls, c)
		n := len(l.calls)
		l.mu.Unlock()
		if answer != nil {
			answer(w, c, n)
		}
	})
}

func (l *listener) got() []call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]call(nil), l.calls...)
}

// clock is a clock that tests move; waiting moves it, too.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.add(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func (c *clock) waits() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.slept...)
}

// logs is where the loggers of tests write.
type logs struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type kit struct {
	*Builder
	clock *clock
	logs  *logs
}

// newKit makes a builder with a clock that tests move.
func newKit(t *testing.T, change ...func(*Config, *Settings)) kit {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Timeout = 5 * time.Second
	c, l := &clock{now: fired}, &logs{}
	external, err := url.Parse("https://endscope.example")
	require.NoError(t, err)
	set := Settings{
		Logger: slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:    c.Now, Sleep: c.Sleep, ExternalURL: external,
		AlertURL: func(id string) string { return "https://endscope.example/alerts/" + id },
		LogLinks: func(q string, _, _ time.Time) (string, string) {
			return "https://endscope.example/logs?q=" + url.QueryEscape(q), "https://endscope.example/api/v1/logs/query?q=" + url.QueryEscape(q)
		},
	}
	for _, f := range change {
		f(&cfg, &set)
	}
	b, err := New(cfg, set)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, b.Close(ctx))
	})
	return kit{b, c, l}
}

// group reads a group with one receiver.
func group(t *testing.T, array, receiver string) *alerts.ActionGroup {
	t.Helper()
	g, err := alerts.ParseActionGroup(fmt.Appendf(nil, `{"name":"oncall","%s":[%s]}`, array, receiver))
	require.NoError(t, err)
	return &g
}

// one returns the only integration of a group.
func (k kit) one(t *testing.T, g *alerts.ActionGroup) notify.Integration {
	t.Helper()
	require.NoError(t, k.Validate(g))
	grouped, single, err := k.Integrations(g)
	require.NoError(t, err)
	all := append(grouped, single...)
	require.Len(t, all, 1)
	return all[0]
}

// example is a firing alert as route hands it on.
func example() *alert.Alert {
	return &alert.Alert{Alert: model.Alert{
		Labels:       model.LabelSet{"alertname": "High latency", "severity": "critical", "endpoint": "credit", "deployment": "blue", "action_groups": ",oncall,"},
		Annotations:  model.LabelSet{"summary": "credit/blue is slow <now> & later", "description": "P95 is above 800 ms.", "finding": "instance blue-7 has 80% of it", "chart_url": "https://endscope.example/chart/1", "runbook_url": "/runbooks/latency"},
		StartsAt:     fired,
		EndsAt:       time.Now().Add(time.Hour),
		GeneratorURL: "https://endscope.example/rules/1",
	}, UpdatedAt: fired}
}

func resolved() *alert.Alert {
	a := example()
	a.EndsAt = time.Now().Add(-time.Minute)
	return a
}

// about returns a context as Alertmanager's pipeline makes it.
func about(t *testing.T, as ...*alert.Alert) context.Context {
	t.Helper()
	ctx := notify.WithGroupKey(t.Context(), `{}:{alertname="High latency"}`)
	ctx = notify.WithReceiverName(ctx, "oncall")
	ctx = notify.WithGroupLabels(ctx, model.LabelSet{"alertname": "High latency", "action_groups": ",oncall,"})
	ctx = notify.WithNotificationReason(ctx, notify.ReasonFirstNotification)
	ctx = notify.WithNow(ctx, fired)
	ctx = notify.WithRepeatInterval(ctx, time.Hour)
	var firing, done []uint64
	for _, a := range as {
		if a.Resolved() {
			done = append(done, uint64(a.Fingerprint()))
		} else {
			firing = append(firing, uint64(a.Fingerprint()))
		}
	}
	return notify.WithResolvedAlerts(notify.WithFiringAlerts(ctx, firing), done)
}
