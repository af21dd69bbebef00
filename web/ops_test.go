package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
)

func TestReloadNeedsToBeAllowed(t *testing.T) {
	got := start(t).do(http.MethodPost, "/-/reload", "", nil)
	require.Equal(t, 403, got.status)
	require.Contains(t, got.body, "set web.enable_lifecycle to true")

	allow := func(o *options) { o.web.EnableLifecycle = true }
	got = start(t, allow).do(http.MethodPost, "/-/reload", "", nil)
	require.Equal(t, 403, got.status)

	var fail error
	h := start(t, allow, func(o *options) { o.settings.Reload = func() error { return fail } })
	require.Equal(t, 200, h.do(http.MethodPost, "/-/reload", "", nil).status)
	require.Equal(t, 200, h.do(http.MethodPut, "/-/reload", "", nil).status)
	require.Equal(t, 405, h.get("/-/reload").status)
	fail = errors.New("storage.retention: must be at least 2h (got 1m)")
	got = h.do(http.MethodPost, "/-/reload", "", nil)
	require.Equal(t, 500, got.status)
	require.Contains(t, got.body, "the configuration was not reloaded: storage.retention")
}

func TestOwnMetricsAndVersion(t *testing.T) {
	h := start(t)
	h.get("/-/healthy")
	require.Contains(t, h.get("/metrics").body, `endscope_http_requests_total{code="200",route="healthy"} 1`)
	version := h.get("/version").body
	require.Contains(t, version, `"version":"0.1.0"`)
	require.NotContains(t, version, "grafana")
	linked := start(t, func(o *options) {
		o.web.GrafanaURL, o.web.GrafanaDatasource = "https://grafana.example.org", "P1"
	})
	require.Contains(t, linked.get("/version").body, `"grafanaUrl":"https://grafana.example.org","grafanaDatasource":"P1"`)
}

func TestProfilesAreForThisMachine(t *testing.T) {
	h := start(t)
	require.Contains(t, h.get("/debug/pprof/").body, "goroutine")
	require.Contains(t, h.get("/debug/pprof/goroutine?debug=1").body, "goroutine profile")
	require.Equal(t, 200, h.get("/debug/pprof/cmdline").status)
	require.Equal(t, 404, h.get("/debug/pprof/nothing").status)
	got := h.do(http.MethodGet, "/debug/pprof/", "", http.Header{"X-Forwarded-For": {"10.0.0.1"}})
	require.Equal(t, 403, got.status)
}

func TestPageWithoutABundle(t *testing.T) {
	h := start(t)
	h.Server.ui.files = nil
	got := h.get("/")
	require.Equal(t, 200, got.status)
	require.Equal(t, "text/html; charset=utf-8", got.header.Get("Content-Type"))
	for _, want := range []string{"holds no web UI", `href="/api/v1/scopes"`, `href="/metrics"`, "/api/v1/query?query=instance_cpu_utilization_ratio", "histogram_quantile"} {
		require.Contains(t, got.body, want)
	}
	require.NotContains(t, got.body, "<script")
	html := http.Header{"Accept": {"text/html"}}
	require.Equal(t, 404, h.do(http.MethodGet, "/dashboards/1", "", html).status)
}

func TestBundleAnswersItsOwnPaths(t *testing.T) {
	h := start(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, "let c = 3")
	require.NoError(t, z.Close())
	pages, err := newUI(fstest.MapFS{
		"ui/dist/index.html":       {Data: []byte(`<!doctype html><base href="/" />the page`)},
		"ui/dist/assets/a-1.js":    {Data: []byte("let a = 1")},
		"ui/dist/favicon.svg":      {Data: []byte("<svg/>")},
		"ui/dist/assets/b-2.woff":  {Data: []byte("font")},
		"ui/dist/assets/c-3.js.gz": {Data: packed.Bytes()},
	}, "/monitoring")
	require.NoError(t, err)
	*h.Server.ui = *pages
	html := http.Header{"Accept": {"text/html,*/*"}}
	for _, path := range []string{"/", "/scopes/credit/blue", "/alerts"} {
		got := h.do(http.MethodGet, path, "", html)
		require.Equal(t, 200, got.status, path)
		require.Equal(t, `<!doctype html><base href="/monitoring/" />the page`, got.body, "relative links are below the path prefix")
		require.Equal(t, "no-cache", got.header.Get("Cache-Control"))
		require.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'self'")
	}
	got := h.get("/assets/a-1.js")
	require.Equal(t, "let a = 1", got.body)
	require.Contains(t, got.header.Get("Content-Type"), "javascript")
	require.Contains(t, got.header.Get("Cache-Control"), "immutable")
	for accept, encoding := range map[string]string{"gzip, br": "gzip", "br": "", "gzip;q=0": "", "identity": ""} {
		got := h.do(http.MethodGet, "/assets/c-3.js", "", http.Header{"Accept-Encoding": {accept}})
		require.Equal(t, 200, got.status)
		require.Equal(t, encoding, got.header.Get("Content-Encoding"), accept)
		require.Contains(t, got.header.Get("Content-Type"), "javascript")
		require.Equal(t, "Accept-Encoding", got.header.Get("Vary"))
		if encoding == "gzip" {
			require.Equal(t, packed.String(), got.body, "as it was built")
		} else {
			require.Equal(t, "let c = 3", got.body)
		}
	}
	require.Equal(t, 200, h.do(http.MethodGet, "/assets", "", html).status, "a folder is no file")
	require.Equal(t, 404, h.do(http.MethodGet, "/assets/old.js", "", html).status, "a stale page must not get HTML as its script")
	require.Equal(t, "<svg/>", h.do(http.MethodGet, "/favicon.svg", "", html).body)
	require.Equal(t, 404, h.do(http.MethodGet, "/api/v1/nothing", "", html).status)
	require.Equal(t, 404, h.do(http.MethodGet, "/-/nothing", "", html).status)
	require.Equal(t, 404, h.do(http.MethodGet, "/../../go.mod", "", nil).status)

	_, err = newUI(fstest.MapFS{"ui/dist/index.html": {Data: []byte("<!doctype html>")}}, "")
	require.ErrorContains(t, err, "<base")
}
