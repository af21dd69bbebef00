package alerts_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

func TestSeriesKey(t *testing.T) {
	f := func(want string, scope scopes.Path, dims map[string]string) {
		t.Helper()
		assert.Equal(t, want, alerts.SeriesKey(scope, dims))
	}
	f("credit/blue", scopes.Path{Endpoint: "credit", Deployment: "blue"}, nil)
	f("credit/blue", scopes.Path{Endpoint: "credit", Deployment: "blue"}, map[string]string{})
	f(`credit{"a"="1","b"="x\"y"}`, scopes.Path{Endpoint: "credit"}, map[string]string{"b": `x"y`, "a": "1"})
	f(``, scopes.Path{}, nil)
	f(`"a/b"`, scopes.Path{Endpoint: "a/b"}, nil)
}

func TestSeriesKeysAreDifferent(t *testing.T) {
	text := rapid.SampledFrom([]string{"", "a", "b", "a/b", `a"`, `"a"`, `a\`, "a{", "/", "{}", ",", "=", "\xff", "\\xff"})
	type series struct {
		scope scopes.Path
		dims  map[string]string
	}
	one := rapid.Custom(func(t *rapid.T) series {
		s := series{scopes.Path{Endpoint: text.Draw(t, "endpoint"), Deployment: text.Draw(t, "deployment"), Instance: text.Draw(t, "instance")}, map[string]string{}}
		for range rapid.IntRange(0, 2).Draw(t, "dimensions") {
			s.dims[text.Draw(t, "name")] = text.Draw(t, "value")
		}
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := one.Draw(t, "a"), one.Draw(t, "b")
		same := assert.ObjectsAreEqual(a, b)
		require.Equal(t, same, alerts.SeriesKey(a.scope, a.dims) == alerts.SeriesKey(b.scope, b.dims))
	})
}

func TestAlertID(t *testing.T) {
	at := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	id := alerts.AlertID("rule", "series", at)
	assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`), id)
	assert.Equal(t, id, alerts.AlertID("rule", "series", at.In(time.FixedZone("x", 3600))), "the same instant")
	// It is kept in databases, so it must not change.
	assert.Equal(t, "06fe94df-db9b-5997-b5be-72d7a36cd439", id)
	for _, other := range []string{
		alerts.AlertID("rules", "eries", at), alerts.AlertID("rule", "series2", at), alerts.AlertID("rule", "series", at.Add(time.Nanosecond)),
	} {
		assert.NotEqual(t, id, other)
	}
}

func TestLabelsOfAlerts(t *testing.T) {
	rule := &alerts.Rule{
		Name: "r", Severity: 1, Labels: map[string]string{"team": "x", "statusCode": "never"},
		Actions: []alerts.Action{{ActionGroupID: "team"}, {ActionGroupID: "oncall"}},
	}
	assert.Equal(t, map[string]string{
		"alertname": "r", "severity": "error", "action_groups": ",oncall,team,", "endpoint": "credit", "deployment": "blue",
		"team": "x", "statusCode": "500", "a_b": "1", "dimension_a_b": "2", "_9": "n", "dimension_severity": "s", "dimension_deployment": "d",
		"dimension_alert_id": "i",
	}, alerts.LabelsOf(rule, scopes.Path{Endpoint: "credit", Deployment: "blue"}, map[string]string{
		"statusCode": "500", "a.b": "1", "a_b": "2", "9": "n", "severity": "s", "deployment": "d", "alert_id": "i",
	}))
	assert.Equal(t, map[string]string{"alertname": "r", "severity": "critical", "endpoint": "credit", "deployment": "blue"},
		alerts.LabelsOf(&alerts.Rule{Name: "r"}, scopes.Path{Endpoint: "credit"}, map[string]string{"deployment": "blue"}))
}

func TestSemanticHash(t *testing.T) {
	parse := func() *alerts.Rule {
		r, err := alerts.ParseRule([]byte(metricRule))
		require.NoError(t, err)
		r.Scopes = append(r.Scopes, scopes.Pattern{Endpoint: "b", Deployment: "c"})
		return &r
	}
	hash := parse().SemanticHash()
	same := func(change func(r *alerts.Rule)) {
		t.Helper()
		r := parse()
		change(r)
		assert.Equal(t, hash, r.SemanticHash())
	}
	other := func(change func(r *alerts.Rule)) {
		t.Helper()
		r := parse()
		change(r)
		assert.NotEqual(t, hash, r.SemanticHash())
	}
	same(func(r *alerts.Rule) { r.Name, r.Description, r.Severity, r.Enabled = "x", "y", 4, false })
	same(func(r *alerts.Rule) { r.Actions, r.Labels, r.RunbookURL = nil, map[string]string{"a": "b"}, "/x" })
	same(func(r *alerts.Rule) { r.Scopes[0], r.Scopes[1] = r.Scopes[1], r.Scopes[0] })
	same(func(r *alerts.Rule) { r.Criteria[0].SkipMetricValidation, r.GracePeriod = true, time.Minute })
	same(func(r *alerts.Rule) { r.Criteria[0].FailingPeriods = alerts.FailingPeriods{} })
	other(func(r *alerts.Rule) { r.Scopes = r.Scopes[:1] })
	other(func(r *alerts.Rule) { r.WindowSize = time.Hour })
	other(func(r *alerts.Rule) { r.EvaluationFrequency = 5 * time.Minute })
	other(func(r *alerts.Rule) { r.Criteria[0].Threshold = 0.06 })
	other(func(r *alerts.Rule) { r.Criteria[0].Dimensions = nil })
	other(func(r *alerts.Rule) { r.Filter = "x" })
	other(func(r *alerts.Rule) { r.NoData = alerts.NoDataAlert })
	other(func(r *alerts.Rule) { r.AutoMitigate = false })
	other(func(r *alerts.Rule) { r.Kind = alerts.KindLog })
}
