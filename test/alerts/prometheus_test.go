package alerts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	apiv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

const ruleFile = `groups:
  - name: temperatures
    interval: 1s
    rules:
      - record: deployment:gpu_temperature_celsius:max
        expr: max by (endpoint, deployment) (gpu_temperature_celsius)
      - alert: HotDeployment
        expr: deployment:gpu_temperature_celsius:max > 70
        for: 2s
        keep_firing_for: 2s
        labels: {severity: page, source: file, action_groups: oncall}
        annotations: {summary: "{{ $labels.deployment }} is at {{ $value }}"}
`

// TestPrometheusRules lets a rule file and a group that was made through the API fire, and looks at them with Prometheus's and Alertmanager's own tools.
func TestPrometheusRules(t *testing.T) {
	t.Parallel()
	amtool, promtool := newDebian(t, "prometheus-alertmanager", "amtool"), newDebian(t, "prometheus", "promtool")
	l := listen(t)
	rules := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(rules, []byte(ruleFile), 0o644))
	promtool.run("check", "rules", rules)
	s := startServer(t, "--alerts.prometheus.rule-files="+rules)
	s.call(http.MethodPost, "/api/v1/action-groups", map[string]any{
		"name": "oncall", "groupWait": "PT1S", "groupInterval": "PT10S", "webhookReceivers": []any{map[string]any{"name": "native", "serviceUri": l.URL + "/native"}},
	}, nil)
	s.call(http.MethodPost, "/api/v1/alert-rules", map[string]any{
		"name": "Group of the API", "kind": "prometheus", "actions": []any{map[string]any{"actionGroupId": "oncall"}},
		"group": map[string]any{"name": "api", "interval": "1s", "rules": []any{map[string]any{
			"alert": "HotInstance", "expr": "gpu_temperature_celsius > 70", "labels": map[string]string{"severity": "warning"}, "annotations": map[string]string{"description": "{{ $labels.instance }}"},
		}}},
	}, nil)
	s.call(http.MethodPut, "/api/v1/notification-policy", map[string]any{"route": map[string]any{"receiver": "oncall", "group_by": []string{"alertname"}}}, nil)
	f := feed(t, s)
	f.set("credit/blue/b1", gpu, hot)
	f.set("credit/green/g1", gpu, cold)

	for _, name := range []string{"HotDeployment", "HotInstance"} {
		eventually(t, func(context.Context) error { return toldOf(l.told(t, "/native", "firing", "alertname"), name) })
	}
	told := l.told(t, "/native", "firing", "alertname")
	require.Equal(t, "blue is at 95", told["HotDeployment"].Annotations["summary"])
	require.Equal(t, "file", told["HotDeployment"].Labels["source"])
	require.Equal(t, "blue", told["HotDeployment"].Labels["deployment"])
	require.Equal(t, "b1", told["HotInstance"].Annotations["description"])
	s.call(http.MethodGet, told["HotInstance"].GeneratorURL, nil, nil)

	// Prometheus's own client reads rules and alerts.
	client, err := api.NewClient(api.Config{Address: s.URL(), Client: http.DefaultClient})
	require.NoError(t, err)
	prometheus := apiv1.NewAPI(client)
	found, err := prometheus.Rules(programs.Within(t, patience), nil)
	require.NoError(t, err)
	states := map[string]string{}
	for _, g := range found.Groups {
		for _, r := range g.Rules {
			switch r := r.(type) {
			case apiv1.AlertingRule:
				require.Len(t, r.Alerts, 1)
				states[g.Name+" "+r.Name] = r.State
			case apiv1.RecordingRule:
				states[g.Name+" "+r.Name] = string(r.Health)
			}
		}
	}
	require.Equal(t, map[string]string{"temperatures deployment:gpu_temperature_celsius:max": "ok", "temperatures HotDeployment": "firing", "api HotInstance": "firing"}, states)
	active, err := prometheus.Alerts(programs.Within(t, patience))
	require.NoError(t, err)
	names := map[string]apiv1.AlertState{}
	for _, a := range active.Alerts {
		names[string(a.Labels["alertname"])] = a.State
	}
	require.Equal(t, map[string]apiv1.AlertState{"HotDeployment": "firing", "HotInstance": "firing"}, names)
	value, _, _, err := prometheus.Query(programs.Within(t, patience), `ALERTS{alertstate="firing"}`, time.Now())
	require.NoError(t, err)
	require.Contains(t, value.String(), "HotDeployment")

	// What is exported is what promtool and amtool accept.
	endscope, dir := filepath.Join(bin, "endscope"), t.TempDir()
	exported := filepath.Join(dir, "exported.yml")
	runProgram(t, endscope, "export", "--format", "prometheus", "--server", s.URL(), "-o", exported)
	require.Contains(t, promtool.run("check", "rules", exported), "1 rules found")
	configuration := filepath.Join(dir, "alertmanager.yml")
	runProgram(t, endscope, "export", "--format", "alertmanager", "--server", s.URL(), "-o", configuration)
	require.Contains(t, amtool.run("check-config", configuration), "SUCCESS")

	at := "--alertmanager.url=" + s.URL()
	require.Contains(t, amtool.run("config", "show", at), "oncall")
	require.Contains(t, amtool.run("alert", "query", at), "HotInstance")
	id := strings.TrimSpace(amtool.run("silence", "add", at, "--author=me", "--comment=known", "--duration=1h", "alertname=HotInstance"))
	require.Contains(t, amtool.run("silence", "query", at), id)
	require.NotContains(t, amtool.run("alert", "query", at), "HotInstance")
	require.Contains(t, amtool.run("alert", "query", at, "--silenced"), "HotInstance")
	amtool.run("silence", "expire", at, id)
	require.NotContains(t, amtool.run("silence", "query", at), id)

	// All is well, and everyone hears it.
	f.set("credit/blue/b1", gpu, cold)
	for _, name := range []string{"HotDeployment", "HotInstance"} {
		eventually(t, func(context.Context) error { return toldOf(l.told(t, "/native", "resolved", "alertname"), name) })
	}
	eventually(t, func(ctx context.Context) error {
		all, err := s.alerts(ctx, "monitorCondition=Resolved")
		if err == nil && len(all) != 2 {
			err = fmt.Errorf("%d alerts are resolved", len(all))
		}
		return err
	})
}

// toldOf returns an error unless there is an alert of a name.
func toldOf(told map[string]groupedAlert, name string) error {
	if _, ok := told[name]; !ok {
		return errors.New("nobody is told of " + name)
	}
	return nil
}

// TestForIsRestored restarts the server while an alert is pending: the time that it has been pending counts.
func TestForIsRestored(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(rules, []byte(strings.Replace(ruleFile, "for: 2s", "for: 10m", 1)), 0o644))
	s := newServer(t, "--alerts.prometheus.rule-files="+rules, "--alerts.prometheus.for-grace-period=1s")
	s.start()
	f := feed(t, s)
	f.set("credit/blue/b1", gpu, hot)
	type pending struct {
		State    string
		ActiveAt time.Time
	}
	look := func(ctx context.Context) (pending, error) {
		var answer struct{ Data struct{ Alerts []pending } }
		if err := s.get(ctx, "/api/v1/alerts", &answer); err != nil {
			return pending{}, err
		}
		if len(answer.Data.Alerts) != 1 {
			return pending{}, fmt.Errorf("%d alerts", len(answer.Data.Alerts))
		}
		return answer.Data.Alerts[0], nil
	}
	var before pending
	eventually(t, func(ctx context.Context) (err error) {
		if before, err = look(ctx); err == nil && time.Since(before.ActiveAt) < 20*time.Second { // longer than the restart, by which the restored time is later
			err = errors.New("not pending for long yet")
		}
		return err
	})
	require.Equal(t, "pending", before.State)
	s.Proc.Kill()
	again := time.Now()
	s.start()
	eventually(t, func(ctx context.Context) error {
		after, err := look(ctx)
		if err == nil && !after.ActiveAt.Before(again) {
			err = fmt.Errorf("pending since %s, after the server was started again at %s", after.ActiveAt, again)
		}
		return err
	})
}
