package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"
	"github.com/prometheus/prometheus/util/features"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/cmd/internal/conf"
	"github.com/endscope/endscope/ingest"
	"github.com/endscope/endscope/live"
	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
	"github.com/endscope/endscope/web"
)

// Settings are what the command around a server hands to it.
type Settings struct {
	Logger *slog.Logger
	// Level changes the logger's level on reload. Optional.
	Level *cli.LogLevel
	// Source is where the configuration came from: for reload, and to show it. Nil means that it cannot be read again.
	Source Source
	// Registry holds the server's metrics, and is what /metrics shows. Nil makes one; one registry serves one server.
	Registry Registry
}

// Source is what *conf.Loader[Config] is: it reads configurations and writes them.
type Source interface {
	Load() (Config, error)
	Changed(a, b Config) []string
	Flags(cfg Config) map[string]string
	YAML(cfg Config) (string, error)
}

// Registry is what *prometheus.Registry is.
type Registry interface {
	prometheus.Registerer
	prometheus.Gatherer
}

// App is one server: everything of it that runs. Make it with New, Run it once, and Close it.
type App struct {
	set     Settings
	log     *slog.Logger
	cleanup cli.Cleanup
	store   *tsdb.Store
	logs    *logs.Store
	roller  *query.Roller
	alerts  *alerting
	live    *live.Hub
	web     *web.Server

	mu       sync.Mutex // guards what follows, and is held by Reload
	cfg      Config     // in force
	reloadOK bool
	reloadAt time.Time

	reloadGood prometheus.Gauge // 1 or 0
	reloadTime prometheus.Gauge // of the last that succeeded
}

// New opens the data directory and binds the listener; nothing is answered and the log is not replayed before Run. When a step
// fails, those before it are undone.
func New(cfg Config, set Settings) (_ *App, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	a := &App{set: set, log: set.Logger, cfg: cfg}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	registry := set.Registry
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), versioncollector.NewCollector("endscope"),
	} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics of the process: %w", err)
		}
	}

	if err := a.countReloads(registry); err != nil {
		return nil, err
	}
	ingester, err := ingest.New(cfg.Ingest, ingest.Settings{Logger: part(a.log, "ingest"), Registerer: registry})
	if err != nil {
		return nil, err
	}
	catalogue, err := scopes.LoadCatalogue()
	if err != nil {
		return nil, err
	}
	// Late samples are watched also while roll-ups are switched off: what is there stays true for when they are on again.
	rollups := query.NewRollups(catalogue, cfg.Query.Lookback, registry)
	a.store, err = tsdb.Open(cfg.Storage, tsdb.Settings{
		Dir: cfg.DataDir, Logger: part(a.log, "tsdb"), Registerer: registry, Series: ingester.Series(), Watch: rollups,
	})
	if err != nil {
		return nil, err
	}
	a.cleanup.Add("metric store", a.store.Close)
	ingester.UseStore(a.store)
	a.logs, err = logs.Open(cfg.Logs, logs.Settings{
		Dir: filepath.Join(cfg.DataDir, "logs"), Logger: part(a.log, "logs"), Registerer: registry,
		Sync: logs.SyncMode(cfg.Storage.Sync), SyncInterval: cfg.Storage.SyncInterval,
	})
	if err != nil {
		return nil, err
	}
	a.cleanup.Add("log store", a.logs.Close)
	if err := ingester.UseLogStore(&logTables{a.logs}); err != nil {
		return nil, err
	}

	features := features.NewRegistry()
	engine, err := query.NewEngine(cfg.Query, query.Settings{Logger: part(a.log, "query"), Registerer: registry, Queryable: a.store, Features: features})
	if err != nil {
		return nil, err
	}
	a.cleanup.Add("query engine", engine.Close)
	a.roller, err = query.NewRoller(cfg.Rollup, query.RollerSettings{
		Rollups: rollups, Store: a.store, OutOfOrderWindow: min(cfg.Storage.OutOfOrderWindow, cfg.Storage.Retention), Logger: part(a.log, "roll-ups"), Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	if !cfg.Rollup.Enabled {
		rollups = nil
	}
	planner, err := query.NewPlanner(cfg.DrillDown, query.PlannerSettings{
		Catalogue: catalogue, Engine: engine, Now: time.Now, Rollups: rollups,
	})
	if err != nil {
		return nil, err
	}

	metrics := logs.NewAzureMetrics(&metricReader{planner: planner, catalogue: catalogue, store: a.store, now: time.Now},
		logs.Identity{Workspace: cfg.Logs.Workspace, Subscription: cfg.Logs.Subscription})
	language, err := kql.NewEngine(logs.NewCatalog(a.logs, metrics))
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return nil, fmt.Errorf("data_dir: %w", err)
	}
	external, err := web.ExternalURL(cfg.Web, cfg.Listen)
	if err != nil {
		return nil, err
	}
	gate := kql.NewGate(cfg.LogQuery, registry)
	logsAPI := &web.LogsAPI{Engine: language, Store: a.logs, Gate: gate, Snapshots: filepath.Join(dir, "snapshots", "logs")}
	checker := &dashboardChecker{catalogue: catalogue, parser: engine.Parser(), language: language, limits: gate.Config().Limits()}
	a.alerts, err = newAlerting(cfg.Alerts, cfg.Resources, a.log, alertParts{
		registry: registry, dataDir: cfg.DataDir, planner: planner, queries: engine, store: a.store, logStore: a.logs, language: language, gate: gate,
		kinds: checker.kinds(), external: external, ready: a.Ready,
	})
	if err != nil {
		return nil, err
	}
	a.cleanup.Add("alerts", a.alerts.Close)
	// Opening takes no context. After the files, which may have a dashboard of the same name.
	if err := provisionBuiltin(context.Background(), a.alerts.resources, cfg.Dashboards, part(a.log, "resources")); err != nil {
		return nil, err
	}
	alertsAPI, err := a.alerts.api()
	if err != nil {
		return nil, err
	}
	a.live, err = live.New(cfg.Live, live.Settings{Logger: part(a.log, "live"), Registerer: registry, Known: knownInstances(planner)})
	if err != nil {
		return nil, err
	}
	set.Registry = registry
	a.web, err = web.New(cfg.Web, a.webSettings(set, dir, webParts{engine: engine, features: features, ingester: ingester, planner: planner, logs: logsAPI, alerts: alertsAPI}))
	if err != nil {
		return nil, err
	}
	a.cleanup.Add("web", a.web.Close)
	return a, nil
}

// webParts are what the routes answer from, beside the store.
type webParts struct {
	engine   *query.Engine
	features features.Collector
	ingester *ingest.Ingester
	planner  *query.Planner
	logs     *web.LogsAPI
	alerts   *web.AlertsAPI
}

func (a *App) webSettings(set Settings, dir string, p webParts) web.Settings {
	api := &web.PrometheusAPI{
		Engine: p.engine, Parser: p.engine.Parser(), Queryable: p.engine.Queryable(), Exemplars: query.GuardExemplars(a.store),
		Store: a.store, DataDir: dir, Metadata: p.ingester.Metadata(), Features: p.features,
		Retention: conf.FormatDuration(a.cfg.Storage.Retention), Version: version.Version, Revision: version.GetRevision(),
		LastReload: a.lastReload,
	}
	if set.Source != nil {
		api.Flags = set.Source.Flags(a.cfg)
		api.Config = func() (string, error) {
			a.mu.Lock()
			defer a.mu.Unlock()
			return set.Source.YAML(a.cfg)
		}
	}
	out := web.Settings{
		Listen: a.cfg.Listen, Logger: part(a.log, "web"), Registerer: set.Registry, Gatherer: set.Registry,
		Prometheus: api, DrillDown: p.planner, Ingest: p.ingester, Retention: a.cfg.Storage.Retention,
		Logs: p.logs, LogsPush: p.ingester, Resources: a.alerts.resources, Alerts: p.alerts, Live: a.live,
	}
	if set.Source != nil {
		out.Reload = a.Reload
	}
	return out
}

func part(log *slog.Logger, name string) *slog.Logger { return log.With("part", name) }

// URL returns where the server answers, without a slash at its end.
func (a *App) URL() string { return a.web.ExternalURL().String() }

// Ready returns nil once the server answers questions and takes pushes.
func (a *App) Ready() error { return errors.Join(a.store.Ready(), a.logs.Ready()) }

// Run serves until ctx ends or a part fails. Then it stops the parts in the order in which they depend on each other.
func (a *App) Run(ctx context.Context) error {
	started := time.Now()
	a.log.Info("server runs", "url", a.URL(), "data_dir", a.cfg.DataDir, "version", version.Version, "revision", version.GetRevision())
	g := cli.NewGroup(ctx, a.log)
	// The order of shutdown: no new requests, and those in progress end (they may still write and ask); then the stores,
	// which acknowledge what they have taken. Close then closes them.
	g.Add("web", a.web.Run)
	g.Add("live view", a.live.Run) // its streams are no requests any more, so web does not wait for them
	a.alerts.add(g)
	g.Add("roll-ups", a.roller.Run)
	g.Add("log store", a.logs.Run)
	g.Add("metric store", a.store.Run)
	err := g.Run()
	a.log.Info("server stops", "after", time.Since(started).Round(time.Second))
	return err
}

// Close closes what New opened, last first. It is safe without Run, and a second time. Every part bounds its own closing.
func (a *App) Close() error { return a.cleanup.Close() }
