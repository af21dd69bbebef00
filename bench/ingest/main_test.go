package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// TestQuickOnEndscope runs the whole program against the real server, with both durabilities and both messages. It fails if one
// sample is missing.
func TestQuickOnEndscope(t *testing.T) {
	bin := t.TempDir()
	require.NoError(t, programs.Build(t.Context(), bin, "-race"))
	program := filepath.Join(bin, "endscope")
	for _, proto := range []string{"1.0", "2.0"} {
		t.Run(proto, func(t *testing.T) {
			work := t.TempDir()
			var report, progress bytes.Buffer
			err := run(t.Context(), []string{"-quick", "-proto", proto, "-servers", "endscope-commit,endscope-interval", "-endscope", program, "-work", work}, &report, &progress)
			require.NoError(t, err, "%s", &progress)
			require.Contains(t, report.String(), "| samples/s | ")
			require.Contains(t, report.String(), "### fleet: 6,000 series")
			left, err := os.ReadDir(work)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestBadFlagsAreNamed(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"-proto: must be 1.0 or 2.0 (got 3)", []string{"-proto", "3"}},
		{"-runs: must be at least 1 (got 0)", []string{"-runs", "0"}},
		{"-scale: must be above 0", []string{"-scale", "-1"}},
		{`unexpected argument "x"`, []string{"x"}},
		{`-servers: no server named "influx"`, []string{"-servers", "influx"}},
		{"-servers: none is left", []string{"-proto", "2.0", "-servers", "victoria-metrics"}},
		{`-loads: no load named "odd"`, []string{"-servers", "victoria-metrics", "-victoria-metrics", os.Args[0], "-loads", "odd"}},
		{"no such file", []string{"-servers", "victoria-metrics", "-victoria-metrics", "/nonexistent"}},
	} {
		require.ErrorContains(t, run(t.Context(), c.args, io.Discard, io.Discard), c.want)
	}
	require.Error(t, run(t.Context(), []string{"-nosuch"}, io.Discard, io.Discard))
}
