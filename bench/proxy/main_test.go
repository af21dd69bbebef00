package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// TestMain is a child of the benchmark when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childWord {
		if err := run(context.Background(), os.Args[1:], io.Discard, os.Stderr); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestATinyRun(t *testing.T) {
	var out strings.Builder
	nginx := filepath.Join(programs.Debian(t, "nginx"), "nginx")
	require.NoError(t, run(t.Context(), []string{"-rate", "100", "-seconds", "1", "-rounds", "3", "-streams", "3", "-tokens", "5", "-interval", "5ms", "-connections", "4", "-dir", t.TempDir(), "-nginx", nginx}, &out, io.Discard))
	text := out.String()
	for _, w := range []string{"direct", "Endscope", "nginx"} {
		rows := regexp.MustCompile(`(?m)^\| `+w+` \|.* (\d+) \| (\d+) \|$`).FindAllStringSubmatch(text, -1)
		require.Len(t, rows, 2, "%s in\n%s", w, text)
		require.Equal(t, "0", rows[0][2], "requests that failed, in\n%s", text)
		require.Equal(t, []string{"45", "0"}, rows[1][1:], "3 rounds of 3 streams of 5 tokens, in\n%s", text)
	}
	require.Contains(t, text, "| added at p50 < 0.500 ms |")
}

func TestPercentiles(t *testing.T) {
	var v []time.Duration
	for i := range 100 {
		v = append(v, time.Duration(i+1))
	}
	require.Equal(t, time.Duration(51), percentile(v, 0.5))
	require.Equal(t, time.Duration(100), percentile(v, 0.99))
	require.Zero(t, percentile(nil, 0.5))
	require.Equal(t, time.Duration(2), median([]time.Duration{3, 1, 2}))
}

func TestFlags(t *testing.T) {
	_, err := parse([]string{"-rate", "0"}, io.Discard)
	require.ErrorContains(t, err, "-rate")
	_, err = parse([]string{"-no-such"}, io.Discard)
	require.Error(t, err)
}
