package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/grafana/regexp"
	"github.com/prometheus/common/model"
	promroute "github.com/prometheus/common/route"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/features"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// PrometheusVersion is the version of Prometheus whose API this is. Clients such as Grafana decide by it what to ask for, so it is
// what status/buildinfo answers.
const PrometheusVersion = "3.15.0"

// Store is the metric store as the routes see it.
type Store interface {
	v1.TSDBAdminStats
	// Ready returns nil when the store answers queries, and why it does not otherwise.
	Ready() error
}

// PrometheusAPI is what Prometheus's API v1 answers from. All fields without the word optional are needed.
type PrometheusAPI struct {
	Engine    promql.QueryEngine
	Parser    parser.Parser
	Queryable storage.SampleAndChunkQueryable // guarded: it reads only what the grants in the context allow
	Exemplars storage.ExemplarQueryable       // guarded, too
	Store     Store
	DataDir   string // absolute; snapshots go to its folder snapshots
	// Metadata is what pushes said about metrics; optional.
	Metadata scrape.MetricMetadataStore
	// Features is shown at /api/v1/features; optional.
	Features features.Collector
	// Flags and Config are shown at /api/v1/status/flags and config, to callers who may see everything; optional. Config returns
	// YAML without secrets.
	Flags  map[string]string
	Config func() (string, error)
	// Retention says for how long samples are kept, for people; optional.
	Retention string
	// Version and Revision are those of this program; optional.
	Version, Revision string
	// LastReload says how the last reload of the configuration went, and when; optional.
	LastReload func() (ok bool, at time.Time)
}

// newPrometheusAPI returns Prometheus's own handlers over what the server was given. Its paths begin with /api/v1.
//
// This is the only caller of v1.NewAPI, whose parameters change with every release: an upgrade is made here, and
// TestEveryUpstreamRouteIsMounted says what else has to follow.
func (s *Server) newPrometheusAPI(register func(*promroute.Router) *promroute.Router) http.Handler {
	p := s.set.Prometheus
	none := noTargets{}
	api := v1.NewAPI(
		p.Engine,
		p.Queryable,
		nil, nil, // remote write and OTLP are ours
		p.Exemplars,
		func(context.Context) v1.ScrapePoolsRetriever { return none },
		newMetadataTargets(p.Metadata),
		func(context.Context) v1.AlertmanagerRetriever { return none },
		func() promconfig.Config { return promconfig.DefaultConfig },
		p.Flags,
		v1.GlobalURLOptions{ListenAddress: s.listener.Addr().String(), Host: s.externalURL.Host, Scheme: s.externalURL.Scheme},
		s.whenReady,
		p.Store,
		p.DataDir,
		s.cfg.EnableAdminAPI,
		true, s.cfg.MaxSearchResults,
		s.log,
		s.rulesRetriever,
		s.cfg.RemoteReadSamples, s.cfg.RemoteReadConcurrent, 1<<20, // bytes in a frame, the protocol's own default
		false,
		s.corsOrigins(),
		s.runtimeInfo,
		&v1.PrometheusVersion{
			Version:   PrometheusVersion,
			Revision:  p.Revision,
			Branch:    "endscope-" + p.Version,
			GoVersion: runtime.Version(),
		},
		s.notes.Get, s.notes.Sub,
		s.set.Gatherer, s.set.Registerer,
		nil,        // default rendering of query statistics
		false, nil, // remote write
		false, false, false, // OTLP
		false, // start timestamps as zeros: only for writes
		0,     // lookback: only for OTLP
		false, // type and unit labels
		false, // metadata in the write-ahead log
		overrideStatus,
		p.Features,
		v1.OpenAPIOptions{ExternalURL: s.externalURL.String(), Version: PrometheusVersion},
		p.Parser,
	)
	r := promroute.New()
	if register != nil {
		r = register(r)
	}
	api.Register(r.WithPrefix(prometheusPrefix))
	return r
}

const prometheusPrefix = "/api/v1"

// overrideStatus answers 503 to what may well succeed a moment later and Prometheus's API would not know. The body stays
// Prometheus's own. It is generic because upstream's type of the first parameter has no name outside.
func overrideStatus[kind any](_ kind, err error) (int, bool) {
	p, known := problemOf(err)
	return http.StatusServiceUnavailable, known && p.nativeType() == "unavailable"
}

// whenReady answers 503 in Prometheus's shape while the store replays its log.
func (s *Server) whenReady(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.set.Prometheus.Store.Ready(); err != nil {
			p, known := problemOf(err)
			if !known {
				s.log.Error("store is not ready", "err", err)
			}
			s.writeProblem(route{native: true}, w, p, err)
			return
		}
		next(w, r)
	}
}

// handlePrometheus passes on to Prometheus's handlers.
func (s *Server) handlePrometheus(w http.ResponseWriter, r *http.Request) error {
	s.prometheus.ServeHTTP(w, r)
	return nil
}

// handlePrometheusMetadata passes on to the handlers that show what pushes said about metrics.
func (s *Server) handlePrometheusMetadata(w http.ResponseWriter, r *http.Request) error {
	s.prometheus.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), metadataKey{}, true)))
	return nil
}

// handlePrometheusAdmin passes on to the handlers that change or copy the store.
func (s *Server) handlePrometheusAdmin(w http.ResponseWriter, r *http.Request) error {
	if err := s.requireAdmin(); err != nil {
		return err
	}
	return s.handlePrometheus(w, r)
}

// requireAdmin refuses what only the admin API may do while that is off.
func (s *Server) requireAdmin() error {
	if !s.cfg.EnableAdminAPI {
		return &ForbiddenError{"the admin API is off; set web.enable_admin_api to true to allow it"}
	}
	return nil
}

// handlePrometheusLive passes on to a stream that ends when its client leaves or the server stops.
func (s *Server) handlePrometheusLive(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	stop := context.AfterFunc(s.stopping, cancel)
	defer stop()
	s.prometheus.ServeHTTP(w, r.WithContext(ctx))
	return nil
}

// handleConfig shows the configuration in force.
func (s *Server) handleConfig(w http.ResponseWriter, _ *http.Request) error {
	var text string
	if s.set.Prometheus.Config != nil {
		var err error
		if text, err = s.set.Prometheus.Config(); err != nil {
			return fmt.Errorf("show configuration: %w", err)
		}
	}
	return writeJSON(w, map[string]any{"status": "success", "data": map[string]string{"yaml": text}})
}

// metadataKey marks the context of the routes that show metadata.
type metadataKey struct{}

// newMetadataTargets returns the targets as Prometheus's handlers see them: there are none, for nothing is scraped. Only the routes
// for metadata see one, which holds what pushes brought, because they read metadata from targets alone.
func newMetadataTargets(store scrape.MetricMetadataStore) func(context.Context) v1.TargetRetriever {
	if store == nil {
		return func(context.Context) v1.TargetRetriever { return noTargets{} }
	}
	target := scrape.NewTarget(labels.EmptyLabels(), &promconfig.ScrapeConfig{}, model.LabelSet{}, model.LabelSet{})
	target.SetMetadataStore(store)
	pushed := pushedMetadata{targets: map[string][]*scrape.Target{"pushed": {target}}}
	return func(ctx context.Context) v1.TargetRetriever {
		if ctx.Value(metadataKey{}) != nil {
			return pushed
		}
		return noTargets{}
	}
}

type pushedMetadata struct {
	noTargets
	targets map[string][]*scrape.Target
}

func (p pushedMetadata) TargetsActive() map[string][]*scrape.Target { return p.targets }

// noTargets says that nothing is scraped and no Alertmanager is notified, and, where rules are not known or not to be seen, that there are none.
type noTargets struct{}

func (noTargets) ScrapePools() []string                       { return []string{} }
func (noTargets) TargetsActive() map[string][]*scrape.Target  { return map[string][]*scrape.Target{} }
func (noTargets) TargetsDropped() map[string][]*scrape.Target { return map[string][]*scrape.Target{} }
func (noTargets) TargetsDroppedCounts() map[string]int        { return map[string]int{} }
func (noTargets) ScrapePoolConfig(name string) (*promconfig.ScrapeConfig, error) {
	return nil, fmt.Errorf("there is no scrape pool %q: this server is pushed to", name)
}
func (noTargets) Alertmanagers() []*url.URL            { return nil }
func (noTargets) DroppedAlertmanagers() []*url.URL     { return nil }
func (noTargets) RuleGroups() []*rules.Group           { return nil }
func (noTargets) AlertingRules() []*rules.AlertingRule { return nil }

// corsOrigins returns what browsers may call the API from; without a setting it matches no origin.
func (s *Server) corsOrigins() *regexp.Regexp {
	if s.cfg.CORSOrigin == "" {
		return regexp.MustCompile(`^\b\B$`)
	}
	return regexp.MustCompile("^(?:" + s.cfg.CORSOrigin + ")$")
}

// runtimeInfo is what status/runtimeinfo shows.
func (s *Server) runtimeInfo() (v1.RuntimeInfo, error) {
	info := v1.RuntimeInfo{
		StartTime:           s.started,
		ServerTime:          time.Now().UTC(),
		ReloadConfigSuccess: true,
		LastConfigTime:      s.started,
		GoroutineCount:      runtime.NumGoroutine(),
		GOMAXPROCS:          runtime.GOMAXPROCS(0),
		GOMEMLIMIT:          debug.SetMemoryLimit(-1),
		GOGC:                os.Getenv("GOGC"),
		GODEBUG:             os.Getenv("GODEBUG"),
		StorageRetention:    s.set.Prometheus.Retention,
	}
	if last := s.set.Prometheus.LastReload; last != nil {
		info.ReloadConfigSuccess, info.LastConfigTime = last()
	}
	var err error
	if info.CWD, err = os.Getwd(); err != nil {
		return info, fmt.Errorf("get working directory: %w", err)
	}
	if info.Hostname, err = os.Hostname(); err != nil {
		return info, fmt.Errorf("get host name: %w", err)
	}
	return info, nil
}

// check says what is missing, which is a fault of the program and not of its operator.
func (p *PrometheusAPI) check() error {
	for name, missing := range map[string]bool{
		"Engine": p.Engine == nil, "Parser": p.Parser == nil, "Queryable": p.Queryable == nil,
		"Exemplars": p.Exemplars == nil, "Store": p.Store == nil, "DataDir": !filepath.IsAbs(p.DataDir),
	} {
		if missing {
			return fmt.Errorf("web: Settings.Prometheus.%s is missing", name)
		}
	}
	if p.Features == nil {
		p.Features = features.NewRegistry()
	}
	return nil
}
