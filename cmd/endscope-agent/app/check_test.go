package app

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/scrape"
)

func TestCheckCountsSeriesAndMetricsApart(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "vllm:num_requests_running{model_name=\"a\"} 1\nvllm:num_requests_running{model_name=\"b\"} 2\n")
	}))
	defer s.Close()
	cfg := scrape.DefaultConfig()
	cfg.Targets = []string{s.URL + "/metrics"}
	col, err := scrape.New(cfg, scrape.Settings{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, col.Close()) }()
	require.NoError(t, col.Collect(t.Context(), &agent.Round{}))
	var f findings
	f.targets(&collectors{scrape: col})
	require.Len(t, f, 1)
	require.Equal(t, "vllm; 2 series, 4 canonical ones of 2 metrics: model_batch_requests, model_requests_running", f[0].Detail)
}

// Check asks as the probes do, so that it says of each what it will say.
func TestCheckDoesEachProbeOnce(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/nope", http.StatusFound) })
	s := httptest.NewTLSServer(mux) // with a certificate that nobody knows
	defer s.Close()
	cfg := DefaultConfig()
	mux.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	cfg.Lifecycle.Liveness.HTTP, cfg.Lifecycle.Readiness.HTTP = s.URL+"/health", s.URL+"/moved"
	cfg.Lifecycle.Startup.Exec = []string{"sh", "-c", "echo not yet; exit 3"}
	var f findings
	f.probes(t.Context(), cfg)
	require.Len(t, f, 3)
	require.NoError(t, f[0].Err)
	require.ErrorContains(t, f[1].Err, "404")
	require.ErrorContains(t, f[2].Err, "not yet")
}
