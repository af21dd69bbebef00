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
	name    string   // of the route in metrics and logs, and its operationId in openapi.yaml
	methods []string // what it answers to; everything else is 405
	path    string   // below the route prefix, in gorilla/mux's template language
	handle  handler
	native  bool // errors have the shape of Prometheus's API instead of RFC 9457
	plain   bool // answers are not compressed here
}

var (
	get        = []string{http.MethodGet}
	getHead    = []string{http.MethodGet, http.MethodHead}
	post       = []string{http.MethodPost}
	getPost    = []string{http.MethodGet, http.MethodPost}
	postPut    = []string{http.MethodPost, http.MethodPut}
	optionsAny = []string{http.MethodOptions}
)

// routes is the table of all routes. The first that matches answers.
func (s *Server) routes() []route {
	all := []route{
		{name: "healthy", methods: getHead, path: "/-/healthy", handle: s.handleHealthy},
	}
	if s.set.DrillDown != nil {
		all = append(all,
			route{name: "scopes", methods: getHead, path: "/api/v1/scopes", handle: s.handleScopes},
			route{name: "scope_endpoint", methods: getHead, path: "/api/v1/scopes/{endpoint}", handle: s.handleScope},
			route{name: "scope_deployment", methods: getHead, path: "/api/v1/scopes/{endpoint}/{deployment}", handle: s.handleScope},
			route{name: "scope_instance", methods: getHead, path: "/api/v1/scopes/{endpoint}/{deployment}/{instance}", handle: s.handleScope},
			route{name: "metric_definitions", methods: getHead, path: "/api/v1/metric-definitions", handle: s.handleMetricDefinitions},
			route{name: "metrics_drilldown", methods: getHead, path: "/api/v1/metrics", handle: s.handleMetrics},
		)
	}
	return all
}

// unrouted is the name under which requests are counted that match no route.
const unrouted = "none"

// newRouter builds the router from the table. It never redirects: a path that a client got wrong is answered, not corrected.
func (s *Server) newRouter() *mux.Router {
	m := mux.NewRouter().SkipClean(true).UseEncodedPath()
	for _, rt := range s.routes() {
		m.NewRoute().Name(rt.name).Path(rt.path).Methods(rt.methods...).Handler(s.serve(rt))
	}
	m.NotFoundHandler = s.serve(route{name: unrouted, handle: s.handleUnknown})
	m.MethodNotAllowedHandler = s.serve(route{name: unrouted, handle: func(w http.ResponseWriter, r *http.Request) error {
		allowed := allowedMethods(m, r)
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return fmt.Errorf("%w: %s answers to %s, not to %s", errMethod, r.URL.Path, strings.Join(allowed, ", "), r.Method)
	}})
	return m
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

// handleUnknown answers what no route matches.
func (s *Server) handleUnknown(w http.ResponseWriter, r *http.Request) error {
	return fmt.Errorf("%w: %s", errUnknownPath, r.URL.Path)
}
