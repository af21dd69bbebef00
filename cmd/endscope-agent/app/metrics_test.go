package app

import (
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/cmd/internal/conftest"
)

// everythingOn is an instance with every part that can be on, which talks to nobody.
func everythingOn(t *testing.T) *instance {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Agent.Server, cfg.Agent.Endpoint, cfg.Agent.Deployment, cfg.Agent.Instance = "http://127.0.0.1:1", "e", "d", "i"
	cfg.Agent.DataDir, cfg.Agent.Metrics.Listen = t.TempDir(), ""
	cfg.Proxy.Listen, cfg.Proxy.Target = "127.0.0.1:0", "http://127.0.0.1:1"
	cfg.Scrape.Targets = []string{"http://127.0.0.1:1/metrics"}
	cfg.Console.Files = []string{t.TempDir() + "/*.log"}
	i, err := newInstance(t.Context(), cfg, child{command: []string{"true"}}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, i.Close()) })
	return i
}

func TestGeneratedMetricsPageListsWhatThePartsOfTheAgentCount(t *testing.T) {
	i := everythingOn(t)
	const page = "../../../docs/metrics.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	elsewhere, _, _ := strings.Cut(string(text), "<!-- agent-metrics -->") // what the self collector describes has a table of its own
	table := conftest.Metrics(t, i.reg, func(name string) bool { return !strings.Contains(elsewhere, "| `"+name+"` |") })
	conftest.Section(t, page, "agent-metrics", table, *update)
	problems, err := testutil.GatherAndLint(i.reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}
