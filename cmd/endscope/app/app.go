package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/ingest"
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
	// Load reads the configuration anew. Nil means that reload is not possible.
	Load func() (Config, error)
	// Registry holds the server's metrics, and is what /metrics shows. Nil makes one; one registry serves one server.
	Registry Registry
	// Changed returns the keys that differ between two configurations. Needed where Load is set.
	Changed func(a, b Config) []string
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
	web     *web.Server

	mu  sync.Mutex // held by Reload
	cfg Config     // in force
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

	ingester, err := ingest.New(cfg.Ingest, ingest.Settings{Logger: part(a.log, "ingest"), Registerer: registry})
	if err != nil {
		return nil, err
	}
	a.store, err = tsdb.Open(cfg.Storage, tsdb.Settings{Dir: cfg.DataDir, Logger: part(a.log, "tsdb"), Registerer: registry, Series: ingester.Series()})
	if err != nil {
		return nil, err
	}
	a.cleanup.Add("metric store", a.store.Close)
	ingester.UseStore(a.store)

	engine, err := query.NewEngine(cfg.Query, query.Settings{Logger: part(a.log, "query"), Registerer: registry, Queryable: a.store})
	if err != nil {
		return nil, err
	}
	a.cleanup.Add("query engine", engine.Close)
	catalogue, err := scopes.LoadCatalogue()
	if err != nil {
		return nil, err
	}
	planner, err := query.NewPlanner(cfg.DrillDown, query.PlannerSettings{
		Catalogue: catalogue, Queryable: engine.Queryable(), Range: drillDownRange(engine), Now: time.Now,
	})
	if err != nil {
		return nil, err
	}

	a.web, err = web.New(cfg.Web, web.Settings{
		Listen: cfg.Listen, Logger: part(a.log, "web"), Registerer: registry, Gatherer: registry,
		DrillDown: planner,
	})
	if err != nil {
		return nil, err
	}
	a.cleanup.Add("web", a.web.Close)
	return a, nil
}

func part(log *slog.Logger, name string) *slog.Logger { return log.With("part", name) }

// URL returns where the server answers, without a slash at its end.
func (a *App) URL() string { return a.web.ExternalURL().String() }

// Ready returns nil once the server answers questions and takes pushes.
func (a *App) Ready() error { return a.store.Ready() }

// Run serves until ctx ends or a part fails. Then it stops the parts in the order in which they depend on each other.
func (a *App) Run(ctx context.Context) error {
	started := time.Now()
	a.log.Info("server runs", "url", a.URL(), "data_dir", a.cfg.DataDir, "version", version.Version, "revision", version.GetRevision())
	g := cli.NewGroup(ctx, a.log)
	// The order of shutdown: no new requests, and those in progress end (they may still write and ask); then the store, which
	// acknowledges what it has taken. Close then closes it.
	g.Add("web", a.web.Run)
	g.Add("metric store", a.store.Run)
	err := g.Run()
	a.log.Info("server stops", "after", time.Since(started).Round(time.Second))
	return err
}

// Close closes what New opened, last first. It is safe without Run, and a second time. Every part bounds its own closing.
func (a *App) Close() error { return a.cleanup.Close() }

// Reload reads the configuration again and puts into force what can change while the server runs: the log level. It names the other
// keys that changed, which wait for a restart. An error leaves everything as it was.
func (a *App) Reload() error {
	if a.set.Load == nil {
		return errors.New("this server has no configuration file to read again")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	cfg, err := a.set.Load()
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	if a.set.Level != nil {
		a.set.Level.Set(cfg.Log)
	}
	var waiting []string
	for _, key := range a.set.Changed(a.cfg, cfg) {
		if key != "log.level" {
			waiting = append(waiting, key)
		}
	}
	a.cfg.Log.Level = cfg.Log.Level
	if len(waiting) > 0 {
		a.log.Warn("configuration reloaded; some keys wait for a restart", "keys", waiting)
		return nil
	}
	a.log.Info("configuration reloaded")
	return nil
}
