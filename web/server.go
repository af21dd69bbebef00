package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/prometheus/util/notifications"
	"golang.org/x/net/netutil"

	"github.com/endscope/endscope/scopes"
)

// maxNotified is how many clients may follow notifications live.
const maxNotified = 16

// maxPreviews is how many previews of rules run at a time; further ones wait. Each asks for up to a month and learns baselines.
const maxPreviews = 2

// Settings are what the code around a server hands to it.
type Settings struct {
	Listen     string // host:port to listen on
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Gatherer   prometheus.Gatherer // what /metrics shows

	// Prometheus answers Prometheus's API v1; without it its routes do not exist.
	Prometheus *PrometheusAPI

	// DrillDown answers for scopes and metrics; without it their routes do not exist.
	DrillDown DrillDown

	// Logs answers for the log tables; without it their routes do not exist.
	Logs *LogsAPI

	// Resources keeps what operators create; it comes with Alerts, whose rules are among that.
	Resources ResourceStore

	// Alerts answers for alert rules, what they found, and who is told; without it their routes do not exist.
	Alerts *AlertsAPI

	// Live answers for what happens now; without it its routes do not exist.
	Live Live

	// Retention is how long samples are kept, which Azure's metric definitions say; 0 leaves it out.
	Retention time.Duration

	// Reload reads the configuration again, for POST /-/reload. Nil means that it cannot be read again.
	Reload func() error

	Ingest   Ingester    // where pushes go; without it the push routes do not exist
	LogsPush LogIngester // where pushes of logs go; without it, or without Ingest, their routes do not exist

	// Grants decides what a request may see. Nil means everything: there are no tokens yet.
	Grants func(*http.Request) scopes.Grants
}

// Server serves every route on one listener. New binds it, Run serves, Close unwinds a server that was never run.
type Server struct {
	cfg         Config
	set         Settings
	log         *slog.Logger
	metrics     *metrics
	compress    func(http.Handler) http.Handler
	prefix      string // route prefix without the last slash, "" for none
	externalURL *url.URL
	started     time.Time
	ui          *ui
	prometheus  http.Handler
	notes       *notifications.Notifications
	stopping    context.Context // ends when the server begins to stop
	stop        context.CancelFunc
	handler     http.Handler
	listener    net.Listener
	http        *http.Server
	bodies      bodies
	tails       atomic.Int64  // open streams of log rows
	previews    chan struct{} // one token for each preview of a rule that runs
	tailBeat    atomic.Int64  // nanoseconds between two signs of life of one without rows
	closeOnce   sync.Once
	closeErr    error
}

// New checks the configuration, builds the router and binds the listener; nothing is served before Run. It refuses to listen on
// an address that other machines reach unless somebody has to authenticate there or the operator waived that.
func New(cfg Config, set Settings) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	access, err := checkAccess(cfg, set.Listen)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(set.Registerer)
	if err != nil {
		return nil, fmt.Errorf("register web metrics: %w", err)
	}
	compress, err := newCompressor()
	if err != nil {
		return nil, fmt.Errorf("prepare compression: %w", err)
	}
	prefix := strings.TrimRight(cfg.RoutePrefix, "/")
	pages, err := newUI(bundle, prefix)
	if err != nil {
		return nil, err
	}
	s := &Server{
		ui:       pages,
		cfg:      cfg,
		set:      set,
		log:      set.Logger,
		metrics:  m,
		compress: compress,
		prefix:   prefix,
		started:  time.Now(),
		previews: make(chan struct{}, maxPreviews),
	}
	s.tailBeat.Store(int64(tailHeartbeat))
	if set.Prometheus != nil {
		if err := set.Prometheus.check(); err != nil {
			return nil, err
		}
	}
	if (set.Alerts == nil) != (set.Resources == nil) {
		return nil, errors.New("web: Settings.Alerts and Settings.Resources must be given together")
	}
	if set.Alerts != nil {
		if err := set.Alerts.check(); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", set.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", set.Listen, err)
	}
	s.listener = netutil.LimitListener(listener, cfg.MaxConnections)
	s.externalURL = externalURL(cfg, s.listener.Addr().String(), access.tls)
	s.stopping, s.stop = context.WithCancel(context.Background()) // not a request's: streams of all requests end with it
	if set.Prometheus != nil {
		s.notes = notifications.NewNotifications(maxNotified, set.Registerer)
		s.prometheus = s.newPrometheusAPI(nil)
	}
	s.handler = access.guard(s, s.front(azurePaths(s.newRouter())))
	s.http = &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: cfg.ReadHeaderTimeout,
		ReadTimeout:       cfg.ReadTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		MaxHeaderBytes:    int(cfg.MaxHeaderBytes),
		ErrorLog:          slog.NewLogLogger(set.Logger.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// Addr returns the address that the server is bound to.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// ExternalURL returns the URL under which people reach the server, without a slash at its end. The caller owns it.
func (s *Server) ExternalURL() *url.URL {
	u := *s.externalURL
	return &u
}

// Handler returns what answers all requests, without TLS and basic authentication.
func (s *Server) Handler() http.Handler { return s.handler }

// Run serves until ctx ends, then lets requests in progress finish for at most the shutdown timeout. It returns nil when all of
// them did.
func (s *Server) Run(ctx context.Context) error {
	file := s.cfg.ConfigFile
	served := make(chan error, 1)
	go func() { served <- toolkit.Serve(s.listener, s.http, &toolkit.FlagConfig{WebConfigFile: &file}, s.log) }()
	select {
	case err := <-served:
		if errors.Is(err, http.ErrServerClosed) {
			return nil // Close was called
		}
		return fmt.Errorf("serve on %s: %w", s.listener.Addr(), err)
	case <-ctx.Done():
	}
	err := s.Close()
	<-served
	return err
}

// Close stops listening, waits for requests in progress for at most the shutdown timeout and then cuts them. It is idempotent
// and safe without Run.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		s.stop()
		ctx, cancel := context.WithTimeout(context.Background(), s.cfg.ShutdownTimeout)
		defer cancel()
		if err := s.http.Shutdown(ctx); err != nil {
			s.closeErr = fmt.Errorf("requests were still in progress after %s and were cut: %w", s.cfg.ShutdownTimeout, errors.Join(err, s.http.Close()))
		}
		_ = s.listener.Close() // without Run the http.Server does not know it; otherwise it is closed already
	})
	return s.closeErr
}

// front is what every request meets first: repeated slashes count as one (some clients join URLs carelessly, and a redirect
// would lose a POST's body), and the route prefix is taken off.
func (s *Server) front(next http.Handler) http.Handler {
	strip := http.StripPrefix(s.prefix, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "//") {
			r = singleSlashes(r)
		}
		if s.prefix == "" {
			next.ServeHTTP(w, r)
			return
		}
		switch {
		case strings.HasPrefix(r.URL.Path, s.prefix+"/"):
			strip.ServeHTTP(w, r)
		case r.URL.Path == "/" || r.URL.Path == s.prefix:
			http.Redirect(w, r, s.prefix+"/", http.StatusFound)
		default:
			s.serve(route{name: unrouted, handle: func(http.ResponseWriter, *http.Request) error {
				return fmt.Errorf("%w: %s; everything here is below %s/", errUnknownPath, r.URL.Path, s.prefix)
			}}).ServeHTTP(w, r)
		}
	})
}

func singleSlashes(r *http.Request) *http.Request {
	out := *r
	u := *r.URL
	for strings.Contains(u.Path, "//") {
		u.Path = strings.ReplaceAll(u.Path, "//", "/")
	}
	for strings.Contains(u.RawPath, "//") {
		u.RawPath = strings.ReplaceAll(u.RawPath, "//", "/")
	}
	out.URL = &u
	return &out
}

func (s *Server) grants(r *http.Request) scopes.Grants {
	if s.set.Grants == nil {
		return scopes.AllAccess()
	}
	return s.set.Grants(r)
}
