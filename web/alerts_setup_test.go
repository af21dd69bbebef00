package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/evaluate"
	"github.com/endscope/endscope/alerts/hub"
	"github.com/endscope/endscope/alerts/pack"
	"github.com/endscope/endscope/alerts/promrules"
	"github.com/endscope/endscope/alerts/receivers"
	routing "github.com/endscope/endscope/alerts/route"
	"github.com/endscope/endscope/alerts/state"
	"github.com/endscope/endscope/dashboards"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
)

// emptyAlerts makes every route of alerting exist. Nothing behind them works.
func emptyAlerts() *AlertsAPI {
	return &AlertsAPI{
		Alerts: &state.Store{}, People: &hub.Hub{}, Evaluator: &evaluate.Evaluator{}, Pack: &pack.Pack{},
		CheckRule:     func(string, json.RawMessage) (alerts.Rule, error) { return alerts.Rule{}, nil },
		CheckGroup:    func(*alerts.ActionGroup) error { return nil },
		TestGroup:     func(context.Context, *alerts.ActionGroup, alerts.Alert, []string) []receivers.TestResult { return nil },
		DefaultPolicy: json.RawMessage("{}"), Alertmanager: http.NotFoundHandler(),
	}
}

// testNow is the clock of the parts behind the routes, which ends up in golden files.
func testNow() time.Time { return time.Date(2026, 3, 1, 10, 0, 20, 0, time.UTC) }

// alertWorld is alerting made of its real parts; only metrics are made up.
type alertWorld struct {
	*harness
	resources *resources.Store
	state     *state.Store
	hub       *hub.Hub
	builder   *receivers.Builder
	api       *AlertsAPI

	mu        sync.Mutex
	unhealthy error
	load      float64 // what every metric is
}

// kinds are those of alerting, with their own checks.
func (a *alertWorld) kinds() []resources.Kind {
	group := func(name string, spec json.RawMessage) (json.RawMessage, error) {
		g, err := alerts.ParseActionGroup(spec)
		if err == nil {
			err = a.checkGroup(&g)
		}
		if err != nil {
			return nil, err
		}
		return json.Marshal(g)
	}
	return []resources.Kind{
		{Name: kindAlertRule, MaxCount: 60, Validate: func(name string, spec json.RawMessage) (json.RawMessage, error) {
			rule, err := a.checkRule(name, spec)
			if err != nil {
				return nil, err
			}
			return json.Marshal(rule)
		}},
		{
			Name: kindActionGroup, Validate: group,
			Redact: func(spec json.RawMessage) json.RawMessage {
				g, err := alerts.ParseActionGroup(spec)
				require.NoError(a.t, err)
				out, err := json.Marshal(g.Redacted())
				require.NoError(a.t, err)
				return out
			},
			Merge: func(old, spec json.RawMessage) (json.RawMessage, error) {
				var before alerts.ActionGroup
				if old != nil {
					require.NoError(a.t, json.Unmarshal(old, &before))
				}
				g, err := alerts.ParseActionGroup(spec)
				if err != nil {
					return nil, err
				}
				if g, err = g.MergeSecrets(before); err != nil {
					return nil, err
				}
				return json.Marshal(g)
			},
		},
		{Name: kindProcessingRule, Validate: func(name string, spec json.RawMessage) (json.RawMessage, error) {
			rule, err := alerts.ParseProcessingRule(spec)
			if err == nil {
				err = rule.Validate()
			}
			if err != nil {
				return nil, err
			}
			return json.Marshal(rule)
		}},
		{Name: kindPolicy, Singleton: true, Validate: func(_ string, spec json.RawMessage) (json.RawMessage, error) {
			policy, err := routing.ParsePolicy(spec)
			if err != nil {
				return nil, err
			}
			return policy.JSON()
		}},
		{Name: kindDashboard, MaxSpec: dashboards.MaxSpec, Validate: func(_ string, spec json.RawMessage) (json.RawMessage, error) {
			d, err := dashboards.ParseDashboard(spec)
			if err != nil {
				return nil, err
			}
			return d.JSON()
		}},
		{Name: kindSavedQuery, Validate: func(_ string, spec json.RawMessage) (json.RawMessage, error) {
			q, err := dashboards.ParseSavedQuery(spec)
			if err != nil {
				return nil, err
			}
			return q.JSON()
		}},
	}
}

func (a *alertWorld) checkRule(_ string, spec json.RawMessage) (alerts.Rule, error) {
	return alerts.CheckRule(spec, nil)
}

func (a *alertWorld) checkGroup(g *alerts.ActionGroup) error {
	return a.builder.Validate(g) // which validates the group, too
}

// lister is a store of resources, or what is about to be stored.
type lister interface {
	List(ctx context.Context, kind string) ([]resources.Resource, error)
}

// fit looks at policy and groups together as the server's own wiring does, with some documents in the place of those that are listed.
func (a *alertWorld) fit(ctx context.Context, from lister, changed ...resources.Document) error {
	specs := map[resources.Key]json.RawMessage{}
	for _, kind := range []string{kindActionGroup, kindPolicy} {
		all, err := from.List(ctx, kind)
		if err != nil {
			return err
		}
		for _, r := range all {
			specs[r.Key] = r.Spec
		}
	}
	for _, d := range changed {
		specs[resources.Key{Kind: d.Kind, Name: d.Name}] = d.Spec
	}
	policy := routing.DefaultPolicy()
	var groups []alerts.ActionGroup
	var unread error
	for key, spec := range specs {
		if key.Kind == kindPolicy {
			policy, unread = routing.ParsePolicy(spec)
		} else {
			groups = append(groups, alerts.ActionGroup{Name: key.Name})
		}
	}
	return alerts.AlsoWrong(unread, policy.Check(groups))
}

// fits looks at a change before it is stored as the server's own wiring does.
func (a *alertWorld) fits(ctx context.Context, p *resources.Pending) error {
	if err := a.fit(ctx, p); err != nil {
		return err
	}
	rules, err := p.List(ctx, kindAlertRule)
	if err != nil {
		return err
	}
	for _, k := range p.Changed {
		if _, err := p.Get(ctx, k.Kind, k.Name); k.Kind != kindActionGroup || p.Force || !errors.Is(err, resources.ErrNotFound) {
			continue
		}
		for _, rule := range rules {
			names, err := alerts.NamedGroups(rule.Spec)
			if err != nil {
				return err
			}
			if slices.Contains(names, k.Name) {
				return &resources.InUseError{Key: k, By: []string{rule.Key.String()}}
			}
		}
	}
	return nil
}

// metrics answers every question with one series of each scope that has no wildcard.
func (a *alertWorld) metrics(_ context.Context, q alerts.MetricQuestion) ([]alerts.Series, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []alerts.Series
	for _, pattern := range q.Scopes {
		path, ok := pattern.Concrete()
		if !ok {
			continue
		}
		one := alerts.Series{Scope: path}
		for t := q.From; !t.After(q.To); t = t.Add(max(q.Every, time.Second)) {
			v := a.load
			if t.Minute() >= 30 { // the first half of each hour is calm
				v *= 10
			}
			one.Values = append(one.Values, &v)
		}
		out = append(out, one)
	}
	return out, nil
}

// startAlerts makes a server with alerting.
func startAlerts(t *testing.T, change ...func(*options)) *alertWorld {
	t.Helper()
	a := &alertWorld{load: 100}
	a.harness = &harness{t: t}
	ctx, dir := t.Context(), t.TempDir()
	var err error
	a.builder, err = receivers.New(receivers.DefaultConfig(), receivers.Settings{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.builder.Close(context.Background())) })
	a.resources, err = resources.Open(ctx, resources.DefaultConfig(), resources.Settings{DataDir: dir, Kinds: a.kinds(), Fit: a.fits})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.resources.Close()) })
	a.state, err = state.Open(ctx, state.DefaultConfig(), state.Settings{Path: filepath.Join(dir, "alerts.db"), Now: testNow})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.state.Close()) })
	a.hub, err = hub.New(hub.DefaultConfig(), hub.Settings{
		Store: a.state, Route: func(context.Context, []hub.RouteAlert) error { return nil }, ExternalURL: "https://endscope.example.org", Now: testNow,
	})
	require.NoError(t, err)
	evaluator, err := evaluate.New(evaluate.DefaultConfig(), evaluate.Settings{Metrics: a.metrics, Sink: a.hub, States: a.state})
	require.NoError(t, err)
	p := parser.NewParser(parser.Options{EnableExtendedRangeSelectors: true})
	ready, err := pack.Load(p)
	require.NoError(t, err)
	policy, err := routing.DefaultPolicy().JSON()
	require.NoError(t, err)
	a.api = &AlertsAPI{
		Alerts: a.state, People: a.hub, Evaluator: evaluator, Pack: ready,
		CheckRule: a.checkRule, CheckGroup: a.checkGroup, TestGroup: a.builder.Test, Fit: func(ctx context.Context, d resources.Document) error { return a.fit(ctx, a.resources, d) }, DefaultPolicy: policy,
		ExportPrometheus: func(ctx context.Context) ([]byte, error) {
			all, err := a.resources.List(ctx, kindAlertRule)
			require.NoError(t, err)
			var rules []alerts.Rule
			for _, r := range all {
				rule, err := alerts.ParseRule(r.Spec)
				require.NoError(t, err)
				rules = append(rules, rule)
			}
			var b strings.Builder
			err = promrules.Export(&b, rules, p)
			return []byte(b.String()), err
		},
		Runbooks: fstest.MapFS{"error-ratio.md": {Data: []byte("# Errors\n")}},
		Alertmanager: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte(r.Method + " " + r.URL.Path))
		}),
		Healthy: func() error {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.unhealthy
		},
	}
	change = append([]func(*options){func(o *options) { o.settings.Alerts, o.settings.Resources = a.api, a.resources }}, change...)
	a.harness = start(t, change...)
	return a
}

// send sends JSON with further headers, given as names and values.
func (h *harness) send(method, path, body string, headers ...string) reply {
	h.t.Helper()
	header := http.Header{}
	if body != "" {
		header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return h.do(method, path, body, header)
}

// as returns the members of a reply's JSON object.
func (r reply) as(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.body), &out), r.body)
	return out
}

// fire stores alerts as rules would.
func (a *alertWorld) fire(all ...alerts.Alert) {
	a.t.Helper()
	var list []alerts.Transition
	for _, one := range all {
		list = append(list, alerts.Transition{Alert: one})
	}
	require.NoError(a.t, a.hub.Apply(a.t.Context(), list))
}

// anAlert is an alert of a metric rule for a scope, fired at an instant.
func anAlert(t *testing.T, rule, scope string, severity int, at time.Time) alerts.Alert {
	t.Helper()
	target, err := scopes.ParsePath(scope)
	require.NoError(t, err)
	value, threshold := 950.0, 500.0
	r := alerts.Rule{Name: rule, Severity: severity, Actions: []alerts.Action{{ActionGroupID: "oncall"}}}
	a := alerts.Alert{
		Rule: rule, SeriesKey: alerts.SeriesKey(target, nil), RuleKind: alerts.KindMetric, Severity: severity, Target: target,
		Labels: alerts.LabelsOf(&r, target, nil), Annotations: map[string]string{"summary": "Latency of " + scope}, Condition: alerts.Fired, FiredAt: at,
		WindowStart: at.Add(-5 * time.Minute), WindowEnd: at, Actions: r.Actions,
		Values: []alerts.CriterionValue{{
			Criterion: alerts.Criterion{
				Type: alerts.StaticThreshold, Name: "p99", MetricName: "RequestLatency_P99", TimeAggregation: scopes.Average, Operator: alerts.GreaterThan, Threshold: threshold,
			},
			Value: &value, Threshold: &threshold,
		}},
	}
	a.ID = alerts.AlertID(rule, a.SeriesKey, at)
	return a
}

func discardRegistry() prometheus.Registerer { return prometheus.NewRegistry() }
