package main

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The whole program with a small fleet. That no rule is due in its time does not matter: the server takes the rules.
func TestSmallFleet(t *testing.T) {
	var report, progress bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-rules", "8", "-endpoints", "2", "-warm", "0s", "-measure", "1s", "-startup-delay", "0s"}, &report, &progress), progress.String())
	require.Contains(t, report.String(), "| | no rules | 8 rules |")
	require.Contains(t, report.String(), "| failed / missed | 0 / 0 | 0 / 0 |")
}

func TestRulesAreRules(t *testing.T) {
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "rules.json")
	require.NoError(t, writeRules(file, 40, 7))
	text, err := os.Open(file)
	require.NoError(t, err)
	defer text.Close()
	documents, err := resources.ParseDocuments(text, file)
	require.NoError(t, err)
	require.Len(t, documents, 40)
	for _, d := range documents {
		require.Equal(t, "alert-rule", d.Kind)
		r, err := alerts.ParseRule(d.Spec)
		require.NoError(t, err)
		for _, c := range r.Criteria {
			def, ok := catalogue.Lookup(c.MetricName, r.Scopes[0].Level())
			require.True(t, ok, c.MetricName)
			_, ok = def.Dimension("instanceId")
			require.True(t, ok && def.Supports(c.TimeAggregation), c.MetricName)
		}
	}
}

func TestSpreadsAreThoseOfHistograms(t *testing.T) {
	r := prometheus.NewRegistry()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "alerts_evaluation_lag_seconds", NativeHistogramBucketFactor: 1.1})
	r.MustRegister(h)
	for range 5 {
		h.Observe(100)
	}
	before, err := read(r)
	require.NoError(t, err)
	require.True(t, math.IsNaN(before.duration.quantile(0.5)))
	for i := 1; i <= 1000; i++ {
		h.Observe(float64(i) / 1000)
	}
	after, err := read(r)
	require.NoError(t, err)
	lag := after.lag.since(before.lag)
	require.InEpsilon(t, 0.5, lag.quantile(0.5), 0.1)
	require.InEpsilon(t, 0.99, lag.quantile(0.99), 0.1)
}

func TestBadFlagsAreNamed(t *testing.T) {
	for want, args := range map[string][]string{
		"-rules: must be from 1":      {"-rules", "0"},
		"-endpoints: must be from 1":  {"-endpoints", "0"},
		"-warm: must not be negative": {"-warm", "-1s"},
		"-measure: must be at least":  {"-measure", "1ms"},
		`unexpected argument "x"`:     {"x"},
	} {
		require.ErrorContains(t, run(t.Context(), args, io.Discard, io.Discard), want)
	}
}
