package scrape

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

const manual = "../../docs/agent/scrape.md"

var updateManual = flag.Bool("update-manual", false, "write the table of canonical metrics into docs/agent/scrape.md")

func TestManualListsWhatThereIs(t *testing.T) {
	page, err := os.ReadFile(manual)
	require.NoError(t, err)
	text := string(page)
	for _, d := range newOwnDescs().list() {
		require.Contains(t, text, "| `"+d.Name+"` | ")
	}
	for _, reason := range dropReasons() {
		require.Contains(t, text, "`"+reason+"`")
	}
	require.Contains(t, strings.Join(strings.Fields(text), " "), strings.Join(builtinOrder(), ", "))
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

func TestOwnMetricsAreDocumentedAndWellNamed(t *testing.T) {
	text, err := os.ReadFile("../../docs/metrics.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(text), "### Collector `scrape`")
	require.True(t, ok, "docs/metrics.md has a section for the collector")
	section, _, _ = strings.Cut(section, "\n#")
	documented := map[string]string{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.ReplaceAll(strings.TrimSpace(line), "`", ""), "|")
		if len(cells) != 7 || !strings.HasPrefix(line, "| `") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		require.NotEmpty(t, cells[5], "%s: says what it means", cells[1])
		documented[cells[1]] = cells[2] + "|" + cells[3] + "|" + cells[4]
	}
	described := map[string]string{}
	var families []*dto.MetricFamily
	for _, d := range newOwnDescs().list() {
		described[d.Name] = string(d.Type) + "|" + d.Unit + "|" + strings.Join(d.Labels, ", ")
		m := &dto.Metric{}
		for _, l := range d.Labels {
			m.Label = append(m.Label, &dto.LabelPair{Name: &l, Value: new("x")})
		}
		typ := map[model.MetricType]dto.MetricType{model.MetricTypeCounter: dto.MetricType_COUNTER, model.MetricTypeGauge: dto.MetricType_GAUGE}[d.Type]
		families = append(families, &dto.MetricFamily{Name: &d.Name, Help: &d.Help, Type: &typ, Metric: []*dto.Metric{m}})
	}
	require.Equal(t, documented, described, "docs/metrics.md against what the collector describes")
	for _, reason := range dropReasons() {
		require.Contains(t, section, "`"+reason+"`")
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)

	// And what it describes is what a round gives, with every reason there from the start.
	s := serve(t, "x_running 1\n")
	lines, err := round(t, collector(t, rules(rejected), nil, s.URL))
	require.NoError(t, err)
	given := map[string]bool{}
	for _, l := range lines {
		if name, _, _ := strings.Cut(l, "{"); strings.HasPrefix(name, "agent_") {
			given[name] = true
		}
	}
	require.Len(t, given, len(documented))
	for name := range given {
		require.Contains(t, documented, name)
	}
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

// The addresses of model-servers.md are what a target without a path finds.
func TestPathsOfModelServersAreTried(t *testing.T) {
	page, err := os.ReadFile("../../docs/agent/model-servers.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(page), "## How to turn metrics on")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	require.NotContains(t, section, "whole address")
	rows := 0
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[2], "`") {
			continue
		}
		rows++
		_, address, _ := strings.Cut(cells[2], "`")
		address, _, _ = strings.Cut(address, "`")
		require.Contains(t, candidates(), address[strings.Index(address, "/"):], line)
	}
	require.Equal(t, len(builtinOrder()), rows)
}
