package ruletest_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts/promrules/ruletest"
)

// prometheusTests returns the folder of the tests that come with Prometheus.
func prometheusTests(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/prometheus/prometheus").Output()
	require.NoError(t, err)
	return filepath.Join(strings.TrimSpace(string(out)), "cmd", "promtool", "testdata")
}

func failures(results []ruletest.Result) (out []string) {
	for _, r := range results {
		for _, err := range r.Failures {
			out = append(out, r.Test+": "+err.Error())
		}
	}
	return out
}

// TestPrometheusOwnFiles runs the files that promtool is tested with. What promtool says of each is the same.
func TestPrometheusOwnFiles(t *testing.T) {
	dir := prometheusTests(t)
	for _, c := range []struct {
		file  string
		run   string
		fails string // part of the message; empty passes
	}{
		{"unittest.yml", "", ""},
		{"long-period.yml", "", ""},
		{"at-modifier-test.yml", "", ""},
		{"negative-offset-test.yml", "", ""},
		{"no-test-group-interval.yml", "", ""},
		{"start-time-test.yml", "", ""},
		{"rules_run_fuzzy.yml", "correct", ""},
		{"rules_run_fuzzy.yml", "wrong", "expected"},
		{"rules_run_no_fuzzy.yml", "", "expected"},
		{"rules_run.yml", "correct", ""},
		{"rules_run.yml", "", "wrong test: "},
		{"bad-input-series.yml", "", "input_series"},
		{"bad-promql.yml", "", "expr"},
		{"bad-rules-syntax-test.yml", "", "bad-rules-syntax.yml"},
		{"bad-rules-error-test.yml", "", "rule "},
		{"failing.yml", "", "expected"},
		{"nowhere.yml", "", "no such file"},
	} {
		t.Run(c.file+" "+c.run, func(t *testing.T) {
			o := ruletest.Options{Parser: parser.NewParser(parser.Options{EnableExperimentalFunctions: true})}
			if c.run != "" {
				o.Run = regexp.MustCompile(c.run)
			}
			results, warnings := ruletest.RunFile(t.Context(), filepath.Join(dir, c.file), o)
			require.Empty(t, warnings)
			require.NotEmpty(t, results)
			if c.fails == "" {
				require.Empty(t, failures(results))
			} else {
				require.Contains(t, strings.Join(failures(results), "\n"), c.fails)
			}
		})
	}
}
