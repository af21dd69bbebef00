package app

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func TestASnapshotOfTheLogsStartsAsAServer(t *testing.T) {
	off := start(t, nil)
	status, text := post(t, off.URL()+"/api/v1/logs/snapshot", "")
	require.Equal(t, http.StatusForbidden, status, text)
	require.Contains(t, text, "web.enable_admin_api")

	dir := t.TempDir()
	a := start(t, func(cfg *Config, _ *Settings) { cfg.DataDir, cfg.Web.EnableAdminAPI = dir, true })
	line := `{"EndpointName":"credit","DeploymentName":"blue","Message":"before"}`
	status, text = post(t, a.URL()+"/api/v1/logs/AmlOnlineEndpointConsoleLog", line+"\n"+line)
	require.Equal(t, 2, status/100, text)
	status, text = post(t, a.URL()+"/api/v1/logs/snapshot", "")
	require.Equal(t, http.StatusOK, status, text)
	var made struct{ Name string }
	require.NoError(t, json.Unmarshal([]byte(text), &made))
	status, text = post(t, a.URL()+"/api/v1/logs/AmlOnlineEndpointConsoleLog", strings.Replace(line, "before", "after", 1))
	require.Equal(t, 2, status/100, text)
	require.Equal(t, [][]any{{3.0}}, askLogs(t, a, "AmlOnlineEndpointConsoleLog | count"))

	other := t.TempDir()
	require.NoError(t, os.Rename(filepath.Join(dir, "snapshots", "logs", made.Name), filepath.Join(other, "logs")))
	b := start(t, func(cfg *Config, _ *Settings) { cfg.DataDir = other })
	require.Equal(t, [][]any{{"before", 2.0}}, askLogs(t, b, "AmlOnlineEndpointConsoleLog | summarize n = count() by Message"))
}
