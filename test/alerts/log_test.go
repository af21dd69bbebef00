package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestALogRuleFiresForEachDimension pushes rows of two deployments, of which one has more tracebacks than its rule allows.
func TestALogRuleFiresForEachDimension(t *testing.T) {
	t.Parallel()
	l := listen(t)
	s := startServer(t)
	s.call(http.MethodPost, "/api/v1/action-groups", map[string]any{
		"name": "team", "webhookReceivers": []any{map[string]any{"name": "common", "serviceUri": l.URL + "/common", "useCommonAlertSchema": true}},
	}, nil)
	s.call(http.MethodPost, "/api/v1/alert-rules", map[string]any{
		"name": "Tracebacks", "kind": "log", "severity": 2, "scopes": []string{"credit"}, "evaluationFrequency": "PT1M", "windowSize": "PT5M",
		"criteria": map[string]any{"allOf": []any{map[string]any{
			"query": "AmlOnlineEndpointConsoleLog | where Message has 'Traceback'", "timeAggregation": "Count", "operator": "GreaterThan", "threshold": 2,
			"dimensions": []any{map[string]any{"name": "DeploymentName", "operator": "Include", "values": []string{"*"}}},
		}}},
		"actions": []any{map[string]any{"actionGroupId": "team"}},
	}, nil)
	// The rows lie in the past minute, so that whichever check comes next sees them.
	var rows strings.Builder
	for i := range 12 {
		deployment, message := "blue", "Traceback (most recent call last)"
		switch {
		case i%4 == 1: // three of green: just too many; blue has six
			deployment = "green"
		case i%4 == 2:
			deployment, message = "red", "fine"
		case i == 3:
			deployment = "yellow" // one is not too many
		}
		row, err := json.Marshal(map[string]any{
			"TimeGenerated": time.Now().Add(-time.Duration(i) * time.Second).UTC().Format(time.RFC3339Nano), "EndpointName": "credit", "DeploymentName": deployment, "InstanceId": "i", "Message": message,
		})
		require.NoError(t, err)
		rows.Write(append(row, '\n'))
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/api/v1/logs/AmlOnlineEndpointConsoleLog", strings.NewReader(rows.String()))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 2, resp.StatusCode/100)

	values := map[string]float64{}
	eventually(t, func(context.Context) error {
		for _, c := range l.commons(t, "/common") {
			require.Equal(t, "Tracebacks", c.Data.Essentials.AlertRule)
			require.Equal(t, "Log", c.Data.Essentials.SignalType)
			values[c.dimension("DeploymentName")] = *c.Data.AlertContext.Condition.AllOf[0].MetricValue
		}
		if len(values) != 2 {
			return fmt.Errorf("told of %v", values)
		}
		return nil
	})
	require.Equal(t, map[string]float64{"blue": 5, "green": 3}, values)
	all, err := s.alerts(t.Context(), "alertRule=Tracebacks")
	require.NoError(t, err)
	require.Len(t, all, 2)
	for _, a := range all {
		require.Equal(t, "credit/"+a.Dimensions["DeploymentName"], a.Scope)
		followLink(t, s, a.Links["drillDown"])
		followLink(t, s, a.Links["chart"])
		page, err := url.Parse(a.Links["chart"])
		require.NoError(t, err)
		var answer struct{ Tables []struct{ Rows []any } }
		s.call(http.MethodGet, "/api/v1/logs/query?"+page.RawQuery, nil, &answer) // as the page asks
		require.Len(t, answer.Tables[0].Rows, int(values[a.Dimensions["DeploymentName"]]))
	}
}
