package kql

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/cmd/endscope/app"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// marks are the shares of cases that each area has to pass. Functions over the globe and graphs are built only in part, and answer a named
// error where they are not.
var marks = map[string]float64{"core": 0.98, "ip": 0.90, "series": 0.90, "long-tail": 0.90}

func TestOpenConformanceCases(t *testing.T) {
	runner, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "kql", "run.py"))
	require.NoError(t, err)
	if _, err := os.Stat(runner); errors.Is(err, os.ErrNotExist) {
		t.Log("the open conformance cases are left out: there is no folder shared/kql beside this checkout")
		return
	}
	cfg := app.DefaultConfig()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	server, err := app.New(cfg, app.Settings{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	defer func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, server.Close())
	}()
	require.Eventually(t, func() bool { return server.Ready() == nil }, 30*time.Second, 5*time.Millisecond)

	out, err := exec.CommandContext(t.Context(), "python3", runner, "--url", server.URL(), "--path", "/api/v1/logs/query", "--timeout", "60", "--list-failures", "1000", "--quiet").CombinedOutput()
	require.NoError(t, err, "%s", out)
	areas := regexp.MustCompile(`(?m)^by area: (.*)$`).FindSubmatch(out)
	require.NotNil(t, areas, "%s", out)
	t.Logf("%s", areas[0])
	seen := 0
	for _, m := range regexp.MustCompile(`([a-z-]+) (\d+)/(\d+)`).FindAllStringSubmatch(string(areas[1]), -1) {
		passed, err := strconv.Atoi(m[2])
		require.NoError(t, err)
		all, err := strconv.Atoi(m[3])
		require.NoError(t, err)
		mark, judged := marks[m[1]]
		if !judged {
			continue
		}
		seen++
		if float64(passed) < mark*float64(all) {
			t.Errorf("%s: %d of %d cases pass, and %.0f %% have to:\n%s", m[1], passed, all, 100*mark, out)
		}
	}
	require.Equal(t, len(marks), seen, "every area has cases:\n%s", out)
}
