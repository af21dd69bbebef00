package app

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
)

// recorder is a registry that remembers what was registered, also vectors that have no child yet.
type recorder struct {
	*prometheus.Registry
	mu  sync.Mutex
	all []prometheus.Collector
}

func (r *recorder) Register(c prometheus.Collector) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, c)
	return r.Registry.Register(c)
}

func (r *recorder) MustRegister(cs ...prometheus.Collector) {
	for _, c := range cs {
		if err := r.Register(c); err != nil {
			panic(err)
		}
	}
}

// start runs a server on a free port until the test ends.
func start(t *testing.T, change func(*Config, *Settings)) *App {
	t.Helper()
	cfg := DefaultConfig()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	cfg.Storage.WALSegmentSize = 1 << 20
	set := Settings{Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg, &set)
	}
	a, err := New(cfg, set)
	require.NoError(t, err)
	run(t, a)
	return a
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

var descPattern = regexp.MustCompile(`^Desc\{fqName: "([^"]*)", help: "((?:[^"\\]|\\.)*)", unit: "[^"]*", constLabels: \{.*\}, variableLabels: \{(.*)\}\}$`)

// metricRows are the rows of the table of our own metrics.
func metricRows(t *testing.T, r *recorder) []string {
	t.Helper()
	families, err := r.Gather()
	require.NoError(t, err)
	kinds := map[string]string{}
	for _, f := range families {
		kinds[f.GetName()] = strings.ToLower(f.GetType().String())
		if f.GetType() == dto.MetricType_HISTOGRAM && f.Metric[0].GetHistogram().Schema != nil {
			kinds[f.GetName()] = "native histogram"
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := map[string]bool{}
	for _, c := range r.all {
		descs := make(chan *prometheus.Desc)
		go func() {
			c.Describe(descs)
			close(descs)
		}()
		for d := range descs {
			m := descPattern.FindStringSubmatch(d.String())
			require.NotNil(t, m, d.String())
			name, help, labels := m[1], m[2], m[3]
			if !strings.HasPrefix(name, "endscope_") {
				continue
			}
			kind := kinds[name]
			if kind == "" { // a vector without children
				kind = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", c), "*prometheus."), "Vec"))
			}
			if labels != "" {
				labels = "`" + strings.ReplaceAll(labels, ",", "`, `") + "`"
			}
			rows[fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, kind, labels, help)] = true
		}
	}
	var sorted []string
	for row := range rows {
		sorted = append(sorted, row)
	}
	slices.Sort(sorted)
	return sorted
}

func TestGeneratedMetricsPageListsWhatTheServerExports(t *testing.T) {
	r := &recorder{Registry: prometheus.NewRegistry()}
	a := start(t, func(_ *Config, s *Settings) { s.Registry = r })
	table := "| metric | type | labels | meaning |\n|---|---|---|---|\n" + strings.Join(metricRows(t, r), "")

	const page, begin, end = "../../../docs/metrics.md", "<!-- server-metrics -->\n", "<!-- /server-metrics -->"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok, "%s has no line %q", page, begin)
	old, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "%s has no line %q", page, end)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+table+end+after), 0o644)) //nolint:gosec // a page for everyone
	} else {
		require.Empty(t, cmp.Diff(old, table), "run make generate")
	}

	families, err := r.Gather()
	require.NoError(t, err)
	var ours []string
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "endscope_") {
			ours = append(ours, f.GetName())
		}
	}
	problems, err := testutil.GatherAndLint(r, ours...)
	require.NoError(t, err)
	require.Empty(t, problems)

	status, body := get(t, a.URL()+"/metrics")
	require.Equal(t, http.StatusOK, status)
	for _, name := range append(ours, "prometheus_tsdb_head_series", "prometheus_engine_queries", "go_goroutines", "process_start_time_seconds") {
		require.Contains(t, body, name, "the registry has it, and /metrics does not")
	}
}
