package alerts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hot and cold are on either side of the thresholds of these tests.
const hot, cold = 95, 40

// temperatures is a metric rule that fires for each instance whose GPU is hot.
func temperatures(name, scope string, more map[string]any) map[string]any {
	rule := map[string]any{
		"name": name, "severity": 1, "scopes": []string{scope}, "evaluationFrequency": "PT15S", "windowSize": "PT15S",
		"criteria": map[string]any{"allOf": []any{map[string]any{
			"name": "hot", "metricName": "GpuTemperature", "timeAggregation": "Maximum", "operator": "GreaterThan", "threshold": 70,
			"dimensions": []any{map[string]any{"name": "instanceId", "operator": "Include", "values": []string{"*"}}},
		}}},
	}
	for k, v := range more {
		rule[k] = v
	}
	return rule
}

const gpu = `gpu_temperature_celsius{gpu="0"}`

// TestFromAThresholdToTheRightPeople follows alerts from samples that are pushed to whoever is told, and back to what their links show.
func TestFromAThresholdToTheRightPeople(t *testing.T) {
	t.Parallel()
	amtool := newDebian(t, "prometheus-alertmanager", "amtool")
	l, m := listen(t), newMailbox(t)
	s := startServer(t, "--alerts.receivers.smtp.smarthost="+m.addr, "--alerts.receivers.smtp.from=endscope@example.org", "--alerts.receivers.smtp.require-tls=false",
		"--alerts.hub.explain.timeout=1m")
	began := time.Now()
	s.call(http.MethodPost, "/api/v1/action-groups", map[string]any{
		"name": "oncall", "groupShortName": "oncall", "groupWait": "PT1S", "groupInterval": "PT10S",
		"webhookReceivers": []any{
			map[string]any{"name": "common", "serviceUri": l.URL + "/common", "useCommonAlertSchema": true, "bearerToken": "hunter2-token"},
			map[string]any{"name": "native", "serviceUri": l.URL + "/native"},
		},
		"emailReceivers": []any{map[string]any{"name": "mail", "emailAddress": "oncall@example.org", "useCommonAlertSchema": true}},
	}, nil)
	s.call(http.MethodPost, "/api/v1/processing-rules", map[string]any{
		"name": "Maintenance of green", "scopes": []string{"credit/green"}, "actions": []any{map[string]any{"actionType": "RemoveAllActionGroups"}},
	}, nil)
	s.call(http.MethodPost, "/api/v1/alert-rules", temperatures("Hot GPUs", "credit/*", map[string]any{
		"description": "A GPU is too hot.", "customProperties": map[string]string{"cost-center": "42"}, "labels": map[string]string{"team": "ml"},
		"runbookUrl": "https://wiki.example.org/hot", "actions": []any{map[string]any{"actionGroupId": "oncall", "webHookProperties": map[string]string{"queue": "ml"}}},
	}), nil)
	silence := strings.TrimSpace(amtool.run("silence", "add", "--alertmanager.url="+s.URL(), "--author=me", "--comment=known", "--duration=1h", "instance=b3"))

	f := feed(t, s)
	for _, i := range []string{"blue/b1", "blue/b2", "blue/b3", "green/g1"} {
		f.set("credit/"+i, gpu, cold)
	}
	// All are known before anything changes.
	eventually(t, func(ctx context.Context) error { return known(ctx, s, "gpu_temperature_celsius", 4) })
	for _, i := range []string{"blue/b1", "blue/b3", "green/g1"} {
		f.set("credit/"+i, gpu, hot)
	}
	var fired *common
	eventually(t, func(context.Context) (err error) {
		fired, err = l.one(t, "/common", "b1", "Fired")
		return err
	})
	e := fired.Data.Essentials
	require.Equal(t, "Hot GPUs", e.AlertRule)
	require.Equal(t, "Sev1", e.Severity)
	require.Equal(t, "Metric", e.SignalType)
	require.Equal(t, []string{"credit/blue/b1"}, e.AlertTargetIDs)
	require.Equal(t, map[string]string{"cost-center": "42"}, fired.Data.CustomProperties)
	c := fired.Data.AlertContext
	require.Equal(t, map[string]string{"queue": "ml"}, c.Properties)
	require.Equal(t, "GpuTemperature", c.Condition.AllOf[0].MetricName)
	require.Equal(t, "70", c.Condition.AllOf[0].Threshold)
	require.EqualValues(t, hot, *c.Condition.AllOf[0].MetricValue)
	require.Equal(t, 15*time.Second, c.Condition.WindowEndTime.Sub(c.Condition.WindowStartTime))
	require.Equal(t, e.FiredDateTime, c.Condition.WindowEndTime)
	require.Equal(t, e.FiredDateTime.Truncate(15*time.Second), e.FiredDateTime, "checks are made at multiples of the frequency")
	require.Equal(t, "Bearer hunter2-token", l.got("/common")[0].header.Get("Authorization"))

	// Acknowledged by hand, which changes nothing else.
	s.call(http.MethodPost, "/api/v1/alerts/"+e.AlertID+"/changestate?newState=Acknowledged", map[string]any{"comment": "looking"}, nil)
	mine, err := s.alerts(t.Context(), "alertState=Acknowledged")
	require.NoError(t, err)
	require.Len(t, mine, 1)
	require.Equal(t, e.AlertID, mine[0].ID)
	require.Equal(t, "Fired", mine[0].MonitorCondition)

	// The others of the group, with links that answer.
	eventually(t, func(context.Context) error {
		if _, ok := l.told(t, "/native", "firing", "instance")["b1"]; !ok {
			return errors.New("the group is not told")
		}
		if len(m.letters("Hot GPUs")) == 0 {
			return errors.New("there is no email")
		}
		return nil
	})
	native := l.told(t, "/native", "firing", "instance")["b1"]
	require.Equal(t, "ml", native.Labels["team"])
	require.True(t, native.StartsAt.Equal(e.FiredDateTime), "%s and %s", native.StartsAt, e.FiredDateTime)
	require.Equal(t, "https://wiki.example.org/hot", native.Annotations["runbook_url"])
	followLinks(t, s, native.Annotations)
	followLink(t, s, e.InvestigationLink)
	require.Contains(t, m.letters("Hot GPUs")[0].to, "oncall@example.org")

	// Each instance fires and resolves alone.
	f.set("credit/blue/b2", gpu, hot)
	f.set("credit/blue/b1", gpu, cold)
	eventually(t, func(context.Context) error { _, err := l.one(t, "/common", "b2", "Fired"); return err })

	// Whoever is silenced or suppressed is not told of. What was silenced is, once the silence is over; amtool sees both.
	eventually(t, func(ctx context.Context) error {
		all, err := s.alerts(ctx, "monitorCondition=Fired")
		if err == nil && !slices.ContainsFunc(all, func(a listed) bool { return a.Dimensions["instanceId"] == "b3" }) {
			err = errors.New("b3 has not fired")
		}
		return err
	})
	require.Contains(t, amtool.run("silence", "query", "--alertmanager.url="+s.URL()), silence)
	require.NotContains(t, amtool.run("alert", "query", "-o", "extended", "--alertmanager.url="+s.URL()), `instance="b3"`)
	require.NotContains(t, l.told(t, "/native", "firing", "instance"), "b3", "a silence stops it")
	amtool.run("silence", "expire", "--alertmanager.url="+s.URL(), silence)

	var resolved *common
	eventually(t, func(context.Context) (err error) {
		resolved, err = l.one(t, "/common", "b1", "Resolved")
		return err
	})
	require.Equal(t, e.AlertID, resolved.Data.Essentials.AlertID)
	require.EqualValues(t, cold, *resolved.Data.AlertContext.Condition.AllOf[0].MetricValue)
	eventually(t, func(context.Context) error { _, err := l.one(t, "/common", "b3", "Fired"); return err })
	eventually(t, func(context.Context) error {
		if _, ok := l.told(t, "/native", "resolved", "instance")["b1"]; !ok {
			return errors.New("the group is not told that b1 is well")
		}
		if len(m.letters("Hot GPUs")) < 4 {
			return errors.New("there is no fourth email")
		}
		return nil
	})
	require.Len(t, m.letters("Hot GPUs"), 4, "b1, b2 and b3 as they fire, b1 as it resolves")
	require.Len(t, l.commons(t, "/common"), 4)
	require.NotContains(t, l.told(t, "/native", "resolved", "instance"), "b2")
	require.NotContains(t, l.told(t, "/native", "firing", "instance"), "g1", "a processing rule suppresses it")

	all, err := s.alerts(t.Context(), "alertRule="+url.QueryEscape("Hot GPUs"))
	require.NoError(t, err)
	byInstance := map[string]listed{}
	for _, a := range all {
		byInstance[a.Dimensions["instanceId"]] = a
	}
	require.Len(t, all, 4, "%v", byInstance)
	for _, a := range all {
		require.Equal(t, a.Dimensions["instanceId"] == "g1", a.Suppressed)
		require.Equal(t, a.Dimensions["instanceId"] == "b1", a.MonitorCondition == "Resolved")
	}
	kinds := timeline(t, s, e.AlertID)
	for _, kind := range []string{"fired", "notified", "state", "resolved"} {
		require.Contains(t, kinds, kind)
	}
	require.NotContains(t, kinds, "notify_failed")
	require.NotContains(t, kinds, "muted")
	kinds = timeline(t, s, byInstance["b3"].ID)
	require.Contains(t, kinds, "muted", "it was silenced")
	require.Contains(t, kinds, "released")

	// The preview over the same time tells what happened.
	resolvedAt, at := resolved.Data.Essentials.ResolvedDateTime, e.FiredDateTime
	p := s.preview(temperatures("Hot GPUs", "credit/*", nil), began, resolvedAt)
	require.Equal(t, []string{"fired " + at.Format(time.RFC3339), "resolved " + resolvedAt.Format(time.RFC3339)}, p.of(map[string]string{"instanceId": "b1"}))
}

// timeline returns the kinds of what happened to an alert, in order.
func timeline(t *testing.T, s *server, id string) (kinds []string) {
	t.Helper()
	var a listed
	s.call(http.MethodGet, "/api/v1/alerts/"+id, nil, &a)
	for _, e := range a.Timeline {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// known returns nil once the server has had so many series of a name for 20 s, which is more than a window of these tests.
func known(ctx context.Context, s *server, name string, n int) error {
	var answer struct{ Data struct{ Result []any } }
	if err := s.get(ctx, "/api/v1/query?query="+url.QueryEscape(name+" offset 20s"), &answer); err != nil {
		return err
	}
	if len(answer.Data.Result) != n {
		return fmt.Errorf("%d series instead of %d", len(answer.Data.Result), n)
	}
	return nil
}

// followLinks asks for everything that a message links to on the server.
func followLinks(t *testing.T, s *server, annotations map[string]string) {
	t.Helper()
	for _, name := range []string{"link", "chart_url", "drilldown_url", "explain_url"} {
		require.NotEmpty(t, annotations[name], name)
		followLink(t, s, annotations[name])
	}
	explain, err := url.Parse(annotations["explain_url"])
	require.NoError(t, err)
	question := explain.Query()
	question.Del("explain")
	question.Set("scope", strings.TrimPrefix(explain.Path, "/endpoints/"))
	var answer struct{ After *float64 }
	s.call(http.MethodGet, "/api/v1/explain?"+question.Encode(), nil, &answer)
	require.NotNil(t, answer.After, "the page asks explain with the link's parameters")
}

func followLink(t *testing.T, s *server, link string) {
	t.Helper()
	require.True(t, strings.HasPrefix(link, s.URL()+"/"), link)
	s.call(http.MethodGet, link, nil, nil)
}
