package alerts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestAllMistakesOfARuleAreToldAtOnce(t *testing.T) {
	f := func(rule string, want ...string) {
		t.Helper()
		_, err := alerts.CheckRule([]byte(rule), definitions(t))
		require.Equal(t, want, lines(err))
	}
	f(`{"name":"r","scopes":["a/b/c/d"],"severity":9,"criteria":{"allOf":["x",{"metricName":"Nope","timeAggregation":"Total","operator":"GreaterThan","threshold":1}]},"actions":["oncall"]}`,
		`scopes[0]: must be a scope such as credit, credit/blue or credit/*: must have one to three segments, endpoint[/deployment[/instance]] (got a/b/c/d)`,
		`criteria.allOf[0]: must be an object (got a string)`, `actions[0]: must be an object (got a string)`,
		`severity: must be from 0 (critical) to 4 (verbose) (got 9)`,
		`criteria.allOf[1].metricName: must be a metric of the catalogue; skipMetricValidation takes it all the same (got Nope)`)
	f(`{"name":"r","scopes":["credit"]}`, `criteria: is required`)
	f(`{"name":"r","group":{"name":"g","interval":"5","limit":-1,"rules":[{"alert":"A","expr":"x","for":"soon","keep_firing_for":""}]}}`,
		`group.interval: must be a duration such as 30s, 5m or 1h30m (got "5")`, `group.limit: must not be negative (got -1)`,
		`group.rules[0].for: must be a duration such as 30s, 5m or 1h30m (got "soon")`, `group.rules[0].keep_firing_for: must be a duration such as 30s, 5m or 1h30m (got "")`)
	f(`{"name":"r","group":{"name":"g","interval":"1h30m","query_offset":"0s","rules":[{"alert":"A","expr":"x","for":"1w2d3ms"}]}}`)
}

func TestAllMistakesOfAProcessingRuleAreToldAtOnce(t *testing.T) {
	_, err := alerts.CheckProcessingRule([]byte(`{"name":"p","enabled":1,"scopes":["a/b/c/d"],"conditions":["x",{"field":"Severity","operator":"Is","values":["9"]}],
		"actions":[{"actionType":"Remove"}],"schedule":{"timeZone":"Mars"}}`))
	require.Equal(t, []string{
		`enabled: must be true or false (got 1)`, `conditions[0]: must be an object (got a string)`,
		`actions[0].actionType: must be one of RemoveAllActionGroups, AddActionGroups (got Remove)`,
		`scopes[0]: must be a scope such as credit, credit/blue or credit/*: must have one to three segments, endpoint[/deployment[/instance]] (got a/b/c/d)`,
		`conditions[1].operator: must be one of Equals, NotEquals (got Is)`, `conditions[1].values[0]: must be one of Sev0, Sev1, Sev2, Sev3, Sev4 (got 9)`,
		`schedule.timeZone: must be a time zone such as Europe/Berlin, or Azure's name of one such as W. Europe Standard Time (got Mars)`,
	}, lines(err))
}
