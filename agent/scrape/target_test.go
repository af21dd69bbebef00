package scrape

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/internal/config"
)

const small = "  - {to: model_requests_running, from: [{name: x_running}]}\n"

func TestPathsAreTriedUntilOneHoldsMetrics(t *testing.T) {
	s := serve(t, "")
	s.remove("/metrics")
	s.set("/monitoring/prometheus/metrics", "x_running 1\n")
	c := collector(t, rules(small), nil, s.URL)
	require.Contains(t, collect(t, c), "model_requests_running{} 1")
	require.Equal(t, s.URL+"/monitoring/prometheus/metrics", c.Targets()[0].URL)

	s.remove("/monitoring/prometheus/metrics")
	s.set("/metrics", `[{"iter": 0}]`) // as trtllm-serve answers
	s.set("/prometheus/metrics", "x_running 2\n")
	require.Contains(t, collect(t, c), "model_requests_running{} 2", "the page has moved")
	require.Equal(t, s.URL+"/prometheus/metrics", c.Targets()[0].URL)

	s.remove("/prometheus/metrics")
	_, err := round(t, c)
	require.ErrorContains(t, err, "target "+s.URL+"/prometheus/metrics: answered 404 Not Found")
	require.Equal(t, 0, c.Targets()[0].Series)
	require.ErrorContains(t, c.Targets()[0].Err, "404")

	_, err = round(t, collector(t, rules(small), nil, s.URL+"/metrics"))
	require.ErrorContains(t, err, "target "+s.URL+"/metrics: is no page of metrics")
	_, err = round(t, collector(t, rules(small), nil, s.URL+"/absent"))
	require.ErrorContains(t, err, "target "+s.URL+"/absent: answered 404 Not Found")
}

func TestOneTargetThatHangsDoesNotHoldTheOthers(t *testing.T) {
	good := serve(t, "x_running 1\n")
	other := serve(t, "x_running 2\n")
	release := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte("x_running 3\n"))
		w.(http.Flusher).Flush()
		<-release
	}))
	t.Cleanup(hangs.Close)
	t.Cleanup(func() { close(release) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	down := "http://" + l.Addr().String()
	require.NoError(t, l.Close())

	c := collector(t, rules(small), func(cfg *Config, _ *Settings) { cfg.Timeout = time.Second }, good.URL, hangs.URL, down, other.URL)
	require.Equal(t, time.Second, Config{Timeout: time.Second}.Source(c).Timeout)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	r := agent.Round{Time: time.Now()}
	err = c.Collect(ctx, &r)
	require.NoError(t, ctx.Err(), "Collect is back before its time is over")
	require.ErrorContains(t, err, "target "+hangs.URL+"/metrics: read page: context deadline exceeded")
	require.ErrorContains(t, err, "target "+down+"/metrics: ")
	require.NotContains(t, err.Error(), good.URL)
	var lines []string
	for _, reading := range r.Readings {
		lines = append(lines, line(reading))
	}
	hanging := strings.TrimPrefix(hangs.URL, "http://")
	for _, want := range []string{
		fmt.Sprintf(`model_requests_running{target=%q} 1`, good.host()), fmt.Sprintf(`model_requests_running{target=%q} 2`, other.host()),
		fmt.Sprintf(`x_running{job="test",target=%q} 1`, good.host()),
		fmt.Sprintf(`agent_scrape_success{kind="test",target=%q} 1`, good.host()), fmt.Sprintf(`agent_scrape_success{kind="unknown",target=%q} 0`, hanging),
		fmt.Sprintf(`agent_scrape_series{target=%q} 1`, other.host()),
	} {
		require.Contains(t, lines, want)
	}
	require.NotContains(t, strings.Join(lines, "\n"), "x_running 3", "half a page is none")
	require.False(t, slices.ContainsFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, fmt.Sprintf("agent_scrape_series{target=%q}", hanging))
	}))
}

func TestLimitsNameValueAndBound(t *testing.T) {
	many := "x_running 7\n"
	for i := range 20 {
		many = fmt.Sprintf("filler_a{i=\"%d\"} 1\nfiller_%d 1\n", i, i) + many // what is mapped comes last
	}
	for name, c := range map[string]struct {
		page    string
		change  func(*Config)
		err     string
		has     []string
		dropped string
	}{
		"series":      {many, func(c *Config) { c.MaxSeries = 30 }, "page has more than max_series series: must be at most 30", []string{"model_requests_running{} 7"}, `max_series",target=%q} 10 `},
		"labels":      {`x_running{a="1",b="2",c="3"} 1` + "\nx_running 2\n", func(c *Config) { c.MaxLabels = 2 }, `series "x_running" has 3 labels: must be at most 2 (max_labels)`, []string{"model_requests_running{} 2"}, `labels",target=%q} 1 `},
		"label value": {`x_running{a="12345"} 1` + "\nx_running 2\n", func(c *Config) { c.MaxLabelValue = 4 }, `series "x_running" has a value of label a of 5 bytes: must be at most 4 (max_label_value)`, []string{"model_requests_running{} 2"}, `labels",target=%q} 1 `},
		"label name":  {`x_running{abcdefghijk="1"} 1` + "\nx_running 2\n", func(c *Config) { c.MaxLabelName = 10 }, `series "x_running" has a label name of 11 bytes: must be at most 10 (max_label_name)`, []string{"model_requests_running{} 2"}, `labels",target=%q} 1 `},
		"bad line":    {"x_running 2\nbad bad\n", func(*Config) {}, `some samples were left out: cannot read the line "bad bad"`, []string{"model_requests_running{} 2"}, `bad_line",target=%q} 1 `},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.page)
			col := collector(t, rules(small), func(cfg *Config, _ *Settings) { c.change(cfg) }, s.URL)
			for i := range 2 {
				lines, err := round(t, col)
				require.ErrorContains(t, err, c.err)
				require.ErrorContains(t, err, "target "+s.URL+"/metrics: ")
				for _, l := range c.has {
					require.Contains(t, lines, l)
				}
				if i == 0 {
					require.Contains(t, strings.Join(lines, "\n"), fmt.Sprintf(c.dropped, s.host()))
				}
				require.Contains(t, lines, fmt.Sprintf(`agent_scrape_success{kind="test",target=%q} 1`, s.host()))
			}
		})
	}
}

func TestPageThatIsTooLargeIsRefusedAsAWhole(t *testing.T) {
	s := serve(t, "x_running 1\n"+strings.Repeat("#", 1100)+"\n")
	lines, err := round(t, collector(t, rules(small), func(cfg *Config, _ *Settings) { cfg.MaxBody = 1 << 10 }, s.URL))
	require.ErrorContains(t, err, "target "+s.URL+"/metrics: page is larger than max_body: must be at most 1024 bytes inflated")
	require.Empty(t, others(lines), "never a part of a page")
}

func TestWhatTheAgentMeasuresItselfIsNotScraped(t *testing.T) {
	s := serve(t, "x_running 1\nx_gpu 2\nx_flight 3\n")
	mapping := rules(small + "  - {to: gpu_power_watts, from: [{name: x_gpu}]}\n  - {to: endpoint_requests_in_flight, from: [{name: x_flight}]}\n")
	require.Equal(t, []string{"endpoint_requests_in_flight{} 3", "gpu_power_watts{} 2", "model_requests_running{} 1"}, canonicalOnly(collect(t, collector(t, mapping, nil, s.URL))))
	var gpus atomic.Bool
	c := collector(t, mapping, func(_ *Config, set *Settings) { set.Proxy, set.GPU = true, gpus.Load }, s.URL)
	require.Equal(t, []string{"gpu_power_watts{} 2", "model_requests_running{} 1"}, canonicalOnly(collect(t, c)))
	gpus.Store(true)
	require.Equal(t, []string{"model_requests_running{} 1"}, canonicalOnly(collect(t, c)))
}

func TestKindsAndJobs(t *testing.T) {
	s := serve(t, "python_info 1\n")
	c := collector(t, rules(small), nil, s.URL)
	require.Equal(t, []string{`python_info{job="unknown"} 1`}, collect(t, c))
	s.set("/metrics", "python_info 1\nx_running 1\n")
	require.Equal(t, []string{`model_requests_running{} 1`, `python_info{job="test"} 1`, `x_running{job="test"} 1`}, collect(t, c))
	s.set("/metrics", "python_info 1\n")
	require.Equal(t, []string{`python_info{job="test"} 1`}, collect(t, c), "a server that starts again is still what it was")
	s.set("/metrics", "vllm:num_requests_running{engine=\"0\",model_name=\"m\"} 1\n")
	require.Equal(t, []string{`model_batch_requests{engine="0",model="m"} 1`, `model_requests_running{engine="0",model="m"} 1`, `vllm:num_requests_running{engine="0",job="vllm",model_name="m"} 1`}, collect(t, c))

	forced := collector(t, rules(small), nil, s.URL+"#kind=test")
	require.Equal(t, []string{`vllm:num_requests_running{engine="0",job="test",model_name="m"} 1`}, collect(t, forced))
	named := collector(t, rules(small), func(cfg *Config, _ *Settings) { cfg.Job = "mine" }, s.URL)
	require.Contains(t, collect(t, named), `vllm:num_requests_running{engine="0",job="mine",model_name="m"} 1`)
	bare := collector(t, rules(small), func(cfg *Config, _ *Settings) { cfg.Raw = false }, s.URL)
	require.Equal(t, []string{`model_batch_requests{engine="0",model="m"} 1`, `model_requests_running{engine="0",model="m"} 1`}, collect(t, bare))

	cfg := DefaultConfig()
	cfg.Targets = []string{s.URL + "#kind=vlm", "http://h#kind=vllm", "http://h/#kind=vllm,nobody"}
	_, err := New(cfg, Settings{})
	known := `must have kinds that a mapping has, which are ` + strings.Join(builtinOrder(), ", ")
	require.EqualError(t, err, `targets[0]: `+known+`; did you mean vllm? (got "vlm")`+"\n"+`targets[2]: `+known+` (got "nobody")`)
}

func TestTwoPagesOfOneServerAreToldApart(t *testing.T) {
	s := serve(t, "x_running 1\n")
	s.set("/other", "x_running{target=\"theirs\"} 2\n")
	require.Equal(t, []string{
		fmt.Sprintf(`model_requests_running{target="%s/metrics"} 1`, s.host()), fmt.Sprintf(`model_requests_running{target="%s/other"} 2`, s.host()),
		fmt.Sprintf(`x_running{exported_target="theirs",job="test",target="%s/other"} 2`, s.host()), fmt.Sprintf(`x_running{job="test",target="%s/metrics"} 1`, s.host()),
	}, collect(t, collector(t, rules(small), nil, s.URL+"/metrics", s.URL+"/other")))
}

func TestVersionPicksTheSourceAndNeverDelaysARound(t *testing.T) {
	s := serve(t, "x_old 1\nx_new 2\n")
	mapping := rules("  - {to: model_requests_running, from: [{name: x_new, until: \"2\"}, {name: x_old}]}\n") + "version: {path: /version, json: server.version}\n"
	c := collector(t, mapping, nil, s.URL)
	require.Contains(t, collect(t, c), "model_requests_running{} 2", "while the version is not known, the first name counts")

	s.set("/version", `{"server": {"version": "v2.1rc1"}}`)
	other := collector(t, mapping, nil, s.URL)
	require.Eventually(t, func() bool { return slices.Contains(collect(t, other), "model_requests_running{} 1") }, 30*time.Second, 10*time.Millisecond)
	require.Equal(t, "v2.1rc1", other.Targets()[0].Version)

	byLabel := rules("  - {to: model_requests_running, from: [{name: x_new, until: \"2\"}, {name: x_old}]}\n") + "version: {metric: x_info, label: v}\n"
	s.set("/metrics", "x_old 1\nx_new 2\nx_info{v=\"2.0\"} 1\n")
	third := collector(t, byLabel, nil, s.URL)
	require.Contains(t, collect(t, third), "model_requests_running{} 1", "a version on the page counts at once")

	release := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/version" {
			select {
			case <-release:
			case <-r.Context().Done():
			}
			return
		}
		_, _ = w.Write([]byte("x_new 2\n"))
	}))
	t.Cleanup(hangs.Close)
	t.Cleanup(func() { close(release) })
	fourth := collector(t, mapping, nil, hangs.URL)
	require.Contains(t, collect(t, fourth), "model_requests_running{} 2")
	require.NoError(t, fourth.Close(), "closing does not wait for an answer")
}

func TestCredentialsAreSent(t *testing.T) {
	s := serve(t, "x_running 1\n")
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("secret\n"), 0o600))
	c := collector(t, rules(small), func(cfg *Config, _ *Settings) {
		cfg.HTTPClient.BearerTokenFile = file
		cfg.HTTPClient.Headers = map[string]string{"X-Team": "models"}
	}, s.URL)
	collect(t, c)
	require.Equal(t, "Bearer secret", s.seen.Get("Authorization"))
	require.Equal(t, "models", s.seen.Get("X-Team"))
	require.Contains(t, s.seen.Get("Accept"), "application/vnd.google.protobuf")
}

func TestConfigErrorsNameKeyValueAndBound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"target":          {func(c *Config) { c.Targets = []string{"localhost:8000"} }, `targets[0]: must be a URL such as http://127.0.0.1:8000/metrics (got "localhost:8000")`},
		"user in target":  {func(c *Config) { c.Targets = []string{"http://me:secret@h/"} }, `targets[0]: must have no user; see http_client for credentials (got "http://me:xxxxx@h/")`},
		"fragment":        {func(c *Config) { c.Targets = []string{"http://h/#vllm"} }, `targets[0]: must have no fragment but #kind= with kinds, such as #kind=vllm (got "http://h/#vllm")`},
		"port":            {func(c *Config) { c.Targets = []string{"http://h", "http://h:99999"} }, `targets[1]: must have a port from 1 to 65535 (got "http://h:99999")`},
		"port 0":          {func(c *Config) { c.Targets = []string{"http://h:0"} }, `targets[0]: must have a port from 1 to 65535 (got "http://h:0")`},
		"target twice":    {func(c *Config) { c.Targets = []string{"http://h", "http://h"} }, `targets[1]: must name each URL once (got "http://h")`},
		"mapping":         {func(c *Config) { c.Mappings = []string{""} }, `mappings[0]: must be the name of a file (got "")`},
		"max_body":        {func(c *Config) { c.MaxBody = 1 }, "max_body: must be at least 1KiB (got 1)"},
		"max_series":      {func(c *Config) { c.MaxSeries = 0 }, "max_series: must be at least 1 (got 0)"},
		"max_labels":      {func(c *Config) { c.MaxLabels = -1 }, "max_labels: must be at least 1 (got -1)"},
		"max_label_name":  {func(c *Config) { c.MaxLabelName = 0 }, "max_label_name: must be at least 1B (got 0)"},
		"max_label_value": {func(c *Config) { c.MaxLabelValue = 0 }, "max_label_value: must be at least 1B (got 0)"},
		"interval":        {func(c *Config) { c.Interval = time.Millisecond }, "interval: must be 0 or at least 100ms (got 1ms)"},
		"timeout":         {func(c *Config) { c.Interval, c.Timeout = time.Second, time.Minute }, "timeout: must be between 0 and the interval (got 1m0s)"},
		"token and user": {func(c *Config) {
			c.HTTPClient.BearerTokenFile, c.HTTPClient.BasicAuth.Username, c.HTTPClient.BasicAuth.PasswordFile = "f", "u", "p"
		}, "http_client.bearer_token_file: must be empty when basic_auth.username is set (got f)"},
		"certificate": {func(c *Config) { c.HTTPClient.TLS.CertFile = "c" }, "http_client.tls.key_file: must be set together with tls.cert_file"},
	} {
		cfg := DefaultConfig()
		require.NoError(t, cfg.Validate())
		c.change(&cfg)
		err := cfg.Validate()
		require.ErrorContains(t, err, c.want, name)
		require.Len(t, config.Fields(err), 1, name)
		_, err = New(cfg, Settings{})
		require.ErrorContains(t, err, c.want, name)
	}
}

func TestEachBadTargetIsNamedByItsPlace(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Targets = []string{"localhost:8000", "http://h:65535", "http://h:65536", "ftp://h"}
	var keys []string
	for _, e := range config.Fields(cfg.Validate()) {
		keys = append(keys, e.Key)
	}
	require.Equal(t, []string{"targets[0]", "targets[2]", "targets[3]"}, keys)
}

func TestDescribeListsWhatIsEmittedWithoutPages(t *testing.T) {
	c := collector(t, "", nil)
	require.Equal(t, "scrape", c.Name())
	seen := map[string]bool{}
	for _, d := range c.Describe() {
		require.False(t, seen[d.Name], d.Name)
		seen[d.Name] = true
		require.NotEmpty(t, d.Help, d.Name)
		require.True(t, slices.IsSorted(d.Labels), d.Name)
	}
	require.True(t, seen["agent_scrape_success"] && seen["model_tokens_total"])
	require.NoError(t, c.Collect(t.Context(), &agent.Round{}))
}
