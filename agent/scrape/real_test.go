package scrape

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/test/programs"
)

const realRules = `
  - {to: model_requests_finished_total, from: [{name: x_requests_total}], keep: {code: reason}, values: {reason: {"200": stop, "*": error}}}
  - {to: model_requests_running, from: [{name: x_running}]}
  - {to: model_queue_duration_seconds, from: [{name: x_wait_seconds}]}
  - {to: model_request_duration_seconds, from: [{name: x_native_seconds}]}
`

// goServer serves a registry of the Go client in the best format that is left without those of hide.
func goServer(t *testing.T, opts promhttp.HandlerOpts, hide string) string {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x_requests_total", Help: "Requests."}, []string{"code"})
	running := prometheus.NewGauge(prometheus.GaugeOpts{Name: "x_running", Help: "Requests that run."})
	wait := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "x_wait_seconds", Help: "Waiting.", Buckets: []float64{0.1, 1}})
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "x_native_seconds", Help: "Working.", NativeHistogramBucketFactor: 1.1})
	reg.MustRegister(requests, running, wait, native)
	requests.WithLabelValues("200").Add(3)
	running.Set(2)
	for _, v := range []float64{0.05, 0.5, 5} {
		wait.(prometheus.ExemplarObserver).ObserveWithExemplar(v, prometheus.Labels{"request_id": "r"})
		native.Observe(v)
	}
	page := promhttp.HandlerFor(reg, opts)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hide != "" { // as from a client that does not know the format
			var accepted []string
			for _, part := range strings.Split(r.Header.Get("Accept"), ",") {
				if !slices.ContainsFunc(strings.Fields(hide), func(h string) bool { return strings.Contains(part, h) }) {
					accepted = append(accepted, part)
				}
			}
			r.Header.Set("Accept", strings.Join(accepted, ","))
		}
		page.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// real scrapes the target twice and returns its readings of the second time by name, which must be those of the first.
func real(t *testing.T, url string) map[string][]agent.Reading {
	t.Helper()
	c := collector(t, rules(realRules), nil, url)
	var names [2][]string
	var all map[string][]agent.Reading
	for i := range 2 {
		r := agent.Round{Time: time.Now()}
		require.NoError(t, c.Collect(t.Context(), &r))
		all = map[string][]agent.Reading{}
		for _, reading := range r.Readings {
			names[i] = append(names[i], reading.Desc.Name)
			all[reading.Desc.Name] = append(all[reading.Desc.Name], reading)
			require.Len(t, reading.LabelValues, len(reading.Desc.Labels))
		}
		slices.Sort(names[i])
		names[i] = slices.Compact(names[i])
	}
	require.Subset(t, names[1], names[0])
	require.InDelta(t, 1, all["agent_scrape_success"][0].Value, 0)
	require.Greater(t, all["agent_scrape_series"][0].Value, 30.0)
	require.InDelta(t, 3, all["model_requests_finished_total"][0].Value, 0)
	require.InDelta(t, 2, all["model_requests_running"][0].Value, 0)
	h := all["model_queue_duration_seconds"][0].Hist
	require.Equal(t, "{count:3, sum:5.55, [-Inf,0.1]:1, (0.1,1]:1, (1,+Inf]:1}", h.String())
	require.Equal(t, "Requests.", all["x_requests_total"][0].Desc.Help)
	require.Equal(t, "counter", string(all["x_requests_total"][0].Desc.Type))
	require.Len(t, all["x_wait_seconds_bucket"], 3)
	return all
}

func TestGoClient(t *testing.T) {
	t.Run("text", func(t *testing.T) {
		all := real(t, goServer(t, promhttp.HandlerOpts{}, "protobuf openmetrics"))
		require.True(t, all["model_requests_finished_total"][0].Start.IsZero(), "the text format has no start times")
	})
	t.Run("OpenMetrics", func(t *testing.T) {
		all := real(t, goServer(t, promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true}, "protobuf"))
		require.WithinDuration(t, time.Now(), all["model_requests_finished_total"][0].Start, time.Minute)
		require.WithinDuration(t, time.Now(), all["model_queue_duration_seconds"][0].Start, time.Minute)
		require.WithinDuration(t, time.Now(), all["x_wait_seconds_count"][0].Start, time.Minute)
		require.NotEmpty(t, all["model_queue_duration_seconds"][0].Exemplars)
	})
	t.Run("protobuf", func(t *testing.T) {
		all := real(t, goServer(t, promhttp.HandlerOpts{EnableOpenMetrics: true}, ""))
		require.WithinDuration(t, time.Now(), all["model_requests_finished_total"][0].Start, time.Minute)
		require.Len(t, all["model_queue_duration_seconds"][0].Exemplars, 3)
		require.Equal(t, uint64(3), all["x_native_seconds"][0].Hist.Count)
		require.GreaterOrEqual(t, all["model_request_duration_seconds"][0].Hist.Schema, int32(0), "a native histogram stays what it is")
		require.Equal(t, uint64(3), all["model_request_duration_seconds"][0].Hist.Count)
	})
}

func TestNodeClient(t *testing.T) {
	install(t, "testdata/node")
	for _, format := range []string{"text", "openmetrics"} {
		t.Run(format, func(t *testing.T) {
			cmd := exec.Command("node", "server.mjs", format)
			cmd.Dir, cmd.Stderr = "testdata/node", os.Stderr
			stdin, err := cmd.StdinPipe()
			require.NoError(t, err)
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			t.Cleanup(func() {
				require.NoError(t, stdin.Close())
				require.NoError(t, cmd.Wait())
			})
			url, err := bufio.NewReader(stdout).ReadString('\n')
			require.NoError(t, err)
			all := real(t, strings.TrimSpace(url))
			require.NotEmpty(t, all["nodejs_eventloop_lag_seconds"])
			require.Equal(t, format == "openmetrics", len(all["model_queue_duration_seconds"][0].Exemplars) > 0)
		})
	}
}

// install makes node_modules hold what the lock file says.
func install(t *testing.T, dir string) {
	t.Helper()
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	require.NoError(t, err)
	require.NotContains(t, string(lock), `"resolved"`, "npm install with the .npmrc of this folder leaves it out")
	want := sha256.Sum256(lock)
	stamp := filepath.Join(dir, "node_modules", ".lock.sha256")
	have, err := os.ReadFile(stamp)
	if bytes.Equal(have, want[:]) {
		return
	}
	require.True(t, err == nil || errors.Is(err, fs.ErrNotExist), "%v", err)
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "npm ci: %s", out)
	require.NoError(t, os.WriteFile(stamp, want[:], 0o600))
}

func TestPrometheusItself(t *testing.T) {
	program := filepath.Join(programs.Debian(t, "prometheus"), "prometheus")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yml"), nil, 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	cmd := exec.Command(program, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	var said strings.Builder
	cmd.Stderr = &said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		require.NoError(t, cmd.Wait(), "%s", &said)
	})
	c := collector(t, "", nil, "http://"+address)
	require.Eventually(t, func() bool { return c.Collect(t.Context(), &agent.Round{Time: time.Now()}) == nil }, time.Minute, 50*time.Millisecond)
	r := agent.Round{Time: time.Now()}
	require.NoError(t, c.Collect(t.Context(), &r))
	info := c.Targets()[0]
	require.Greater(t, info.Series, 200)
	require.Empty(t, info.Kinds)
	require.NoError(t, info.Err)
	types := map[string]string{}
	for _, reading := range r.Readings {
		types[reading.Desc.Name] = string(reading.Desc.Type)
	}
	require.Equal(t, "counter", types["prometheus_http_requests_total"])
	require.Equal(t, "histogram", types["prometheus_http_request_duration_seconds_bucket"])
	require.Equal(t, "summary", types["go_gc_duration_seconds"])
	require.Equal(t, "gauge", types["go_goroutines"])
}
