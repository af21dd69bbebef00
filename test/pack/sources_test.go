package pack_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/evaluate"
	"github.com/endscope/endscope/alerts/promrules"
	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/value"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// sources answer the questions of rules, as the server's wiring does.
type sources struct {
	planner  *query.Planner
	engine   *query.Engine
	language *kql.Engine
}

func newSources(t testing.TB, store storage.SampleAndChunkQueryable, language *kql.Engine, now time.Time) *sources {
	t.Helper()
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	engine, err := query.NewEngine(query.DefaultConfig(), query.Settings{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Queryable: store})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	planner, err := query.NewPlanner(query.DefaultDrillDownConfig(), query.PlannerSettings{Catalogue: catalogue, Engine: engine, Now: func() time.Time { return now }})
	require.NoError(t, err)
	return &sources{planner: planner, engine: engine, language: language}
}

func (s *sources) definition(name string, level scopes.Level) *scopes.Definition {
	def, ok := s.planner.Definitions().Lookup(name, level)
	if !ok {
		return nil
	}
	return def
}

// metrics is an alerts.MetricsFunc. The questions of the back-test are small enough to be asked at once.
func (s *sources) metrics(ctx context.Context, q alerts.MetricQuestion) ([]alerts.Series, error) {
	every := q.Every
	if q.From.Equal(q.To) {
		every = q.Window
	}
	answer, err := s.planner.DrillDown(scopes.WithGrants(ctx, scopes.GrantScopes(q.Scopes...)), query.Request{
		Scopes: q.Scopes, Metrics: []string{q.Metric}, Aggregations: []scopes.Aggregation{q.Aggregation}, Interval: query.Interval{Fixed: q.Window}, Every: every,
		Start: q.From.Add(-q.Window), End: q.To, Split: q.Split, Filter: q.Filter, AllowMissing: true,
	})
	if errors.Is(err, scopes.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	n := int(q.To.Sub(q.From)/every) + 1
	var out []alerts.Series
	for _, a := range answer.Series {
		values := make([]*float64, n)
		copy(values, a.Values)
		out = append(out, alerts.Series{Scope: a.Scope, Dimensions: a.Dimensions, Values: values})
	}
	return out, nil
}

// logs is an alerts.LogsFunc.
func (s *sources) logs(ctx context.Context, q alerts.LogQuestion) (*alerts.LogTable, error) {
	prepared, err := s.language.Prepare(scopes.WithGrants(ctx, scopes.GrantScopes(q.Scopes...)), kql.Request{
		Query: q.Query, From: value.FromGo(q.From), To: value.FromGo(q.To) - 1, Now: q.To, Limits: kql.DefaultConfig().Limits(),
	})
	if err != nil {
		return nil, err
	}
	answer, err := prepared.Collect(scopes.WithGrants(ctx, scopes.GrantScopes(q.Scopes...)))
	if err != nil {
		return nil, err
	}
	if answer.Partial != nil {
		return nil, answer.Partial
	}
	out := &alerts.LogTable{}
	for _, c := range answer.Tables[0].Columns {
		out.Columns = append(out.Columns, alerts.LogColumn{Name: c.Name, Type: kql.TypeName(c.Type)})
	}
	for _, row := range answer.Tables[0].Rows {
		cells := make([]any, len(row))
		for i, v := range row {
			if at, ok := v.(value.Time); ok {
				v = at.Go()
			}
			cells[i] = v
		}
		out.Rows = append(out.Rows, cells)
	}
	return out, nil
}

// nothing is a Sink and a StateStore for an evaluator that only previews.
type nothing struct{}

func (nothing) Apply(context.Context, []alerts.Transition) error { return nil }
func (nothing) LoadRuleStates(context.Context) (map[string]alerts.RuleState, error) {
	return nil, nil
}
func (nothing) SaveRuleStates(context.Context, []alerts.RuleState) error { return nil }
func (nothing) DeleteRuleState(context.Context, string) error            { return nil }

// previewer previews rules of every kind.
type previewer struct {
	evaluator  *evaluate.Evaluator
	prometheus *promrules.Manager
}

func newPreviewer(t testing.TB, s *sources, now time.Time) *previewer {
	t.Helper()
	clock := func() time.Time { return now }
	v, err := evaluate.New(evaluate.DefaultConfig(), evaluate.Settings{
		Registerer: prometheus.NewRegistry(), Metrics: s.metrics, Logs: s.logs, Definition: s.definition, Sink: nothing{}, States: nothing{}, Now: clock,
	})
	require.NoError(t, err)
	m, err := promrules.New(promrules.DefaultConfig(), promrules.Settings{
		Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Parser: s.engine.Parser(), ExternalURL: &url.URL{}, Sink: nothing{}, Now: clock,
		Query: rules.EngineQueryFunc(s.engine, s.engine.Queryable()),
		Range: func(ctx context.Context, expr parser.Expr, start, end time.Time, step time.Duration) (promql.Matrix, error) {
			matrix, _, err := s.engine.Range(ctx, expr, start, end, step)
			return matrix, err
		},
	})
	require.NoError(t, err)
	return &previewer{evaluator: v, prometheus: m}
}

// firing is one alert.
type firing struct {
	alert    string // of Prometheus rules
	dims     map[string]string
	at       time.Time
	resolved time.Time // zero if it fires at the end
}

// preview returns what a rule would have done, in order of time.
func (p *previewer) preview(ctx context.Context, rule alerts.Rule, start, end time.Time) ([]*firing, error) {
	type event struct {
		alert string
		dims  map[string]string
		fired bool
		at    time.Time
	}
	var events []event
	if rule.Kind == alerts.KindPrometheus {
		out, err := p.prometheus.Preview(scopes.WithGrants(ctx, scopes.AllAccess()), rule, start, end)
		if err != nil {
			return nil, err
		}
		for _, e := range out.Events {
			events = append(events, event{e.Alert, e.Labels, e.Fired, e.At})
		}
	} else {
		out, err := p.evaluator.Preview(ctx, rule, start, end)
		if err != nil {
			return nil, err
		}
		if len(out.Warnings) > 0 {
			return nil, fmt.Errorf("warnings: %q", out.Warnings)
		}
		for _, e := range out.Events {
			events = append(events, event{"", e.Dimensions, e.State == "fired", e.At})
		}
	}
	var all []*firing
	open := map[string]*firing{}
	for _, e := range events {
		key := e.alert + labels.FromMap(e.dims).String()
		if e.fired {
			open[key] = &firing{alert: e.alert, dims: maps.Clone(e.dims), at: e.at}
			all = append(all, open[key])
			continue
		}
		if open[key] == nil {
			return nil, fmt.Errorf("%s resolved at %s and had not fired", key, e.at)
		}
		open[key].resolved = e.at
		delete(open, key)
	}
	return all, nil
}

// line is one that a container printed.
type line struct {
	at      time.Time
	of      scopes.Path
	message string
}

// newLogs makes a store of logs with lines of consoles in it.
func newLogs(t testing.TB, lines []line) *kql.Engine {
	t.Helper()
	cfg := logs.DefaultConfig()
	cfg.Threads, cfg.MemoryLimit = 1, 256<<20
	store, err := logs.Open(cfg, logs.Settings{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Sync: logs.SyncOff, Now: func() time.Time { return end }})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- store.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, store.Close())
	})
	require.Eventually(t, func() bool { return store.Ready() == nil }, 30*time.Second, time.Millisecond)
	tables := store.Tables()
	table := tables[slices.IndexFunc(tables, func(s *logs.Schema) bool { return s.Name == "AmlOnlineEndpointConsoleLog" })]
	b := &logrows.Batch{Table: table.Table, Columns: make([]logrows.Vector, len(table.Columns))}
	for _, l := range lines {
		at := &b.Columns[table.Column("TimeGenerated")]
		at.Longs = append(at.Longs, int64(value.FromGo(l.at)))
		for column, text := range map[string]string{
			"EndpointName": l.of.Endpoint, "DeploymentName": l.of.Deployment, "InstanceId": l.of.Instance, "ContainerName": "inference-server", "Message": l.message,
		} {
			to := &b.Columns[table.Column(column)]
			to.Strings = append(to.Strings, text)
		}
		b.Rows++
	}
	if b.Rows > 0 {
		refused, err := store.Append(context.Background(), b)
		require.NoError(t, err)
		require.Empty(t, refused)
	}
	engine, err := kql.NewEngine(logs.NewCatalog(store))
	require.NoError(t, err)
	return engine
}
