package app

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/cmd/internal/conftest"
)

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

// ours says that a metric is not one of the packages that the server is built on.
func ours(name string) bool {
	part, _, _ := strings.Cut(name, "_")
	return part == "endscope" || part == "alerts" || part == "resources"
}

func TestGeneratedMetricsPageListsWhatTheServerExports(t *testing.T) {
	r := prometheus.NewRegistry()
	a := start(t, func(_ *Config, s *Settings) { s.Registry = r })
	conftest.Section(t, "../../../docs/metrics.md", "server-metrics", conftest.Metrics(t, r, ours), *update)

	families, err := r.Gather()
	require.NoError(t, err)
	var names []string
	for _, f := range families {
		if ours(f.GetName()) {
			names = append(names, f.GetName())
		}
	}
	problems, err := testutil.GatherAndLint(r, names...)
	require.NoError(t, err)
	require.Empty(t, problems)

	status, body := get(t, a.URL()+"/metrics")
	require.Equal(t, http.StatusOK, status)
	for _, name := range append(names, "prometheus_tsdb_head_series", "prometheus_engine_queries", "go_goroutines", "process_start_time_seconds") {
		require.Contains(t, body, name, "the registry has it, and /metrics does not")
	}
}
