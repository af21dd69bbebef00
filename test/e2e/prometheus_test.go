package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/subproc"
	"github.com/endscope/endscope/test/programs"
)

// instantQueries are asked at one past time; windows are longer than two scrapes. Rates are asked of series that are older than the window:
// for younger ones Prometheus 3 extrapolates otherwise than Debian's 2.42 does.
var instantQueries = []string{
	`up`,
	`{__name__=~".+"}`,
	`{__name__=~".+"} offset 1s`,
	`up[5s]`,
	`{__name__=~".*_seconds.*",job="endscope"}[4s]`,
	`count by (job) ({__name__=~".+"})`,
	`count by (__name__) ({job=~"agent|endscope"})`,
	`topk(3, go_memstats_alloc_bytes)`,
	`sum by (job) (rate(process_cpu_seconds_total[4s]) and process_cpu_seconds_total offset 4s)`,
	`rate(prometheus_http_requests_total[4s]) and prometheus_http_requests_total offset 4s`,
	`increase(prometheus_tsdb_head_samples_appended_total[4s]) and prometheus_tsdb_head_samples_appended_total offset 4s`,
	`irate(prometheus_tsdb_head_samples_appended_total[4s])`,
	`histogram_quantile(0.9, sum by (le, handler) (prometheus_http_request_duration_seconds_bucket))`,
	`histogram_quantile(0.5, rate(prometheus_http_request_duration_seconds_bucket[5s]) and prometheus_http_request_duration_seconds_bucket offset 5s)`,
	`histogram_count(endscope_http_request_duration_seconds)`, // native
	`histogram_sum(endscope_tsdb_commit_duration_seconds)`,
	`max_over_time(go_goroutines[5s])`,
	`quantile_over_time(0.5, scrape_duration_seconds[5s])`,
	`avg_over_time(scrape_samples_scraped[5s])`,
	`stddev_over_time(scrape_duration_seconds[5s])`,
	`count_over_time(up[5s])`,
	`deriv(process_resident_memory_bytes[5s])`,
	`changes(go_memstats_alloc_bytes[5s])`,
	`max_over_time(sum(up)[4s:1s])`,
	`timestamp(up)`,
	`absent(nonexistent)`,
	`absent(up)`,
	`label_replace(up, "where", "$1", "instance", "(.*):.*")`,
	`prometheus_build_info * on (instance) group_left () up`,
	`sort_desc(scrape_samples_scraped)`,
	`scrape_samples_scraped > bool 100`,
	`up == 1 or absent(up)`,
	`up unless on (job) go_info{job="prometheus"}`,
	`sum(scrape_samples_scraped) / count(up)`,
	`time()`,
	`vector(1) + scalar(sum(up))`,
}

// rangeQueries are asked over the last seconds of the same time.
var rangeQueries = []string{
	`up`,
	`sum by (job) (scrape_samples_scraped)`,
	`rate(prometheus_tsdb_head_samples_appended_total[3s]) and prometheus_tsdb_head_samples_appended_total offset 3s`,
	`go_memstats_alloc_bytes`,
	`histogram_quantile(0.9, sum by (le) (prometheus_http_request_duration_seconds_bucket))`,
	`count({__name__=~".+"})`,
}

// TestPrometheusGetsItsOwnAnswersBack lets Debian's Prometheus scrape three targets and write to Endscope, and wants the same answers
// from both, also after a target has gone.
func TestPrometheusGetsItsOwnAnswersBack(t *testing.T) {
	t.Parallel()
	tools := programs.Debian(t, "prometheus")
	s := programs.NewServer(t, bin)
	s.Start()
	s.Ready(20 * time.Second)
	a := newAgent(t, s.URL(), "--send.path", "/nowhere") // scraped here; what it pushes goes nowhere
	a.start()
	addr := programs.FreeAddr(t)
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
global: {scrape_interval: 1s, scrape_timeout: 900ms, external_labels: {}}
remote_write:
  - url: %s/api/v1/write
    send_exemplars: true
    send_native_histograms: true
    queue_config: {batch_send_deadline: 100ms}
scrape_configs:
  - {job_name: prometheus, static_configs: [{targets: [%q]}]}
  - {job_name: endscope, static_configs: [{targets: [%q]}]}
  - {job_name: agent, static_configs: [{targets: [%q]}]}
`, s.URL(), addr, s.Addr, a.page), 0o644))
	prom := programs.Run(t, filepath.Join(tools, "prometheus"), "--config.file="+config, "--storage.tsdb.path="+filepath.Join(t.TempDir(), "data"),
		"--web.listen-address="+addr, "--enable-feature=native-histograms,exemplar-storage", "--log.level=warn")
	both := []string{"http://" + addr, s.URL()}

	// Seven scrapes of each target, on both sides.
	at := settled(t, both, func(all []element) error {
		for _, job := range []string{"prometheus", "endscope", "agent"} {
			i := slices.IndexFunc(all, func(e element) bool { return e.Metric["job"] == job })
			if i < 0 || len(all[i].Values) < 7 {
				return fmt.Errorf("job %s has not been scraped seven times", job)
			}
		}
		return nil
	})
	compare(t, both, at)
	promtool(t, filepath.Join(tools, "promtool"), both, at)

	// A target that has gone leaves stale markers; both must stop showing it.
	a.proc.Kill()
	at = settled(t, both, func(all []element) error {
		for _, e := range all {
			if e.Metric["job"] == "agent" && e.Values[len(e.Values)-1].value == 0 {
				return nil
			}
		}
		return errors.New("the agent still answers its scrapes")
	})
	compare(t, both, at)
	gone, err := instant(t.Context(), s.URL(), `agent_spool_entries`, at)
	require.NoError(t, err)
	require.Empty(t, gone)
	require.NoError(t, prom.Stop(programs.Within(t, 20*time.Second)))
}

// settled waits until the samples of `up` satisfy want on every server. It returns a time that every server has samples after, and that
// lies in the middle between two scrapes of every target as far as that is possible, so that no window begins or ends on a sample:
// Prometheus 3 leaves its left end out, and 2 does not.
func settled(t *testing.T, bases []string, want func([]element) error) (at time.Time) {
	t.Helper()
	var phases []int64
	eventually(t, 30*time.Second, func(ctx context.Context) error {
		all, err := instant(ctx, bases[0], "up[1m]", time.Now())
		if err != nil {
			return err
		}
		phases = phases[:0]
		for _, e := range all {
			phases = append(phases, e.Values[len(e.Values)-1].at%1000)
		}
		at = between(time.Now(), phases)
		return want(all)
	})
	eventually(t, 20*time.Second, func(ctx context.Context) error {
		for _, base := range bases {
			all, err := instant(ctx, base, "timestamp(up)", time.Now())
			if err != nil {
				return err
			}
			if len(all) < len(phases) {
				return fmt.Errorf("%s has %d of %d targets", base, len(all), len(phases))
			}
			for _, e := range all {
				if e.Value.value*1000 <= float64(at.UnixMilli()) {
					return fmt.Errorf("%s has not caught up with %s", base, e.Metric["job"])
				}
			}
			all, err = instant(ctx, base, "up[1m]", time.Now())
			if err != nil {
				return err
			}
			if err := want(all); err != nil {
				return fmt.Errorf("%s: %w", base, err)
			}
		}
		return nil
	})
	return at
}

// between returns the first time after now whose milliseconds within the second are as far as possible from all phases.
func between(now time.Time, phases []int64) time.Time {
	best, far := int64(0), int64(-1)
	for ms := range int64(1000) {
		near := int64(1000)
		for _, p := range phases {
			d := (ms - p + 1000) % 1000
			near = min(near, d, 1000-d)
		}
		if near > far {
			best, far = ms, near
		}
	}
	at := now.Truncate(time.Second).Add(time.Duration(best) * time.Millisecond)
	if at.Before(now) {
		at = at.Add(time.Second)
	}
	return at
}

// compare asks both servers everything at the same past time and wants the same answers.
func compare(t *testing.T, both []string, at time.Time) {
	t.Helper()
	same := func(path, what string, params url.Values) {
		t.Helper()
		var answers [2][]element
		for i, base := range both {
			var err error
			answers[i], err = ask(t.Context(), base, path, params)
			require.NoError(t, err, what)
		}
		if !strings.Contains(what, "absent(up)") {
			require.NotEmpty(t, answers[0], what)
		}
		sameElements(t, what, answers[0], answers[1])
	}
	for _, q := range instantQueries {
		same("query", q, url.Values{"query": {q}, "time": {stamp(at)}})
	}
	for _, q := range rangeQueries {
		same("query_range", q, url.Values{"query": {q}, "start": {stamp(at.Add(-4 * time.Second))}, "end": {stamp(at)}, "step": {"1"}})
	}
	window := url.Values{"start": {stamp(at.Add(-5 * time.Second))}, "end": {stamp(at)}}
	for path, more := range map[string]url.Values{
		"labels": nil, "label/job/values": nil, "label/__name__/values": nil,
		"series": {"match[]": {"up", `{__name__=~"scrape_.*"}`}},
	} {
		params := url.Values{}
		for _, v := range []url.Values{window, more} {
			for k := range v {
				params[k] = v[k]
			}
		}
		var answers [2][]string
		for i, base := range both {
			body, err := subproc.Get(t.Context(), base+"/api/v1/"+path, params)
			require.NoError(t, err)
			var answer struct {
				Data []json.RawMessage `json:"data"`
			}
			require.NoError(t, json.Unmarshal(body, &answer))
			for _, d := range answer.Data {
				answers[i] = append(answers[i], string(d))
			}
			slices.Sort(answers[i])
		}
		require.NotEmpty(t, answers[0], path)
		require.Equal(t, answers[0], answers[1], path)
	}
}

// sameElements wants the same series with the same samples, whatever their order. Values that were stored are compared to the bit by the
// plain selectors among the queries; computed ones may differ by rounding, since the two engines are years apart.
func sameElements(t *testing.T, what string, want, got []element) {
	t.Helper()
	key := func(e element) string {
		b, err := json.Marshal(e.Metric)
		require.NoError(t, err)
		return string(b)
	}
	byKey := func(a, b element) int { return cmp.Compare(key(a), key(b)) }
	slices.SortFunc(want, byKey)
	slices.SortFunc(got, byKey)
	for i := range min(len(want), len(got)) {
		require.Equal(t, want[i].Metric, got[i].Metric, what)
	}
	require.Len(t, got, len(want), what)
	exact := !strings.Contains(what, "(")
	close := func(a, b float64) bool {
		if exact || math.IsNaN(a) || math.IsNaN(b) || math.IsInf(a, 0) || math.IsInf(b, 0) {
			return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
		}
		return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
	}
	points := func(e element) []point {
		if e.Value != nil {
			return []point{*e.Value}
		}
		return e.Values
	}
	histograms := func(e element) []histogramPoint {
		if e.Histogram != nil {
			return []histogramPoint{*e.Histogram}
		}
		return e.Histograms
	}
	for i := range want {
		w, g := points(want[i]), points(got[i])
		require.Len(t, g, len(w), "%s: %v", what, want[i].Metric)
		for k := range w {
			require.Equal(t, w[k].at, g[k].at, "%s: %v", what, want[i].Metric)
			require.True(t, close(w[k].value, g[k].value), "%s: %v: %v, not %v", what, want[i].Metric, g[k].value, w[k].value)
		}
		require.Equal(t, histograms(want[i]), histograms(got[i]), "%s: %v", what, want[i].Metric)
	}
}

// promtool runs every query subcommand of Debian's promtool at both servers and wants the same output.
func promtool(t *testing.T, program string, both []string, at time.Time) {
	t.Helper()
	start, end := stamp(at.Add(-4*time.Second)), stamp(at)
	for _, c := range []struct {
		name        string
		before, end []string // before and after the server's URL
	}{
		{"instant", []string{"--time=" + end}, []string{`sum by (job) (scrape_samples_scraped)`}},
		{"range", []string{"--start=" + start, "--end=" + end, "--step=1s"}, []string{`up`}},
		{"series", []string{"--start=" + start, "--end=" + end, `--match={__name__=~"up|scrape_.*"}`}, nil},
		{"labels", []string{"--start=" + start, "--end=" + end}, []string{"job"}},
	} {
		var out [2]string
		for i, base := range both {
			args := slices.Concat([]string{"query", c.name}, c.before, []string{base}, c.end)
			cmd := exec.CommandContext(programs.Within(t, 20*time.Second), program, args...)
			text, err := cmd.CombinedOutput()
			require.NoError(t, err, "promtool %s: %s", strings.Join(args, " "), text)
			lines := strings.Split(strings.TrimSpace(string(text)), "\n")
			slices.Sort(lines)
			out[i] = strings.Join(lines, "\n")
		}
		require.Contains(t, out[0], "endscope", c.name)
		require.Equal(t, out[0], out[1], "promtool query %s", c.name)
	}
}
