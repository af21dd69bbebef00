package app

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/resources"
)

func TestDocumentsMayLeaveTheirNameToTheResource(t *testing.T) {
	spec := json.RawMessage(`{"groupShortName":"x","webhookReceivers":[{"name":"w","serviceUri":"http://127.0.0.1:1/"}]}`)
	merged, err := (&ruleChecker{}).mergeGroup(nil, spec)
	require.NoError(t, err)
	named, err := withName(merged, "oncall")
	require.NoError(t, err)
	group, err := alerts.ParseActionGroup(named)
	require.NoError(t, err)
	require.Equal(t, "oncall", group.Name)

	stored, err := json.Marshal(group)
	require.NoError(t, err)
	shown := redactGroup(stored)
	require.Contains(t, string(shown), "secret")
	back, err := (&ruleChecker{}).mergeGroup(stored, shown)
	require.NoError(t, err)
	require.JSONEq(t, string(stored), string(back), "what was shown without its secrets has them again")

	_, err = withName(json.RawMessage(`{"name":"a"}`), "b")
	var field *alerts.FieldError
	require.ErrorAs(t, err, &field)
}

func TestAllMistakesOfADocumentAreToldAtOnce(t *testing.T) {
	a := start(t, nil)
	c := a.alerts.checker
	f := func(validate func(string, json.RawMessage) (json.RawMessage, error), spec string, want ...string) {
		t.Helper()
		_, err := validate("x", json.RawMessage(spec))
		var got []string
		for _, e := range alerts.FieldErrors(err) {
			got = append(got, e.Field)
		}
		require.Equal(t, want, got, err)
	}
	f(c.rule, `{"scopes":["credit"],"severity":9,"filter":"a <> b","criteria":{"allOf":[{"metricName":"Nope","timeAggregation":"Total","operator":"GreaterThan","threshold":1}]}}`,
		"severity", "criteria.allOf[0].metricName", "filter")
	f(c.rule, `{"kind":"log","severity":9,"criteria":{"allOf":[{"query":"Nope","operator":"GreaterThan","threshold":1},{"operator":"GreaterThan","threshold":1}]}}`,
		"criteria.allOf[1].query", "severity", "criteria.allOf[0].query")
	f(c.rule, `{"kind":"prometheus","severity":1,"group":{"name":"g","interval":"5","rules":[{"alert":"A","expr":"up > <"},{"record":"b"},{"alert":"B","expr":"x","foo":1}]}}`,
		"group.interval", "group.rules[1].expr", "group.rules[2].foo", "severity", "group.rules[0].expr")
	f(c.group, `{"enabled":5,"emailReceivers":[{"name":"a","emailAddress":"nobody"}],"webhookReceivers":[{"name":"w","serviceUri":"http://x","max_alerts":"many"}]}`,
		"enabled", "emailReceivers[0].emailAddress", "webhookReceivers[0]")
	f(c.processing, `{"enabled":5,"actions":[],"scopes":["a/b/c/d"]}`, "enabled", "scopes[0]", "actions")
	f(c.policy, `{"global":{},"route":{"receiver":5,"routes":[{"foo":1},{"group_wait":"soon"}]}}`,
		"global", "route.receiver", "route.routes[0].foo", "route.routes[1].group_wait")

	_, err := c.mergeGroup(nil, json.RawMessage(`{"groupShortName":"much too long a name","webhookReceivers":[{"name":"w","serviceUri":"<secret>"}]}`))
	require.ErrorContains(t, err, "must be given in full")
	require.ErrorContains(t, err, "groupShortName: must have at most 12 characters", "with what else is wrong")

	fit := a.alerts.alsoFit(t.Context(), resources.Document{Kind: kindPolicy, Spec: json.RawMessage(`{"global":{},"route":{"receiver":"gone"}}`)})
	require.ErrorContains(t, fit, "global: is no field here")
	require.ErrorContains(t, fit, "route.receiver: must be the name of an action group")
}
