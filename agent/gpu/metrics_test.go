package gpu

import (
	"errors"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/internal/config"
)

var _ agent.Collector = (*Collector)(nil)

func TestNamesKeepTheRulesOfPrometheus(t *testing.T) {
	var families []*dto.MetricFamily
	for _, d := range newSeries().all() {
		kind := dto.MetricType_GAUGE
		if d.Type == "counter" {
			kind = dto.MetricType_COUNTER
		}
		families = append(families, &dto.MetricFamily{Name: &d.Name, Help: &d.Help, Type: &kind, Metric: []*dto.Metric{{}}})
		if d.Unit != "" {
			require.Contains(t, d.Name, "_"+d.Unit)
		}
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

// Every row of docs/metrics.md for this collector names a metric that it has, with its type and labels, and the other way round.
func TestTheTableOfMetricsIsTrue(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(page), "### Collector `gpu`")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n### ")
	row := regexp.MustCompile("(?m)^\\| `([a-z_0-9]+)` \\| (\\w+) \\| (\\w*) ?\\| ([^|]*)\\|")
	documented := map[string][2]string{}
	for _, m := range row.FindAllStringSubmatch(section, -1) {
		documented[m[1]] = [2]string{m[2], m[3]}
		for _, d := range newSeries().all() {
			if d.Name != m[1] {
				continue
			}
			var labels []string
			for _, l := range d.Labels {
				if !strings.Contains(strings.Join(identityLabels[:], " "), l) || strings.HasPrefix(d.Name, "agent_") {
					labels = append(labels, "`"+l+"`")
				}
			}
			require.Equal(t, strings.Join(labels, ", "), strings.TrimSpace(m[4]), d.Name)
		}
	}
	have := map[string][2]string{}
	for _, d := range newSeries().all() {
		have[d.Name] = [2]string{string(d.Type), d.Unit}
	}
	require.Equal(t, have, documented)
}

func TestConfigNamesEachBadKey(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	bad := Config{DeviceTimeout: time.Millisecond, RetryInterval: time.Second}
	var keys []string
	for _, f := range config.Fields(bad.Validate()) {
		keys = append(keys, f.Key)
	}
	require.Equal(t, []string{"device_timeout", "retry_interval"}, keys)
	_, err := New(bad, Settings{Logger: slog.Default(), Source: &fakeSource{}})
	require.ErrorContains(t, err, "device_timeout")
	_, err = New(DefaultConfig(), Settings{Logger: slog.Default()})
	require.Error(t, err)
}

func TestCodes(t *testing.T) {
	require.Equal(t, Success, CodeOf(nil))
	require.Equal(t, Unknown, CodeOf(errors.New("else")))
	require.Equal(t, GPUIsLost, CodeOf(errors.Join(errors.New("else"), &Error{"call", GPUIsLost})))
	seen := map[string]bool{}
	for c := range Code(1000) {
		require.False(t, seen[c.String()], c)
		seen[c.String()] = true
	}
	require.Equal(t, "nvmlInit: driver_not_loaded", (&Error{"nvmlInit", DriverNotLoaded}).Error())
}
