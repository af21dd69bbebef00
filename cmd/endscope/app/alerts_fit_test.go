package app

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/resources"
)

func groupOf(name string) resources.Change {
	return resources.Change{Kind: kindGroup, Name: name, Spec: json.RawMessage(`{"groupShortName": "g", "webhookReceivers": [{"name": "w", "serviceUri": "http://127.0.0.1:1/"}]}`)}
}

func putAll(t *testing.T, store *resources.Store, changes ...resources.Change) {
	t.Helper()
	for _, c := range changes {
		_, err := store.Put(t.Context(), c)
		require.NoError(t, err, c.Name)
	}
}

// closed is a server that does not run.
func closed(t *testing.T, change func(*Config)) *App {
	t.Helper()
	cfg := DefaultConfig()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	change(&cfg)
	a, err := New(cfg, Settings{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

func TestAGroupThatIsNamedIsNotDeleted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(file, []byte(`groups: [{name: g, rules: [{alert: A, expr: vector(1), labels: {action_groups: "x, in-file"}}]}]`), 0o600))
	a := closed(t, func(cfg *Config) { cfg.Alerts.Prometheus.RuleFiles = []string{file} })
	store := a.alerts.resources
	for _, name := range []string{"in-rule", "in-processing", "in-policy", "in-label", "in-file", "free"} {
		putAll(t, store, groupOf(name))
	}
	criterion := `{"name": "c", "metricName": "RequestLatency_P99", "timeAggregation": "Average", "operator": "GreaterThan", "threshold": 1}`
	putAll(t, store,
		resources.Change{Kind: kindRule, Name: "r", Spec: json.RawMessage(`{"severity": 1, "scopes": ["credit"], "evaluationFrequency": "PT1M", "windowSize": "PT5M",
			"criteria": {"allOf": [` + criterion + `]}, "actions": [{"actionGroupId": "in-rule"}]}`)},
		resources.Change{Kind: kindRule, Name: "p", Spec: json.RawMessage(`{"kind": "prometheus", "group": {"name": "g", "rules": [{"alert": "A", "expr": "vector(1)", "labels": {"action_groups": "in-label"}}]}}`)},
		resources.Change{Kind: kindProcessing, Name: "q", Spec: json.RawMessage(`{"scopes": ["credit"], "actions": [{"actionType": "AddActionGroups", "actionGroupIds": ["in-processing"]}]}`)},
		resources.Change{Kind: kindPolicy, Spec: json.RawMessage(`{"route": {"receiver": "in-policy"}}`)},
	)
	for name, by := range map[string]string{
		"in-rule": "alert-rule/r", "in-label": "alert-rule/p", "in-processing": "processing-rule/q", "in-file": "the Prometheus rule " + file + ";g;A",
	} {
		err := store.Delete(t.Context(), resources.Change{Kind: kindGroup, Name: name})
		require.EqualError(t, err, "action-group/"+name+" is named by "+by+": nobody would be told any more; change them first")
		var used *resources.InUseError
		require.ErrorAs(t, err, &used)
		require.NoError(t, store.Delete(t.Context(), resources.Change{Kind: kindGroup, Name: name, Force: true}))
	}
	for _, force := range []bool{false, true} {
		require.ErrorContains(t, store.Delete(t.Context(), resources.Change{Kind: kindGroup, Name: "in-policy", Force: force}), "route.receiver: must be the name of an action group")
	}
	require.NoError(t, store.Delete(t.Context(), resources.Change{Kind: kindGroup, Name: "free"}))
}

// TestOfTwoChangesAtATimeOneIsRefused deletes a group while a policy comes that names it.
func TestOfTwoChangesAtATimeOneIsRefused(t *testing.T) {
	a := closed(t, func(*Config) {})
	store := a.alerts.resources
	for i := range 30 {
		name := fmt.Sprint("g", i)
		putAll(t, store, groupOf(name))
		var wg sync.WaitGroup
		var deleted, named error
		wg.Go(func() { deleted = store.Delete(t.Context(), resources.Change{Kind: kindGroup, Name: name}) })
		wg.Go(func() {
			_, named = store.Put(t.Context(), resources.Change{Kind: kindPolicy, Spec: json.RawMessage(`{"route": {"receiver": "` + name + `"}}`)})
		})
		wg.Wait()
		require.NotEqual(t, deleted == nil, named == nil, "%v, %v", deleted, named)
		if named == nil {
			require.NoError(t, store.Delete(t.Context(), resources.Change{Kind: kindPolicy}))
		}
	}
}

func TestProvisionedFilesMustFitWhatIsStored(t *testing.T) {
	file := filepath.Join(t.TempDir(), "all.yaml")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	group := `{"kind": "action-group", "name": "oncall", "spec": {"groupShortName": "g", "webhookReceivers": [{"name": "w", "serviceUri": "http://127.0.0.1:1/"}]}}`
	write("[" + group + "]")
	var cfg Config
	a := closed(t, func(c *Config) { c.Resources.ProvisioningFiles = []string{file}; cfg = *c })
	putAll(t, a.alerts.resources, resources.Change{Kind: kindProcessing, Name: "q", Spec: json.RawMessage(`{"scopes": ["credit"], "actions": [{"actionType": "AddActionGroups", "actionGroupIds": ["oncall"]}]}`)})
	require.NoError(t, a.alerts.stale())
	for text, want := range map[string]string{
		`[]`: "action-group/oncall is named by processing-rule/q",
		`[` + group + `, {"kind": "notification-policy", "spec": {"route": {"receiver": "gone"}}}]`: "route.receiver: must be the name of an action group",
	} {
		write(text)
		require.ErrorContains(t, a.alerts.reload(t.Context(), cfg.Alerts, cfg.Resources), "resources.files: "+want)
		require.NoError(t, a.alerts.stale(), "what was in force stays")
		require.NoError(t, a.Close())

		var err error
		a, err = New(cfg, Settings{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err, "it must start, to take samples and to notify of what is stored")
		_, err = a.alerts.resources.Get(t.Context(), kindGroup, "oncall")
		require.NoError(t, err)
		require.ErrorContains(t, a.alerts.stale(), "resources.files: "+want)
		write("[" + group + "]")
		require.NoError(t, a.alerts.reload(t.Context(), cfg.Alerts, cfg.Resources))
		require.NoError(t, a.alerts.stale())
	}
	require.NoError(t, a.Close())
}
