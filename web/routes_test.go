package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	promroute "github.com/prometheus/common/route"
	"github.com/stretchr/testify/require"
)

// methodsOfOpenAPI are the methods that a path item may have.
var methodsOfOpenAPI = []string{"get", "head", "post", "put", "patch", "delete", "options"}

// described returns "METHOD path" with the operationId of everything that openapi.yaml describes.
func described(t *testing.T) map[string]string {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	require.NoError(t, yaml.Unmarshal(openAPI, &doc))
	out := map[string]string{}
	for path, item := range doc.Paths {
		for _, method := range methodsOfOpenAPI {
			if op, ok := item[method].(map[string]any); ok {
				id, _ := op["operationId"].(string)
				require.NotEmpty(t, id, "%s %s has no operationId", method, path)
				out[strings.ToUpper(method)+" "+path] = id
			}
		}
	}
	return out
}

var pattern = regexp.MustCompile(`\{(\w+):[^}]*\}`)

// routed returns "METHOD path" with the route's name of everything that the router answers.
func routed(t *testing.T, m *mux.Router) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, m.Walk(func(rt *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := rt.GetPathTemplate()
		if err != nil {
			return err
		}
		methods, err := rt.GetMethods()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, method := range methods {
			out[method+" "+pattern.ReplaceAllString(path, "{$1}")] = rt.GetName()
		}
		return nil
	}))
	return out
}

// wholeServer returns a server with every route; nothing behind them works.
func wholeServer(t *testing.T) *Server {
	t.Helper()
	h := start(t, withEverything)
	return h.Server
}

func TestRoutesAndOpenAPIAreTheSame(t *testing.T) {
	s := wholeServer(t)
	router, document := routed(t, s.newRouter()), described(t)
	require.Equal(t, slices.Sorted(maps.Keys(document)), slices.Sorted(maps.Keys(router)), "left: openapi.yaml; right: routes.go")
	for route, name := range router {
		id, _, _ := strings.Cut(document[route], "-")
		require.Equal(t, name, id, "the operationId of %s is the route's name, with -method for a further method", route)
	}
	ids := slices.Sorted(maps.Values(document))
	require.Equal(t, slices.Compact(slices.Clone(ids)), ids, "operationIds are unique")
}

func TestRouteNamesAreUnique(t *testing.T) {
	var names []string
	for _, rt := range wholeServer(t).routes() {
		require.Regexp(t, `^[a-z0-9_]+$`, rt.name)
		names = append(names, rt.name)
	}
	slices.Sort(names)
	require.Equal(t, slices.Compact(slices.Clone(names)), names)
}

// notOurs are upstream's routes that we answer ourselves in another package's words.
var notOurs = []string{"POST /api/v1/write", "POST /api/v1/otlp/v1/metrics"}

func TestEveryUpstreamRouteIsMounted(t *testing.T) {
	s := wholeServer(t)
	// The instrumentation hook hears of every path as it is registered; the methods are found by trying.
	const registered = 299
	var paths []string
	s.set.Registerer = prometheus.NewRegistry()
	upstream := s.newPrometheusAPI(func(r *promroute.Router) *promroute.Router {
		return r.WithInstrumentation(func(path string, _ http.HandlerFunc) http.HandlerFunc {
			if !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(registered) }
		})
	})
	require.Greater(t, len(paths), 35)
	var theirs []string
	colon := regexp.MustCompile(`[:*](\w+)`)
	for _, path := range paths {
		for _, method := range methodsOfOpenAPI {
			rec := httptest.NewRecorder()
			method = strings.ToUpper(method)
			upstream.ServeHTTP(rec, httptest.NewRequest(method, prometheusPrefix+colon.ReplaceAllString(path, "x"), nil))
			if rec.Code == registered && (method != http.MethodOptions || strings.Contains(path, "*")) {
				theirs = append(theirs, method+" "+prometheusPrefix+colon.ReplaceAllString(path, "{$1}"))
			}
		}
	}
	ours := routed(t, s.newRouter())
	var mounted []string
	for route, name := range ours {
		if strings.HasPrefix(name, "prometheus_") {
			mounted = append(mounted, route)
		}
	}
	for _, route := range theirs {
		if slices.Contains(notOurs, route) {
			require.NotContains(t, mounted, route, "pushes are ours")
			continue
		}
		require.Contains(t, mounted, route, "upstream has a route that routes.go does not mount")
	}
	for _, route := range mounted {
		require.Contains(t, theirs, route, "routes.go mounts a route that upstream does not have")
	}
}

func TestVersionOfTheAPIIsThatOfTheModule(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	got := regexp.MustCompile(`github.com/prometheus/prometheus v0\.(\d)(\d\d)\.(\d+)`).FindStringSubmatch(string(mod))
	require.NotNil(t, got)
	require.Equal(t, fmt.Sprintf("%s.%s.%s", got[1], strings.TrimPrefix(got[2], "0"), got[3]), PrometheusVersion)
}

func TestPathsAreNeverRedirected(t *testing.T) {
	h := start(t)
	for path, status := range map[string]int{
		"//-//healthy":                       200,
		"/-/healthy/":                        404,
		"//api/v1//query?query=1":            200,
		"/api/v1/query/?query=1":             404,
		"/api/v1/label/__name__/values":      200,
		"/api/v1//label/U__a_2e_b/values":    200,
		"/api/./v1/query?query=1":            404,
		"/api/v1/scopes/../query?query=1":    404,
		"/api/v1/nothing":                    404,
		"/nothing":                           404,
		"/assets/nothing.js":                 404,
		"/debug/pprof/goroutine?debug=1":     200,
		"/api/v1/label/a%2Fb/values":         404,
		"/api/v1/status/buildinfo?x=a//b//c": 200,
	} {
		require.Equal(t, status, h.get(path).status, path)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	h := start(t)
	got := h.get("/api/v1/nothing")
	require.Equal(t, 404, got.status)
	require.Equal(t, "application/problem+json", got.header.Get("Content-Type"))
	require.JSONEq(t, `{"type": "/problems/unknown-path", "title": "No such path", "status": 404, "detail": "no such path: /api/v1/nothing"}`, got.body)

	got = h.do(http.MethodDelete, "/api/v1/query", "", nil)
	require.Equal(t, 405, got.status)
	require.Equal(t, "GET, POST, OPTIONS", got.header.Get("Allow"))
	require.Contains(t, got.body, "/api/v1/query answers to GET, POST, OPTIONS, not to DELETE")
	require.Equal(t, 1.0, h.count("endscope_http_requests_total", "route", "none", "code", "404"))
	require.Equal(t, 1.0, h.count("endscope_http_requests_total", "route", "none", "code", "405"))
}

func TestRoutePrefix(t *testing.T) {
	h := start(t, func(o *options) { o.web.RoutePrefix = "/endscope/" })
	require.True(t, strings.HasSuffix(h.url, "/endscope"), h.url)
	require.Equal(t, 200, h.get("/-/healthy").status)
	require.Equal(t, 200, h.get("/api/v1/query?query=1").status)
	if h.Server.ui.files == nil {
		require.Contains(t, h.get("/").body, `href="/endscope/api/v1/scopes"`)
	} else {
		require.Contains(t, h.get("/").body, `<base href="/endscope/" />`)
	}
	h.url = strings.TrimSuffix(h.url, "/endscope")
	require.Equal(t, 404, h.get("/-/healthy").status)
	require.Contains(t, h.get("/api/v1/query?query=1").body, "everything here is below /endscope/")
	require.Equal(t, 404, h.get("/endscopes/-/healthy").status)
	got := h.get("/")
	require.Equal(t, 302, got.status)
	require.Equal(t, "/endscope/", got.header.Get("Location"))
}
