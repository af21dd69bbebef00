package receivers

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

var update = flag.Bool("update", false, "write golden files")

// samples returns one alert of each kind that has a table of fields.
func samples(t *testing.T) map[string]alerts.Alert {
	t.Helper()
	all := map[string]alerts.Alert{}
	for _, kind := range SampleTypes() {
		a, ok := Sample(kind, fired)
		require.True(t, ok)
		a.CustomProperties = map[string]string{"team": "ml"}
		a.Actions = []alerts.Action{{ActionGroupID: "other"}, {ActionGroupID: "OnCall", WebHookProperties: map[string]string{"ticket": "yes"}}}
		all[kind] = a
	}
	value := 75.0
	all["prometheus"] = alerts.Alert{
		ID: "0b2e3c1a-0000-5000-8000-000000000001", Rule: "rules.yaml;latency;HighLatency", RuleKind: alerts.KindPrometheus, Severity: 2,
		Labels: map[string]string{"alertname": "HighLatency", "severity": "page", "action_groups": ",oncall,"}, Annotations: map[string]string{"summary": "slow"},
		Condition: alerts.Fired, FiredAt: fired, Values: []alerts.CriterionValue{{Value: &value}}, GeneratorURL: "https://prometheus.example/graph",
	}
	return all
}

func TestTheCommonAlertSchema(t *testing.T) {
	k := newKit(t)
	for kind, a := range samples(t) {
		for _, condition := range []alerts.Condition{alerts.Fired, alerts.Resolved} {
			a.Condition = condition
			if condition == alerts.Resolved {
				a.ResolvedAt = fired.Add(20*time.Minute + 123*time.Millisecond)
			}
			name := kind + "-" + strings.ToLower(string(condition))
			t.Run(name, func(t *testing.T) {
				body, err := CommonSchema(&a, k.schemaOptions(&a, "oncall"))
				require.NoError(t, err)
				var payload map[string]any
				require.NoError(t, json.Unmarshal(body, &payload))
				checkFields(t, "common-"+kind, payload)
				var pretty bytes.Buffer
				require.NoError(t, json.Indent(&pretty, body, "", "  "))
				pretty.WriteByte('\n')
				golden := "testdata/common/" + name + ".json"
				if *update {
					require.NoError(t, os.MkdirAll("testdata/common", 0o755))
					require.NoError(t, os.WriteFile(golden, pretty.Bytes(), 0o600))
				}
				want, err := os.ReadFile(golden)
				require.NoError(t, err)
				require.Equal(t, string(want), pretty.String())
			})
		}
	}
}

func TestAnExternalAlertHasTheCommonSchemaToo(t *testing.T) {
	k := newKit(t)
	a := k.lookup(resolved())
	body, err := CommonSchema(a, SchemaOptions{})
	require.NoError(t, err)
	var payload map[string]any
	require.NoError(t, json.Unmarshal(body, &payload))
	checkFields(t, "common-prometheus", payload)
	e := payload["data"].(map[string]any)["essentials"].(map[string]any)
	require.Equal(t, "External", e["monitoringService"])
	require.Equal(t, "Sev0", e["severity"])
	require.Equal(t, []any{"credit/blue"}, e["alertTargetIDs"])
	require.Equal(t, "High latency", e["alertRule"])
}

func TestTargetsAreInLowerCaseAndItemsAreNot(t *testing.T) {
	a := alerts.Alert{RuleKind: alerts.KindMetric, Target: scopes.Path{Endpoint: "Credit", Deployment: "Blue"}}
	e := essentialsOf(&a, SchemaOptions{})
	require.Equal(t, []string{"credit/blue"}, e.AlertTargetIDs)
	require.Equal(t, []string{"Credit/Blue"}, e.ConfigurationItems)
	a = alerts.Alert{RuleKind: alerts.KindLog, Dimensions: map[string]string{"Computer": "pc", "Resource": "res"}}
	require.Equal(t, []string{"res"}, essentialsOf(&a, SchemaOptions{}).ConfigurationItems)
}

func TestAFilteredQueryQuotesItsValues(t *testing.T) {
	require.Equal(t, "T\n| where tostring([\"a \\\"b\"]) == \"c\\\\ \\\"d\\n\"", filtered("T", map[string]string{`a "b`: "c\\ \"d\n"}))
}

func TestAPayloadIsCutToItsLimit(t *testing.T) {
	for _, many := range []int{1, 20_000} {
		a, _ := Sample(SampleLog, fired)
		a.Values[0].Criterion.Query = strings.Repeat("é", 100_000)
		a.CustomProperties = map[string]string{}
		for n := range many {
			a.CustomProperties[fmt.Sprintf("p%d", n)] = strings.Repeat("ü", 100_000/many+20)
		}
		body, err := CommonSchema(&a, SchemaOptions{})
		require.NoError(t, err)
		require.LessOrEqual(t, len(body), maxPayload)
		var payload map[string]any
		require.NoError(t, json.Unmarshal(body, &payload))
		checkFields(t, "common-log", payload)
		require.Contains(t, string(body), "Long texts are cut: a payload has at most 256 KB.")
	}
}

func TestAWebhookSendsTheWholeAlert(t *testing.T) {
	l := listen(t, nil)
	full := samples(t)[SampleMetricDynamic]
	k := newKit(t, func(_ *Config, s *Settings) {
		s.Lookup = func(*alert.Alert) (*alerts.Alert, bool) { return &full, true }
	})
	i := k.one(t, group(t, "webhookReceivers", hookAt(l.URL)))
	_, err := i.Notify(about(t, example()), example())
	require.NoError(t, err)
	_, err = i.Notify(about(t, resolved()), resolved())
	require.NoError(t, err)
	calls := l.got()
	require.Len(t, calls, 2)
	checkFields(t, "common-metric-dynamic", calls[0].json(t))
	require.Equal(t, full.ID+"-Fired", calls[0].Header.Get("Idempotency-Key"))
	require.Equal(t, full.ID+"-Resolved", calls[1].Header.Get("Idempotency-Key"))
	require.Contains(t, string(calls[0].Body), `"properties":{"ticket":"yes"}`)
	require.Contains(t, string(calls[0].Body), `"threshold":"800"`)
	require.Contains(t, string(calls[1].Body), `"monitorCondition":"Resolved"`)
	require.Contains(t, string(calls[1].Body), `"resolvedDateTime":"`)
	require.Contains(t, string(calls[0].Body), `"investigationLink":"https://endscope.example/alerts/`+full.ID+`"`)
}
