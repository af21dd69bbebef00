package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestRulesArePreviewed(t *testing.T) {
	a := startAlerts(t)
	rule := strings.Replace(latencyRule, "PT1M", "PT5M", 1)
	body := `{"rule": ` + rule + `, "start": "2026-01-05T00:00:00Z", "end": 1767576600}`
	got := a.send("POST", "/api/v1/alert-rules/preview", body)
	require.Equal(t, 200, got.status, got.body)
	golden(t, "alerts/preview.json", got.body)

	require.Equal(t, 201, a.send("POST", "/api/v1/alert-rules", rule).status)
	byName := a.send("POST", "/api/v1/alert-rules/preview", `{"rule": "high-latency", "start": "2026-01-05T00:00:00Z", "end": "2026-01-05T01:30:00Z"}`)
	require.Equal(t, got.body, byName.body)
	unnamed := a.send("POST", "/api/v1/alert-rules/preview", strings.Replace(body, `"name": "high-latency", `, "", 1))
	require.Equal(t, got.body, unnamed.body)
	top := a.send("POST", "/api/v1/alert-rules/preview", strings.Replace(body, `"start"`, `"top": 1, "start"`, 1))
	require.Equal(t, 200, top.status, top.body)
	require.Len(t, top.as(t)["series"], 1)
	day := a.send("POST", "/api/v1/alert-rules/preview", `{"rule": "high-latency"}`)
	require.Equal(t, 200, day.status)
	require.NotEmpty(t, day.as(t)["events"])

	for name, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"no rule":       {`{}`, 422, `"field":"rule"`},
		"unknown name":  {`{"rule": "gone"}`, 404, "gone"},
		"unknown field": {`{"rule": "high-latency", "from": 1}`, 422, `"field":"from"`},
		"bad time":      {`{"rule": "high-latency", "start": "yesterday"}`, 422, `"field":"start"`},
		"bad top":       {`{"rule": "high-latency", "top": 0}`, 422, `"field":"top"`},
		"top of words":  {`{"rule": "high-latency", "top": "all"}`, 422, `"field":"top"`},
		"bad rule":      {strings.Replace(body, "PT5M", "PT7M", 2), 422, `"field":"rule.windowSize"`},
		"backwards":     {`{"rule": "high-latency", "start": "now", "end": "now-1h"}`, 400, "range"},
		"too long":      {`{"rule": "high-latency", "start": "now-60d"}`, 422, "744"},
	} {
		t.Run(name, func(t *testing.T) {
			got := a.send("POST", "/api/v1/alert-rules/preview", c.body)
			require.Equal(t, c.status, got.status, got.body)
			require.Contains(t, got.body, c.want)
		})
	}
}

func TestRulesAreValidated(t *testing.T) {
	a := startAlerts(t)
	got := a.send("POST", "/api/v1/alert-rules/validate", latencyRule).as(t)
	require.Equal(t, true, got["valid"])
	require.Equal(t, []any{}, got["errors"])
	require.Equal(t, "metric", got["rule"].(map[string]any)["kind"])
	require.Len(t, got["warnings"], 1)
	bad := a.send("POST", "/api/v1/alert-rules/validate", strings.Replace(latencyRule, `"severity": 2`, `"severity": 9`, 1))
	require.Equal(t, 200, bad.status)
	require.Equal(t, false, bad.as(t)["valid"])
	require.Contains(t, bad.body, `"errors":[{"field":"severity","value":"9","rule":"`)
	require.Contains(t, a.send("POST", "/api/v1/alert-rules/validate", `[`).body, `"field":"body"`)
	require.Contains(t, a.send("POST", "/api/v1/alert-rules/validate", `{}`).body, `"valid":false`)
	require.Empty(t, a.get("/api/v1/alert-rules").as(t)["value"])
}

func TestScopesThatDoNotExistAreWarnedOf(t *testing.T) {
	a := startAlerts(t, func(o *options) { o.settings.DrillDown = noScopes{} })
	rule := strings.Replace(latencyRule, `["credit"]`, `["credit", "fraud"]`, 1)
	const want = "the scope fraud does not exist"
	warnings := func(r reply) string {
		t.Helper()
		require.Less(t, r.status, 300, r.body)
		return fmt.Sprint(r.as(t)["warnings"])
	}
	require.NotContains(t, warnings(a.send("POST", "/api/v1/alert-rules/validate", latencyRule)), "scope")
	require.Contains(t, warnings(a.send("POST", "/api/v1/alert-rules/validate", rule)), want)
	require.Contains(t, warnings(a.send("PUT", "/api/v1/alert-rules/high-latency", rule)), want, "it is stored all the same")
	require.Contains(t, warnings(a.send("PUT", "/api/v1/processing-rules/p", `{"scopes": ["fraud/blue"], "actions": [{"actionType": "RemoveAllActionGroups"}]}`)), "the scope fraud/blue does not exist")
	require.Contains(t, warnings(a.send("POST", "/api/v1/alert-rules/preview", `{"rule": "high-latency", "start": "2026-01-05T00:00:00Z", "end": "2026-01-05T01:00:00Z"}`)), want)
	applied := warnings(a.send("POST", "/api/v1/provisioning/gitops", `[{"kind": "alert-rule", "name": "high-latency", "spec": `+rule+`}]`))
	require.Contains(t, applied, "alert-rule/high-latency: "+want)
	require.Equal(t, 1, strings.Count(applied, "does not exist"))
}

func TestStatusOfRules(t *testing.T) {
	a := startAlerts(t)
	a.api.Prometheus = promAlerts(t)
	require.Equal(t, 404, a.get("/api/v1/alert-rules/slo/status").status)
	require.Equal(t, 201, a.send("PUT", "/api/v1/alert-rules/slo", `{"kind": "prometheus", "group": {"name": "slo", "rules": [{"alert": "SlowBurn", "expr": "burn > 14"}]}}`).status)
	require.Equal(t, 201, a.send("POST", "/api/v1/alert-rules", latencyRule).status)
	got := a.get("/api/v1/alert-rules/slo/status")
	require.Contains(t, got.body, `"status":"Unhealthy"`)
	require.Contains(t, got.body, `"endpoint":"fraud"`)
	require.Equal(t, 1.0, got.as(t)["evaluation"].(map[string]any)["firing"])
	require.JSONEq(t, `{"value": []}`, a.get("/api/v1/alert-rules/high-latency/status").body, "nobody told the evaluator yet")
	require.Contains(t, a.get("/api/v1/alert-rules?kind=prometheus").body, `"health":"waiting"`)
	require.Equal(t, 200, a.send("PATCH", "/api/v1/alert-rules/slo", `{"enabled": false}`).status)
	require.Contains(t, a.get("/api/v1/alert-rules?kind=prometheus").body, `"health":"disabled"`)
}

func TestGroupsAreTested(t *testing.T) {
	a := startAlerts(t)
	heard := make(chan string, 10)
	pager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusTeapot)
		}
		heard <- r.URL.Path
	}))
	defer pager.Close()
	group := `{"name": "oncall", "groupShortName": "oncall", "webhookReceivers": [
		{"name": "pager", "serviceUri": "` + pager.URL + `/good?token=s3cr3t-token"}, {"name": "broken", "serviceUri": "` + pager.URL + `/broken"}]}`
	require.Equal(t, 201, a.send("POST", "/api/v1/action-groups", group).status)
	test := func(path, body string) (out []testResultJSON) {
		t.Helper()
		got := a.send("POST", path, body)
		require.Equal(t, 200, got.status, got.body)
		require.NotContains(t, got.body, "s3cr3t")
		require.NoError(t, json.Unmarshal([]byte(got.body), &out))
		return out
	}
	results := test("/api/v1/action-groups/oncall/test", `{"alertType": "log"}`)
	require.Len(t, results, 2)
	require.ElementsMatch(t, []string{"/good", "/broken"}, []string{<-heard, <-heard})
	for _, r := range results {
		require.Equal(t, map[string]string{"pager": "Success", "broken": "Failed"}[r.Receiver], r.Status, r.Detail)
		require.Equal(t, r.Status == "Failed", r.Detail != "")
		require.Equal(t, alerts.ReceiverType("webhook"), r.Type)
	}
	require.Len(t, test("/api/v1/action-groups/oncall/test", `{"receivers": ["pager"]}`), 1)
	require.Equal(t, "/good", <-heard)

	// A group that is not saved yet, with the secret of the one that is.
	redacted := a.get("/api/v1/action-groups/oncall").body
	require.Len(t, test("/api/v1/action-groups/test", `{"alertType": "metric-dynamic", "receivers": ["pager"], "group": `+redacted+`}`), 1)
	require.Equal(t, "/good", <-heard)

	for path, body := range map[string]string{
		"/oncall/test":   `{"alertType": "activity"}`,
		"/oncall/test?":  `{"receivers": ["nobody"]}`,
		"/oncall/test?#": `{"receivers": "pager"}`,
		"/test":          `{}`,
		"/test?":         `{"group": {"name": "x"}}`,
		"/test?#":        `{"group": {"name": "x", "groupShortName": "x"}}`,
	} {
		require.Equal(t, 422, a.send("POST", "/api/v1/action-groups"+path, body).status, body)
	}
	require.Equal(t, 404, a.send("POST", "/api/v1/action-groups/gone/test", `{}`).status)
	require.Equal(t, 422, a.send("POST", "/api/v1/action-groups/oncall/test", `{"group": {}}`).status)
}

func TestReadyMadeRulesAreTurnedOnForAScope(t *testing.T) {
	a := startAlerts(t)
	enable := `{"scope": "fraud", "rules": ["error-ratio", "agent-silent"], "actionGroups": ["oncall"], "parameters": {"error-ratio": {"ratio": 0.1}}}`
	got := a.send("POST", "/api/v1/alert-packs/enable", enable)
	require.Equal(t, 422, got.status)
	require.Contains(t, got.body, `"field":"actionGroups[0]","value":"oncall"`, strings.TrimSpace(got.body))
	require.Equal(t, 201, a.send("POST", "/api/v1/action-groups", oncallGroup).status)

	want := `{"created": ["error-ratio~fraud", "agent-silent~fraud"], "updated": [], "unchanged": [], "deleted": []}`
	require.JSONEq(t, want, a.send("POST", "/api/v1/alert-packs/enable?dryRun=true", enable).body)
	require.Equal(t, 404, a.get("/api/v1/alert-rules/error-ratio~fraud").status)
	require.JSONEq(t, want, a.send("POST", "/api/v1/alert-packs/enable", enable).body)
	require.JSONEq(t, `{"created": [], "updated": [], "unchanged": ["error-ratio~fraud", "agent-silent~fraud"], "deleted": []}`, a.send("POST", "/api/v1/alert-packs/enable", enable).body)
	got = a.send("POST", "/api/v1/alert-packs/enable", strings.Replace(enable, "0.1", "0.2", 1))
	require.JSONEq(t, `{"created": [], "updated": ["error-ratio~fraud"], "unchanged": ["agent-silent~fraud"], "deleted": []}`, got.body)

	all := a.send("POST", "/api/v1/alert-packs/enable", `{"scope": "*"}`)
	require.Equal(t, 200, all.status, all.body)
	require.Greater(t, len(all.as(t)["created"].([]any)), 20)
	packs := a.get("/api/v1/alert-packs")
	require.Equal(t, 200, packs.status)
	require.Contains(t, packs.body, `{"scope":"fraud","rule":"error-ratio~fraud","enabled":true,"parameters":{"ratio":0.2,"requests":20},"actionGroups":["oncall"]}`)
	require.Contains(t, packs.body, `{"scope":"*","rule":"error-ratio~all","enabled":true,"parameters":{"ratio":0.05,"requests":20},"actionGroups":[]}`)
	require.Contains(t, packs.body, `"runbookUrl":"/runbooks/error-ratio"`)

	off := `{"scope": "fraud", "rules": ["error-ratio", "cpu-saturation"]}`
	want = `{"created": [], "updated": [], "unchanged": ["cpu-saturation~fraud"], "deleted": ["error-ratio~fraud"]}`
	require.JSONEq(t, want, a.send("POST", "/api/v1/alert-packs/disable?dryRun=true", off).body)
	require.JSONEq(t, want, a.send("POST", "/api/v1/alert-packs/disable", off).body)
	require.Equal(t, 404, a.get("/api/v1/alert-rules/error-ratio~fraud").status)

	for body, field := range map[string]string{
		`{}`: "scope", `{"scope": "a//b"}`: "scope", `{"scope": "x", "rules": ["none"]}`: "rules[0]", `{"scope": "x", "rules": "all"}`: "rules",
		`{"scope": "x", "parameters": {"none": {}}}`:                                            "parameters.none",
		`{"scope": "x", "rules": ["error-ratio"], "parameters": {"error-ratio": {"ratio": 7}}}`: "parameters.error-ratio.ratio",
		`{"scope": "x", "size": 1}`:                                                             "size",
	} {
		got := a.send("POST", "/api/v1/alert-packs/enable", body)
		require.Equal(t, 422, got.status, body)
		require.Contains(t, got.body, `"field":"`+field+`"`)
	}
	require.Equal(t, 200, a.get("/runbooks/error-ratio").status)
	require.Equal(t, "text/markdown; charset=utf-8", a.get("/runbooks/error-ratio").header.Get("Content-Type"))
	for _, id := range []string{"gone", "..%2Fsecret", "%2Fetc%2Fpasswd"} {
		require.Equal(t, 404, a.get("/runbooks/"+id).status, id)
	}
}

func TestTooManyRulesChangeNothing(t *testing.T) {
	a := startAlerts(t) // which keeps at most 60
	scope, before := 'a', ""
	for {
		before = a.get("/api/v1/alert-rules").body
		got := a.send("POST", "/api/v1/alert-packs/enable", `{"scope": "`+string(scope)+`"}`)
		if got.status != 200 {
			require.Equal(t, 422, got.status)
			require.Contains(t, got.body, "at most 60")
			break
		}
		scope++
	}
	require.NotEqual(t, 'a', scope, "some fit")
	require.Equal(t, before, a.get("/api/v1/alert-rules").body)
}
