package app

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
)

// TestAServerStartsWithAPolicyThatFitsNothing stores what the API would refuse, as files that were changed by hand can make it.
func TestAServerStartsWithAPolicyThatFitsNothing(t *testing.T) {
	cfg := DefaultConfig()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	set := Settings{Logger: slog.New(slog.DiscardHandler)}
	a, err := New(cfg, set)
	require.NoError(t, err)
	require.NoError(t, a.alerts.refused())
	require.NoError(t, a.Close())
	store, err := resources.Open(t.Context(), cfg.Resources, resources.Settings{DataDir: cfg.DataDir, Kinds: a.alerts.checker.kinds()})
	require.NoError(t, err)
	_, err = store.Put(t.Context(), resources.Change{Kind: kindPolicy, Spec: json.RawMessage(`{"route":{"receiver":"gone"}}`)})
	require.NoError(t, err)
	require.NoError(t, store.Close())

	a, err = New(cfg, set)
	require.NoError(t, err, "it must start, to take samples and to be mended")
	require.ErrorContains(t, a.alerts.refused(), "gone")
	require.NoError(t, a.alerts.resources.Delete(t.Context(), resources.Change{Kind: kindPolicy}))
	require.NoError(t, a.alerts.enforce(t.Context()))
	require.NoError(t, a.alerts.refused())
	require.NoError(t, a.Close())
}

// TestAReloadIsInForceWhenItReturns looks at rules that files provision, and at a policy that names nobody.
func TestAReloadIsInForceWhenItReturns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yaml")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	a := start(t, nil)
	res := a.cfg.Resources
	res.ProvisioningFiles = []string{file}
	reload := func() error { return a.alerts.reload(t.Context(), a.cfg.Alerts, res) }
	require.Eventually(t, func() bool { return a.alerts.prometheus.RuleGroups() != nil }, time.Minute, 10*time.Millisecond)

	write(`[{"kind": "alert-rule", "name": "g", "spec": {"group": {"name": "g", "rules": [{"alert": "A", "expr": "vector(1)"}]}}}]`)
	require.NoError(t, reload())
	require.Len(t, a.alerts.prometheus.AlertingRules(), 1)

	write(`[{"kind": "notification-policy", "name": "default", "spec": {"route": {"receiver": "gone"}}}]`)
	require.ErrorContains(t, reload(), "resources.files: route.receiver: ")
	require.Len(t, a.alerts.prometheus.AlertingRules(), 1, "nothing was changed")
	require.NoError(t, a.alerts.refused())
}

// TestRulesWaitWhileTheirStoreTakesNothing has no room for samples, and room for rows.
func TestRulesWaitWhileTheirStoreTakesNothing(t *testing.T) {
	a := start(t, func(cfg *Config, _ *Settings) {
		cfg.Storage.MinFree = 1 << 60
		cfg.Alerts.Evaluation.StartupDelay, cfg.Alerts.Evaluation.Grace, cfg.Alerts.Evaluation.Spread = 0, 0, 0
	})
	rule := alerts.Rule{
		Name: "metric", Kind: alerts.KindMetric, Enabled: true, AutoMitigate: true, Scopes: []scopes.Pattern{{Endpoint: "credit"}}, EvaluationFrequency: time.Second, WindowSize: time.Minute,
		Criteria: []alerts.Criterion{{Type: alerts.StaticThreshold, Name: "c", MetricName: "RequestsPerMinute", TimeAggregation: scopes.Average, Operator: alerts.GreaterThan}},
	}
	log := rule
	log.Name, log.Kind = "log", alerts.KindLog
	log.Criteria = []alerts.Criterion{{Type: alerts.StaticThreshold, Name: "c", Query: "AmlOnlineEndpointConsoleLog", TimeAggregation: scopes.Count, Operator: alerts.GreaterThan}}
	a.alerts.evaluator.SetRules([]alerts.Stored{{Rule: rule, Version: 1}, {Rule: log, Version: 1}})
	require.Eventually(t, func() bool {
		m, _ := a.alerts.evaluator.Status("metric")
		l, _ := a.alerts.evaluator.Status("log")
		return m.Err != nil && strings.Contains(m.Err.Error(), "storage.min_free") && m.LastEvaluated.IsZero() && l.Err == nil && !l.LastEvaluated.IsZero()
	}, time.Minute, 10*time.Millisecond)
}
