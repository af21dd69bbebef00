package agent_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/host"
)

// documented reads the table of one collector from docs/metrics.md: a line `type|unit|labels` by metric.
func documented(t *testing.T, collector string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/metrics.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(text), "### Collector `"+collector+"`")
	require.True(t, ok, "docs/metrics.md has no section for collector %s", collector)
	section, _, _ = strings.Cut(section, "\n#")
	rows := map[string]string{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.ReplaceAll(strings.TrimSpace(line), "`", ""), "|")
		if len(cells) != 7 || !strings.HasPrefix(line, "| `") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		require.NotEmpty(t, cells[5], "%s: says what it means", cells[1])
		rows[cells[1]] = cells[2] + "|" + cells[3] + "|" + cells[4]
	}
	return rows
}

func TestEveryMetricIsDocumentedAndWellNamed(t *testing.T) {
	h, err := host.New(host.DefaultConfig(), host.Settings{})
	require.NoError(t, err)
	for collector, descs := range map[string][]*agent.Desc{"host": h.Describe(), "self": agent.SelfDescs()} {
		described := map[string]string{}
		var families []*dto.MetricFamily
		types := map[model.MetricType]dto.MetricType{model.MetricTypeCounter: dto.MetricType_COUNTER, model.MetricTypeGauge: dto.MetricType_GAUGE, model.MetricTypeHistogram: dto.MetricType_HISTOGRAM}
		for _, d := range descs {
			ls := slices.Clone(d.Labels)
			slices.Sort(ls)
			described[d.Name] = string(d.Type) + "|" + d.Unit + "|" + strings.Join(d.Labels, ", ")
			m := &dto.Metric{}
			for _, l := range ls {
				v := "x"
				m.Label = append(m.Label, &dto.LabelPair{Name: &l, Value: &v})
			}
			families = append(families, &dto.MetricFamily{Name: &d.Name, Help: &d.Help, Type: types[d.Type].Enum(), Metric: []*dto.Metric{m}})
			if d.Unit != "" {
				require.True(t, strings.HasSuffix(strings.TrimSuffix(d.Name, "_total"), "_"+d.Unit), "%s ends with its unit", d.Name)
			}
		}
		require.Equal(t, documented(t, collector), described, "docs/metrics.md against what collector %s describes", collector)
		problems, err := promlint.NewWithMetricFamilies(families).Lint()
		require.NoError(t, err)
		problems = slices.DeleteFunc(problems, func(p promlint.Problem) bool {
			return p.Metric == "instance_cpu_count" && strings.Contains(p.Text, `"_count" suffix`) // the design fixes this name
		})
		require.Empty(t, problems)
	}
}
