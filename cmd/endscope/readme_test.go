package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/cmd/endscope/app"
)

// TestCurlExamplesWork runs every curl command of the pages against a server that has one instance, and expects an answer with 200.
func TestCurlExamplesWork(t *testing.T) {
	curl, err := exec.LookPath("curl")
	require.NoError(t, err, "the examples need curl (Debian: apt-get install curl)")
	t.Logf("with %s", curl)
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
	resp, err := http.Post(server.URL()+"/api/v1/push/credit-default/blue/i-1", "text/plain", strings.NewReader("instance_cpu_utilization_ratio 0.5\n"))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Less(t, resp.StatusCode, 300)

	block := regexp.MustCompile("(?s)```(?:sh)?\n(.*?)```")
	ran := 0
	for _, page := range []string{"../../README.md", "../../docs/quick-start.md", "../../docs/http-api.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range block.FindAllStringSubmatch(string(text), -1) {
			for _, command := range strings.Split(strings.ReplaceAll(m[1], "|\n", "| "), "\n") {
				if !regexp.MustCompile(`^(curl|(echo|printf) .*\| *curl) `).MatchString(command) {
					continue
				}
				command = strings.ReplaceAll(command, "http://127.0.0.1:9190", server.URL())
				command = strings.ReplaceAll(command, "curl -s", "curl -sS --fail-with-body")
				var out bytes.Buffer
				cmd := exec.CommandContext(t.Context(), "bash", "-c", "set -o pipefail; "+command)
				cmd.Stdout, cmd.Stderr = &out, &out
				require.NoError(t, cmd.Run(), "%s: %s\n%s", page, command, out.String())
				ran++
			}
		}
	}
	require.Greater(t, ran, 6)
}
