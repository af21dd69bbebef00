package scrape

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/scrape"
	"github.com/endscope/endscope/cmd/endscope/app"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	step   = 15 * time.Second
	rounds = 48 // of a story: 12 minutes
)

// chain is a server with what the agents pushed to it.
type chain struct {
	t     *testing.T
	url   string
	http  *http.Client
	begin time.Time // of the story, at a whole minute
}

func start(t *testing.T) *chain {
	t.Helper()
	cfg := app.DefaultConfig()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	server, err := app.New(cfg, app.Settings{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	c := &chain{t: t, url: server.URL(), http: &http.Client{Transport: &http.Transport{}}, begin: time.Now().Add(-20 * time.Minute).Truncate(time.Minute)}
	t.Cleanup(func() {
		c.http.CloseIdleConnections()
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, server.Close())
	})
	require.Eventually(t, func() bool { return server.Ready() == nil }, time.Minute, 5*time.Millisecond)
	return c
}

func (c *chain) at(round int) time.Time { return c.begin.Add(time.Duration(round) * step) }
func (c *chain) end() time.Time         { return c.at(rounds) }

// scraped returns what the real collector makes of the story's pages. version is what the server answers under /version.
func (c *chain) scraped(page, version func(round int) string) [][]agent.Reading {
	var mu sync.Mutex
	body, says := "", ""
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.URL.Path == "/metrics":
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			_, _ = io.WriteString(w, body)
		case r.URL.Path == "/version" && says != "":
			_, _ = fmt.Fprintf(w, `{"version":%q}`, says)
		default:
			http.NotFound(w, r)
		}
	}))
	defer model.Close()
	cfg := scrape.DefaultConfig()
	cfg.Targets = []string{model.URL}
	collector, err := scrape.New(cfg, scrape.Settings{})
	require.NoError(c.t, err)
	defer func() { require.NoError(c.t, collector.Close()) }()
	var story [][]agent.Reading
	for i := 1; i <= rounds; i++ {
		mu.Lock()
		body, says = page(i), version(i)
		mu.Unlock()
		r := agent.Round{Time: c.at(i)}
		require.NoError(c.t, collector.Collect(c.t.Context(), &r))
		readings := slices.Clone(r.Readings)
		for j := range readings {
			require.True(c.t, readings[j].Time.IsZero())
			readings[j].Time = c.at(i)
		}
		story = append(story, readings)
	}
	return story
}

// replay is a collector whose rounds were scraped before.
type replay struct {
	story [][]agent.Reading
	done  chan struct{}
}

func (r *replay) Name() string            { return "scrape" }
func (r *replay) Describe() []*agent.Desc { return nil }
func (r *replay) Close() error            { return nil }

func (r *replay) Collect(_ context.Context, round *agent.Round) error {
	if len(r.story) == 0 {
		return nil
	}
	round.Readings = append(round.Readings, r.story[0]...)
	if r.story = r.story[1:]; len(r.story) == 0 {
		close(r.done)
	}
	return nil
}

// push sends a story as an instance's agent does.
func (c *chain) push(deployment, instance string, story [][]agent.Reading) {
	c.t.Helper()
	cfg := agent.DefaultConfig()
	cfg.Server, cfg.Endpoint, cfg.Deployment, cfg.Instance = c.url, "llm", deployment, instance
	cfg.DataDir, cfg.Metrics.Listen, cfg.Interval = c.t.TempDir(), "", 100*time.Millisecond
	cfg.Collectors.Self.Interval = time.Hour
	cfg.Send.ShutdownTimeout = time.Minute
	source := &replay{story: story, done: make(chan struct{})}
	a, err := agent.New(cfg, agent.Settings{Sources: []agent.Source{{Collector: source}}})
	require.NoError(c.t, err)
	ctx, cancel := context.WithCancel(c.t.Context())
	ran := make(chan error, 1)
	go func() { ran <- a.Run(ctx) }()
	select {
	case <-source.done:
	case <-time.After(2 * time.Minute):
		require.Fail(c.t, "the agent does not read")
	}
	// The end of the story waits in the spool when it is read, and is sent before the agent ends.
	of := fmt.Sprintf("{deployment=%q,instance=%q}", deployment, instance)
	require.Eventually(c.t, func() bool {
		got := c.promql("sum(count_over_time(agent_scrape_success" + of + "[15m]))")
		return len(got) == 1 && got[0] == rounds
	}, time.Minute, 20*time.Millisecond)
	cancel()
	require.NoError(c.t, <-ran)
	require.NoError(c.t, a.Close())
}

func (c *chain) get(path string, query url.Values, into any) {
	c.t.Helper()
	resp, err := c.http.Get(c.url + path + "?" + query.Encode())
	require.NoError(c.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	require.Equal(c.t, http.StatusOK, resp.StatusCode, "%s", body)
	require.NoError(c.t, json.Unmarshal(body, into))
}

// promql evaluates the expression at the story's end and returns the values.
func (c *chain) promql(expr string) (values []float64) {
	c.t.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	c.get("/api/v1/query", url.Values{"query": {expr}, "time": {strconv.FormatInt(c.end().Unix(), 10)}}, &answer)
	for _, r := range answer.Data.Result {
		v, err := strconv.ParseFloat(r.Value[1].(string), 64)
		require.NoError(c.t, err)
		values = append(values, v)
	}
	return values
}

// series is one of the server's drill-down answers.
type series struct {
	Scope, Metric string
	Dimensions    map[string]string
	Values        []*float64
}

// metric asks for a catalogue metric at the scope over the story, in windows of the interval.
func (c *chain) metric(name, scope, interval string, more ...string) []series {
	c.t.Helper()
	query := url.Values{
		"scope": {scope}, "metric": {name}, "interval": {interval}, "start": {strconv.FormatInt(c.begin.Unix(), 10)}, "end": {strconv.FormatInt(c.end().Unix(), 10)},
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	var answer struct{ Series []series }
	c.get("/api/v1/metrics", query, &answer)
	return answer.Series
}

// sample reads one of the sample pages.
func sample(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "agent", "scrape", "testdata", "pages", file))
	require.NoError(t, err)
	return string(text)
}

// times returns the page with the values of the series that begin with one of the names multiplied by factor.
func times(t *testing.T, page string, factor float64, names ...string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(page) {
		if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(line, n) }) {
			at := strings.LastIndexByte(line, ' ')
			v, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
			require.NoError(t, err)
			line = line[:at+1] + strconv.FormatFloat(v*factor, 'g', -1, 64) + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// total adds up the values of the series that begin with the name.
func total(t *testing.T, page, name string) (sum float64) {
	t.Helper()
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, name+"{"); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(rest, ' '):]), 64)
			require.NoError(t, err)
			sum += v
		}
	}
	require.Positive(t, sum, name)
	return sum
}

func none(int) string { return "" }

// Triton adds up microseconds. Its mean is honest, and nobody makes up a percentile.
func TestTritonHasMeansAndNoPercentiles(t *testing.T) {
	c := start(t)
	page := sample(t, "triton.txt")
	c.push("triton", "t-0", c.scraped(func(round int) string {
		return times(t, page, float64(round), "nv_inference_request_success", "nv_inference_request_duration_us", "nv_inference_queue_duration_us")
	}, none))

	want := total(t, page, "nv_inference_queue_duration_us") / total(t, page, "nv_inference_request_success") / 1000 // ms
	mean := c.metric("ModelQueueTime", "llm/triton", "1m")
	require.Len(t, mean, 1)
	require.Len(t, mean[0].Values, rounds/4)
	for i, v := range mean[0].Values {
		require.NotNil(t, v, "minute %d", i)
		require.InEpsilon(t, want, *v, 1e-9, "minute %d", i)
	}
	require.InEpsilonSlice(t, []float64{want / 1000}, c.promql(`sum(rate(nv_inference_queue_duration_us{job="triton"}[10m])) / sum(rate(nv_inference_request_success{job="triton"}[10m])) / 1e6`), 1e-9, "as PromQL has it of the raw series")
	for _, name := range []string{"ModelQueueTime_P50", "ModelQueueTime_P99", "ModelRequestLatency_P95"} {
		for _, interval := range []string{"1m", "full"} {
			for _, s := range c.metric(name, "llm/triton", interval) {
				for _, v := range s.Values {
					require.Nil(t, v, "%s: one bucket knows no percentile", name)
				}
			}
		}
	}
}

// A fleet in the middle of an update: two instances of vLLM 0.11, of which one has only the old name of the cache's utilisation, two of 0.13, and one of the four becomes 0.13 half-way.
func TestFleetOfSeveralVersions(t *testing.T) {
	const latency, caches = "vllm:e2e_request_latency_seconds", "cache_usage_perc"
	c := start(t)
	older, newer := sample(t, "vllm-0.11.0.txt"), sample(t, "vllm-0.13.0.txt")
	var oldest strings.Builder
	for line := range strings.Lines(older) {
		if !strings.Contains(line, "vllm:kv_cache_usage_perc") {
			oldest.WriteString(line)
		}
	}
	require.Contains(t, oldest.String(), "\nvllm:gpu_"+caches)
	require.NotContains(t, newer, "\nvllm:gpu_"+caches)
	grown := func(page string, round int) string {
		cache := 1.0
		if round > rounds/2 {
			cache = 1.2
		}
		return times(t, times(t, page, float64(round), latency), cache, "vllm:gpu_"+caches, "vllm:kv_"+caches)
	}
	instances := map[string]func(round int) (page, version string){
		"i-0": func(int) (string, string) { return oldest.String(), "0.11.0" },
		"i-1": func(round int) (string, string) {
			if round > rounds/2 {
				return newer, "0.13.0"
			}
			return oldest.String(), "0.11.0"
		},
		"i-2": func(int) (string, string) { return newer, "0.13.0" },
		"i-3": func(int) (string, string) { return newer, "" }, // does not tell its version
	}
	t.Run("push", func(t *testing.T) {
		for name, at := range instances {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				own := *c
				own.t = t
				own.push("blue", name, own.scraped(
					func(round int) string { page, _ := at(round); return grown(page, round) },
					func(round int) string { _, version := at(round); return version },
				))
			})
		}
	})

	// The pages show two engines, with 0.625 and 0.25.
	cache := c.metric("CacheUtilization", "llm", "1m", "split", "deployment")
	require.Len(t, cache, 1, "one series, whatever a version calls it")
	require.Equal(t, map[string]string{"deployment": "blue"}, cache[0].Dimensions)
	require.Len(t, cache[0].Values, rounds/4)
	for i, v := range cache[0].Values {
		require.NotNil(t, v, "minute %d has a value", i)
		switch {
		case i < rounds/8:
			require.InDelta(t, 43.75, *v, 1e-9, "minute %d", i)
		case i > rounds/8: // the minute between holds both
			require.InDelta(t, 52.5, *v, 1e-9, "minute %d", i)
		}
	}
	require.Equal(t, []float64{8}, c.promql(`count(model_cache_utilization_ratio{endpoint="llm",deployment="blue"})`), "two engines of four instances, each once")
	require.Equal(t, []float64{8 * rounds}, c.promql(`sum(count_over_time(model_cache_utilization_ratio{endpoint="llm",deployment="blue"}[15m]))`), "without a gap")

	for name, q := range map[string]string{"ModelRequestLatency_P50": "0.5", "ModelRequestLatency_P99": "0.99"} {
		want := c.promql(`1000 * histogram_quantile(` + q + `, sum by (le) (rate(` + latency + `_bucket{deployment="blue"}[12m])))`)
		require.Len(t, want, 1)
		require.Greater(t, want[0], 1000.0, "as the sample page has it")
		got := c.metric(name, "llm/blue", "full")
		require.Len(t, got, 1)
		require.Len(t, got[0].Values, 1)
		require.NotNil(t, got[0].Values[0])
		require.InEpsilon(t, want[0], *got[0].Values[0], 1e-9, "%s, against PromQL over the raw classic buckets", name)
	}
}
