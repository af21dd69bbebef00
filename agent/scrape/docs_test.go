package scrape

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const manual = "../../docs/agent/scrape.md"

var updateManual = flag.Bool("update-manual", false, "write the table of canonical metrics into docs/agent/scrape.md")

func TestManualListsWhatThereIs(t *testing.T) {
	page, err := os.ReadFile(manual)
	require.NoError(t, err)
	text := string(page)
	for _, d := range newOwnDescs().list() {
		labels := "`" + strings.Join(d.Labels, "`, `") + "`"
		row := strings.ReplaceAll(fmt.Sprintf("| `%s` | %s | %s | %s | ", d.Name, d.Type, d.Unit, labels), "|  |", "| |")
		require.Contains(t, text, row)
	}
	for _, reason := range dropReasons() {
		require.Contains(t, text, "`"+reason+"`")
	}
	for _, path := range candidates() {
		require.Contains(t, text, "`"+path+"`")
	}

	metrics := canonicalMetrics()
	var table strings.Builder
	table.WriteString("\n| metric | type | labels |\n|---|---|---|\n")
	for _, name := range sorted(metrics) {
		m := metrics[name]
		var labels []string
		for _, l := range m.Labels {
			if strings.HasPrefix(name, "model_") && slices.Contains(modelLabels(), l) || strings.HasPrefix(name, "gpu_") && slices.Contains(gpuLabels(), l) {
				continue
			}
			cell := "`" + l + "`"
			if values := m.values[l]; values != nil {
				cell += "=`" + strings.Join(values, "`/`") + "`"
			} else if slices.Contains(m.required, l) {
				cell += " (required)"
			}
			labels = append(labels, cell)
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", name, m.Type, strings.Join(labels, ", "))
	}
	table.WriteString("\n")
	const begin, end = "<!-- canonical -->\n", "<!-- /canonical -->"
	head, rest, ok := strings.Cut(text, begin)
	require.True(t, ok)
	have, tail, ok := strings.Cut(rest, end)
	require.True(t, ok)
	if *updateManual {
		require.NoError(t, os.WriteFile(manual, []byte(head+begin+table.String()+end+tail), 0o600))
		return
	}
	require.Equal(t, table.String(), have, "go test ./agent/scrape -run Manual -update-manual writes it")
}

func TestExampleOfTheManualWorks(t *testing.T) {
	page, err := os.ReadFile(manual)
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(page), "```yaml\nkind: mine")
	require.True(t, ok)
	example, _, _ := strings.Cut("kind: mine"+rest, "```")
	s := serve(t, `mine_active{model_id="a"} 2
mine_tokens_total{model_id="a",kind="prompt"} 30
mine_tokens_total{model_id="a",kind="completion"} 10
mine_wait_us 4000000
mine_requests_total 2
`)
	require.Equal(t, []string{
		`model_queue_duration_seconds{} {count:2, sum:4, [-Inf,+Inf]:2}`, `model_requests_running{model="a"} 2`,
		`model_tokens_total{direction="input",model="a"} 30`, `model_tokens_total{direction="output",model="a"} 10`,
	}, canonicalOnly(collect(t, collector(t, example, nil, s.URL))))
}
