package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/spool"
	"github.com/endscope/endscope/internal/config"
)

// startAgent runs an agent and returns a function that stops it and waits.
func startAgent(t *testing.T, cfg Config, set Settings) (*Agent, func()) {
	t.Helper()
	a, err := New(cfg, set)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, a.Close())
		require.NoError(t, a.Close(), "twice is fine")
	}
	t.Cleanup(stop)
	return a, stop
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	http.DefaultClient.CloseIdleConnections()
	return resp.StatusCode, string(body)
}

func TestAnAgentPushesAndSaysHowItIs(t *testing.T) {
	rc := newReceiver(t)
	server := rc.server(t)
	reg := prometheus.NewRegistry()
	extra := prometheus.NewCounter(prometheus.CounterOpts{Name: "agent_gpu_test_total", Help: "Of another collector."})
	reg.MustRegister(extra)
	c := ticking("ticks", nil)
	a, stop := startAgent(t, testConfig(t, server.URL), Settings{Registry: reg, Sources: []Source{{Collector: c}}})
	require.Equal(t, "e/d/i", a.Identity().String())
	require.Eventually(t, func() bool {
		return len(samples(t, rc.db, "ticks")) >= 3 && len(samples(t, rc.db, "agent_push_requests_total")) > 0
	}, 10*time.Second, 20*time.Millisecond)
	status, page := get(t, a.PageURL()+"/metrics")
	require.Equal(t, 200, status)
	for _, name := range []string{`agent_collector_success{collector="ticks"} 1`, "agent_spool_bytes", "process_resident_memory_bytes", "go_goroutines", "agent_gpu_test_total 0"} {
		require.Contains(t, page, name)
	}
	status, text := get(t, a.PageURL()+"/-/healthy")
	require.Equal(t, 200, status, text)
	stop()

	for name, want := range map[string]string{
		"agent_collector_success": `collector="ticks"`, "agent_build_info": `goversion="go`, "agent_process_cpu_seconds_total": `instance="i"`,
		"agent_process_resident_memory_bytes": "", "agent_spool_bytes": "", "agent_dropped_samples_total": `reason="age"`, "agent_push_duration_seconds": "", "agent_gpu_test_total": "",
	} {
		all := samples(t, rc.db, name)
		require.NotEmpty(t, all, name)
		require.Contains(t, all[0].series+all[len(all)-1].series, want)
		require.Equal(t, "stale", all[len(all)-1].value, "%s ends with the agent", name)
	}
	require.Empty(t, samples(t, rc.db, "process_resident_memory_bytes"), "the model server's name is left to it")
	require.Equal(t, 1, c.closed)
}

func TestALeavingAgentDoesNotWaitForAServerThatIsAway(t *testing.T) {
	cfg := testConfig(t, "http://127.0.0.1:1")
	_, stop := startAgent(t, cfg, Settings{Sources: []Source{{Collector: ticking("ticks", nil)}}})
	time.Sleep(250 * time.Millisecond)
	begin := time.Now()
	stop()
	require.Less(t, time.Since(begin), 2*time.Second)
	s, err := spool.Open(cfg.Spool, spool.Settings{Dir: cfg.DataDir})
	require.NoError(t, err)
	require.GreaterOrEqual(t, s.Stats().Entries, 3)
	require.NoError(t, s.Close())
}

func TestALeavingAgentDoesNotWaitForAServerThatHangs(t *testing.T) {
	rc, release := newReceiver(t), make(chan struct{})
	rc.hook(func(http.ResponseWriter, *http.Request, []byte) bool { <-release; return false })
	server := rc.server(t)
	cfg := testConfig(t, server.URL)
	cfg.Send.ShutdownTimeout = 200 * time.Millisecond
	_, stop := startAgent(t, cfg, Settings{Sources: []Source{{Collector: ticking("ticks", nil)}}})
	time.Sleep(150 * time.Millisecond)
	begin := time.Now()
	stop()
	require.Less(t, time.Since(begin), 2*time.Second)
	close(release)
}

func TestNewRefuses(t *testing.T) {
	closed := func(cfg Config, sources ...string) error {
		var set Settings
		var made []*collectorFunc
		for _, name := range sources {
			c := ticking(name, nil)
			made = append(made, c)
			set.Sources = append(set.Sources, Source{Collector: c})
		}
		_, err := New(cfg, set)
		require.Error(t, err)
		for _, c := range made {
			require.Equal(t, 1, c.closed, "collectors are closed")
		}
		return err
	}
	cfg := testConfig(t, "http://127.0.0.1:1")
	require.ErrorContains(t, closed(cfg, "a", "a"), `two collectors are called "a"`)
	require.ErrorContains(t, closed(cfg, "self"), `two collectors are called "self"`)
	a, err := New(cfg, Settings{})
	require.NoError(t, err)
	require.ErrorIs(t, closed(cfg, "b"), spool.ErrLocked)
	require.NoError(t, a.Close())
	bad := cfg
	bad.HTTPClient.TLS.CAFile = filepath.Join(t.TempDir(), "none.pem")
	require.ErrorContains(t, closed(bad, "b"), "none.pem")
	bad = cfg
	bad.DataDir = filepath.Join(bad.DataDir, "file", "below")
	require.NoError(t, os.WriteFile(filepath.Dir(bad.DataDir), nil, 0o600))
	require.ErrorContains(t, closed(bad, "b"), "data_dir")
}

func TestAnAddressThatIsTakenCostsThePageOnly(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	cfg := testConfig(t, "http://127.0.0.1:1")
	cfg.Metrics.Listen = l.Addr().String()
	var said bytes.Buffer
	a, err := New(cfg, Settings{Logger: slog.New(slog.NewTextHandler(&said, nil))})
	require.NoError(t, err)
	require.Empty(t, a.PageURL())
	require.Contains(t, said.String(), "metrics.listen")
	require.NoError(t, a.Close())
}

func TestConfigErrorsNameKeyValueAndBound(t *testing.T) {
	cfg := testConfig(t, "https://example.org:9190/prefix/")
	require.NoError(t, cfg.Validate())
	require.Equal(t, "https://example.org:9190/prefix/api/v1/write", cfg.writeURL())
	cfg.Server += "api/v1/write"
	require.Equal(t, "https://example.org:9190/prefix/api/v1/write", cfg.writeURL())
	f := func(change func(*Config), want string) {
		t.Helper()
		cfg := testConfig(t, "http://127.0.0.1:9190")
		change(&cfg)
		fields := config.Fields(cfg.Validate())
		require.Len(t, fields, 1)
		require.Equal(t, want, fields[0].Error())
	}
	f(func(c *Config) { c.Server = "127.0.0.1:9190" }, `server: must be a URL such as http://127.0.0.1:9190 (got "127.0.0.1:9190")`)
	f(func(c *Config) { c.Server = "http://u:p@h/" }, `server: must have neither user, query nor fragment; see http_client for credentials (got http://u:xxxxx@h/)`)
	f(func(c *Config) { c.Interval = time.Millisecond }, "interval: must be at least 100ms (got 1ms)")
	f(func(c *Config) { c.Labels = map[string]string{"instance": "x"} }, "labels: must be label names other than endpoint, deployment, instance and those that begin with __ (got instance)")
	f(func(c *Config) { c.Collectors.GPU.Timeout = time.Minute }, "collectors.gpu.timeout: must be between 0 and the interval, 100ms (got 1m0s)")
	f(func(c *Config) { c.Collectors.Host.Cgroup = "mine" }, `collectors.host.cgroup: must be auto, machine, own, or a path that begins with / (got "mine")`)
	f(func(c *Config) { c.Spool.Sync = "no" }, "spool.sync: must be one of commit, off (got no)")
	f(func(c *Config) { c.Send.BackoffMax = 0 }, "send.backoff_max: must be at least backoff_min, 5ms (got 0s)")
	f(func(c *Config) { c.HTTPClient.TLS.CertFile = "x" }, `http_client.tls.key_file: must be set together with tls.cert_file (got "")`)
	f(func(c *Config) { c.HTTPClient.Headers = map[string]string{"authorization": "x"} }, "http_client.headers: must not be one that the agent sets itself (got authorization)")
	f(func(c *Config) { c.Metrics.Listen = "9191" }, "metrics.listen: must be host:port, such as 127.0.0.1:9191, or empty (got 9191)")
	f(func(c *Config) { c.DataDir = "" }, `data_dir: must name a folder (got "")`)
	for _, change := range []func(*Config){func(c *Config) { c.Endpoint = "a/b" }, func(c *Config) { c.Deployment = "" }, func(c *Config) { c.Instance = "-x" }} {
		cfg := testConfig(t, "http://127.0.0.1:9190")
		change(&cfg)
		require.ErrorContains(t, cfg.Validate(), "must be a valid name")
	}
}

func TestCredentialsAndHeadersReachTheServer(t *testing.T) {
	rc := newReceiver(t)
	var auth, tenant, agent string
	rc.hook(func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
		auth, tenant, agent = r.Header.Get("Authorization"), r.Header.Get("X-Scope-Orgid"), r.Header.Get("User-Agent")
		return false
	})
	server := rc.server(t)
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("s3cret\n"), 0o600))
	cfg := testConfig(t, server.URL)
	cfg.HTTPClient.BearerTokenFile = file
	cfg.HTTPClient.Headers = map[string]string{"X-Scope-OrgID": "a"}
	_, err := probe(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, []string{"Bearer s3cret", "a"}, []string{auth, tenant})
	require.True(t, strings.HasPrefix(agent, "endscope-agent/"), agent)
	cfg.HTTPClient.BearerTokenFile, cfg.HTTPClient.BasicAuth = "", BasicAuthConfig{Username: "u", PasswordFile: file}
	_, err = probe(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, "Basic dTpzM2NyZXQ=", auth)
}

func TestCheck(t *testing.T) {
	rc := newReceiver(t)
	server := rc.server(t)
	cfg := testConfig(t, server.URL)
	sources := []Source{{Collector: ticking("good", nil)}, {Collector: ticking("bad", func(context.Context, int) error { return errors.New("no such device") })}}
	check := func() map[string]string {
		t.Helper()
		found, err := Check(t.Context(), cfg, Settings{Sources: sources})
		require.NoError(t, err)
		out := map[string]string{}
		for _, f := range found {
			out[f.Name] = "ok: "
			if f.Err != nil {
				out[f.Name] = "failed: "
			}
			out[f.Name] += f.Detail
		}
		return out
	}
	got := check()
	require.Equal(t, "ok: "+server.URL+"/api/v1/write answers 204", got["server"])
	require.Equal(t, "ok: accepted", got["credentials"])
	require.Contains(t, got["clock"], "ok:")
	require.Contains(t, got["spool"], "ok:")
	require.Contains(t, got["collector good"], "ok: 1 readings")
	require.Equal(t, "failed: 1 readings, and: no such device", got["collector bad"])

	rc.hook(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(401)
		return true
	})
	got = check()
	require.Equal(t, "failed: not accepted: server answered 401 Unauthorized", got["credentials"])
	require.Contains(t, got["clock"], "failed: this clock is 1h0m")

	holder, err := spool.Open(cfg.Spool, spool.Settings{Dir: cfg.DataDir})
	require.NoError(t, err)
	require.Contains(t, check()["spool"], "in use by a running agent")
	require.NoError(t, holder.Close())
	server.Close()
	require.Contains(t, check()["server"], "failed: "+server.URL+"/api/v1/write cannot be reached")
	entries, err := os.ReadDir(cfg.DataDir)
	require.NoError(t, err)
	for _, e := range entries {
		require.Regexp(t, `^spool\.(lock|state)$`, e.Name(), "nothing is left behind but the spool")
	}
}

func TestPrint(t *testing.T) {
	labelled := gaugeDesc("b", "x", "y")
	labelled.Help = "Two\nlines."
	c := &collectorFunc{name: "c", collect: func(_ context.Context, r *Round) error {
		r.Add(labelled, 1.5, `quo"te`, "")
		r.Add(gaugeDesc("a"), 1e9)
		r.Add(labelled, 2, "", "z")
		return errors.New("one is missing")
	}}
	var out bytes.Buffer
	require.EqualError(t, Print(t.Context(), []Source{{Collector: c}}, &out), "collector c: one is missing")
	require.Equal(t, strings.Join([]string{
		"# HELP a Help of a.", "# TYPE a gauge", "a 1e+09",
		`# HELP b Two\nlines.`, "# TYPE b gauge", `b{x="quo\"te"} 1.5`, `b{y="z"} 2`, "",
	}, "\n"), out.String())
}
