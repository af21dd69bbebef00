package web

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/internal/sqlite"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// serving returns a running server of which every path is answered by the handler, as the route "test".
func serving(t *testing.T, handle handler) *harness {
	t.Helper()
	h := &harness{t: t, registry: prometheus.NewRegistry(), logs: &syncBuffer{}}
	h.Server = newBare(t, DefaultConfig(), h.registry, h.logs, handle)
	h.url = h.Server.ExternalURL().String()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Server.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		require.NoError(t, <-done)
	})
	return h
}

// newBare returns such a server that does not run yet.
func newBare(t *testing.T, cfg Config, reg *prometheus.Registry, log io.Writer, handle handler) *Server {
	t.Helper()
	s, err := New(cfg, Settings{Listen: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(log, nil)), Registerer: reg, Gatherer: reg})
	require.NoError(t, err)
	s.http.Handler = s.serve(route{name: "test", handle: handle})
	return s
}

func TestErrorsBecomeProblems(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		detail string // "" for none
	}{
		"unknown scope":    {fmt.Errorf("scope %q: %w", "nobody/blue", scopes.ErrNotFound), 404, `scope "nobody/blue"`},
		"parameter":        {&ParameterError{"step", "x", "must be a duration"}, 400, `parameter "step" must be a duration (got "x")`},
		"not allowed":      {&ForbiddenError{"no"}, 403, "no"},
		"series":           {fmt.Errorf("ask: %w", &query.LimitError{Limit: 50000, Unit: query.UnitSeries, Hint: "narrow"}), 422, "more than 50000 series: narrow"},
		"time":             {&query.LimitError{Limit: 120, Unit: query.UnitSeconds, Hint: "narrow"}, 503, "longer than its 2m0s"},
		"too many queries": {&query.LimitError{Limit: 3, Unit: query.UnitQueries, Hint: "wait"}, 503, "3 queries are waiting already: wait"},
		"starting":         {fmt.Errorf("ask: %w", &tsdb.NotReadyError{Reason: "replaying", First: 1, Current: 2, Last: 3}), 503, "segment 2 of 1 to 3"},
		"closed":           {tsdb.ErrClosed, 503, "closed"},
		"disk full":        {&tsdb.UnwritableError{Reason: "3 bytes are free"}, 503, "3 bytes are free"},
		"database full":    {fmt.Errorf("write alerts: %w", &sqlite.UnwritableError{Full: true, Err: errors.New("13")}), 507, "the disk is full: 13"},
		"database locked":  {&sqlite.UnwritableError{Err: errors.New("5")}, 503, "cannot be written: 5"},
		"body":             {&http.MaxBytesError{Limit: 5}, 413, "larger than 5 bytes"},
		"unknown":          {errors.New("secret"), 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, known := problemOf(c.err)
			require.Equal(t, c.status, p.Status)
			require.Equal(t, c.detail != "", known)
			require.Contains(t, p.Detail, c.detail)
			require.NotContains(t, p.Detail, "secret")
			require.NotEmpty(t, p.nativeType())
		})
	}
}

func TestUnknownErrorsAndPanicsAreLoggedAndHidden(t *testing.T) {
	for name, handle := range map[string]handler{
		"error": func(http.ResponseWriter, *http.Request) error { return errors.New("the password is 42") },
		"panic": func(http.ResponseWriter, *http.Request) error { panic("the password is 42") },
	} {
		t.Run(name, func(t *testing.T) {
			h := serving(t, handle)
			got := h.get("/-/healthy")
			require.JSONEq(t, `{"type": "/problems/internal", "title": "Internal error", "status": 500}`, got.body)
			require.Equal(t, 500, got.status)
			require.Contains(t, h.logs.String(), "the password is 42")
			require.Equal(t, 1.0, h.count("endscope_http_requests_total", "route", "test", "code", "500"))
			require.Equal(t, map[string]float64{"error": 0, "panic": 1}[name], h.count("endscope_http_panics_total"))
		})
	}
}

func TestHalfAnAnswerIsCutOff(t *testing.T) {
	for name, end := range map[string]func() error{
		"error": func() error { return errors.New("lost") },
		"panic": func() error { panic("lost") },
	} {
		t.Run(name, func(t *testing.T) {
			h := serving(t, func(w http.ResponseWriter, _ *http.Request) error {
				_, _ = io.WriteString(w, "half")
				w.(http.Flusher).Flush()
				return end()
			})
			res, err := http.Get(h.url + "/-/healthy")
			require.NoError(t, err)
			defer res.Body.Close()
			_, err = io.ReadAll(res.Body)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Eventually(t, func() bool {
				return h.count("endscope_http_requests_total", "route", "test", "code", "500") == 1
			}, time.Second, time.Millisecond)
		})
	}
}

func TestAClientThatLeavesIsCounted(t *testing.T) {
	h := serving(t, func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/-/healthy", nil)
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(req)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Eventually(t, func() bool {
		return h.count("endscope_http_requests_total", "route", "test", "code", "499") == 1
	}, 2*time.Second, time.Millisecond)
	require.NotContains(t, h.logs.String(), "request failed")
}

func TestAnswersAreCompressedOnRequest(t *testing.T) {
	text := strings.Repeat("scopes and series ", 1000)
	h := serving(t, func(w http.ResponseWriter, _ *http.Request) error { return writeText(w, text) })
	got := h.do(http.MethodGet, "/-/healthy", "", http.Header{"Accept-Encoding": {"gzip"}})
	require.Equal(t, "gzip", got.header.Get("Content-Encoding"))
	z, err := gzip.NewReader(strings.NewReader(got.body))
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Equal(t, text, string(plain))
	require.Less(t, len(got.body), 1000)
	got = h.do(http.MethodGet, "/-/healthy", "", http.Header{"Accept-Encoding": {"identity"}})
	require.Empty(t, got.header.Get("Content-Encoding"))
	require.Equal(t, text, got.body)
}

func TestRequestsAreCountedAndTimedByRoute(t *testing.T) {
	h := start(t)
	h.get("/api/v1/query?query=1")
	h.get("/api/v1/query?query=!")
	require.Equal(t, 1.0, h.count("endscope_http_requests_total", "route", "prometheus_query", "code", "200"))
	require.Equal(t, 1.0, h.count("endscope_http_requests_total", "route", "prometheus_query", "code", "400"))
	require.Equal(t, 2.0, h.count("endscope_http_request_duration_seconds", "route", "prometheus_query"))
	problems, err := testutil.GatherAndLint(h.registry)
	require.NoError(t, err)
	for _, p := range problems {
		require.False(t, strings.HasPrefix(p.Metric, "endscope_"), "%s: %s", p.Metric, p.Text)
	}
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := newBare(t, DefaultConfig(), prometheus.NewRegistry(), io.Discard, func(w http.ResponseWriter, _ *http.Request) error {
		close(entered)
		<-leave
		return writeText(w, "done")
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get(s.ExternalURL().String() + "/-/healthy")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answer <- string(body)
	}()
	<-entered
	cancel()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", s.Addr().String())
		if err == nil {
			c.Close()
		}
		return err != nil
	}, 5*time.Second, 10*time.Millisecond, "the listener closes at once")
	close(leave)
	require.Equal(t, "done", <-answer)
	require.NoError(t, <-done)
	require.NoError(t, s.Close(), "a second time")
	http.DefaultClient.CloseIdleConnections()
}

func TestShutdownCutsWhatTakesTooLong(t *testing.T) {
	cfg := DefaultConfig()
	cfg.ShutdownTimeout = 100 * time.Millisecond
	entered := make(chan struct{})
	s := newBare(t, cfg, prometheus.NewRegistry(), io.Discard, func(_ http.ResponseWriter, r *http.Request) error {
		close(entered)
		<-r.Context().Done()
		return r.Context().Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	go func() {
		if res, err := http.Get(s.ExternalURL().String() + "/-/healthy"); err == nil {
			res.Body.Close()
		}
	}()
	<-entered
	cancel()
	require.ErrorContains(t, <-done, "requests were still in progress after 100ms and were cut")
	http.DefaultClient.CloseIdleConnections()
}

func TestCloseWithoutRunFreesThePort(t *testing.T) {
	s := newBare(t, DefaultConfig(), prometheus.NewRegistry(), io.Discard, nil)
	addr := s.Addr().String()
	require.NoError(t, s.Close())
	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.NoError(t, s.Run(t.Context()), "a server that was closed has nothing to run")
}

func TestSlowAndLargeHeadersAreRefused(t *testing.T) {
	h := start(t, func(o *options) {
		o.web.ReadHeaderTimeout = 100 * time.Millisecond
		o.web.MaxHeaderBytes = 4 << 10
	})
	c, err := net.Dial("tcp", h.Server.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n")
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err = bufio.NewReader(c).ReadString('\n')
	require.ErrorIs(t, err, io.EOF, "the connection is closed")
	large, err := net.Dial("tcp", h.Server.Addr().String())
	require.NoError(t, err)
	defer large.Close()
	_, err = io.WriteString(large, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: "+strings.Repeat("x", 9<<10))
	require.NoError(t, err)
	status, err := bufio.NewReader(large).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, status, "431")
}

func TestConfigNamesTheKey(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	cfg := DefaultConfig()
	cfg.RoutePrefix, cfg.ExternalURL, cfg.GrafanaURL, cfg.CORSOrigin = "endscope", "example.org", "javascript:alert(1)", "("
	cfg.MaxConnections, cfg.MaxHeaderBytes, cfg.ReadTimeout = 0, 1, 0
	cfg.RemoteReadSamples, cfg.RemoteReadConcurrent, cfg.MaxSearchResults = -1, -1, 0
	var keys []string
	for _, f := range config.Fields(cfg.Validate()) {
		keys = append(keys, f.Key)
	}
	require.ElementsMatch(t, []string{"route_prefix", "external_url", "grafana_url", "cors_origin", "max_connections", "max_header_bytes", "read_timeout",
		"remote_read_samples", "remote_read_concurrent", "max_search_results"}, keys)
}
