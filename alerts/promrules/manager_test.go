package promrules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
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
			require.NoError(t, m.Reload(config(renamed)))
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
	require.NoError(t, m.Reload(config(write(t, "groups: [{name: b, rules: [{alert: Long, expr: waiting > 11}]}]"))))
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
		"its rule is gone": func(h *house, m *promrules.Manager) { require.NoError(h.t, m.Reload(config())) },
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

func TestGroupsThatAreResources(t *testing.T) {
	h := newHouse(t)
	h.set("waiting", 7, credit...)
	m := h.manager(config())
	defer h.run(m)()
	group := `{"name":"g","rules":[{"alert":"Busy","expr":"waiting > 5","labels":{"severity":"warning"}}]}`
	require.NoError(t, m.SetRules([]alerts.Stored{stored("busy", group)}))
	h.eventually("it fires", func() bool { return len(h.sink.all()) == 1 })
	a := h.sink.all()[0]
	require.Equal(t, "busy", a.Rule)
	require.Equal(t, []alerts.Action{{ActionGroupID: "night"}}, a.Actions)

	err := m.SetRules([]alerts.Stored{stored("busy", `{"name":"g","rules":[{"alert":"Busy","expr":"waiting >"}]}`)})
	require.ErrorContains(t, err, "alert rule busy: group")
	require.Len(t, m.AlertingRules(), 1, "what was in force stays")

	require.NoError(t, m.SetRules(nil))
	h.eventually("it resolves with its rule", func() bool { return len(h.sink.all()) == 2 })
	require.Equal(t, "rule deleted", h.sink.all()[1].ResolveReason)
}

func TestReloadReadsFilesAgain(t *testing.T) {
	h := newHouse(t)
	file := write(t, ruleFile)
	m := h.manager(config(file))
	defer h.run(m)()
	h.eventually("it runs", func() bool { return len(m.RuleGroups()) == 1 })
	require.NoError(t, os.WriteFile(file, []byte("groups: [{name: x, rules: [{alert: A, expr: 'sum('}]}]"), 0o600))
	require.ErrorContains(t, m.Reload(config(file)), "rules.yml")
	require.Len(t, m.AlertingRules(), 1)
	require.NoError(t, os.WriteFile(file, []byte("groups: [{name: x, rules: [{alert: A, expr: 'vector(1)'}, {alert: B, expr: 'vector(1)'}]}]"), 0o600))
	require.NoError(t, m.Reload(config(file)))
	require.Len(t, m.AlertingRules(), 2)
	require.ErrorContains(t, m.Reload(config(filepath.Join(t.TempDir(), "none.yml"))), "none.yml")
	require.Len(t, m.AlertingRules(), 2)
	require.NoError(t, m.Healthy(time.Now()))
	require.ErrorContains(t, m.Healthy(time.Now().Add(time.Hour)), `group "x"`)
}

func TestMistakesInGroups(t *testing.T) {
	p := query.NewParser()
	for _, c := range []struct{ group, message string }{
		{``, "group"},
		{`[]`, "group"},
		{`{"name":"g","rules":[{"alert":"A","expr":"x >"}]}`, "could not parse expression"},
		{`{"name":"g","rules":[{"alert":"A","expr":"x","extra":1}]}`, "extra"},
		{`{"name":"g","rules":[{"alert":"A","record":"b","expr":"x"}]}`, "only one of"},
		{`{"name":"g","rules":[{"record":"b","expr":"x","for":"5m"}]}`, "for"},
		{`{"name":"g","interval":"soon","rules":[]}`, "soon"},
		{`{"name":"g","rules":[{"alert":"A","expr":"x"},{"alert":"B","expr":"sum("}]}`, `group.rules[1].expr: "B": could not parse expression: 1:5: parse error: unclosed left parenthesis (got sum()`},
		{`{"name":"g","rules":[{"record":"b","expr":"x","for":"5m"}]}`, `group.rules[0]: "b": invalid field 'for' in recording rule`},
		{`{"name":"g","interval":"soon","rules":[{"alert":"B","expr":"sum("}]}`, `group.rules[0].expr: could not parse`},
	} {
		_, err := promrules.ParseGroup(json.RawMessage(c.group), p)
		var field *alerts.FieldError
		require.ErrorAs(t, err, &field, c.group)
		require.ErrorContains(t, err, c.message, c.group)
		told := map[string]bool{}
		for _, e := range alerts.FieldErrors(err) {
			require.False(t, told[e.Error()], "told twice: %s", e)
			told[e.Error()] = true
		}
	}
}

func TestExportIsARuleFile(t *testing.T) {
	group := `{"name":"g","interval":"30s","limit":5,"labels":{"team":"x"},"rules":[{"alert":"A","expr":"x > 1","for":"5m","keep_firing_for":"1m","annotations":{"summary":"{{ $value }}: \"quoted\""}},{"record":"y","expr":"sum(x)"}]}`
	var out bytes.Buffer
	require.NoError(t, promrules.Export(&out, []alerts.Rule{stored("one", group).Rule, stored("two", group).Rule}, query.NewParser()))
	back, errs := rulefmt.Parse(out.Bytes(), false, model.UTF8Validation, query.NewParser(), nil)
	require.Empty(t, errs, out.String())
	require.Equal(t, "g", back.Groups[0].Name)
	require.Equal(t, "g (two)", back.Groups[1].Name)
	want, err := promrules.ParseGroup(json.RawMessage(group), query.NewParser())
	require.NoError(t, err)
	want.Groups[0].Rules[0].Labels = map[string]string{"action_groups": "night"} // its actions
	require.Equal(t, want.Groups[0], back.Groups[0])

	off := stored("off", group).Rule
	off.Enabled = false
	rich := stored("rich", `{"name":"r","rules":[{"alert":"A","expr":"x","labels":{"action_groups":"own"}},{"alert":"B","expr":"x"}]}`).Rule
	rich.Actions = []alerts.Action{{ActionGroupID: "b", WebHookProperties: map[string]string{"queue": "ml"}}, {ActionGroupID: "a"}}
	out.Reset()
	require.NoError(t, promrules.Export(&out, []alerts.Rule{{Name: "slow", Kind: alerts.KindMetric}, off, rich}, query.NewParser()))
	require.Equal(t, `# not in this file: alert-rule/slow: it is a metric rule, and a rule file holds rules of Prometheus
# not in this file: alert-rule/off: it is disabled, and every rule of a rule file is enabled
# not in this file: webHookProperties of alert-rule/rich: a rule file can only name action groups
groups:
  - name: r
    rules:
      - alert: A
        expr: x
        labels:
          action_groups: own
      - alert: B
        expr: x
        labels:
          action_groups: a,b
`, out.String())
}

func TestPreviewSaysWhatWouldHaveHappened(t *testing.T) {
	h := newHouse(t)
	m := h.manager(config())
	start := time.Now().Add(-10 * time.Minute).Truncate(time.Minute)
	values := []float64{1, 9, 9, 9, 1, 9, 1, 1, 1} // one a minute
	err := h.store.Write(t.Context(), func(a storage.AppenderV2) {
		for i, v := range values {
			at := start.Add(time.Duration(i) * time.Minute).UnixMilli()
			_, err := a.Append(0, labels.FromStrings(append(credit, model.MetricNameLabel, "waiting")...), 0, at, v, nil, nil, storage.AppendV2Options{})
			require.NoError(t, err)
		}
	})
	require.NoError(t, err)
	rule := stored("x", `{"name":"g","interval":"1m","query_offset":"0s","rules":[{"alert":"A","expr":"waiting > 5","for":"2m","keep_firing_for":"2m","labels":{"severity":"page"}}]}`).Rule
	p, err := m.Preview(everything(t.Context()), rule, start, start.Add(8*time.Minute))
	require.NoError(t, err)
	require.Len(t, p.Times, 9)
	require.Len(t, p.Series, 1)
	require.Equal(t, "page", p.Series[0].Labels["severity"])
	require.Len(t, p.Events, 2)
	require.True(t, p.Events[0].Fired)
	require.Equal(t, start.Add(3*time.Minute).UTC(), p.Events[0].At, "there since minute 1, for two minutes")
	require.False(t, p.Events[1].Fired)
	require.Equal(t, start.Add(8*time.Minute).UTC(), p.Events[1].At, "gone at minute 6 for good, and kept for two minutes")
}

// TestRulesThatAllFailAreNotHealthy has a rule that needs no store among them, as most sets of rules do.
func TestRulesThatAllFailAreNotHealthy(t *testing.T) {
	h := newHouse(t)
	set := h.settings()
	answer := set.Query
	var broken atomic.Bool
	set.Query = func(ctx context.Context, q string, at time.Time) (promql.Vector, error) {
		if broken.Load() && q != "vector(1)" {
			return nil, promql.ErrStorage{Err: errors.New("the disk is gone")}
		}
		return answer(ctx, q, at)
	}
	m, err := promrules.New(config(write(t, "groups: [{name: x, rules: [{alert: Watchdog, expr: vector(1)}, {alert: A, expr: waiting > 1}, {record: b, expr: 2 * waiting}]}]")), set)
	require.NoError(t, err)
	require.Error(t, m.Healthy(time.Now()), "nothing is evaluated yet")
	defer h.run(m)()
	h.eventually("they are evaluated", func() bool { return len(m.AlertingRules()) == 2 && m.AlertingRules()[1].Health() == rules.HealthGood })
	require.NoError(t, m.Healthy(time.Now()))
	broken.Store(true)
	h.eventually("most fail", func() bool { return m.Healthy(time.Now()) != nil })
	require.ErrorContains(t, m.Healthy(time.Now()), "2 of 3 rules failed when they were evaluated last, such as")
	require.ErrorContains(t, m.Healthy(time.Now()), "the disk is gone")
	broken.Store(false)
	h.eventually("they work again", func() bool { return m.Healthy(time.Now()) == nil })
}

func TestAGroupIsLateOnlySinceItIsThere(t *testing.T) {
	h := newHouse(t)
	set := h.settings()
	var ahead atomic.Int64 // of the clock, in nanoseconds
	set.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	m, err := promrules.New(config(), set)
	require.NoError(t, err)
	defer h.run(m)()
	h.eventually("it runs", func() bool { return m.RuleGroups() != nil })
	ahead.Store(int64(5 * time.Hour)) // the server has been up for long
	require.NoError(t, m.SetRules([]alerts.Stored{stored("hourly", `{"name":"g","interval":"1h","rules":[{"alert":"A","expr":"vector(1)"}]}`)}))
	require.NoError(t, m.Healthy(set.Now()), "a new group is not late")
	require.NoError(t, m.Healthy(set.Now().Add(3*time.Hour)))
	require.ErrorContains(t, m.Healthy(set.Now().Add(4*time.Hour)), `group "g"`)
}

func TestRulesWaitForTheAlertsThatFire(t *testing.T) {
	h := newHouse(t)
	h.set("waiting", 7, credit...)
	set := h.settings()
	var asked atomic.Int64
	set.Active = func(ctx context.Context) ([]alerts.Alert, error) {
		if asked.Add(1) == 1 {
			return nil, errors.New("database is locked")
		}
		return h.sink.active(ctx)
	}
	m, err := promrules.New(config(write(t, ruleFile)), set)
	require.NoError(t, err)
	defer h.run(m)()
	h.eventually("it fires all the same", func() bool { return len(h.sink.all()) == 1 })
	require.EqualValues(t, 2, asked.Load())
}
