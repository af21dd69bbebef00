package route

import (
	"testing"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestWhatIsTold(t *testing.T) {
	oncall := []alerts.ActionGroup{group("oncall"), group("team")}
	both := alerts.ActionGroup{Name: "both", ShortName: "both", Enabled: true}
	const times = `"receiver":"oncall","group_wait":"30s","group_interval":"5m","repeat_interval":"4h"`
	for _, c := range []struct {
		name   string
		policy string
		groups []alerts.ActionGroup
		play   func(h *house)
		want   []string
	}{
		{"a group waits for others, and tells new ones at its interval", `{"route":{` + times + `}}`, oncall, func(h *house) {
			h.fire("a")
			time.Sleep(10 * time.Second)
			h.fire("b")
			time.Sleep(time.Minute)
			h.fire("c")
			time.Sleep(10 * time.Minute)
		}, []string{"30s oncall +a +b", "5m30s oncall +a +b +c"}},
		{"an alert that is evaluated late waits for others all the same", `{"route":{` + times + `}}`, oncall, func(h *house) {
			late := alertOf("a")
			late.StartsAt = late.StartsAt.Add(-45 * time.Second)
			require.NoError(h.t, h.Put(h.t.Context(), []Alert{late}))
			time.Sleep(5 * time.Second)
			h.fire("b")
			time.Sleep(time.Minute)
		}, []string{"30s oncall +a +b"}},
		{"labels of group_by make groups", `{"route":{` + times + `,"group_by":["endpoint"]}}`, oncall, func(h *house) {
			h.fire("a endpoint=x", "b endpoint=y", "c endpoint=x")
			time.Sleep(time.Minute)
		}, []string{"30s oncall +a +c", "30s oncall +b"}},
		{"what stays is told again after the repeat interval", `{"route":{` + times + `}}`, oncall, func(h *house) {
			h.fire("a")
			time.Sleep(4*time.Hour + 10*time.Minute)
		}, []string{"30s oncall +a", "4h5m30s oncall +a"}},
		{"an alert is active until it is put as resolved", `{"route":{"receiver":"oncall","repeat_interval":"30d"}}`, oncall, func(h *house) {
			h.fire("a")
			time.Sleep(72 * time.Hour)
			h.resolve("a")
			time.Sleep(10 * time.Minute)
		}, []string{"30s oncall +a", "72h0m30s oncall -a"}},
		{"what resolves before it is told is told as fired, and as resolved after that", `{"route":{` + times + `}}`, oncall, func(h *house) {
			h.fire("a")
			time.Sleep(10 * time.Second)
			h.resolve("a")
			time.Sleep(10 * time.Minute)
		}, []string{"30s oncall +a", "5m30s oncall -a"}},
		{"an alert that names groups goes to these and not where the policy says", `{"route":{` + times + `}}`, []alerts.ActionGroup{group("oncall"), group("team"), group("team-b")}, func(h *house) {
			h.fire("a action_groups=,team,team-b,", "b action_groups=team-b")
			time.Sleep(time.Minute)
		}, []string{"30s team +a", "30s team-b +a +b"}},
		{"groups that a processing rule added come beside those of the policy", `{"route":{` + times + `}}`, []alerts.ActionGroup{group("oncall"), group("team")}, func(h *house) {
			h.fire("a action_groups=,*,team,")
			time.Sleep(time.Minute)
		}, []string{"30s oncall +a", "30s team +a"}},
		{"nobody is told by default", `{}`, oncall, func(h *house) {
			h.fire("a", "b action_groups=,team,")
			time.Sleep(time.Minute)
		}, []string{"30s team +b"}},
		{"a group that is not enabled tells nobody", `{"route":{` + times + `}}`, []alerts.ActionGroup{{Name: "oncall"}}, func(h *house) {
			h.fire("a", "b action_groups=,oncall,")
			time.Sleep(time.Minute)
		}, nil},
		{"a group has times and grouping of its own", `{"route":{` + times + `}}`, []alerts.ActionGroup{group("oncall"), {Name: "fast", Enabled: true, GroupBy: []string{"endpoint"}, GroupWait: time.Second, GroupInterval: 10 * time.Second, RepeatInterval: time.Hour}}, func(h *house) {
			h.fire("a endpoint=x action_groups=,fast,", "b endpoint=y action_groups=,fast,")
			time.Sleep(5 * time.Second)
			h.resolve("a endpoint=x action_groups=,fast,")
			time.Sleep(61 * time.Minute)
		}, []string{"1s fast +a", "1s fast +b", "11s fast -a", "1h0m11s fast +b"}},
		{"a group tells each alert alone and at once, and others together", `{"route":{` + times + `}}`, []alerts.ActionGroup{both, group("oncall")}, func(h *house) {
			h.fire("a action_groups=,both,", "b action_groups=,both,")
			time.Sleep(45 * time.Second)
			h.resolve("a action_groups=,both,")
			time.Sleep(6 * time.Minute)
		}, []string{"0s both/each +a", "0s both/each +b", "30s both +a +b", "1m0s both/each -a", "5m30s both +b -a"}},
		{"routes of the policy tell each alert alone where the group does", `{"route":{` + times + `,"routes":[{"matchers":["team=\"x\""],"receiver":"both","group_wait":"5s"}]}}`, []alerts.ActionGroup{both, group("oncall")}, func(h *house) {
			h.fire("a team=x", "b team=x", "c team=y")
			time.Sleep(45 * time.Second)
		}, []string{"0s both/each +a", "0s both/each +b", "5s both +a +b", "30s oncall +c"}},
		{"a stateless alert is told once and never as resolved", `{"route":{"receiver":"oncall","repeat_interval":"10m"}}`, oncall, func(h *house) {
			h.fire("a alert_id=1")
			time.Sleep(3 * time.Hour)
			h.resolve("a alert_id=1")
			time.Sleep(time.Hour)
		}, []string{"30s oncall +a"}},
		{"an alert inhibits those that are equal", `{"route":{` + times + `},"inhibit_rules":[{"source_matchers":["severity=\"critical\""],"target_matchers":["severity=\"warning\""],"equal":["endpoint"]}]}`, oncall, func(h *house) {
			h.fire("down severity=critical endpoint=x", "slow severity=warning endpoint=x", "other severity=warning endpoint=y")
			time.Sleep(time.Minute)
			h.resolve("down severity=critical endpoint=x")
			time.Sleep(10 * time.Minute)
		}, []string{"30s oncall +down", "30s oncall +other", "5m30s oncall +slow -down"}},
		// Time in the bubble begins at midnight UTC of a Saturday, which is one o'clock in Berlin.
		{"nothing is told in a mute time, in its time zone, but afterwards", `{"route":{` + times + `,"routes":[{"receiver":"team","matchers":["name=~\"a|b\""],"mute_time_intervals":["night"]}]},"time_intervals":[{"name":"night","time_intervals":[{"times":[{"start_time":"01:00","end_time":"02:00"}],"location":"Europe/Berlin"}]}]}`, oncall, func(h *house) {
			h.fire("a", "c")
			time.Sleep(30 * time.Minute)
			h.fire("b")
			h.resolve("b")
			time.Sleep(time.Hour)
		}, []string{"30s oncall +c", "1h0m30s team +a"}},
		{"a group is told only in its active time", `{"route":{` + times + `},"time_intervals":[{"name":"day","time_intervals":[{"times":[{"start_time":"08:00","end_time":"20:00"}],"weekdays":["saturday"],"location":"Asia/Tokyo"}]}]}`,
			[]alerts.ActionGroup{group("oncall"), {Name: "day", Enabled: true, ActiveTimeIntervals: []string{"day"}}, {Name: "muted", Enabled: true, MuteTimeIntervals: []string{"day"}}}, func(h *house) {
				h.fire("a action_groups=,day,muted,")
				time.Sleep(11*time.Hour + 10*time.Minute)
			}, []string{"30s day +a", "4h5m30s day +a", "8h10m30s day +a", "11h0m30s muted +a"}},
		{"receivers that want no resolved alerts get none", `{"route":{` + times + `}}`, oncall, func(h *house) {
			h.box.mu.Lock()
			h.box.drop = true
			h.box.mu.Unlock()
			h.fire("a", "b")
			time.Sleep(time.Minute)
			h.resolve("a")
			time.Sleep(10 * time.Minute)
			h.resolve("b")
			time.Sleep(10 * time.Minute)
		}, []string{"30s oncall +a +b"}},
		{"putting again what has not changed tells nobody", `{"route":{` + times + `}}`, oncall, func(h *house) {
			h.fire("a")
			time.Sleep(time.Minute)
			for range 20 {
				h.fire("a")
				time.Sleep(time.Minute)
			}
			h.resolve("a")
			time.Sleep(10 * time.Minute)
			h.resolve("a")
			time.Sleep(10 * time.Minute)
		}, []string{"30s oncall +a", "25m30s oncall -a"}},
		{"an alert whose labels change is told as another and not as resolved", `{"route":{` + times + `}}`, oncall, func(h *house) {
			h.fire("a action_groups=,oncall,")
			time.Sleep(time.Minute)
			h.fire("a action_groups=,team,")
			time.Sleep(10 * time.Minute)
		}, []string{"30s oncall +a", "1m30s team +a"}},
	} {
		t.Run(c.name, func(t *testing.T) { played(t, c.policy, c.groups, c.play, c.want) })
	}
}

func TestReceiversSeeAlertsAsTheyAre(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := open(t, `{"route":{"group_by":["..."]}}`, []alerts.ActionGroup{group("oncall")}, nil)
		defer h.stop()
		began := time.Now().Add(-time.Minute)
		a := alertOf("a action_groups=,oncall, endpoint=x")
		a.StartsAt = began
		require.NoError(t, h.Put(t.Context(), []Alert{a}))
		time.Sleep(time.Minute)
		m := h.box.got()
		require.Len(t, m, 1)
		require.Equal(t, "oncall", m[0].receiver)
		require.Equal(t, map[string]string{"alertname": "Test", "name": "a", "endpoint": "x"}, m[0].labels)
		h.box.mu.Lock()
		raw := h.box.raw[0]
		h.box.mu.Unlock()
		require.Equal(t, model.LabelSet{"alertname": "Test", "name": "a", "endpoint": "x"}, raw.Labels, "who is told is no property of the alert")
		require.Equal(t, began, raw.StartsAt)
		source, ok := h.Lookup(raw)
		require.True(t, ok)
		require.Same(t, a.Source, source)
		_, ok = h.Lookup(&alert.Alert{Alert: model.Alert{Labels: model.LabelSet{"alertname": "other"}}})
		require.False(t, ok)
	})
}
