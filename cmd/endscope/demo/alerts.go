package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/endscope/endscope/cmd/endscope/app"
)

// slowRule is the rule that fires first in a demo: one instance is far from its feature store.
const slowRule = "slow-instance"

// slowAbove is above what any instance of the cast needs but the slow one, in milliseconds.
const slowAbove = 100

// hasten lets rules be checked sooner than a server does by default: agents of a demo push every two seconds, and people wait.
func hasten(c *app.AlertsConfig) {
	c.Evaluation.StartupDelay, c.Evaluation.Grace, c.Evaluation.Spread = 45*time.Second, 5*time.Second, 5*time.Second
}

// turnOnAlerts turns the ready-made rules on for the sample endpoint, as one call does for anybody's, and adds one rule.
func turnOnAlerts(ctx context.Context, server string) error {
	pack := map[string]any{"scope": sampleEndpoint}
	if err := sendJSON(ctx, http.MethodPost, server+"/api/v1/alert-packs/enable", pack); err != nil {
		return fmt.Errorf("turn the ready-made alert rules on: %w", err)
	}
	rule := map[string]any{
		"description": "An instance takes far longer than its sisters.", "severity": 2, "scopes": []string{sampleEndpoint + "/*/*"},
		"evaluationFrequency": "PT1M", "windowSize": "PT1M",
		"criteria": map[string]any{"allOf": []any{map[string]any{
			"name": "p90", "metricName": "RequestLatency_P90", "timeAggregation": "Average", "operator": "GreaterThan", "threshold": slowAbove,
		}}},
	}
	if err := sendJSON(ctx, http.MethodPut, server+"/api/v1/alert-rules/"+slowRule, rule); err != nil {
		return fmt.Errorf("make the alert rule %s: %w", slowRule, err)
	}
	return nil
}

// sendJSON sends JSON, and returns what the server says where it refuses.
func sendJSON(ctx context.Context, method, url string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10)) // what can be read of it is enough
		return fmt.Errorf("%s: %s", answer.Status, said)
	}
	return nil
}
