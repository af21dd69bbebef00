package alerts

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

const provisioned = `kind: action-group
name: oncall
spec:
  webhookReceivers:
    - name: common
      serviceUri: http://127.0.0.1:9/
---
kind: alert-rule
name: Hot GPUs
spec:
  severity: 2
  scopes: [credit]
  evaluationFrequency: PT1M
  windowSize: PT5M
  criteria:
    allOf:
      - {name: hot, metricName: GpuTemperature, timeAggregation: Maximum, operator: GreaterThan, threshold: 70}
  actions: [{actionGroupId: oncall}]
`

// TestProvisionedFiles changes files under a running server.
func TestProvisionedFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, rules := filepath.Join(dir, "alerts.yaml"), filepath.Join(dir, "rules.yml")
	write := func(path, text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o644)) }
	write(file, provisioned)
	write(rules, ruleFile)
	s := startServer(t, "--resources.files="+file, "--alerts.prometheus.rule-files="+rules)
	const path = "/api/v1/alert-rules/Hot%20GPUs"
	type rule struct {
		Severity    int
		Provisioned bool
	}
	var r rule
	s.call(http.MethodGet, path, nil, &r)
	require.Equal(t, rule{2, true}, r)
	for _, c := range []struct{ method, path string }{{http.MethodDelete, path}, {http.MethodDelete, "/api/v1/action-groups/oncall"}, {http.MethodPut, path}} {
		var body any
		if c.method == http.MethodPut {
			body = temperatures("Hot GPUs", "credit", nil)
		}
		status, text, err := s.do(t.Context(), c.method, c.path, body)
		require.NoError(t, err)
		require.Equal(t, http.StatusConflict, status, "%s", text)
		require.Contains(t, string(text), "files")
	}
	hangup := func() { require.NoError(t, syscall.Kill(s.Proc.PID(), syscall.SIGHUP)) }
	severity := func(n int) func(context.Context) error {
		return func(ctx context.Context) error {
			var r rule
			if err := s.get(ctx, path, &r); err != nil {
				return err
			}
			if r.Severity != n {
				return fmt.Errorf("severity %d instead of %d", r.Severity, n)
			}
			return nil
		}
	}
	alerting := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, text, err := s.do(ctx, http.MethodGet, "/api/v1/rules?type=alert", nil)
			if err == nil && !strings.Contains(string(text), `"`+name+`"`) {
				err = fmt.Errorf("there is no %s in %s", name, text)
			}
			return err
		}
	}
	eventually(t, alerting("HotDeployment"))

	write(file, strings.Replace(provisioned, "severity: 2", "severity: 1", 1))
	write(rules, strings.Replace(ruleFile, "HotDeployment", "VeryHotDeployment", 1))
	hangup()
	eventually(t, severity(1))
	eventually(t, alerting("VeryHotDeployment"))

	// One broken file leaves everything as it is: the provisioned ones and the rule files.
	reloaded := func(want bool) func(context.Context) error {
		return func(ctx context.Context) error {
			var answer struct {
				Data struct{ ReloadConfigSuccess bool }
			}
			err := s.get(ctx, "/api/v1/status/runtimeinfo", &answer)
			if err == nil && answer.Data.ReloadConfigSuccess != want {
				err = fmt.Errorf("the last reload succeeded: %t", !want)
			}
			return err
		}
	}
	for name, breakIt := range map[string]func(){
		"provisioned": func() {
			write(file, strings.Replace(provisioned, "severity: 2", "severity: 9", 1))
			write(rules, ruleFile)
		},
		"rules": func() {
			write(file, provisioned)
			write(rules, strings.Replace(ruleFile, "> 70", "> (", 1))
		},
	} {
		breakIt()
		hangup()
		eventually(t, reloaded(false))
		require.NoError(t, severity(1)(t.Context()), name)
		require.NoError(t, alerting("VeryHotDeployment")(t.Context()), name)
		write(file, strings.Replace(provisioned, "severity: 2", "severity: 1", 1))
		write(rules, strings.Replace(ruleFile, "HotDeployment", "VeryHotDeployment", 1))
		hangup()
		eventually(t, reloaded(true))
	}

	// What the files do not hold any more goes, with what names it.
	write(file, "[]\n")
	hangup()
	eventually(t, reloaded(false)) // a rule still tells the group
	write(rules, "groups: []\n")
	hangup()
	eventually(t, func(ctx context.Context) error {
		status, _, err := s.do(ctx, http.MethodGet, path, nil)
		if err == nil && status != http.StatusNotFound {
			err = fmt.Errorf("status %d", status)
		}
		return err
	})
}
