package promrules_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/promrules"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink keeps transitions, as the hub does: each of an alert's conditions counts once.
type sink struct {
	mu   sync.Mutex
	list []alerts.Alert
	fail error
}

func (s *sink) Apply(_ context.Context, list []alerts.Transition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	for _, t := range list {
		s.list = append(s.list, t.Alert)
	}
	return nil
}

func (s *sink) all() []alerts.Alert {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]alerts.Alert(nil), s.list...)
}

// active returns what fired and did not resolve.
func (s *sink) active(context.Context) ([]alerts.Alert, error) {
	open := map[string]alerts.Alert{}
	for _, a := range s.all() {
		if a.Condition == alerts.Fired {
			open[a.ID] = a
		} else {
			delete(open, a.ID)
		}
	}
	var out []alerts.Alert
	for _, a := range open {
		out = append(out, a)
	}
	return out, nil
}

// house is a real store with a real engine over it.
type house struct {
	t      *testing.T
	store  *tsdb.Store
	engine *query.Engine
	sink   *sink
}

func newHouse(t *testing.T) *house {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	store, err := tsdb.Open(tsdb.DefaultConfig(), tsdb.Settings{Dir: t.TempDir(), Logger: quiet, Registerer: prometheus.NewRegistry()})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- store.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, store.Close())
	})
	require.Eventually(t, func() bool { return store.Ready() == nil }, time.Minute, 10*time.Millisecond)
	engine, err := query.NewEngine(query.DefaultConfig(), query.Settings{Logger: quiet, Registerer: prometheus.NewRegistry(), Queryable: store})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	return &house{t: t, store: store, engine: engine, sink: &sink{}}
}

func (h *house) set(name string, v float64, ls ...string) {
	h.t.Helper()
	var refused error
	err := h.store.Write(h.t.Context(), func(a storage.AppenderV2) {
		_, refused = a.Append(0, labels.FromStrings(append(ls, model.MetricNameLabel, name)...), 0, time.Now().UnixMilli(), v, nil, nil, storage.AppendV2Options{})
	})
	require.NoError(h.t, err)
	require.NoError(h.t, refused)
}

func (h *house) value(expr string) []float64 {
	h.t.Helper()
	e, err := h.engine.Parser().ParseExpr(expr)
	require.NoError(h.t, err)
	v, _, err := h.engine.Instant(everything(h.t.Context()), e, time.Now())
	require.NoError(h.t, err)
	var out []float64
	for _, s := range v.(promql.Vector) {
		out = append(out, s.F)
	}
	return out
}

func everything(ctx context.Context) context.Context {
	return scopes.WithGrants(ctx, scopes.AllAccess())
}

func config(files ...string) promrules.Config {
	c := promrules.DefaultConfig()
	c.RuleFiles, c.EvaluationInterval, c.QueryOffset, c.ResendDelay = files, time.Second, 0, time.Second
	c.ExternalLabels = map[string]string{"site": "north"}
	return c
}

func (h *house) manager(cfg promrules.Config) *promrules.Manager {
	h.t.Helper()
	m, err := promrules.New(cfg, h.settings())
	require.NoError(h.t, err)
	return m
}

func (h *house) settings() promrules.Settings {
	external, err := url.Parse("http://endscope.example/base")
	require.NoError(h.t, err)
	return promrules.Settings{
		Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
		Query: rules.EngineQueryFunc(h.engine, h.engine.Queryable()),
		Range: func(ctx context.Context, expr parser.Expr, start, end time.Time, step time.Duration) (promql.Matrix, error) {
			m, _, err := h.engine.Range(ctx, expr, start, end, step)
			return m, err
		},
		Write: h.store.Write, Queryable: h.store, Parser: h.engine.Parser(), Context: everything, ExternalURL: external,
		Sink: h.sink, Active: h.sink.active, Ready: h.store.Ready, Now: time.Now,
	}
}

// run runs a manager until the returned function is called.
func (h *house) run(m *promrules.Manager) (stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		require.NoError(h.t, <-done)
	})
}

func (h *house) eventually(what string, f func() bool) {
	h.t.Helper()
	require.Eventually(h.t, f, time.Minute, 20*time.Millisecond, what)
}

// conditions lists what happened, such as "Fired Resolved".
func (h *house) conditions() (out []alerts.Condition) {
	for _, a := range h.sink.all() {
		out = append(out, a.Condition)
	}
	return out
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

const ruleFile = `
groups:
  - name: queue
    rules:
      - record: doubled
        expr: 2 * waiting
      - alert: Long
        expr: doubled > 10
        labels: {severity: page, action_groups: "oncall, team"}
        annotations: {summary: "{{ $value }} wait at {{ $labels.instance }} in {{ $externalLabels.site }}", runbook_url: "https://runbooks.example/long"}
`

var credit = []string{"endpoint", "credit", "deployment", "blue", "instance", "blue-1"}

func TestARuleFileRunsUnchanged(t *testing.T) {
	h := newHouse(t)
	h.set("waiting", 7, credit...)
	stop := h.run(h.manager(config(write(t, ruleFile))))
	defer stop()
	h.eventually("it fires", func() bool { return len(h.sink.all()) == 1 })
	a := h.sink.all()[0]
	require.Equal(t, alerts.Fired, a.Condition)
	require.Equal(t, 0, a.Severity, "page is the highest")
	require.Equal(t, []alerts.Action{{ActionGroupID: "oncall"}, {ActionGroupID: "team"}}, a.Actions)
	require.Equal(t, "14 wait at blue-1 in north", a.Annotations["summary"])
	require.Equal(t, "north", a.Labels["site"])
	require.Equal(t, "credit/blue/blue-1", a.Target.String())
	require.Equal(t, "https://runbooks.example/long", a.RunbookURL)
	require.InDelta(t, 14, *a.Values[0].Value, 0)
	require.Contains(t, a.GeneratorURL, "http://endscope.example/base/graph?g0.expr=doubled")
	h.eventually("the series of the contract are there", func() bool { return len(h.value(`ALERTS{alertname="Long",alertstate="firing"}`)) == 1 })
	require.Len(t, h.value(`ALERTS_FOR_STATE{alertname="Long"}`), 1)

	h.set("waiting", 1, credit...)
	h.eventually("it resolves", func() bool { return len(h.sink.all()) == 2 })
	last := h.sink.all()[1]
	require.Equal(t, alerts.Resolved, last.Condition)
	require.Equal(t, a.ID, last.ID, "it is the same alert")
	require.Empty(t, last.ResolveReason)
	require.False(t, last.ResolvedAt.Before(a.FiredAt))
	h.eventually("the series went stale", func() bool { return len(h.value(`ALERTS`)) == 0 })
}

func TestARestartContinuesAnAlert(t *testing.T) {
	h := newHouse(t)
	h.set("waiting", 7, credit...)
	file := write(t, ruleFile)
	stop := h.run(h.manager(config(file)))
	h.eventually("it fires", func() bool { return len(h.sink.all()) == 1 })
	stop()

	m := h.manager(config(file))
	stop = h.run(m)
	h.eventually("it is evaluated", func() bool { return len(m.AlertingRules()) == 1 && m.AlertingRules()[0].State() == rules.StateFiring })
	time.Sleep(2500 * time.Millisecond) // two more checks: time in which a mistake would show
	require.Equal(t, []alerts.Condition{alerts.Fired}, h.conditions(), "an alert that goes on is not told again")
	stop()

	h.set("waiting", 0, credit...)
	stop = h.run(h.manager(config(file)))
	defer stop()
	h.eventually("what ended while nobody looked is told", func() bool { return len(h.sink.all()) == 2 })
	require.Equal(t, "its condition ended while the server was down", h.sink.all()[1].ResolveReason)
}

func TestARenamedGroupGoesOnWithItsAlert(t *testing.T) {
	for name, group := range map[string]string{
		"at once": "rules: [{alert: Long, expr: waiting > 10}]",
		"for":     "rules: [{alert: Long, expr: waiting > 10, for: 2s}]",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.set("waiting", 14, credit...)
			old := write(t, "groups: [{name: queue, "+group+"}]")
			m := h.manager(config(old))
			stop := h.run(m)
			h.eventually("it fires", func() bool { return len(h.sink.all()) == 1 })
			fires := func() bool {
				list := m.AlertingRules()
				return len(list) == 1 && list[0].State() == rules.StateFiring
			}

			renamed := write(t, "groups: [{name: waiting, "+group+"}]")
			require.NoError(t, reload(m, config(renamed)))
			require.Equal(t, "waiting", m.RuleGroups()[0].Name())
			h.eventually("the renamed rule fires", fires)
			time.Sleep(2500 * time.Millisecond) // time in which a mistake would show
			require.Equal(t, []alerts.Condition{alerts.Fired}, h.conditions(), "nobody is told again")
			stop()

			m = h.manager(config(renamed))
			stop = h.run(m)
			h.eventually("it fires after a restart", fires)
			time.Sleep(2500 * time.Millisecond)
			require.Equal(t, []alerts.Condition{alerts.Fired}, h.conditions(), "nor after a restart")

			h.set("waiting", 0, credit...)
			h.eventually("it resolves", func() bool { return len(h.sink.all()) == 2 })
			require.Equal(t, h.sink.all()[0].ID, h.sink.all()[1].ID, "it is the same alert")
			require.Empty(t, h.sink.all()[1].ResolveReason)
			stop()
		})
	}
}

func TestARemovedRuleResolvesBesideOneOfItsName(t *testing.T) {
	h := newHouse(t)
	h.set("waiting", 14, credit...)
	both := write(t, "groups: [{name: a, rules: [{alert: Long, expr: waiting > 10}]}, {name: b, rules: [{alert: Long, expr: waiting > 11}]}]")
	m := h.manager(config(both))
	defer h.run(m)()
	h.eventually("both fire", func() bool { return len(h.sink.all()) == 2 })
	require.NoError(t, reload(m, config(write(t, "groups: [{name: b, rules: [{alert: Long, expr: waiting > 11}]}]"))))
	h.eventually("both resolve or go on", func() bool { return len(h.sink.all()) >= 3 })
	time.Sleep(2500 * time.Millisecond)
	require.Equal(t, []alerts.Condition{alerts.Fired, alerts.Fired, alerts.Resolved}, h.conditions())
	require.Equal(t, "rule deleted", h.sink.all()[2].ResolveReason)
}

func TestWhatCannotBeStoredComesAgain(t *testing.T) {
	h := newHouse(t)
	h.sink.fail = context.DeadlineExceeded
	h.set("waiting", 7, credit...)
	m := h.manager(config(write(t, ruleFile)))
	defer h.run(m)()
	h.eventually("it fires", func() bool { return len(m.AlertingRules()) == 1 && m.AlertingRules()[0].State() == rules.StateFiring })
	h.sink.mu.Lock()
	h.sink.fail = nil
	h.sink.mu.Unlock()
	h.eventually("it is stored after all", func() bool { return len(h.sink.all()) == 1 })
}

// TestWhatEndsBeforeItCanBeStoredIsToldAllTheSame looks at an alert whose rule still speaks of its end, and at one whose rule is gone.
func TestWhatEndsBeforeItCanBeStoredIsToldAllTheSame(t *testing.T) {
	for name, end := range map[string]func(*house, *promrules.Manager){
		"it resolves":      func(h *house, _ *promrules.Manager) { h.set("waiting", 1, credit...) },
		"its rule is gone": func(h *house, m *promrules.Manager) { require.NoError(h.t, reload(m, config())) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.sink.fail = context.DeadlineExceeded
			h.set("waiting", 7, credit...)
			set := h.settings()
			reg := prometheus.NewRegistry()
			set.Registerer = reg
			m, err := promrules.New(config(write(t, ruleFile)), set)
			require.NoError(t, err)
			defer h.run(m)()
			failures := func() (n float64) {
				families, err := reg.Gather()
				require.NoError(t, err)
				for _, f := range families {
					if f.GetName() == "alerts_prometheus_hand_off_failures_total" {
						n = f.Metric[0].GetCounter().GetValue()
					}
				}
				return n
			}
			h.eventually("it fires, and is not stored", func() bool { return failures() > 0 })
			end(h, m)
			h.eventually("it fires no more", func() bool { return len(m.AlertingRules()) == 0 || m.AlertingRules()[0].State() == rules.StateInactive })
			h.sink.mu.Lock()
			h.sink.fail = nil
			h.sink.mu.Unlock()
			h.eventually("it is stored after all", func() bool { return len(h.sink.all()) >= 2 })
			time.Sleep(2500 * time.Millisecond) // two more checks: time in which a mistake would show
			require.Equal(t, []alerts.Condition{alerts.Fired, alerts.Resolved}, h.conditions(), "once")
			require.Equal(t, h.sink.all()[0].ID, h.sink.all()[1].ID)
		})
	}
}

func stored(name, group string) alerts.Stored {
	return alerts.Stored{Version: 1, Rule: alerts.Rule{
		Name: name, Kind: alerts.KindPrometheus, Enabled: true, Group: json.RawMessage(group), Actions: []alerts.Action{{ActionGroupID: "night"}},
	}}
}

// reload reads rule files and puts them into force.
func reload(m *promrules.Manager, cfg promrules.Config) error {
	files, err := m.Read(cfg)
	if err != nil {
		return err
	}
	return m.Use(files)
}

func TestReloadReadsFilesAgain(t *testing.T) {
	h := newHouse(t)
	file := write(t, ruleFile)
	m := h.manager(config(file))
	defer h.run(m)()
	h.eventually("it runs", func() bool { return len(m.RuleGroups()) == 1 })
	require.NoError(t, os.WriteFile(file, []byte("groups: [{name: x, rules: [{alert: A, expr: 'sum('}]}]"), 0o600))
	require.ErrorContains(t, reload(m, config(file)), "rules.yml")
	require.Len(t, m.AlertingRules(), 1)
	require.NoError(t, os.WriteFile(file, []byte("groups: [{name: x, rules: [{alert: A, expr: 'vector(1)'}, {alert: B, expr: 'vector(1)'}]}]"), 0o600))
	require.NoError(t, reload(m, config(file)))
	require.Len(t, m.AlertingRules(), 2)
	require.ErrorContains(t, reload(m, config(filepath.Join(t.TempDir(), "none.yml"))), "none.yml")
	require.Len(t, m.AlertingRules(), 2)
	require.NoError(t, m.Healthy(time.Now()))
	require.ErrorContains(t, m.Healthy(time.Now().Add(time.Hour)), `group "x"`)
}
