package main

import (
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// TestMain is the model server when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == modelWord {
		main()
		return
	}
	os.Exit(m.Run())
}

func tinyArgs(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("ENDSCOPE_TEST_PROGRAMS")
	if dir == "" {
		dir = t.TempDir()
		require.NoError(t, programs.Build(t.Context(), dir, "-race"))
	}
	return []string{"-agent", filepath.Join(dir, "endscope-agent"), "-endscope", filepath.Join(dir, "endscope"), "-dir", t.TempDir()}
}

func TestTinyRuns(t *testing.T) {
	args := append(tinyArgs(t), "-interval", "500ms", "-warm-up", "0s", "-seconds", "2", "-connections", "4", "-goal", "1024")
	var out strings.Builder
	require.NoError(t, run(t.Context(), append(args, "-rates", "0,50"), &out, io.Discard), "%s", &out)
	rows := regexp.MustCompile(`(?m)^\| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \|`).FindAllStringSubmatch(out.String(), -1)
	require.Len(t, rows, 2, "%s", &out)
	require.Equal(t, "0", rows[0][5])
	var n int
	_, err := fmt.Sscan(rows[1][5], &n)
	require.NoError(t, err)
	require.Positive(t, n)
	require.Contains(t, out.String(), "stayed below 1024 MiB: yes")

	out.Reset()
	require.NoError(t, run(t.Context(), append(args, "-rates", "50", "-outage", "2s"), &out, io.Discard), "%s", &out)
	require.Regexp(t, `(?m)^\| \d+ \| 0 \| 0 \| 0 \| 0 \| 0 \|`, out.String())
}

func TestFlags(t *testing.T) {
	_, err := parse([]string{"-rates", "10,x"}, io.Discard)
	require.ErrorContains(t, err, "-rates")
	_, err = parse([]string{"-jumps", "20s:5m,10s:0s"}, io.Discard)
	require.ErrorContains(t, err, "-jumps")
	_, err = parse([]string{"-seconds", "0"}, io.Discard)
	require.ErrorContains(t, err, "-seconds")
	_, err = parse([]string{"-no-such"}, io.Discard)
	require.Error(t, err)
}

func TestPercentiles(t *testing.T) {
	a := answers{taken: []time.Duration{1, 2, 3, 4}}
	require.Equal(t, time.Duration(3), a.percentile(0.5))
	require.Equal(t, time.Duration(4), a.percentile(0.99))
	require.Zero(t, answers{}.percentile(0.5))
}

func TestALoadKeepsItsRate(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.Empty(t, load(ctx, "127.0.0.1:1", 0, 1, 16).ids)
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	got := load(ctx, "127.0.0.1:1", 100, 2, 16)
	require.Positive(t, got.failed)
	require.Error(t, got.err)
}

// The clock of a real agent jumps only in long runs by hand, as all of Go is built anew for it. This Go's time.Now must be one that can be changed so.
func TestThisGoCanBeGivenAJumpingClock(t *testing.T) {
	jumps, err := parseJumps("20s:5m,40s:-2h,60s:0s")
	require.NoError(t, err)
	require.Equal(t, []jump{{20 * time.Second, 5 * time.Minute}, {40 * time.Second, -2 * time.Hour}, {time.Minute, 0}}, jumps)
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	require.NoError(t, err)
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src/time/time.go"))
	require.NoError(t, err)
	changed, err := jumpingTime(string(source), jumps)
	require.NoError(t, err)
	_, err = parser.ParseFile(token.NewFileSet(), "time.go", changed, parser.AllErrors)
	require.NoError(t, err)
	require.Contains(t, changed, "sec += jumped(mono - startNano)")
	require.Contains(t, changed, "sec = -7200")
	_, err = jumpingTime("package time", jumps)
	require.Error(t, err)
}
