package scrape

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Servers mount their page in a folder, and answer its name without a slash by a redirect.
func TestRedirects(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("secret"), 0o600))
	var visits atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits.Add(1)
		_, _ = w.Write([]byte("x_running 9\n"))
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/metrics":
			http.Redirect(w, r, "/metrics/", http.StatusTemporaryRedirect)
		case "/metrics/":
			if r.Header.Get("Authorization") == "Bearer secret" {
				_, _ = w.Write([]byte("x_running 1\n"))
			}
		case "/elsewhere":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusTemporaryRedirect)
		}
	}))
	defer server.Close()
	token := func(c *Config, _ *Settings) { c.HTTPClient.BearerTokenFile = file }
	require.Contains(t, collect(t, collector(t, rules(small), token, server.URL)), "model_requests_running{} 1")
	_, err := round(t, collector(t, rules(small), token, server.URL+"/elsewhere"))
	require.ErrorContains(t, err, "answered 307 Temporary Redirect")
	require.Zero(t, visits.Load(), "another host is not asked, and does not see the token")
	_, err = round(t, collector(t, rules(small), token, server.URL+"/round"))
	require.ErrorContains(t, err, "answered 307 Temporary Redirect")
}

func TestNoProxyFromTheEnvironment(t *testing.T) {
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte("x_running 5\n"))
	}))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL) // loopback is exempt from it, so a name that is not has to be asked for
	c := collector(t, rules(small), func(c *Config, _ *Settings) { c.HTTPClient.ProxyURL = proxy.URL }, "http://model.invalid/metrics")
	require.Contains(t, collect(t, c), "model_requests_running{} 5", "the proxy that the configuration names")
	require.Equal(t, int32(1), asked.Load())
	_, err := round(t, collector(t, rules(small), nil, "http://model.invalid/metrics"))
	require.Error(t, err)
	require.Equal(t, int32(1), asked.Load())
}
