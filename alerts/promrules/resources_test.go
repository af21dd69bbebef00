package promrules_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/promrules"
	"github.com/endscope/endscope/query"
)

func TestGroupsThatAreResources(t *testing.T) {
	h := newHouse(t)
	h.set("waiting", 7, credit...)
	m := h.manager(config())
	defer h.run(m)()
	group := `{"name":"g","rules":[{"alert":"Busy","expr":"waiting > 5","labels":{"severity":"warning"}}]}`
	require.NoError(t, m.SetRules([]alerts.Stored{stored("busy", group)}))
	h.eventually("it fires", func() bool { return len(h.sink.all()) == 1 })
	a := h.sink.all()[0]
	require.Equal(t, "busy", a.Rule)
	require.Equal(t, []alerts.Action{{ActionGroupID: "night"}}, a.Actions)

	err := m.SetRules([]alerts.Stored{stored("busy", `{"name":"g","rules":[{"alert":"Busy","expr":"waiting >"}]}`)})
	require.ErrorContains(t, err, "alert rule busy: group")
	require.Len(t, m.AlertingRules(), 1, "what was in force stays")

	require.NoError(t, m.SetRules(nil))
	h.eventually("it resolves with its rule", func() bool { return len(h.sink.all()) == 2 })
	require.Equal(t, "rule deleted", h.sink.all()[1].ResolveReason)
}

func TestMistakesInGroups(t *testing.T) {
	p := query.NewParser()
	for _, c := range []struct{ group, message string }{
		{``, "group"},
		{`[]`, "group"},
		{`{"name":"g","rules":[{"alert":"A","expr":"x >"}]}`, "could not parse expression"},
		{`{"name":"g","rules":[{"alert":"A","expr":"x","extra":1}]}`, "extra"},
		{`{"name":"g","rules":[{"alert":"A","record":"b","expr":"x"}]}`, "only one of"},
		{`{"name":"g","rules":[{"record":"b","expr":"x","for":"5m"}]}`, "for"},
		{`{"name":"g","interval":"soon","rules":[]}`, "soon"},
		{`{"name":"g","rules":[{"alert":"A","expr":"x"},{"alert":"B","expr":"sum("}]}`, `group.rules[1].expr: "B": could not parse expression: 1:5: parse error: unclosed left parenthesis (got sum()`},
		{`{"name":"g","rules":[{"record":"b","expr":"x","for":"5m"}]}`, `group.rules[0]: "b": invalid field 'for' in recording rule`},
		{`{"name":"g","interval":"soon","rules":[{"alert":"B","expr":"sum("}]}`, `group.rules[0].expr: could not parse`},
	} {
		_, err := promrules.ParseGroup(json.RawMessage(c.group), p)
		var field *alerts.FieldError
		require.ErrorAs(t, err, &field, c.group)
		require.ErrorContains(t, err, c.message, c.group)
		told := map[string]bool{}
		for _, e := range alerts.FieldErrors(err) {
			require.False(t, told[e.Error()], "told twice: %s", e)
			told[e.Error()] = true
		}
	}
}

func TestExportIsARuleFile(t *testing.T) {
	group := `{"name":"g","interval":"30s","limit":5,"labels":{"team":"x"},"rules":[{"alert":"A","expr":"x > 1","for":"5m","keep_firing_for":"1m","annotations":{"summary":"{{ $value }}: \"quoted\""}},{"record":"y","expr":"sum(x)"}]}`
	var out bytes.Buffer
	require.NoError(t, promrules.Export(&out, []alerts.Rule{stored("one", group).Rule, stored("two", group).Rule}, query.NewParser()))
	back, errs := rulefmt.Parse(out.Bytes(), false, model.UTF8Validation, query.NewParser(), nil)
	require.Empty(t, errs, out.String())
	require.Equal(t, "g", back.Groups[0].Name)
	require.Equal(t, "g (two)", back.Groups[1].Name)
	want, err := promrules.ParseGroup(json.RawMessage(group), query.NewParser())
	require.NoError(t, err)
	want.Groups[0].Rules[0].Labels = map[string]string{"action_groups": "night"} // its actions
	require.Equal(t, want.Groups[0], back.Groups[0])

	off := stored("off", group).Rule
	off.Enabled = false
	rich := stored("rich", `{"name":"r","rules":[{"alert":"A","expr":"x","labels":{"action_groups":"own"}},{"alert":"B","expr":"x"}]}`).Rule
	rich.Actions = []alerts.Action{{ActionGroupID: "b", WebHookProperties: map[string]string{"queue": "ml"}}, {ActionGroupID: "a"}}
	out.Reset()
	require.NoError(t, promrules.Export(&out, []alerts.Rule{{Name: "slow", Kind: alerts.KindMetric}, off, rich}, query.NewParser()))
	require.Equal(t, `# not in this file: alert-rule/slow: it is a metric rule, and a rule file holds rules of Prometheus
# not in this file: alert-rule/off: it is disabled, and every rule of a rule file is enabled
# not in this file: webHookProperties of alert-rule/rich: a rule file can only name action groups
groups:
  - name: r
    rules:
      - alert: A
        expr: x
        labels:
          action_groups: own
      - alert: B
        expr: x
        labels:
          action_groups: a,b
`, out.String())
}

func TestPreviewSaysWhatWouldHaveHappened(t *testing.T) {
	h := newHouse(t)
	m := h.manager(config())
	start := time.Now().Add(-10 * time.Minute).Truncate(time.Minute)
	values := []float64{1, 9, 9, 9, 1, 9, 1, 1, 1} // one a minute
	err := h.store.Write(t.Context(), func(a storage.AppenderV2) {
		for i, v := range values {
			at := start.Add(time.Duration(i) * time.Minute).UnixMilli()
			_, err := a.Append(0, labels.FromStrings(append(credit, model.MetricNameLabel, "waiting")...), 0, at, v, nil, nil, storage.AppendV2Options{})
			require.NoError(t, err)
		}
	})
	require.NoError(t, err)
	rule := stored("x", `{"name":"g","interval":"1m","query_offset":"0s","rules":[{"alert":"A","expr":"waiting > 5","for":"2m","keep_firing_for":"2m","labels":{"severity":"page"}}]}`).Rule
	p, err := m.Preview(everything(t.Context()), rule, start, start.Add(8*time.Minute))
	require.NoError(t, err)
	require.Len(t, p.Times, 9)
	require.Len(t, p.Series, 1)
	require.Equal(t, "page", p.Series[0].Labels["severity"])
	require.Equal(t, "A", p.Series[0].Labels["alertname"])
	require.Nil(t, p.Series[0].Lower)
	require.Equal(t, 5.0, *p.Series[0].Upper)
	var seen []float64
	for _, v := range p.Series[0].Values {
		seen = append(seen, *v)
	}
	require.Equal(t, values, seen, "what is compared, not only where it is above")
	require.Len(t, p.Events, 2)
	require.Equal(t, p.Series[0].Labels, p.Events[0].Labels)
	require.True(t, p.Events[0].Fired)
	require.Equal(t, start.Add(3*time.Minute).UTC(), p.Events[0].At, "there since minute 1, for two minutes")
	require.False(t, p.Events[1].Fired)
	require.Equal(t, start.Add(8*time.Minute).UTC(), p.Events[1].At, "gone at minute 6 for good, and kept for two minutes")
}
