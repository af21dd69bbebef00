package route

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestReload(t *testing.T) {
	const policy = `{"route":{"receiver":"oncall"}}`
	for _, c := range []struct {
		name   string
		change func(*Config, *Settings)
		play   func(h *house)
		want   []string
	}{
		{"what waits is told by the new policy", nil, func(h *house) {
			h.fire("a")
			time.Sleep(20 * time.Second)
			require.NoError(h.t, h.Reload(policyOf(h.t, `{"route":{"receiver":"team"}}`), []alerts.ActionGroup{group("oncall"), group("team")}))
			time.Sleep(5 * time.Minute)
		}, []string{"50s team +a"}},
		{"many changes do not put off what waits", nil, func(h *house) {
			h.fire("a")
			for range 20 {
				time.Sleep(5 * time.Second)
				require.NoError(h.t, h.Reload(policyOf(h.t, policy), []alerts.ActionGroup{group("oncall")}))
			}
		}, []string{"35s oncall +a"}},
		{"nothing is told again, and resolved alerts still are", nil, func(h *house) {
			h.fire("a", "b")
			time.Sleep(time.Minute)
			require.NoError(h.t, h.Reload(policyOf(h.t, policy), []alerts.ActionGroup{group("oncall"), group("team")}))
			time.Sleep(time.Minute)
			h.resolve("a")
			time.Sleep(time.Second)
			require.NoError(h.t, h.Reload(policyOf(h.t, policy), []alerts.ActionGroup{group("oncall")}))
			time.Sleep(time.Hour)
		}, []string{"30s oncall +a +b", "2m1s oncall +b -a"}},
		{"an attempt under way comes to its end and is not made again", nil, func(h *house) {
			h.box.takes(8 * time.Second)
			h.fire("a")
			time.Sleep(33 * time.Second)
			require.NoError(h.t, h.Reload(policyOf(h.t, policy), []alerts.ActionGroup{group("oncall")}))
			require.Equal(h.t, 38*time.Second, time.Since(h.box.began), "the change waits for it")
			time.Sleep(time.Hour)
		}, []string{"38s oncall +a"}},
		{"an attempt that hangs is cut off and made again", nil, func(h *house) {
			h.box.takes(time.Minute)
			h.fire("a")
			time.Sleep(33 * time.Second)
			require.NoError(h.t, h.Reload(policyOf(h.t, policy), []alerts.ActionGroup{group("oncall")}))
			require.Equal(h.t, 48*time.Second, time.Since(h.box.began))
			time.Sleep(time.Hour)
		}, []string{"1m48s oncall +a"}},
		{"what resolved and left the store while its notification was due is told", nil, func(h *house) {
			// The store drops resolved alerts every half hour.
			time.Sleep(26 * time.Minute)
			h.fire("a")
			time.Sleep(3 * time.Minute)
			h.resolve("a")
			time.Sleep(90 * time.Second)
			require.NoError(h.t, h.Reload(policyOf(h.t, policy), []alerts.ActionGroup{group("oncall")}))
			time.Sleep(10 * time.Minute)
		}, []string{"26m30s oncall +a", "30m30s oncall -a"}},
		{"one that is refused changes nothing", nil, func(h *house) {
			broken := []alerts.ActionGroup{group("oncall"), {Name: "x", ShortName: "broken", Enabled: true}}
			require.ErrorContains(h.t, h.Reload(policyOf(h.t, policy), broken), "action group x: this group is broken")
			var fe *alerts.FieldError
			require.ErrorAs(h.t, h.Reload(policyOf(h.t, `{"route":{"routes":[{"receiver":"nobody-knows"}]}}`), []alerts.ActionGroup{group("oncall")}), &fe)
			require.Equal(h.t, "route.routes[0].receiver", fe.Field)
			require.Error(h.t, h.Reload(policyOf(h.t, policy), []alerts.ActionGroup{group("oncall"), group("oncall")}))
			require.Error(h.t, h.Reload(policyOf(h.t, policy), []alerts.ActionGroup{group("oncall"), group(Nobody)}))
			require.Error(h.t, h.Reload(policyOf(h.t, policy), []alerts.ActionGroup{{Name: "oncall", Enabled: true, MuteTimeIntervals: []string{"x"}}}))
			h.fire("a")
			time.Sleep(time.Minute)
		}, []string{"30s oncall +a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				h := open(t, policy, []alerts.ActionGroup{group("oncall")}, c.change)
				defer func() { h.stop() }()
				synctest.Wait()
				c.play(h)
				synctest.Wait()
				require.ElementsMatch(t, c.want, h.box.lines())
			})
		})
	}
}

func TestChangesArriveInTheirOrder(t *testing.T) {
	// The dispatcher takes alerts in by several goroutines: what fires and resolves at once must end as resolved.
	bubble(t, func(t *testing.T) {
		h := open(t, `{"route":{"receiver":"oncall","repeat_interval":"10m"}}`, []alerts.ActionGroup{group("oncall")}, nil)
		defer h.stop()
		for range 200 {
			h.fire("a")
			h.resolve("a")
		}
		time.Sleep(3 * time.Hour)
		require.Equal(t, []string{"oncall +a", "oncall -a"}, strip(h.box.lines()))
		for range 200 {
			h.resolve("a")
			h.fire("a")
		}
		time.Sleep(6 * time.Minute) // the group may be there already, and then it has its interval
		require.Equal(t, []string{"oncall +a"}, strip(h.box.lines()))
	})
}

func TestAttemptsAreReported(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var results []Result
		registry := prometheus.NewRegistry()
		h := open(t, `{"route":{"receiver":"oncall"}}`, []alerts.ActionGroup{group("oncall")}, func(_ *Config, s *Settings) {
			s.Notified = func(r Result) {
				mu.Lock()
				defer mu.Unlock()
				results = append(results, r)
			}
			s.ReceiverName = func(g *alerts.ActionGroup, kind string, index int) (string, bool) {
				return g.Name + "'s " + kind, index == 0
			}
			s.Registerer = registry
		})
		defer h.stop()
		h.box.fails(func(_ string, attempt int) (bool, error) {
			if attempt < 3 {
				return true, errors.New(`Post "https://me:pass@hooks.example/services/T0/SECRET?token=x": refused`)
			}
			return false, nil
		})
		h.fire("a")
		time.Sleep(2 * time.Minute)
		mu.Lock()
		defer mu.Unlock()
		require.Len(t, results, 3)
		for i, r := range results {
			require.Equal(t, i+1, r.Attempt)
			require.Equal(t, "oncall", r.Group)
			require.Equal(t, "oncall's webhook", r.Receiver)
			require.Equal(t, "first notification", r.Reason)
			require.Equal(t, []Notified{{ID: "a", Fingerprint: r.Alerts[0].Fingerprint}}, r.Alerts)
			require.Equal(t, i == 2, r.OK)
			require.Equal(t, i < 2, r.Retry)
		}
		require.Equal(t, `Post "https://hooks.example/<redacted>": refused`, results[0].Error)
		require.Empty(t, results[2].Error)
		n, err := testutil.GatherAndCount(registry, "alertmanager_notifications_total", "alertmanager_nflog_gc_duration_seconds", "alertmanager_alerts", "alertmanager_silences")
		require.NoError(t, err)
		require.Greater(t, n, 5, "Alertmanager's metrics keep their names")
	})
}

func TestAReceiverThatPanicsFailsAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := open(t, `{"route":{"receiver":"oncall"}}`, []alerts.ActionGroup{group("oncall"), group("team")}, nil)
		defer h.stop()
		h.box.fails(func(group string, _ int) (bool, error) {
			if group == "team" {
				panic("a template that was not thought of")
			}
			return false, nil
		})
		h.fire("a action_groups=,oncall,team,")
		time.Sleep(time.Minute)
		require.Equal(t, []string{"30s oncall +a"}, h.box.lines())
	})
}

func TestGroupsThatTellNobodyAreTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var told []string
		h := open(t, `{"route":{"receiver":"oncall","routes":[{"matchers":["name=\"e\""],"receiver":"each"}]}}`,
			[]alerts.ActionGroup{group("oncall"), group("team"), {Name: "each", ShortName: "single", Enabled: true}, {Name: "off"}}, func(_ *Config, s *Settings) {
				s.Noted = func(n Note) { told = append(told, n.ID+" "+n.Kind+" "+n.Text+string(n.Data)) }
			})
		defer h.stop()
		time.Sleep(time.Second)
		for range 3 {
			h.fire("a action_groups=,gone,team,off,")
		}
		h.fire("b action_groups=gone,", "c", "d action_groups=off,*", "e action_groups=off")
		time.Sleep(time.Minute)
		const text = " no_groups It names action groups that are not there, not enabled or without receivers: "
		require.Equal(t, []string{
			"a" + text + `gone, off.{"groups":["gone","off"]}`,
			"b" + text + `gone. The notification policy says who is told.{"groups":["gone"]}`,
			"d" + text + `off.{"groups":["off"]}`,
			"e" + text + `off. The notification policy says who is told.{"groups":["off"]}`,
		}, told, "once for each alert")
		require.ElementsMatch(t, []string{"31s team +a", "31s oncall +b", "31s oncall +c +d", "1s each/each +e"}, h.box.lines())
		require.InDelta(t, 5, testutil.ToFloat64(h.metrics.unknown), 0)

		// A group that is turned off while an alert that names it is active.
		require.NoError(t, h.Reload(policyOf(t, `{"route":{"receiver":"oncall"}}`), []alerts.ActionGroup{group("oncall")}))
		time.Sleep(6 * time.Minute)
		require.Contains(t, h.box.lines(), "1m1s oncall +a +b +e")
	})
}

func TestLimits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := open(t, `{"route":{"receiver":"oncall"}}`, []alerts.ActionGroup{group("oncall")}, func(c *Config, _ *Settings) { c.MaxAlerts = 3 })
		defer h.stop()
		h.fire("a", "b")
		err := h.Put(t.Context(), []Alert{alertOf("c"), alertOf("d"), alertOf("e"), alertOf("a")})
		var limit *LimitError
		require.ErrorAs(t, err, &limit)
		require.Equal(t, LimitError{Limit: 3, Refused: 2}, *limit)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"30s oncall +a +b +c"}, h.box.lines())
		h.resolve("a")
		time.Sleep(time.Second)
		h.fire("d")

		require.ErrorContains(t, h.Put(t.Context(), []Alert{{Labels: map[string]string{"a": "b"}}}), "without id")
		require.ErrorContains(t, h.Put(t.Context(), []Alert{{ID: "x", StartsAt: time.Now()}}), "label")
		require.ErrorContains(t, h.Put(t.Context(), []Alert{{ID: "x", Labels: map[string]string{"a": "b"}}}), "start time missing")
	})
}

func TestHealth(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, `{"route":{"receiver":"oncall","group_wait":"1s","group_interval":"1m"}}`, []alerts.ActionGroup{group("oncall"), group("team")}, nil)
		require.ErrorIs(t, h.Healthy(time.Now()), ErrNotRunning)
		h.run()
		for range 100 {
			time.Sleep(time.Minute)
			require.NoError(t, h.Healthy(time.Now()))
		}
		h.box.fails(func(string, int) (bool, error) { return true, errors.New("nobody is there") })
		h.fire("a")
		time.Sleep(9 * time.Minute)
		require.NoError(t, h.Healthy(time.Now()), "not yet")
		time.Sleep(2 * time.Minute)
		require.ErrorContains(t, h.Healthy(time.Now()), "nobody of the action group oncall can be told: every attempt has failed (at most 10m0s), at webhook[0] (webhook) of oncall for 10m")
		h.box.fails(func(group string, _ int) (bool, error) {
			if group == "team" {
				return false, nil
			}
			return true, errors.New("nobody is there")
		})
		h.fire("b action_groups=,team,")
		time.Sleep(time.Minute)
		require.ErrorContains(t, h.Healthy(time.Now()), "nobody of the action group oncall can be told", "who is in another group is no help")
		h.box.fails(func(string, int) (bool, error) { return false, nil })
		time.Sleep(2 * time.Minute)
		require.NoError(t, h.Healthy(time.Now()))

		// The dispatcher no longer lives, though nobody stopped the engine.
		h.current.Load().dispatcher.Stop()
		time.Sleep(3 * time.Minute)
		require.ErrorContains(t, h.Healthy(time.Now()), "alerts are not dispatched")
		h.stop()
		require.ErrorIs(t, h.Healthy(time.Now()), ErrNotRunning)
		require.NoError(t, h.Close())
		require.ErrorIs(t, h.Reload(DefaultPolicy(), nil), ErrNotRunning)
		require.Error(t, h.Run(t.Context()))
	})
}
