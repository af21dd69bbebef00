package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/test/programs"
)

// TestTinyFleet runs the whole program, twice on the same data, against the real server and against those peers that are on this machine. It
// fails if one sample is missing, or one answer differs.
func TestTinyFleet(t *testing.T) {
	bin := t.TempDir()
	require.NoError(t, programs.Build(t.Context(), bin, "-race"))
	program := filepath.Join(bin, "endscope")
	root, err := kit.FindRoot()
	require.NoError(t, err)
	dir := t.TempDir()
	args := []string{"-scale", "0.05", "-hours", "0.5", "-rounds", "2", "-warm-ups", "1", "-dir", dir, "-endscope", program}
	servers := []string{"endscope"}
	for name, path := range map[string]string{
		"prometheus": filepath.Join(root, ".cache", "peers", "prometheus"), "victoria-metrics": filepath.Join(root, ".cache", "debian", "bin", "victoria-metrics"),
	} {
		if _, err := os.Stat(path); err == nil {
			servers = append(servers, name)
			args = append(args, "-"+name, path)
		}
	}
	args = append(args, "-servers", strings.Join(servers, ","))
	for range 2 {
		var report, progress bytes.Buffer
		err := run(t.Context(), args, &report, &progress)
		require.NoError(t, err, "%s", &progress)
		require.Contains(t, report.String(), "| P99 by instance, 24 h | ")
		require.Contains(t, report.String(), "| p50 ≤ 150 ms | ")
		require.NotContains(t, report.String(), "n/a")
		require.Regexp(t, `came from: .*rollup [1-9]`, report.String())
	}
}

func TestBadFlagsAreNamed(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"-runs: must be at least 1 (got 0)", []string{"-runs", "0"}},
		{"-rounds: must be at least 1 (got 0)", []string{"-rounds", "0"}},
		{"-warm-ups: must be at least 0 (got -1)", []string{"-warm-ups", "-1"}},
		{"-scale: must be above 0", []string{"-scale", "-1"}},
		{"-hours: must be at least 0.5", []string{"-hours", "0.1"}},
		{`unexpected argument "x"`, []string{"x"}},
		{`-servers: no server named "influx"`, []string{"-servers", "endscope,influx", "-endscope", os.Args[0]}},
		{"-servers: endscope must be among them", []string{"-servers", "victoria-metrics", "-victoria-metrics", os.Args[0]}},
		{"no such file", []string{"-servers", "endscope", "-endscope", "/nonexistent"}},
	} {
		require.ErrorContains(t, run(t.Context(), c.args, io.Discard, io.Discard), c.want)
	}
	require.Error(t, run(t.Context(), []string{"-nosuch"}, io.Discard, io.Discard))
	_, err := pick(questions(plan{Endpoints: 1, Deployments: 1, Instances: 1}), "p99,why")
	require.ErrorContains(t, err, `-questions: no question named "why"`)
}
