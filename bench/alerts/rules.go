package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// ruleKinds are what rules ask, in turn: of an endpoint, told apart by its ten instances.
func ruleKinds() []struct{ metric, aggregation, scope string } {
	return []struct{ metric, aggregation, scope string }{
		{"CpuUtilizationPercentage", "Average", "e-%d/*"},
		{"RequestsPerMinute", "Average", "e-%d"},
		{"RequestLatency_P99", "Average", "e-%d"},
		{"ErrorRatio", "Average", "e-%d"},
	}
}

// fires is how often a rule has a threshold that all of its series exceed.
const fires = 100

// writeRules writes documents of so many rules, which take turns on the endpoints.
func writeRules(file string, rules, endpoints int) error {
	var documents []any
	kinds := ruleKinds()
	for i := range rules {
		kind := kinds[i%len(kinds)]
		threshold := 1e9
		if i%fires == 0 {
			threshold = -1
		}
		documents = append(documents, map[string]any{
			"kind": "alert-rule", "name": fmt.Sprintf("rule-%d", i),
			"spec": map[string]any{
				"severity": 3, "scopes": []string{fmt.Sprintf(kind.scope, i/len(kinds)%endpoints)}, "evaluationFrequency": "PT1M", "windowSize": "PT5M",
				"criteria": map[string]any{"allOf": []any{map[string]any{
					"criterionType": "StaticThresholdCriterion", "name": "c", "metricName": kind.metric, "timeAggregation": kind.aggregation,
					"operator": "GreaterThan", "threshold": threshold,
					"dimensions": []any{map[string]any{"name": "instanceId", "operator": "Include", "values": []string{"*"}}},
				}}},
			},
		})
	}
	text, err := json.Marshal(documents)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
