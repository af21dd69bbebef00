package hub

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestProcessingRulesDecideWhoIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules := []alerts.ProcessingRule{
			{Name: "audit", Enabled: true, AddGroups: []string{"audit", "oncall"}},
			{Name: "maintenance", Enabled: true, Suppress: true, Conditions: []alerts.ProcessingCondition{{Field: alerts.FieldAlertContext, Operator: alerts.OperatorContains, Values: []string{`"statusCode":"2"`}}}},
		}
		w := newWorld(t, func(_ *Config, s *Settings) { s.ProcessingRules = func() []alerts.ProcessingRule { return rules } })
		w.run()
		at := time.Now()
		w.apply(fired(1, at), fired(2, at))
		time.Sleep(time.Minute)
		require.Equal(t, ",audit,oncall,", w.router.all()[0].Labels[alerts.LabelActionGroups])
		require.Equal(t, []string{"fired", "groups_added"}, w.kinds("id-1"))
		require.Equal(t, []string{"audit", "oncall"}, w.get("id-1").Groups)
		require.Len(t, w.get("id-1").Actions, 1, "Actions are those of the rule")

		require.Empty(t, w.router.of("id-2"))
		require.Equal(t, []string{"fired", "suppressed"}, w.kinds("id-2"))
		require.True(t, w.get("id-2").Suppressed)
		require.Empty(t, w.get("id-2").Labels[alerts.LabelActionGroups])
		w.apply(resolved(2, at, time.Now()))
		time.Sleep(time.Minute)
		require.Empty(t, w.router.of("id-2"), "nobody hears that something resolved of which nobody heard")

		// It fires during the maintenance and lasts beyond it.
		again := fired(2, time.Now())
		again.ID = "again"
		w.apply(again)
		time.Sleep(5 * time.Minute)
		require.Empty(t, w.router.of("again"))
		w.stop()
		rules = rules[:1]
		w.run()
		time.Sleep(2 * time.Minute)
		require.Equal(t, []bool{true}, w.router.of("again"))
		require.Equal(t, []string{"fired", "suppressed", "released", "groups_added"}, w.kinds("again"))
		w.apply(resolved(2, at, time.Now())) // the old one: nothing happens
		end := resolved(2, time.Now(), time.Now())
		end.ID = "again"
		time.Sleep(2 * time.Minute)
		w.apply(end)
		time.Sleep(time.Minute)
		require.Equal(t, []bool{true, false}, w.router.of("again"))
	})
}

func TestLabelsOfPrometheusRulesNameActionGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.run()
		a := alerts.Alert{ID: "p", Rule: "f;g;Down", RuleKind: alerts.KindPrometheus, Condition: alerts.Fired, FiredAt: time.Now(), Labels: map[string]string{"alertname": "Down", alerts.LabelActionGroups: "team, oncall"}}
		b := a
		b.ID, b.Labels = "q", map[string]string{"alertname": "Up"}
		w.apply(a, b)
		time.Sleep(time.Second)
		require.Equal(t, ",oncall,team,", w.router.all()[0].Labels[alerts.LabelActionGroups])
		require.NotContains(t, w.router.all()[1].Labels, alerts.LabelActionGroups, "the policy's routes decide")
		require.Equal(t, "team, oncall", a.Labels[alerts.LabelActionGroups], "what was given is not changed")
	})
}

func TestAddedGroupsDoNotTakeThePolicyAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules := []alerts.ProcessingRule{{Name: "audit", Enabled: true, AddGroups: []string{"audit"}}}
		w := newWorld(t, func(_ *Config, s *Settings) { s.ProcessingRules = func() []alerts.ProcessingRule { return rules } })
		w.run()
		a := alerts.Alert{ID: "p", Rule: "f;g;Down", RuleKind: alerts.KindPrometheus, Condition: alerts.Fired, FiredAt: time.Now(), Labels: map[string]string{"alertname": "Down"}}
		b := a
		b.ID, b.Labels = "q", map[string]string{"alertname": "Up", alerts.LabelActionGroups: "*,team"}
		w.apply(a, b)
		time.Sleep(time.Second)
		require.Equal(t, ",*,audit,", w.router.all()[0].Labels[alerts.LabelActionGroups])
		require.Equal(t, []string{"audit"}, w.get("p").Groups)
		require.Equal(t, ",*,audit,team,", w.router.all()[1].Labels[alerts.LabelActionGroups])
		require.Equal(t, []string{"audit", "team"}, w.get("q").Groups)
	})
}

func TestEvaluatorsLearnWhatIsActive(t *testing.T) {
	w := newWorld(t, nil)
	at := time.Now()
	log, gone, stateless := fired(2, at), fired(3, at), fired(4, at)
	log.RuleKind, stateless.Stateless = alerts.KindLog, true
	w.apply(fired(1, at), log, gone, stateless, resolved(3, at, at))
	ids := func(kinds ...alerts.RuleKind) (out []string) {
		active, err := w.Active(t.Context(), kinds...)
		require.NoError(t, err)
		for _, a := range active {
			out = append(out, a.ID)
		}
		return out
	}
	require.Equal(t, []string{"id-1"}, ids(alerts.KindMetric))
	require.Equal(t, []string{"id-1", "id-2"}, ids(alerts.KindMetric, alerts.KindLog))
	require.Empty(t, ids(alerts.KindPrometheus))
	require.Equal(t, []string{"id-1", "id-2"}, ids())
}

func TestATestIsNoAlert(t *testing.T) {
	w := newWorld(t, nil)
	require.NoError(t, w.Apply(t.Context(), []alerts.Transition{{Alert: fired(1, time.Now()), Test: true}}))
	_, err := w.store.Read(t.Context(), "id-1")
	require.ErrorIs(t, err, alerts.ErrNotFound)
}

func TestPostedAlertsAreOnlyNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.run()
		now := time.Now()
		p := Posted{Labels: map[string]string{"alertname": "DiskFull", "severity": "page", "endpoint": "credit", "instance": "x"}, StartsAt: now.Add(-time.Minute), EndsAt: now.Add(5 * time.Minute)}
		require.NoError(t, w.Posted(t.Context(), []Posted{p}))
		open, err := w.store.Open(t.Context(), "DiskFull")
		require.NoError(t, err)
		require.Len(t, open, 1)
		require.Equal(t, 0, open[0].Severity)
		require.Equal(t, "credit", open[0].Target.Endpoint)
		time.Sleep(4 * time.Minute)
		p.EndsAt = time.Now().Add(5 * time.Minute)
		require.NoError(t, w.Posted(t.Context(), []Posted{p}))
		time.Sleep(4 * time.Minute)
		require.Equal(t, alerts.Fired, w.get(open[0].ID).Condition)
		time.Sleep(2 * time.Minute)
		require.Equal(t, alerts.Resolved, w.get(open[0].ID).Condition)
		require.Equal(t, []string{"fired", "resolved"}, w.kinds(open[0].ID))

		p.EndsAt = time.Now().Add(time.Minute)
		require.NoError(t, w.Posted(t.Context(), []Posted{p, p}))
		p.EndsAt = time.Now()
		require.NoError(t, w.Posted(t.Context(), []Posted{p, p}))
		open, err = w.store.Open(t.Context(), "DiskFull")
		require.NoError(t, err)
		require.Empty(t, open)
		w.stop()
		w.run()
		time.Sleep(time.Minute)
		require.Empty(t, w.router.all(), "routing has them from who posted them")
	})
}

func TestNotificationsAreInTheTimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.run()
		w.apply(fired(1, time.Now()))
		for range 3 {
			w.Notified(NotifyResult{Alerts: []string{"id-1", "", "unknown"}, Group: "oncall", Receiver: "hook", Type: "webhook", Error: "503", At: time.Now(), Attempt: 1})
		}
		w.Notified(NotifyResult{Alerts: []string{"id-1"}, Group: "oncall", Receiver: "hook", Type: "webhook", OK: true, At: time.Now()})
		w.Notified(NotifyResult{Alerts: []string{""}, OK: true})
		w.Noted("id-1", alerts.TimelineEntry{At: time.Now(), Kind: "muted", Text: "Nobody is told."})
		w.Noted("unknown", alerts.TimelineEntry{At: time.Now(), Kind: "muted"})
		w.stop() // what waits is written
		require.Equal(t, []string{"fired", "notify_failed", "notified", "muted"}, w.kinds("id-1"))
		entries, err := w.store.Timeline(everything(t), "id-1")
		require.NoError(t, err)
		require.Equal(t, "Could not notify hook (webhook) of oncall, 3 times: 503", entries[1].Text)
		require.Equal(t, "Notified hook (webhook) of oncall.", entries[2].Text)
	})
}
