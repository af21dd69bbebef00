package hub

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
	"github.com/endscope/endscope/scopes"
)

// router is a routing that remembers what it was handed, and refuses when it is told to.
type router struct {
	mu      sync.Mutex
	got     []RouteAlert
	at      []time.Time
	down    bool
	poison  string // ID of an alert that it never takes
	offered int
}

func (r *router) route(_ context.Context, all []RouteAlert) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offered++
	if r.down {
		return errors.New("routing is down")
	}
	for _, a := range all {
		if a.ID == r.poison {
			return errors.New("this one is bad")
		}
	}
	for _, a := range all {
		r.got, r.at = append(r.got, a), append(r.at, time.Now())
	}
	return nil
}

func (r *router) set(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

func (r *router) all() []RouteAlert {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// of returns what was handed on of an alert: true for fired, false for resolved.
func (r *router) of(id string) (fired []bool) {
	for _, a := range r.all() {
		if a.ID == id {
			fired = append(fired, a.EndsAt.IsZero())
		}
	}
	return fired
}

type world struct {
	*Hub
	t      *testing.T
	cfg    Config
	set    Settings
	path   string
	store  *state.Store
	router *router
	stop   func()
}

func newWorld(t *testing.T, change func(*Config, *Settings)) *world {
	t.Helper()
	w := &world{t: t, cfg: DefaultConfig(), router: &router{}, path: filepath.Join(t.TempDir(), "alerts.db")}
	w.set = Settings{Route: w.router.route, ExternalURL: "https://endscope.example/base/"}
	if change != nil {
		change(&w.cfg, &w.set)
	}
	w.start()
	t.Cleanup(w.close)
	return w
}

// start opens the store and makes a hub that does not run yet.
func (w *world) start() {
	w.t.Helper()
	var err error
	w.store, err = state.Open(context.WithoutCancel(w.t.Context()), state.DefaultConfig(), state.Settings{Path: w.path, Now: w.set.Now})
	require.NoError(w.t, err)
	w.set.Store, w.set.Registerer = w.store, prometheus.NewPedanticRegistry()
	w.Hub, err = New(w.cfg, w.set)
	require.NoError(w.t, err)
}

func (w *world) run() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(ctx)
	}()
	w.stop = sync.OnceFunc(func() { cancel(); <-done })
	for { // what is applied from now on is new
		w.mu.Lock()
		resumed := w.resumed
		w.mu.Unlock()
		if resumed {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func (w *world) close() {
	if w.stop != nil {
		w.stop()
	}
	require.NoError(w.t, w.store.Close())
}

func (w *world) apply(all ...alerts.Alert) {
	w.t.Helper()
	transitions := make([]alerts.Transition, len(all))
	for i, a := range all {
		transitions[i].Alert = a
	}
	require.NoError(w.t, w.Apply(w.t.Context(), transitions))
}

func (w *world) get(id string) *state.Record {
	w.t.Helper()
	r, err := w.store.Read(w.t.Context(), id)
	require.NoError(w.t, err)
	return r
}

// kinds returns the kinds of the entries of a timeline.
func (w *world) kinds(id string) (kinds []string) {
	w.t.Helper()
	entries, err := w.store.Timeline(everything(w.t), id)
	require.NoError(w.t, err)
	for _, e := range entries {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func everything(t testing.TB) context.Context {
	return scopes.WithGrants(t.Context(), scopes.AllAccess())
}

func value(v float64) *float64 { return &v }

func fired(n int, at time.Time) alerts.Alert {
	rule := &alerts.Rule{Name: "latency", Severity: 2, Actions: []alerts.Action{{ActionGroupID: "oncall"}}}
	target := scopes.Path{Endpoint: "credit", Deployment: "blue"}
	dims := map[string]string{"statusCode": fmt.Sprint(n)}
	key := alerts.SeriesKey(target, dims)
	return alerts.Alert{
		ID: fmt.Sprintf("id-%d", n), Rule: rule.Name, SeriesKey: key, RuleKind: alerts.KindMetric, Severity: 2, Labels: alerts.LabelsOf(rule, target, dims),
		Annotations: map[string]string{"summary": "Slow"}, Target: target, Dimensions: dims, Condition: alerts.Fired, FiredAt: at,
		Values: []alerts.CriterionValue{{
			Criterion: alerts.Criterion{Type: alerts.StaticThreshold, MetricName: "RequestLatency_P99", TimeAggregation: scopes.Average, Operator: alerts.GreaterThan, Threshold: 500},
			Value:     value(812.5), Threshold: value(500),
		}},
		WindowStart: at.Add(-5 * time.Minute), WindowEnd: at, Actions: rule.Actions, RunbookURL: "/docs/runbooks/latency", Filter: "deployment eq 'blue'",
	}
}

func resolved(n int, firedAt, at time.Time) alerts.Alert {
	a := fired(n, firedAt)
	a.Condition, a.ResolvedAt, a.WindowStart, a.WindowEnd = alerts.Resolved, at, at.Add(-5*time.Minute), at
	a.Values[0].Value = value(3)
	return a
}
