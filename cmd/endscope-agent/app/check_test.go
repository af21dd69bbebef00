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
