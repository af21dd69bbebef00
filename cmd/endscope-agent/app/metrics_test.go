package app

import (
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
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

var descPattern = regexp.MustCompile(`^Desc\{fqName: "([^"]*)", help: "((?:[^"\\]|\\.)*)", unit: "[^"]*", constLabels: \{.*\}, variableLabels: \{(.*)\}\}$`)

// metricRows are the rows of the table of what the parts count. What the self collector describes has a table of its own.
func metricRows(t *testing.T, reg *prometheus.Registry, elsewhere string) []string {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	kinds := map[string]string{}
	for _, f := range families {
		kinds[f.GetName()] = strings.ToLower(f.GetType().String())
		if f.GetType() == dto.MetricType_HISTOGRAM {
			require.NotNil(t, f.Metric[0].GetHistogram().Schema, "%s is a native histogram", f.GetName())
			kinds[f.GetName()] = "native histogram"
		}
	}
	descs := make(chan *prometheus.Desc)
	go func() {
		reg.Describe(descs)
		close(descs)
	}()
	var rows []string
	for d := range descs {
		m := descPattern.FindStringSubmatch(d.String())
		require.NotNil(t, m, d.String())
		name, help, labels := m[1], m[2], m[3]
		if strings.Contains(elsewhere, "| `"+name+"` |") {
			continue
		}
		kind := kinds[name]
		switch { // of a vector without children
		case kind != "":
		case strings.HasSuffix(name, "_total"):
			kind = "counter"
		case strings.HasSuffix(name, "_duration_seconds"):
			kind = "native histogram"
		default:
			kind = "gauge"
		}
		if labels != "" {
			labels = "`" + strings.ReplaceAll(labels, ",", "`, `") + "`"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, kind, labels, strings.ReplaceAll(help, `\"`, `"`)))
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

func TestGeneratedMetricsPageListsWhatThePartsOfTheAgentCount(t *testing.T) {
	i := everythingOn(t)
	const page, begin, end = "../../../docs/metrics.md", "<!-- agent-metrics -->\n", "<!-- /agent-metrics -->"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok, "%s has no line %q", page, begin)
	old, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "%s has no line %q", page, end)
	table := "| metric | type | labels | meaning |\n|---|---|---|---|\n" + strings.Join(metricRows(t, i.reg, before), "")
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+table+end+after), 0o644)) //nolint:gosec // a page for everyone
	} else {
		require.Empty(t, cmp.Diff(old, table), "run make generate")
	}
	problems, err := testutil.GatherAndLint(i.reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}
