package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// askLogs answers a KQL query with the rows of its first table.
func askLogs(t *testing.T, a *App, query string) [][]any {
	t.Helper()
	in, err := json.Marshal(map[string]string{"query": query})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.URL()+"/api/v1/logs/query", strings.NewReader(string(in)))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var out struct {
		Tables []struct{ Rows [][]any }
		Title  string
		Detail string
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", out.Title, out.Detail)
	return out.Tables[0].Rows
}

func TestAzureMetricsIsATableOfTheMetricStore(t *testing.T) {
	a := start(t, nil)
	require.Empty(t, askLogs(t, a, "AzureMetrics | take 5"), "nothing is stored yet")

	begin := time.Now().UTC().Truncate(time.Minute).Add(-10 * time.Minute)
	for i, cpu := range []string{"0.25", "0.75"} {
		var text strings.Builder
		for s := 5; s < 300; s += 10 { // five minutes
			fmt.Fprintf(&text, "instance_cpu_utilization_ratio %s %d\n", cpu, begin.Add(time.Duration(s)*time.Second).UnixMilli())
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("%s/api/v1/push/credit/blue/i-%d", a.URL(), i), strings.NewReader(text.String()))
		require.NoError(t, err)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 2, resp.StatusCode/100)
	}

	rows := askLogs(t, a, `AzureMetrics | where MetricName == "CpuUtilizationPercentage" and DeploymentName == "blue" | order by TimeGenerated asc
		| project TimeGenerated, EndpointName, DeploymentName, Average, Minimum, Maximum, UnitName, TimeGrain, Type, _ResourceId`)
	require.Len(t, rows, 5, "%v", rows)
	for i, row := range rows {
		at := begin.Add(time.Duration(i) * time.Minute).Format("2006-01-02T15:04:05Z")
		require.Equal(t, []any{at, "credit", "blue", 50.0, 25.0, 75.0, "Percent", "PT1M", "AzureMetrics",
			"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/endscope/providers/Microsoft.MachineLearningServices/workspaces/endscope/onlineEndpoints/credit/deployments/blue"}, row)
	}
	// Bounds of time and names reach the metric store, and are checked again.
	rows = askLogs(t, a, fmt.Sprintf(`AzureMetrics | where TimeGenerated between (datetime(%s) .. 1m) and EndpointName == "credit" and DeploymentName == "blue"
		| summarize Minutes = count(), Metrics = countif(MetricName == "CpuUtilizationPercentage") by bin(TimeGenerated, 1m) | project Metrics`, begin.Add(time.Minute).Format(time.RFC3339)))
	require.Equal(t, [][]any{{1.0}, {1.0}}, rows)
	require.Empty(t, askLogs(t, a, `AzureMetrics | where EndpointName == "nobody"`))
	require.Empty(t, askLogs(t, a, `AzureMetrics | where EndpointName == "not/a name"`))
	require.Equal(t, [][]any{{0.0}}, askLogs(t, a, `AzureMetrics | where TimeGenerated < ago(1d) | count`))
}
