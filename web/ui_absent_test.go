package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPagesLeadToTheAPIWithoutTheUI(t *testing.T) {
	for page, want := range map[string]string{
		"/alerts/7729037d-d00f":                     "/api/v1/alerts/7729037d-d00f",
		"/alerts/a%20b/":                            "/api/v1/alerts/a%20b",
		"/explore?metric=M&scope=a%2Fb":             "/api/v1/metrics?metric=M&scope=a%2Fb",
		"/endpoints/a/b?start=1&end=2":              "/api/v1/scopes/a/b",
		"/endpoints/a%20b/":                         "/api/v1/scopes/a%20b",
		"/endpoints/a/b?explain=1&metric=M&start=1": "/api/v1/explain?metric=M&scope=a%2Fb&start=1",
		"/logs?query=T":                             "/api/v1/logs/query?query=T",
		"/graph?g0.expr=up+%3E+1&g0.tab=1":          "/api/v1/query?query=up+%3E+1",
		"/alerts":                                   "",
		"/alerts/a/b":                               "",
		"/explore":                                  "",
		"/dashboards/1":                             "",
	} {
		u, err := url.Parse(page)
		require.NoError(t, err)
		require.Equal(t, want, apiPage(u), page)
	}

	h := start(t)
	h.Server.ui.files = nil
	html := http.Header{"Accept": {"text/html"}}
	got := h.do(http.MethodGet, "/graph?g0.expr=up", "", html)
	require.Equal(t, 302, got.status)
	require.Equal(t, "/api/v1/query?query=up", got.header.Get("Location"))
	require.Equal(t, 404, h.do(http.MethodGet, "/graph?g0.expr=1", "", nil).status, "what is not for people is told that there is no such path")
}
