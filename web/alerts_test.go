package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// golden compares an answer with a file below testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, []byte(got), "", "  "))
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, pretty.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), pretty.String())
}

// fired is when the alerts of tests fire.
func fired() time.Time { return testNow().Truncate(time.Minute) }

func ids(t *testing.T, r reply) (out []string) {
	t.Helper()
	require.Equal(t, 200, r.status, r.body)
	for _, v := range r.as(t)["value"].([]any) {
		out = append(out, v.(map[string]any)["alertRule"].(string)+" "+v.(map[string]any)["scope"].(string))
	}
	return out
}

func TestAlertsAreListedFilteredAndPaged(t *testing.T) {
	a := startAlerts(t)
	require.Empty(t, ids(t, a.get("/api/v1/alerts")))
	old, recent := anAlert(t, "latency", "credit/blue", 2, fired().Add(-time.Hour)), anAlert(t, "errors", "fraud", 0, fired())
	gone := anAlert(t, "latency", "credit/green", 2, fired().Add(-2*time.Hour))
	a.fire(old, recent, gone)
	gone.Condition, gone.ResolvedAt = alerts.Resolved, fired().Add(-time.Hour)
	a.fire(gone)

	f := func(query string, want ...string) {
		t.Helper()
		require.Equal(t, want, ids(t, a.get("/api/v1/alerts?"+query)), query)
	}
	f("", "errors fraud", "latency credit/blue", "latency credit/green")
	f("severity=0", "errors fraud")
	f("severity=Sev2,3", "latency credit/blue", "latency credit/green")
	f("monitorCondition=resolved", "latency credit/green")
	f("alertState=New&alertRule=latency&monitorCondition=Fired", "latency credit/blue")
	f("scope=credit", "latency credit/blue", "latency credit/green")
	f("scope=*/green,fraud", "errors fraud", "latency credit/green")
	f("actionGroup=oncall&suppressed=false&q=LATENCY%20OF%20FRAUD", "errors fraud")
	f("actionGroup=team")
	f("start=2026-03-01T09:00:00Z&end=2026-03-01T09:30:00Z", "latency credit/blue")
	f("timeRange=30d")
	f("sort=severity&order=asc", "errors fraud", "latency credit/green", "latency credit/blue")

	got := a.get("/api/v1/alerts?top=2&scope=*")
	require.Equal(t, []string{"errors fraud", "latency credit/blue"}, ids(t, got))
	next, _ := got.as(t)["nextLink"].(string)
	require.Equal(t, []string{"latency credit/green"}, ids(t, a.get(strings.TrimPrefix(next, a.url))))
	require.NotContains(t, a.get("/api/v1/alerts").as(t), "nextLink")

	for query, want := range map[string]string{
		"x=1":                           `parameter \"x\" is not known here`,
		"severity=5":                    `must be from 0 to 4`,
		"alertState=Open":               `must be New or Acknowledged or Closed`,
		"limit=0":                       `from 1 to 1000`,
		"limit=1&top=1":                 `together with limit`,
		"cursor=x":                      `parameter \"cursor\" must be the next of a page`,
		"scope=a//b":                    `a//b`,
		"timeRange=never":               `must be a duration`,
		"timeRange=1h&start=now":        `together with start or end`,
		"start=now&end=now-1h":          `must be after start`,
		"sort=size":                     `must be firedAt or changedAt or severity or rule`,
		"suppressed=maybe":              `must be true or false`,
		"q=" + strings.Repeat("x", 300): `parameter`,
		"alertRule=" + strings.Repeat("x,", 200) + "x": `parameter`,
	} {
		got := a.get("/api/v1/alerts?" + query)
		require.Equal(t, 400, got.status, query+got.body)
		require.Contains(t, got.body, `"errorType":"bad_data"`, "in Prometheus's shape")
		require.Contains(t, got.body, want)
	}
}

func TestAnAlertIsShownWithEverything(t *testing.T) {
	a := startAlerts(t)
	one := anAlert(t, "latency", "credit/blue", 2, fired())
	one.Description, one.RunbookURL, one.CustomProperties = "Slow.", "/runbooks/latency", map[string]string{"team": "credit"}
	a.fire(one)
	golden(t, "alerts/list.json", a.get("/api/v1/alerts").body)
	golden(t, "alerts/alert.json", a.get("/api/v1/alerts/"+one.ID).body)
	require.Equal(t, 200, a.do(http.MethodHead, "/api/v1/alerts/"+one.ID, "", nil).status)

	got := a.send("POST", "/api/v1/alerts/"+one.ID+"/changestate?newState=Acknowledged", `{"comment": "on it"}`, "Authorization", "Basic YWxpY2U6eA==")
	require.Equal(t, 200, got.status, got.body)
	require.Equal(t, "Acknowledged", got.as(t)["alertState"])
	require.Equal(t, "Fired", got.as(t)["monitorCondition"])
	got = a.send("POST", "/api/v1/alerts/"+one.ID+"/changestate", `{"state": "closed"}`)
	require.Equal(t, "Closed", got.as(t)["alertState"])
	got = a.send("POST", "/api/v1/alerts/"+one.ID+"/comments", `{"comment": "it was the disk"}`)
	require.Equal(t, 200, got.status, got.body)
	golden(t, "alerts/history.json", a.get("/api/v1/alerts/"+one.ID+"/history").body)

	for path, c := range map[string]struct {
		body   string
		status int
	}{
		"/changestate":                                   {``, 400},
		"/changestate?newState=Gone":                     {``, 400},
		"/changestate?newState=New&x=1":                  {``, 400},
		"/changestate?newState=Closed#":                  {`{"state": "New"}`, 400},
		"/comments":                                      {`{}`, 400},
		"/comments?comment=" + strings.Repeat("x", 5000): {``, 422},
	} {
		require.Equal(t, c.status, a.send("POST", "/api/v1/alerts/"+one.ID+path, c.body).status, path)
	}
	for _, path := range []string{"", "/history"} {
		require.Equal(t, 404, a.get("/api/v1/alerts/00000000-0000-5000-8000-000000000000"+path).status)
	}
	require.Equal(t, 404, a.send("POST", "/api/v1/alerts/x/changestate?newState=New", "").status)
}

func TestSeveralAlertsAreClosedTogetherOrNotAtAll(t *testing.T) {
	a := startAlerts(t)
	one, two := anAlert(t, "latency", "credit/blue", 2, fired()), anAlert(t, "latency", "credit/green", 2, fired())
	a.fire(one, two)
	body := func(ids ...string) string {
		text, err := json.Marshal(map[string]any{"ids": ids, "state": "Closed"})
		require.NoError(t, err)
		return string(text)
	}
	require.Equal(t, 404, a.send("POST", "/api/v1/alerts/changestate", body(one.ID, "gone")).status)
	require.Len(t, ids(t, a.get("/api/v1/alerts?alertState=New")), 2)
	require.JSONEq(t, `{"changed": 2, "state": "Closed"}`, a.send("POST", "/api/v1/alerts/changestate", body(one.ID, two.ID)).body)
	require.JSONEq(t, `{"changed": 0, "state": "Closed"}`, a.send("POST", "/api/v1/alerts/changestate", body(one.ID)).body)
	require.Equal(t, 400, a.send("POST", "/api/v1/alerts/changestate", body()).status)
	many := make([]string, 1001)
	for i := range many {
		many[i] = one.ID
	}
	require.Equal(t, 400, a.send("POST", "/api/v1/alerts/changestate", body(many...)).status)
}

func TestAlertsAreCounted(t *testing.T) {
	a := startAlerts(t)
	a.fire(anAlert(t, "latency", "credit/blue", 2, fired()), anAlert(t, "latency", "credit/green", 2, fired()), anAlert(t, "errors", "fraud", 0, fired()))
	golden(t, "alerts/summary.json", a.get("/api/v1/alerts/summary?groupby=severity,monitorCondition,alertState,alertRule,scope").body)
	got := a.get("/api/v1/alerts/summary?severity=2&groupby=AlertRule")
	require.JSONEq(t, `{"total": 2, "suppressed": 0, "groups": {"alertRule": {"total": 1, "values": [{"name": "latency", "count": 2}]}}}`, got.body)
	require.Len(t, a.get("/api/v1/alerts/summary").as(t)["groups"], 3)
	require.Equal(t, 400, a.get("/api/v1/alerts/summary?groupby=size").status)
}

func TestCallersSeeTheirOwnAlertsAndNoRules(t *testing.T) {
	mine, err := scopes.ParsePattern("credit/blue")
	require.NoError(t, err)
	a := startAlerts(t, func(o *options) {
		o.settings.Grants = func(*http.Request) scopes.Grants { return scopes.GrantScopes(mine) }
	})
	a.api.Prometheus = promAlerts(t)
	own, other := anAlert(t, "latency", "credit/blue", 2, fired()), anAlert(t, "latency", "credit/green", 2, fired())
	a.fire(own, other)
	got := a.get("/api/v1/alerts")
	require.Equal(t, []string{"latency credit/blue"}, ids(t, got))
	require.NotContains(t, got.body, "green")
	require.NotContains(t, got.body, "SlowBurn", "its target is another endpoint")
	require.JSONEq(t, `{"status": "success", "data": {"groups": []}}`, a.get("/api/v1/rules").body)
	require.Equal(t, 1.0, a.get("/api/v1/alerts/summary").as(t)["total"])
	require.Equal(t, 404, a.get("/api/v1/alerts/"+other.ID).status)
	require.Equal(t, 404, a.send("POST", "/api/v1/alerts/"+other.ID+"/changestate?newState=Closed", "").status)
	require.Equal(t, 200, a.send("POST", "/api/v1/alerts/"+own.ID+"/changestate?newState=Closed", "").status)
	for _, rt := range a.Server.routes() {
		path := strings.NewReplacer("{name}", "x", "{source}", "x", "{path:.*}", "alerts").Replace(rt.path)
		if strings.HasPrefix(path, "/api/v2/") || strings.Contains(path, "-rules") || strings.Contains(path, "groups") || strings.Contains(path, "policy") ||
			strings.Contains(path, "packs") || strings.Contains(path, "provisioning") || strings.HasSuffix(path, "/export") {
			require.Equal(t, 403, a.send(rt.methods[0], path, "{}").status, rt.name)
		}
	}
}

// evaluated are rules of Prometheus that were evaluated.
type evaluated struct {
	group *rules.Group
	rule  *rules.AlertingRule
}

func (e evaluated) RuleGroups() []*rules.Group           { return []*rules.Group{e.group} }
func (e evaluated) AlertingRules() []*rules.AlertingRule { return []*rules.AlertingRule{e.rule} }

// promAlerts is the group of a stored rule with one alert that fires.
func promAlerts(t *testing.T) evaluated {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(`burn > 14`)
	require.NoError(t, err)
	at := fired()
	query := func(context.Context, string, time.Time) (promql.Vector, error) {
		return promql.Vector{{Metric: labels.FromStrings("endpoint", "fraud"), F: 15.5, T: at.UnixMilli()}}, nil
	}
	rule := rules.NewAlertingRule("SlowBurn", expr, 0, 0, labels.FromStrings("severity", "page"), labels.EmptyLabels(), labels.EmptyLabels(), "", true, nil)
	_, err = rule.Eval(t.Context(), 0, at, query, nil, 0)
	require.NoError(t, err)
	rule.SetHealth(rules.HealthGood)
	group := rules.NewGroup(rules.GroupOptions{
		Name: "slo", File: "alert-rule/slo", Interval: time.Minute, Rules: []rules.Rule{rule}, Opts: &rules.ManagerOptions{QueryFunc: query, Context: t.Context()},
	})
	return evaluated{group, rule}
}

func TestPrometheusClientsSeeAllThatFires(t *testing.T) {
	a := startAlerts(t)
	a.api.Prometheus = promAlerts(t)
	resolved := anAlert(t, "latency", "credit/green", 2, fired().Add(-time.Hour))
	a.fire(anAlert(t, "latency", "credit/blue", 2, fired()), resolved)
	resolved.Condition, resolved.ResolvedAt = alerts.Resolved, fired()
	stateless := anAlert(t, "once", "credit", 3, fired())
	stateless.Stateless = true
	a.fire(resolved, stateless)
	var got struct {
		Status string
		Data   json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(a.get("/api/v1/alerts").body), &got))
	require.Equal(t, "success", got.Status)
	golden(t, "alerts/native.json", string(got.Data))
	rules := a.get("/api/v1/rules?type=alert")
	require.Equal(t, 200, rules.status)
	require.Contains(t, rules.body, `"name":"SlowBurn"`)
	require.Contains(t, rules.body, `"state":"firing"`)
	require.Equal(t, 200, a.get("/api/v1/alertmanagers").status)
}

func TestAlertmanagersAPIIsMounted(t *testing.T) {
	a := startAlerts(t, func(o *options) { o.web.RoutePrefix = "/endscope" })
	for _, method := range []string{"GET", "POST", "DELETE"} {
		got := a.send(method, "/api/v2/silence/1", "")
		require.Equal(t, http.StatusTeapot, got.status)
		require.Equal(t, method+" /api/v2/silence/1", got.body)
	}
	require.Equal(t, 405, a.send("PUT", "/api/v2/silences", "").status)
	got := a.send("PUT", "/api/v1/alert-rules/high-latency", latencyRule)
	require.Equal(t, "/endscope/api/v1/alert-rules/high-latency", got.header.Get("Location"))
	a.fire(anAlert(t, "x", "credit/blue", 2, fired()), anAlert(t, "x", "credit/green", 2, fired()))
	next, _ := a.get("/api/v1/alerts?limit=1").as(t)["nextLink"].(string)
	require.True(t, strings.HasPrefix(next, a.url+"/api/v1/alerts?"), next)
	require.Len(t, ids(t, a.get(strings.TrimPrefix(next, a.url))), 1)
}

func TestHealthIsThatOfAlertingToo(t *testing.T) {
	a := startAlerts(t)
	require.Equal(t, 200, a.get("/-/healthy").status)
	a.mu.Lock()
	a.unhealthy = errors.New("evaluation: no rule was evaluated for 5m")
	a.mu.Unlock()
	got := a.get("/-/healthy")
	require.Equal(t, 503, got.status)
	require.JSONEq(t, `{"type": "/problems/unhealthy", "title": "Not healthy", "status": 503, "detail": "alerting does not work: evaluation: no rule was evaluated for 5m"}`, got.body)
	require.Equal(t, 200, a.get("/-/ready").status)
}

func TestRoutesOfAlertingNeedIt(t *testing.T) {
	h := start(t)
	for _, path := range []string{"/api/v1/alert-rules", "/api/v1/alerts/summary", "/api/v2/status", "/runbooks/error-ratio"} {
		require.Equal(t, 404, h.get(path).status, path)
	}
	require.JSONEq(t, `{"status": "success", "data": {"alerts": []}}`, h.get("/api/v1/alerts").body)
	_, err := New(DefaultConfig(), Settings{Listen: "127.0.0.1:0", Logger: h.Server.log, Registerer: discardRegistry(), Alerts: &AlertsAPI{}, Resources: &resources.Store{}})
	require.ErrorContains(t, err, "web: Settings.Alerts.")
}

// noScopes is a drill-down in which there is only one endpoint.
type noScopes struct{ drillDown }

type drillDown = DrillDown // embedded under another name than that of its method

func (noScopes) RequireScope(_ context.Context, p scopes.Pattern) error {
	if p.Endpoint == "credit" || p.Endpoint == scopes.Wildcard {
		return nil
	}
	return scopes.ErrNotFound
}
