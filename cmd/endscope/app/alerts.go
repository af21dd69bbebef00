package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/evaluate"
	"github.com/endscope/endscope/alerts/hub"
	"github.com/endscope/endscope/alerts/pack"
	"github.com/endscope/endscope/alerts/promrules"
	"github.com/endscope/endscope/alerts/receivers"
	"github.com/endscope/endscope/alerts/route"
	"github.com/endscope/endscope/alerts/state"
	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// alerting is everything of a server that has to do with alerts.
type alerting struct {
	cfg     AlertsConfig
	log     *slog.Logger
	cleanup cli.Cleanup
	metrics *alertMetrics
	checker *ruleChecker

	resources  *resources.Store
	state      *state.Store
	builder    *receivers.Builder
	engine     *route.Engine
	hub        *hub.Hub
	evaluator  *evaluate.Evaluator
	prometheus *promrules.Manager
	watchdog   *hub.Watchdog
	pack       *pack.Pack

	processing atomic.Pointer[[]alerts.ProcessingRule]
	coming     atomic.Pointer[promrules.Files] // while a reload runs, the rule files that it puts into force
	changed    chan struct{}                   // holds one token when resources changed
	ready      func() error
	writable   func() error // whether the stores take samples and rows

	enforcing sync.Mutex // held while what is stored is put into force
	routed    []byte     // the policy and groups in force; only apply looks at it

	mu      sync.Mutex
	readyAt time.Time // when the stores were found to answer, by the watchdog; zero before
	unfit   error     // why the provisioned files were not taken over; nil if they were
	refuse  error     // why the notification policy or the rules in force are not those that are stored; nil if they are
}

// alertParts are what alerting stands on.
type alertParts struct {
	registry Registry
	dataDir  string
	planner  *query.Planner
	queries  *query.Engine
	store    *tsdb.Store
	logStore *logs.Store
	language *kql.Engine
	gate     *kql.Gate
	kinds    []resources.Kind // what else is stored beside what is of alerting
	external *url.URL         // where people reach the server
	ready    func() error
}

// newAlerting opens the stores of alerting and connects its parts. Nothing is evaluated or sent before its parts run.
func newAlerting(cfg AlertsConfig, res resources.Config, log *slog.Logger, p alertParts) (_ *alerting, err error) {
	a := &alerting{cfg: cfg, log: log, metrics: &alertMetrics{planner: p.planner}, changed: make(chan struct{}, 1), ready: p.ready, writable: p.writable}
	a.processing.Store(&[]alerts.ProcessingRule{})
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	ctx := context.Background() // opening a file has no end but its own
	a.state, err = state.Open(ctx, cfg.History, state.Settings{Path: filepath.Join(p.dataDir, "alerts.db"), Logger: part(log, "alert store"), Registerer: p.registry, Now: time.Now})
	if err != nil {
		return nil, err
	}
	a.cleanup.Add("alert store", a.state.Close)
	if err := a.newNotification(ctx, p); err != nil {
		return nil, err
	}
	if err := a.newEvaluation(p); err != nil {
		return nil, err
	}
	if a.pack, err = pack.Load(p.queries.Parser()); err != nil {
		return nil, err
	}
	a.checker = &ruleChecker{metric: a.metrics.definition, parser: p.queries.Parser(), language: p.language, builder: a.builder, limits: p.gate.Config().Limits()}
	a.resources, err = resources.Open(ctx, res, resources.Settings{
		DataDir: p.dataDir, Kinds: append(a.checker.kinds(), p.kinds...), Fit: a.fits, Registerer: p.registry, Logger: part(log, "resources"), Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	a.cleanup.Add("resources", a.resources.Close)
	if err := a.provision(ctx, res); err != nil {
		return nil, err
	}
	for _, k := range a.checker.kinds() { // a dashboard that somebody saves is nothing to put into force
		a.resources.Subscribe(k.Name, a.wake)
	}
	a.watchdog, err = hub.NewWatchdog(cfg.Watchdog, hub.WatchdogSettings{Checks: a.checks(), Registerer: p.registry, Logger: part(log, "watchdog"), Now: time.Now})
	if err != nil {
		return nil, err
	}
	_ = a.enforce(ctx) // it is logged, and the watchdog tells of it
	return a, nil
}

// newNotification makes what becomes of an alert: the hub, routing and receivers, each of which knows the next by a function.
func (a *alerting) newNotification(ctx context.Context, p alertParts) (err error) {
	external := p.external
	a.builder, err = receivers.New(a.cfg.Receivers, receivers.Settings{
		Logger: part(a.log, "receivers"), Registerer: p.registry, ExternalURL: external, Metric: a.metrics.definition,
		Lookup:   func(alert *route.Notice) (*alerts.Alert, bool) { return a.engine.Lookup(alert) },
		AlertURL: func(id string) string { return external.String() + "/alerts/" + url.PathEscape(id) },
		LogLinks: func(q string, from, to time.Time) (string, string) { return logLinks(external, q, from, to) },
	})
	if err != nil {
		return err
	}
	a.cleanup.Add("receivers", func() error {
		ctx, cancel := context.WithTimeout(ctx, a.cfg.Routing.StopGrace)
		defer cancel()
		return a.builder.Close(ctx)
	})
	a.engine, err = route.New(ctx, a.cfg.Routing, route.Settings{
		Logger: part(a.log, "routing"), Registerer: p.registry, Now: time.Now, Journal: a.state,
		Integrations: a.builder.Integrations, ReceiverName: receivers.ReceiverName,
		Notified: a.notified, Noted: a.noted, External: a.posted,
	})
	if err != nil {
		return err
	}
	a.cleanup.Add("routing", a.engine.Close)
	a.hub, err = hub.New(a.cfg.Hub, hub.Settings{
		Store: a.state, Route: a.route, ProcessingRules: func() []alerts.ProcessingRule { return *a.processing.Load() },
		Explain: a.metrics.explain, Metric: a.metrics.definition, ExternalURL: external.String(),
		Registerer: p.registry, Logger: part(a.log, "alerts"), Now: time.Now,
	})
	return err
}

// newEvaluation makes what asks: the evaluator of metric and log rules, and Prometheus's rule manager.
func (a *alerting) newEvaluation(p alertParts) (err error) {
	logs := &alertLogs{engine: p.language, gate: p.gate}
	a.evaluator, err = evaluate.New(a.cfg.Evaluation, evaluate.Settings{
		Logger: part(a.log, "evaluation"), Registerer: p.registry, Metrics: a.metrics.ask, Logs: logs.ask, Definition: a.metrics.definition,
		Ingesting: p.ingesting,
		Sink:      a.hub, States: a.state, Active: a.activeOf(alerts.KindMetric, alerts.KindLog), PrometheusPreview: a.previewPrometheus, Now: time.Now,
	})
	if err != nil {
		return err
	}
	a.prometheus, err = promrules.New(a.cfg.Prometheus, promrules.Settings{
		Logger: part(a.log, "prometheus rules"), Registerer: p.registry,
		Query: promrules.EngineQuery(p.queries, p.queries.Queryable()),
		Range: func(ctx context.Context, expr parser.Expr, start, end time.Time, step time.Duration) (promql.Matrix, error) {
			m, _, err := p.queries.Range(ctx, expr, start, end, step)
			return m, err
		},
		Write: p.store.Write, Queryable: p.store, Parser: p.queries.Parser(), Context: withAllAccess, ExternalURL: p.external,
		Sink: a.hub, Active: a.activeOf(alerts.KindPrometheus), Ready: p.store.Ready, Now: time.Now,
	})
	return err
}

func withAllAccess(ctx context.Context) context.Context {
	return scopes.WithGrants(ctx, scopes.AllAccess())
}

// logLinks are where the rows of a rule's query can be seen, and asked for.
func logLinks(external *url.URL, text string, from, to time.Time) (ui, api string) {
	v := url.Values{"query": {text}, "timespan": {from.UTC().Format(time.RFC3339) + "/" + to.UTC().Format(time.RFC3339)}}
	return external.String() + "/logs?" + v.Encode(), external.String() + "/api/v1/logs/query?" + v.Encode()
}

// Close closes what newAlerting opened, last first.
func (a *alerting) Close() error { return a.cleanup.Close() }

// activeOf returns a function that lists the alerts of some kinds of rules that fired and have not resolved.
func (a *alerting) activeOf(kinds ...alerts.RuleKind) func(context.Context) ([]alerts.Alert, error) {
	return func(ctx context.Context) ([]alerts.Alert, error) { return a.hub.Active(ctx, kinds...) }
}

// route hands alerts of the hub to routing.
func (a *alerting) route(ctx context.Context, list []hub.RouteAlert) error {
	out := make([]route.Alert, 0, len(list))
	for _, r := range list {
		out = append(out, route.Alert(r))
	}
	return a.engine.Put(ctx, out)
}

// notified tells the hub how an attempt to notify went, for the timelines.
func (a *alerting) notified(r route.Result) {
	out := hub.NotifyResult{Group: r.Group, Receiver: r.Receiver, Type: alerts.ReceiverType(r.Type), OK: r.OK, Error: r.Error, At: r.At, Attempt: r.Attempt}
	for _, n := range r.Alerts {
		out.Alerts = append(out.Alerts, n.ID)
	}
	a.hub.Notified(out)
}

// noted tells the hub what else routing has to say, for the timelines.
func (a *alerting) noted(n route.Note) {
	a.hub.Noted(n.ID, alerts.TimelineEntry{At: n.At, Kind: n.Kind, Text: n.Text, Data: n.Data})
}

// posted tells the hub of alerts that other programs posted.
func (a *alerting) posted(list []route.Alert) {
	out := make([]hub.Posted, 0, len(list))
	for _, p := range list {
		out = append(out, hub.Posted{Labels: p.Labels, Annotations: p.Annotations, StartsAt: p.StartsAt, EndsAt: p.EndsAt, GeneratorURL: p.GeneratorURL})
	}
	if err := a.hub.Posted(context.Background(), out); err != nil { // whoever posted them has been answered
		a.log.Error("alerts that were posted are routed but not listed", "alerts", len(out), "err", err)
	}
}

// previewPrometheus answers the preview of a group of Prometheus rules in the shape of the others.
func (a *alerting) previewPrometheus(ctx context.Context, rule alerts.Rule, start, end time.Time) (*evaluate.Preview, error) {
	p, err := a.prometheus.Preview(withAllAccess(ctx), rule, start, end)
	if err != nil {
		return nil, err
	}
	out := &evaluate.Preview{Series: []evaluate.PreviewSeries{}, Events: []evaluate.PreviewEvent{}, Notifications: len(p.Events), Warnings: []string{}}
	if len(p.Times) > 0 {
		out.Start, out.End = p.Times[0], p.Times[len(p.Times)-1]
	}
	bound := func(v *float64) []*float64 {
		if v == nil {
			return nil
		}
		return slices.Repeat([]*float64{v}, len(p.Times))
	}
	for _, s := range p.Series {
		out.Series = append(out.Series, evaluate.PreviewSeries{Criterion: s.Alert, Dimensions: s.Labels, Timestamps: p.Times, Values: s.Values, Lower: bound(s.Lower), Upper: bound(s.Upper)})
	}
	for _, e := range p.Events {
		state := "resolved"
		if e.Fired {
			state = "fired"
		}
		out.Events = append(out.Events, evaluate.PreviewEvent{Dimensions: e.Labels, State: state, At: e.At, Value: e.Value})
	}
	return out, nil
}

// exportRules writes the rules that are groups of Prometheus rules as one rule file.
func exportRules(list []alerts.Stored, p parser.Parser) ([]byte, error) {
	rules := make([]alerts.Rule, 0, len(list))
	for _, r := range list {
		rules = append(rules, r.Rule)
	}
	var b bytes.Buffer
	err := promrules.Export(&b, rules, p)
	return b.Bytes(), err
}
