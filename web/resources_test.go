package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const latencyRule = `{
  "name": "high-latency", "severity": 2, "scopes": ["credit"], "evaluationFrequency": "PT1M", "windowSize": "PT5M",
  "criteria": {"allOf": [{"name": "p99", "metricName": "RequestLatency_P99", "timeAggregation": "Average", "operator": "GreaterThan", "threshold": 500}]},
  "actions": [{"actionGroupId": "oncall"}]
}`

const oncallGroup = `{"name": "oncall", "groupShortName": "oncall",
  "webhookReceivers": [{"name": "pager", "serviceUri": "https://pager.example.com/hook?token=s3cr3t-token"}]}`

func TestARuleIsCreatedReplacedPatchedAndDeleted(t *testing.T) {
	a := startAlerts(t)
	got := a.send("POST", "/api/v1/alert-rules", latencyRule)
	require.Equal(t, 201, got.status, got.body)
	require.Equal(t, "/api/v1/alert-rules/high-latency", got.header.Get("Location"))
	first := got.header.Get("ETag")
	require.Regexp(t, `^"1-[0-9a-f]+"$`, first)
	rule := got.as(t)
	require.Equal(t, "metric", rule["kind"])
	require.Equal(t, true, rule["enabled"])
	require.Equal(t, first, rule["etag"])
	require.Equal(t, 1.0, rule["version"])
	require.Equal(t, false, rule["provisioned"])
	require.Equal(t, "anonymous", rule["updatedBy"])
	require.Equal(t, []any{`the action group "oncall" does not exist: until it does, nobody is told through it`}, rule["warnings"])

	got = a.send("POST", "/api/v1/alert-rules", latencyRule)
	require.Equal(t, 409, got.status)
	require.Equal(t, "/problems/exists", got.as(t)["type"])
	require.Equal(t, first, got.as(t)["etag"])

	// What was read can be sent back as it is.
	got = a.get("/api/v1/alert-rules/high-latency")
	require.Equal(t, 200, got.status)
	require.Equal(t, first, got.header.Get("ETag"))
	same := a.send("PUT", "/api/v1/alert-rules/high-latency", got.body, "If-Match", first)
	require.Equal(t, 200, same.status, same.body)
	require.Equal(t, first, same.header.Get("ETag"), "nothing changed")
	require.Equal(t, 304, a.send("GET", "/api/v1/alert-rules/high-latency", "", "If-None-Match", first).status)
	require.Equal(t, 200, a.do(http.MethodHead, "/api/v1/alert-rules/high-latency", "", nil).status)

	got = a.send("PUT", "/api/v1/alert-rules/high-latency", strings.Replace(latencyRule, "500", "600", 1), "If-Match", first, "Authorization", "Basic YWxpY2U6eA==")
	require.Equal(t, 200, got.status, got.body)
	require.Equal(t, "alice", got.as(t)["updatedBy"])
	second := got.header.Get("ETag")

	got = a.send("PUT", "/api/v1/alert-rules/high-latency", latencyRule, "If-Match", first)
	require.Equal(t, 412, got.status)
	require.Equal(t, second, got.as(t)["etag"])
	require.Equal(t, second, got.header.Get("ETag"))
	require.Equal(t, 412, a.send("PATCH", "/api/v1/alert-rules/high-latency", `{"enabled": false}`, "If-Match", first).status)
	require.Equal(t, 412, a.send("DELETE", "/api/v1/alert-rules/high-latency", "", "If-Match", first).status)
	require.Equal(t, 412, a.send("PUT", "/api/v1/alert-rules/high-latency", latencyRule, "If-None-Match", "*").status)

	for i, patch := range []string{`{"enabled": false}`, `{"properties": {"enabled": true, "description": "d"}}`, `{"description": null}`} {
		got = a.send("PATCH", "/api/v1/alert-rules/high-latency", patch)
		require.Equal(t, 200, got.status, got.body)
		require.Equal(t, i > 0, got.as(t)["enabled"])
	}
	require.NotContains(t, got.as(t), "description")
	require.Equal(t, 415, a.send("PATCH", "/api/v1/alert-rules/high-latency", "enabled=false", "Content-Type", "application/x-www-form-urlencoded").status)

	got = a.get("/api/v1/alert-rules/high-latency/history?limit=2")
	require.Len(t, got.as(t)["value"], 2)
	next, _ := got.as(t)["nextLink"].(string)
	got = a.get(strings.TrimPrefix(next, a.url))
	require.Len(t, got.as(t)["value"], 2, got.body)
	require.Contains(t, got.body, `"by":"alice"`)
	require.Len(t, a.get("/api/v1/alert-rules/high-latency/versions").as(t)["value"], 5)

	require.Equal(t, 204, a.send("DELETE", "/api/v1/alert-rules/high-latency?dryRun=true", "").status)
	require.Equal(t, 204, a.send("DELETE", "/api/v1/alert-rules/high-latency", "").status)
	require.Equal(t, 404, a.send("DELETE", "/api/v1/alert-rules/high-latency", "").status)
	require.Equal(t, 404, a.get("/api/v1/alert-rules/high-latency").status)
	require.Equal(t, 404, a.send("PATCH", "/api/v1/alert-rules/high-latency", `{}`).status)
	require.Equal(t, 200, a.get("/api/v1/alert-rules/high-latency/history").status, "also of what is deleted")

	got = a.send("POST", "/api/v1/alert-rules/high-latency/restore?version=2", "")
	require.Equal(t, 201, got.status, got.body)
	require.Contains(t, got.body, `"threshold":600`)
	require.Equal(t, 404, a.send("POST", "/api/v1/alert-rules/high-latency/restore?version=99", "").status)
	require.Equal(t, 400, a.send("POST", "/api/v1/alert-rules/high-latency/restore?version=x", "").status)
}

func TestDryRunsStoreNothing(t *testing.T) {
	a := startAlerts(t)
	got := a.send("POST", "/api/v1/alert-rules?dryRun=true", latencyRule)
	require.Equal(t, 200, got.status, got.body)
	require.NotContains(t, got.as(t), "etag")
	require.Empty(t, got.header.Get("ETag"))
	require.Equal(t, "metric", got.as(t)["kind"])
	require.Equal(t, 404, a.get("/api/v1/alert-rules/high-latency").status)
	require.Equal(t, 422, a.send("PUT", "/api/v1/alert-rules/high-latency?dryRun=true", strings.Replace(latencyRule, "PT5M", "PT7M", 1)).status)

	require.Equal(t, 201, a.send("PUT", "/api/v1/alert-rules/high-latency", latencyRule).status)
	got = a.send("PATCH", "/api/v1/alert-rules/high-latency?dryRun=true", `{"severity": 0}`)
	require.Equal(t, 0.0, got.as(t)["severity"])
	require.Equal(t, 2.0, a.get("/api/v1/alert-rules/high-latency").as(t)["severity"])
}

func TestWhatIsWrongIsToldFieldByField(t *testing.T) {
	a := startAlerts(t)
	got := a.send("PUT", "/api/v1/alert-rules/r", strings.NewReplacer("PT5M", "PT7M", `"severity": 2`, `"severity": 9`, `"name": "high-latency", `, "").Replace(latencyRule))
	require.Equal(t, 422, got.status)
	require.Equal(t, "application/problem+json", got.header.Get("Content-Type"))
	text := got.body
	require.Contains(t, text, `"field":"severity"`)
	require.Contains(t, text, `"value":"9"`)
	require.Contains(t, text, `"field":"windowSize"`)

	for name, c := range map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"name of another":   {"PUT", "/api/v1/alert-rules/other", latencyRule, 422, `must be that of the path`},
		"bad name":          {"PUT", "/api/v1/alert-rules/a%2Fb", `{}`, 422, `"field":"name"`},
		"no name":           {"POST", "/api/v1/alert-rules", `{}`, 422, `name: is required`},
		"name of no text":   {"POST", "/api/v1/alert-rules", `{"name": 7}`, 422, `name: must be a string`},
		"no JSON":           {"POST", "/api/v1/alert-rules", `{`, 422, `must be one JSON object`},
		"two values":        {"POST", "/api/v1/alert-rules", `{} {}`, 422, `must be one JSON object`},
		"an array":          {"PUT", "/api/v1/alert-rules/r", `[]`, 422, `must be one JSON object`},
		"given twice":       {"PUT", "/api/v1/alert-rules/r", `{"severity": 1, "severity": 2}`, 422, `severity: is given twice`},
		"unknown field":     {"PUT", "/api/v1/processing-rules/r", `{"actionz": []}`, 422, `actionz`},
		"unknown parameter": {"GET", "/api/v1/alert-rules?x=1", "", 400, `parameter \"x\" is not known here`},
		"no kind":           {"GET", "/api/v1/alert-rules?kind=x", "", 400, `parameter \"kind\" must be metric or log or prometheus`},
		"too many":          {"GET", "/api/v1/alert-rules?limit=1001", "", 400, `from 1 to 1000`},
		"no bool":           {"POST", "/api/v1/alert-rules?dryRun=1", latencyRule, 400, `must be true or false`},
		"too large":         {"PUT", "/api/v1/alert-rules/r", `{"description": "` + strings.Repeat("x", 2<<20) + `"}`, 413, `larger than 2097152 bytes`},
		"spec too large":    {"PUT", "/api/v1/alert-rules/r", `{"description": "` + strings.Repeat("x", 70_000) + `"}`, 413, `65536 bytes`},
		"method":            {"PUT", "/api/v1/alert-rules", latencyRule, 405, `GET, HEAD, POST`},
	} {
		t.Run(name, func(t *testing.T) {
			got := a.send(c.method, c.path, c.body)
			require.Equal(t, c.status, got.status, got.body)
			require.Contains(t, got.body, c.want)
		})
	}
	require.Equal(t, 415, a.send("PUT", "/api/v1/alert-rules/r", latencyRule, "Content-Type", "text/plain").status)

	fields := func(path, body string) (out []string) {
		t.Helper()
		got := a.send("POST", path, body)
		require.Equal(t, 422, got.status, got.body)
		for _, e := range got.as(t)["errors"].([]any) {
			out = append(out, e.(map[string]any)["field"].(string))
		}
		return out
	}
	require.Equal(t, []string{"step", "start", "end", "rule.criteria", "rule.severity"},
		fields("/api/v1/alert-rules/preview", `{"rule": {"scopes": ["credit"], "severity": 9}, "start": "x", "end": "y", "step": 1}`))
	require.Equal(t, []string{"group.enabled", "group.groupShortName", "alertType"},
		fields("/api/v1/action-groups/test", `{"group": {"name": "g", "enabled": 5, "groupShortName": "much too long a name"}, "alertType": "x", "receivers": ["z"]}`))
	require.Equal(t, []string{"size", "scope", "rules[0]", "parameters.none", "actionGroups[0]", "actionGroups[1]", "parameters.error-ratio.ratio", "parameters.error-ratio.x"},
		fields("/api/v1/alert-packs/enable", `{"scope": "a//b", "size": 1, "rules": ["gone", "error-ratio"], "actionGroups": ["a", "b"], "parameters": {"none": {}, "error-ratio": {"ratio": 7, "x": 1}}}`))
	require.Equal(t, []string{"rules", "scope"}, fields("/api/v1/alert-packs/disable", `{"rules": "all"}`))
	got = a.send("PUT", "/api/v1/notification-policy", `{"route": {"group_wait": "<soon>"}}`)
	require.Contains(t, got.body, `(got <soon>)`, "as it was written")
	require.Contains(t, a.send("POST", "/api/v1/alerts/changestate?newState=Foo", `{"ids": ["x"]}`).body, `parameter \"newState\" must be`)
	require.Contains(t, a.send("POST", "/api/v1/alert-rules", `{"name": `).body, `it ends too early`)
	require.Equal(t, 0.0, a.count("endscope_http_panics_total"))
}

func TestListsAreFilteredAndPaged(t *testing.T) {
	a := startAlerts(t)
	for _, name := range []string{"a", "b", "c"} {
		require.Equal(t, 201, a.send("PUT", "/api/v1/alert-rules/"+name, strings.Replace(latencyRule, "high-latency", name, 1)).status)
	}
	require.Equal(t, 200, a.send("PATCH", "/api/v1/alert-rules/b", `{"enabled": false, "scopes": ["fraud/*"], "description": "Of Fraud"}`).status)
	names := func(path string) (out []string) {
		got := a.get(path)
		require.Equal(t, 200, got.status, got.body)
		value, _ := got.as(t)["value"].([]any)
		for _, v := range value {
			out = append(out, v.(map[string]any)["name"].(string))
		}
		return out
	}
	require.Equal(t, []string{"a", "b", "c"}, names("/api/v1/alert-rules"))
	require.Equal(t, []string{"b"}, names("/api/v1/alert-rules?enabled=false"))
	require.Equal(t, []string{"a", "c"}, names("/api/v1/alert-rules?enabled=true"))
	require.Equal(t, []string{"b"}, names("/api/v1/alert-rules?scope=fraud/blue"))
	require.Equal(t, []string{"b"}, names("/api/v1/alert-rules?q=fraud"))
	require.Equal(t, []string{"a", "c"}, names("/api/v1/alert-rules?scope=credit/blue/i-1"))
	require.Empty(t, names("/api/v1/alert-rules?kind=log"))
	got := a.get("/api/v1/alert-rules?limit=2&kind=metric").as(t)
	require.Len(t, got["value"], 2)
	require.Equal(t, []string{"c"}, names(strings.TrimPrefix(got["nextLink"].(string), a.url)))
}

func TestSecretsAreInNoAnswer(t *testing.T) {
	a := startAlerts(t)
	secret := "s3cr3t-token"
	check := func(got reply, status int) reply {
		t.Helper()
		require.Equal(t, status, got.status, got.body)
		require.NotContains(t, got.body, secret)
		return got
	}
	got := check(a.send("POST", "/api/v1/action-groups", oncallGroup), 201)
	require.Contains(t, got.body, `https://pager.example.com/\u003csecret\u003e`)
	check(a.send("POST", "/api/v1/action-groups?dryRun=true", strings.Replace(oncallGroup, "oncall", "other", 1)), 200)
	got = check(a.get("/api/v1/action-groups/oncall"), 200)
	check(a.send("PUT", "/api/v1/action-groups/oncall", strings.Replace(got.body, `"groupShortName":"oncall"`, `"groupShortName":"night"`, 1)), 200)
	check(a.send("PATCH", "/api/v1/action-groups/oncall", `{"enabled": false}`), 200)
	stored, err := a.resources.Get(t.Context(), kindActionGroup, "oncall")
	require.NoError(t, err)
	require.Contains(t, string(stored.Spec), secret, "it is kept")
	require.Contains(t, string(stored.Spec), `"groupShortName":"night"`)
	check(a.get("/api/v1/action-groups"), 200)
	check(a.get("/api/v1/action-groups/oncall/history"), 200)
	check(a.get("/api/v1/action-groups/oncall/versions"), 200)
	check(a.send("POST", "/api/v1/action-groups/oncall/restore?version=1", ""), 200)
	for _, format := range []string{"yaml", "json"} {
		got = check(a.get("/api/v1/export?format="+format), 200)
		require.Regexp(t, `(<|\\u003c)secret`, got.body)
	}
	// A secret does not follow the receiver to another address.
	got = check(a.send("POST", "/api/v1/action-groups/test",
		`{"group": {"name": "oncall", "groupShortName": "x", "webhookReceivers": [{"name": "pager", "serviceUri": "https://evil.example.com/<secret>"}]}}`), 422)
	require.Contains(t, got.body, `"field":"group.webhookReceivers[0].serviceUri"`)
	require.NotContains(t, a.harness.logs.String(), secret)
}

func TestAGroupThatIsNamedStays(t *testing.T) {
	a := startAlerts(t)
	require.Equal(t, 201, a.send("POST", "/api/v1/action-groups", oncallGroup).status)
	got := a.send("POST", "/api/v1/alert-rules", latencyRule)
	require.NotContains(t, got.as(t), "warnings")
	got = a.send("DELETE", "/api/v1/action-groups/oncall", "")
	require.Equal(t, 409, got.status)
	require.Contains(t, got.body, "is named by alert-rule/high-latency")

	// What the policy names cannot go even by force, for routing would refuse it.
	policy := `{"route": {"receiver": "oncall"}}`
	require.Equal(t, 201, a.send("PUT", "/api/v1/notification-policy", policy).status)
	got = a.send("DELETE", "/api/v1/action-groups/oncall?force=true", "")
	require.Equal(t, 422, got.status, got.body)
	require.Equal(t, 422, a.send("PUT", "/api/v1/notification-policy", `{"route": {"receiver": "nobody-knows"}}`).status)
	require.Equal(t, 204, a.send("DELETE", "/api/v1/notification-policy", "").status)
	require.Equal(t, 204, a.send("DELETE", "/api/v1/action-groups/oncall?force=true", "").status)
	require.Equal(t, 400, a.send("DELETE", "/api/v1/alert-rules/high-latency?force=true", "").status)
}

func TestThePolicyIsTheDefaultUntilThereIsOne(t *testing.T) {
	a := startAlerts(t)
	got := a.get("/api/v1/notification-policy")
	require.Equal(t, 200, got.status)
	require.Equal(t, true, got.as(t)["default"])
	require.Equal(t, "30s", got.as(t)["route"].(map[string]any)["group_wait"])
	made := a.send("PUT", "/api/v1/notification-policy", got.body, "If-None-Match", "*")
	require.Equal(t, 201, made.status, made.body)
	require.NotContains(t, made.as(t), "default")
	require.Equal(t, 412, a.send("PUT", "/api/v1/notification-policy", got.body, "If-None-Match", "*").status)
	require.Equal(t, made.header.Get("ETag"), a.get("/api/v1/notification-policy").header.Get("ETag"))
	require.Len(t, a.get("/api/v1/notification-policy/history").as(t)["value"], 1)
	require.Equal(t, 204, a.send("DELETE", "/api/v1/notification-policy", "").status)
	require.Equal(t, true, a.get("/api/v1/notification-policy").as(t)["default"])
}

func TestProvisioningAndExport(t *testing.T) {
	a := startAlerts(t)
	yaml := "kind: action-group\nname: oncall\nspec: " + oncallGroup + "\n---\nkind: alert-rule\nname: high-latency\nspec: " + latencyRule + "\n"
	provision := func(query, body string) reply {
		return a.send("POST", "/api/v1/provisioning/"+query, body, "Content-Type", "application/yaml")
	}
	got := provision("gitops?dryRun=true", yaml)
	require.Equal(t, 200, got.status, got.body)
	require.Equal(t, 404, a.get("/api/v1/alert-rules/high-latency").status)
	got = provision("gitops", yaml)
	require.JSONEq(t, `{"created": [{"kind": "action-group", "name": "oncall"}, {"kind": "alert-rule", "name": "high-latency"}], "updated": [], "unchanged": [], "deleted": []}`, got.body)
	require.JSONEq(t, `{"value": [{"name": "gitops", "resources": {"action-group": 1, "alert-rule": 1}}]}`, a.get("/api/v1/provisioning").body)

	got = a.send("PATCH", "/api/v1/alert-rules/high-latency", `{"enabled": false}`)
	require.Equal(t, 409, got.status)
	require.Equal(t, "gitops", got.as(t)["source"])
	require.Contains(t, a.get("/api/v1/alert-rules/high-latency").body, `"source":"gitops"`)

	exported := a.get("/api/v1/export")
	require.Equal(t, "application/yaml", exported.header.Get("Content-Type"))
	require.Contains(t, exported.body, "kind: alert-rule")
	got = provision("gitops?prune=true", exported.body)
	require.JSONEq(t, `{"created": [], "updated": [], "unchanged": [{"kind": "alert-rule", "name": "high-latency"}, {"kind": "action-group", "name": "oncall"}], "deleted": []}`, got.body)

	got = a.send("POST", "/api/v1/provisioning/gitops", `[{"kind": "alert-rule", "name": "high-latency", "spec": {"severity": 9}}]`)
	require.Equal(t, 422, got.status)
	require.Contains(t, got.body, `"errors":[{"document":0,"kind":"alert-rule","name":"high-latency"`)
	require.Contains(t, provision("gitops", "kind: x\nname: [").body, `"document":0`)
	require.Equal(t, 422, a.send("POST", "/api/v1/provisioning/.bad", `[]`).status)
	require.Equal(t, 409, a.send("POST", "/api/v1/provisioning/files", `[]`).status)
	require.Equal(t, 409, a.send("POST", "/api/v1/provisioning/files/release", "").status)
	require.Equal(t, 422, a.send("POST", "/api/v1/provisioning/gitops", `[{"kind": "notification-policy", "spec": {"route": {"receiver": "gone"}}}]`).status)

	got = a.send("POST", "/api/v1/provisioning/gitops/release", "")
	require.JSONEq(t, `{"released": [{"kind": "action-group", "name": "oncall"}, {"kind": "alert-rule", "name": "high-latency"}]}`, got.body)
	require.Equal(t, 200, a.send("PATCH", "/api/v1/alert-rules/high-latency", `{"enabled": false}`).status)
	require.Equal(t, 404, a.send("POST", "/api/v1/provisioning/gitops/release", "").status)

	require.Equal(t, 200, a.send("POST", "/api/v1/alert-packs/enable", `{"scope": "credit", "rules": ["agent-silent", "error-ratio"]}`).status)
	got = a.get("/api/v1/export?format=prometheus")
	require.Equal(t, 200, got.status)
	require.Contains(t, got.body, "groups:")
	require.Equal(t, 400, a.get("/api/v1/export?format=prometheus&kind=action-group").status)
	require.Equal(t, 400, a.get("/api/v1/export?kind=dashboards").status)
	require.Equal(t, 400, a.get("/api/v1/export?format=alertmanager").status, "nobody exports that here")
}

func TestWhatIsProvisionedIsInForceWhenItIsAnswered(t *testing.T) {
	a := startAlerts(t)
	enforced := 0
	a.api.Enforce = func(context.Context) error {
		if enforced++; enforced == 2 {
			return errors.New("route.receiver: must be an action group (got gone)")
		}
		return nil
	}
	send := func(query string) reply {
		return a.send("POST", "/api/v1/provisioning/gitops"+query, `[{"kind": "action-group", "name": "oncall", "spec": `+oncallGroup+`}]`)
	}
	require.Equal(t, 200, send("?dryRun=true").status)
	require.Zero(t, enforced, "nothing was stored")
	require.NotContains(t, send("").as(t), "warnings")
	require.Equal(t, []any{"stored, but not all that is stored is in force: route.receiver: must be an action group (got gone)"}, send("").as(t)["warnings"])
}

func TestPatchesAtTheSameTimeAllCount(t *testing.T) {
	a := startAlerts(t)
	require.Equal(t, 201, a.send("POST", "/api/v1/alert-rules", latencyRule).status)
	done := make(chan int)
	for i := range 8 {
		go func() {
			name := string(rune('a' + i))
			done <- a.send("PATCH", "/api/v1/alert-rules/high-latency", `{"customProperties": {"`+name+`": "x"}}`).status
		}()
	}
	for range 8 {
		require.Equal(t, 200, <-done)
	}
	require.Len(t, a.get("/api/v1/alert-rules/high-latency").as(t)["customProperties"], 8)
}
