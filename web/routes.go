package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// route is one entry of the table of all routes.
type route struct {
	name      string   // of the route in metrics and logs, and its operationId in openapi.yaml
	methods   []string // what it answers to; everything else is 405
	path      string   // below the route prefix, in gorilla/mux's template language
	handle    handler
	native    bool // errors have the shape of Prometheus's API instead of RFC 9457
	azure     bool // errors have the shape of Azure's API instead of RFC 9457
	azureLogs bool // errors have the shape of Azure's query service for logs instead of RFC 9457
	plain     bool // answers are not compressed here

	everything bool // only for callers who may see everything: grants cannot narrow the answer
}

var (
	get         = []string{http.MethodGet}
	getHead     = []string{http.MethodGet, http.MethodHead}
	post        = []string{http.MethodPost}
	getHeadPost = []string{http.MethodGet, http.MethodHead, http.MethodPost}
	getPost     = []string{http.MethodGet, http.MethodPost}
	postPut     = []string{http.MethodPost, http.MethodPut}
	put         = []string{http.MethodPut}
	patch       = []string{http.MethodPatch}
	deleteOnly  = []string{http.MethodDelete}
	optionsAny  = []string{http.MethodOptions}
)

// routes is the table of all routes. The first that matches answers.
func (s *Server) routes() []route {
	// Pushes first: they come most often, and the router tries one route after the other.
	all := append(s.pushRoutes(), []route{
		{name: "ui", methods: getHead, path: "/", handle: s.handleUI},
		{name: "ui_asset", methods: getHead, path: "/assets/{path:.+}", handle: s.handleUI},
		{name: "openapi", methods: getHead, path: "/api/openapi.yaml", handle: s.handleOpenAPI},

		{name: "healthy", methods: getHead, path: "/-/healthy", handle: s.handleHealthy},
		{name: "ready", methods: getHead, path: "/-/ready", handle: s.handleReady},
		{name: "reload", methods: postPut, path: "/-/reload", handle: s.handleReload},
		{name: "metrics", methods: getHead, path: "/metrics", handle: s.handleOwnMetrics, plain: true},
		{name: "version", methods: getHead, path: "/version", handle: s.handleVersion},
		{name: "pprof", methods: getPost, path: "/debug/pprof/{profile:.*}", handle: s.handlePprof, plain: true},
	}...)
	if s.set.Prometheus != nil {
		all = append(all, s.prometheusRoutes()...)
	}
	if s.set.DrillDown != nil {
		all = append(all,
			route{name: "scopes", methods: getHead, path: "/api/v1/scopes", handle: s.handleScopes},
			route{name: "scope_endpoint", methods: getHead, path: "/api/v1/scopes/{endpoint}", handle: s.handleScope},
			route{name: "scope_deployment", methods: getHead, path: "/api/v1/scopes/{endpoint}/{deployment}", handle: s.handleScope},
			route{name: "scope_instance", methods: getHead, path: "/api/v1/scopes/{endpoint}/{deployment}/{instance}", handle: s.handleScope},
			route{name: "metric_definitions", methods: getHead, path: "/api/v1/metric-definitions", handle: s.handleMetricDefinitions},
			route{name: "metrics_drilldown", methods: getHeadPost, path: "/api/v1/metrics", handle: s.handleMetrics},
			route{name: "explain", methods: getPost, path: "/api/v1/explain", handle: s.handleExplain},
		)
	}
	if s.set.DrillDown != nil {
		all = append(all, s.azureRoutes()...)
	}
	if s.set.Alerts != nil {
		all = append(all, s.alertRoutes()...)
	}
	if s.set.Live != nil {
		all = append(all,
			route{name: "live", methods: get, path: "/api/v1/live", handle: s.handleLive, plain: true},
			route{name: "live_agent", methods: get, path: "/api/v1/live/agent/{endpoint}/{deployment}/{instance}", handle: s.handleLiveAgent, plain: true},
		)
	}
	all = append(all, s.logsRoutes()...)
	return append(all, s.logPushRoutes()...) // last: below /api/v1/logs/ any word that no other route takes is a table
}

// prometheusRoutes are those of Prometheus's API v1, answered by Prometheus's own handlers except where it says otherwise. Remote
// write and OTLP are not among them: they are pushes, and ours.
func (s *Server) prometheusRoutes() []route {
	prom := func(name string, methods []string, path string, h handler) route {
		return route{name: "prometheus_" + name, methods: methods, path: prometheusPrefix + path, handle: h, native: true, plain: true}
	}
	everything := func(rt route) route {
		rt.everything = true
		return rt
	}
	return []route{
		prom("query", getPost, "/query", s.handlePrometheus),
		prom("query_range", getPost, "/query_range", s.handlePrometheus),
		prom("query_exemplars", getPost, "/query_exemplars", s.handlePrometheus),
		prom("format_query", getPost, "/format_query", s.handlePrometheus),
		prom("parse_query", getPost, "/parse_query", s.handlePrometheus),
		prom("labels", getPost, "/labels", s.handlePrometheus),
		prom("label_values", get, "/label/{name}/values", s.handlePrometheus),
		prom("series", getPost, "/series", s.handlePrometheus),
		prom("read", post, "/read", s.handlePrometheus),

		prom("metadata", get, "/metadata", s.handlePrometheusMetadata),
		prom("targets_metadata", get, "/targets/metadata", s.handlePrometheusMetadata),
		prom("search_metric_names", getPost, "/search/metric_names", s.handlePrometheusMetadata),
		prom("search_label_names", getPost, "/search/label_names", s.handlePrometheus),
		prom("search_label_values", getPost, "/search/label_values", s.handlePrometheus),

		prom("scrape_pools", get, "/scrape_pools", s.handlePrometheus),
		prom("scrape_pools_config", get, "/scrape_pools/config", s.handlePrometheus),
		prom("targets", get, "/targets", s.handlePrometheus),
		prom("targets_relabel_steps", get, "/targets/relabel_steps", s.handlePrometheus),
		prom("alertmanagers", get, "/alertmanagers", s.handlePrometheus),
		prom("alerts", get, "/alerts", s.handleAlerts),
		prom("rules", get, "/rules", s.handlePrometheus),

		everything(prom("status_config", get, "/status/config", s.handleConfig)), // ours: upstream shows a configuration of Prometheus
		everything(prom("status_flags", get, "/status/flags", s.handlePrometheus)),
		everything(prom("status_runtimeinfo", get, "/status/runtimeinfo", s.handlePrometheus)),
		prom("status_buildinfo", get, "/status/buildinfo", s.handlePrometheus),
		everything(prom("status_tsdb", get, "/status/tsdb", s.handlePrometheus)),
		everything(prom("status_tsdb_blocks", get, "/status/tsdb/blocks", s.handlePrometheus)),
		everything(prom("status_self_metrics", get, "/status/self_metrics", s.handlePrometheus)),
		prom("status_walreplay", get, "/status/walreplay", s.handlePrometheus),
		prom("features", get, "/features", s.handlePrometheus),
		prom("notifications", get, "/notifications", s.handlePrometheus),
		prom("notifications_live", get, "/notifications/live", s.handlePrometheusLive),

		everything(prom("admin_delete_series", postPut, "/admin/tsdb/delete_series", s.handlePrometheusAdmin)),
		everything(prom("admin_clean_tombstones", postPut, "/admin/tsdb/clean_tombstones", s.handlePrometheusAdmin)),
		everything(prom("admin_snapshot", postPut, "/admin/tsdb/snapshot", s.handlePrometheusAdmin)),

		prom("openapi", get, "/openapi.yaml", s.handlePrometheus),
		prom("options", optionsAny, "/{path:.+}", s.handlePrometheus),
	}
}

// unrouted is the name under which requests are counted that match no route.
const unrouted = "none"

// newRouter builds the router from the table. It never redirects: a path that a client got wrong is answered, not corrected.
func (s *Server) newRouter() *mux.Router {
	m := mux.NewRouter().SkipClean(true).UseEncodedPath()
	for _, rt := range s.routes() {
		m.NewRoute().Name(rt.name).Path(rt.path).Methods(rt.methods...).Handler(s.serve(rt))
	}
	m.NotFoundHandler = s.serveUnrouted(s.handleUnknown)
	m.MethodNotAllowedHandler = s.serveUnrouted(func(w http.ResponseWriter, r *http.Request) error {
		allowed := allowedMethods(m, r)
		if len(allowed) == 1 && allowed[0] == http.MethodOptions { // browsers may ask about any path
			return s.handleUnknown(w, r)
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return fmt.Errorf("%w: %s answers to %s, not to %s", errMethod, r.URL.Path, strings.Join(allowed, ", "), r.Method)
	})
	return m
}

// serveUnrouted makes a http.Handler for requests that no route takes. Their errors have the shape that the path promises.
func (s *Server) serveUnrouted(h handler) http.Handler {
	ours, azures := s.serve(route{name: unrouted, handle: h}), s.serve(route{name: unrouted, handle: h, azure: true})
	azureLogs := s.serve(route{name: unrouted, handle: h, azureLogs: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case isAzurePath(r.URL.Path):
			azures.ServeHTTP(w, r)
		case isAzureLogsPath(r.URL.Path):
			azureLogs.ServeHTTP(w, r)
		default:
			ours.ServeHTTP(w, r)
		}
	})
}

// allowedMethods returns the methods that some route at r's path answers to.
func allowedMethods(m *mux.Router, r *http.Request) []string {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		try := r.Clone(r.Context())
		try.Method = method
		var match mux.RouteMatch
		if m.Match(try, &match) && match.MatchErr == nil && !slices.Contains(allowed, method) {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

// handleUnknown answers what no route matches: a page of the UI, which has routes of its own, or that there is none.
func (s *Server) handleUnknown(w http.ResponseWriter, r *http.Request) error {
	if isPage(r) {
		return s.handleUI(w, r)
	}
	return fmt.Errorf("%w: %s", errUnknownPath, r.URL.Path)
}
