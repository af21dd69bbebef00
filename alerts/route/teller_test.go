package route

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/endscope/endscope/alerts"
)

// diary keeps what the timelines are to say.
type diary struct {
	mu  sync.Mutex
	all []string
	ok  []string // ids of alerts in notifications that were taken, as fired with + and as resolved with -
}

func (n *diary) connect(_ *Config, s *Settings) {
	s.Noted = func(note Note) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.all = append(n.all, note.ID+": "+note.Text)
	}
	s.Notified = func(r Result) {
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, a := range r.Alerts {
			if sign := map[bool]string{false: "+", true: "-"}[a.Resolved]; r.OK {
				n.ok = append(n.ok, sign+a.ID)
			}
		}
	}
}

func (n *diary) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.all
	n.all = nil
	return all
}

// silence keeps alerts with a name from being told for a time.
func (h *house) silence(name string, d time.Duration) *silencepb.Silence {
	h.t.Helper()
	s := &silencepb.Silence{
		MatcherSets: []*silencepb.MatcherSet{{Matchers: []*silencepb.Matcher{{Name: "name", Pattern: name, Type: silencepb.Matcher_REGEXP}}}},
		StartsAt:    timestamppb.New(time.Now()), EndsAt: timestamppb.New(time.Now().Add(d)), CreatedBy: "me", Comment: "known",
	}
	require.NoError(h.t, h.silences.Set(h.t.Context(), s))
	return s
}

const night = `"time_intervals":[{"name":"night","time_intervals":[{"times":[{"start_time":"00:00","end_time":"08:00"}]}]}]`

func TestWhatIsOverIsToldAllTheSame(t *testing.T) {
	single := alerts.ActionGroup{Name: "s", ShortName: "single", Enabled: true}
	for _, c := range []struct {
		name   string
		policy string
		groups []alerts.ActionGroup
		play   func(h *house)
		want   []string
		notes  []string
	}{
		{"a stateless alert of a group that waits longer than it is active", `{"route":{"receiver":"oncall","group_interval":"2h"}}`, nil, func(h *house) {
			h.fire("a alert_id=1")
			time.Sleep(10 * time.Minute)
			h.fire("b alert_id=2")
			time.Sleep(5 * time.Hour)
		}, []string{"30s oncall +a", "2h0m30s oncall +b"}, nil},
		{"a stateless alert whose receiver is down for longer", `{"route":{"receiver":"oncall"}}`, nil, func(h *house) {
			h.box.downFor(70 * time.Minute)
			h.fire("a alert_id=1")
			time.Sleep(5 * time.Hour)
		}, []string{"1h10m30s oncall +a"}, nil},
		{"a stateless alert in a mute time", `{"route":{"receiver":"none","routes":[{"receiver":"oncall","mute_time_intervals":["night"]}]},` + night + `}`, nil, func(h *house) {
			h.fire("a alert_id=1")
			time.Sleep(12 * time.Hour)
		}, []string{"8h0m30s oncall +a"}, []string{
			"a: oncall is not told: muted by time interval night until 2000-01-01T08:00:00Z.", "a: No longer muted.",
		}},
		{"a stateless alert out of its active time", `{"route":{"receiver":"none","routes":[{"receiver":"oncall","active_time_intervals":["night"]}]},` + night + `}`, nil, func(h *house) {
			time.Sleep(9 * time.Hour)
			h.fire("a alert_id=1")
			time.Sleep(20 * time.Hour)
		}, []string{"24h0m30s oncall +a"}, []string{
			"a: oncall is not told: muted by active time interval night until 2000-01-02T00:00:00Z.", "a: No longer muted.",
		}},
		{"a stateless alert that is silenced", `{"route":{"receiver":"oncall"}}`, nil, func(h *house) {
			h.silence("a", 2*time.Hour)
			h.fire("a alert_id=1", "b")
			time.Sleep(10 * time.Minute)
			h.resolve("b")
			time.Sleep(5 * time.Hour)
		}, []string{"30s oncall +b", "10m30s oncall -b", "2h0m30s oncall +a"}, []string{
			"a: Nobody is told: silenced by silence SILENCE until 2000-01-01T02:00:00Z.", "a: No longer silenced.",
		}},
		{"a stateless alert whose receiver is gone for good", `{"route":{"receiver":"oncall"}}`, nil, func(h *house) {
			h.box.downFor(121 * time.Hour)
			h.fire("a alert_id=1")
			time.Sleep(130 * time.Hour)
			require.InDelta(h.t, 1, testutil.ToFloat64(h.metrics.givenUp), 0)
		}, []string{"121h1m0s oncall +", "121h6m0s oncall -"}, // the alert about the receiver, which could be reached again
			[]string{"a: oncall was not told for 120h0m30s and is not told any more."}},
		{"an alert that fires and resolves between two messages of its group", `{"route":{"receiver":"oncall"}}`, nil, func(h *house) {
			h.fire("a")
			time.Sleep(time.Minute)
			h.fire("b")
			time.Sleep(time.Minute)
			h.resolve("b")
			time.Sleep(time.Hour)
		}, []string{"30s oncall +a", "5m30s oncall +a +b", "10m30s oncall +a -b"}, nil},
		{"one where nothing else of the group fires any more", `{"route":{"receiver":"oncall"}}`, nil, func(h *house) {
			h.fire("a")
			time.Sleep(2 * time.Minute)
			h.resolve("a")
			time.Sleep(20 * time.Second)
			h.fire("b")
			time.Sleep(time.Minute)
			h.resolve("b")
			time.Sleep(time.Hour)
		}, []string{"30s oncall +a", "5m30s oncall +b -a", "10m30s oncall -b"}, nil},
		{"one whose receiver wants no resolved alerts", `{"route":{"receiver":"oncall"}}`, nil, func(h *house) {
			h.box.mu.Lock()
			h.box.drop = true
			h.box.mu.Unlock()
			h.fire("a")
			time.Sleep(time.Minute)
			h.fire("b")
			time.Sleep(time.Minute)
			h.resolve("b")
			time.Sleep(time.Hour)
		}, []string{"30s oncall +a", "5m30s oncall +a +b"}, nil},
		{"one that is told alone, by a receiver that cannot be reached for a while", `{}`, []alerts.ActionGroup{single}, func(h *house) {
			h.box.downFor(10 * time.Minute)
			h.fire("a action_groups=s")
			time.Sleep(time.Minute)
			h.resolve("a action_groups=s")
			time.Sleep(time.Hour)
		}, []string{"10m0s s/each +a", "10m30s s/each -a"}, nil},
		{"one that resolves while it is silenced is not told", `{"route":{"receiver":"oncall"}}`, nil, func(h *house) {
			h.silence("a", 7*time.Minute)
			h.fire("a", "b")
			time.Sleep(6 * time.Minute)
			h.resolve("a")
			time.Sleep(time.Hour)
		}, []string{"30s oncall +b"}, []string{
			"a: Nobody is told: silenced by silence SILENCE until 2000-01-01T00:07:00Z.", "a: It resolved before anybody was told: it was silenced by silence SILENCE.",
		}},
		{"one that comes and goes while it is silenced", `{"route":{"receiver":"oncall"}}`, nil, func(h *house) {
			h.silence("a", 7*time.Minute)
			h.fire("b")
			time.Sleep(time.Minute)
			h.fire("a")
			time.Sleep(time.Minute)
			h.resolve("a")
			time.Sleep(time.Hour)
		}, []string{"30s oncall +b"}, []string{"a: It resolved while it was silenced by silence SILENCE: nobody is told of that."}},
		{"one that was told before it was silenced is told as resolved where that is after the silence", `{"route":{"receiver":"oncall"}}`, nil, func(h *house) {
			h.fire("a", "b")
			time.Sleep(time.Minute)
			h.silence("a", 5*time.Minute)
			time.Sleep(6 * time.Minute)
			h.resolve("a")
			time.Sleep(time.Hour)
		}, []string{"30s oncall +a +b", "10m30s oncall +b -a"}, []string{
			"a: Nobody is told: silenced by silence SILENCE until 2000-01-01T00:06:00Z.", "a: No longer silenced.",
		}},
		{"one that is inhibited", `{"route":{"receiver":"oncall"},"inhibit_rules":[{"source_matchers":["name=\"down\""],"target_matchers":["name=\"a\""]}]}`, nil, func(h *house) {
			h.fire("down", "a")
			time.Sleep(time.Minute)
			h.resolve("down")
			time.Sleep(time.Hour)
		}, []string{"30s oncall +down", "5m30s oncall +a -down"}, []string{
			"a: Nobody is told: inhibited by alert Test (down).", "a: No longer inhibited.",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var n diary
				groups := c.groups
				if groups == nil {
					groups = []alerts.ActionGroup{group("oncall")}
				}
				h := open(t, c.policy, groups, n.connect)
				defer h.stop()
				synctest.Wait()
				c.play(h)
				synctest.Wait()
				lines := h.box.lines()
				require.Equal(t, c.want, lines)
				var told []string
				for _, line := range lines {
					told = append(told, strings.Fields(line)[2:]...)
				}
				n.mu.Lock()
				require.ElementsMatch(t, told, n.ok, "what was told is recorded as told, and nothing else")
				n.mu.Unlock()
				ids, err := h.Silences(t.Context())
				require.NoError(t, err)
				got := n.take()
				for i := range got {
					for _, s := range ids {
						got[i] = strings.ReplaceAll(got[i], s.ID, "SILENCE")
					}
				}
				require.Equal(t, c.notes, got)
			})
		})
	}
}

func TestWhatWaitsIsToldAfterAChangeOfThePolicy(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(h *house)
		want []string
	}{
		{"by the receiver that it waited for", func(h *house) {
			h.fire("a")
			time.Sleep(time.Minute)
			h.fire("b", "c alert_id=1")
			time.Sleep(time.Minute)
			h.resolve("b")
			time.Sleep(time.Second)
			require.NoError(h.t, h.Reload(policyOf(h.t, `{"route":{"receiver":"oncall","group_by":["alertname"]}}`), []alerts.ActionGroup{group("oncall"), group("team")}))
			time.Sleep(time.Hour)
		}, []string{"30s oncall +a", "2m1s oncall +a +b +c", "7m1s oncall +a +c -b"}},
		{"and by no receiver that is new once it was told", func(h *house) {
			h.fire("a")
			time.Sleep(time.Minute)
			h.fire("b", "c alert_id=1")
			time.Sleep(time.Minute)
			h.resolve("b")
			time.Sleep(9 * time.Minute)
			h.resolve("a")
			time.Sleep(53 * time.Minute)
			require.NoError(h.t, h.Reload(policyOf(h.t, `{"route":{"receiver":"team","group_by":["alertname"]}}`), []alerts.ActionGroup{group("oncall"), group("team")}))
			time.Sleep(time.Hour)
		}, []string{"30s oncall +a", "5m30s oncall +a +b +c", "10m30s oncall +a +c -b", "15m30s oncall +c -a"}},
		{"by the one that takes the place of one that could not be reached", func(h *house) {
			h.box.fails(func(group string, _ int) (bool, error) {
				if group == "oncall" {
					return false, errors.New("down")
				}
				return false, nil
			})
			h.fire("a", "c alert_id=1")
			time.Sleep(2 * time.Minute)
			h.resolve("a")
			time.Sleep(80 * time.Minute)
			require.NoError(h.t, h.Reload(policyOf(h.t, `{"route":{"receiver":"team"}}`), []alerts.ActionGroup{group("oncall"), group("team")}))
			time.Sleep(time.Hour)
		}, []string{"1h22m0s team +a +c", "1h22m0s team +", "1h27m0s team -a", "1h37m0s team -"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			played(t, `{"route":{"receiver":"oncall"}}`, []alerts.ActionGroup{group("oncall")}, c.play, c.want)
		})
	}
}

// TestWhatIsOverIsToldOnceOverARestart starts again while some alerts that are over are told, and others are not.
func TestWhatIsOverIsToldOnceOverARestart(t *testing.T) {
	for _, resolved := range []bool{true, false} { // whether the receiver is told of what resolved
		bubble(t, func(t *testing.T) {
			j := &notebook{}
			set := func(_ *Config, s *Settings) { s.Journal = j }
			policy := `{"route":{"receiver":"oncall"}}`
			h := open(t, policy, []alerts.ActionGroup{group("oncall")}, set)
			h.box.mu.Lock()
			h.box.drop = !resolved
			h.box.mu.Unlock()
			h.fire("a", "b", "c alert_id=1")
			time.Sleep(time.Minute)
			h.resolve("b")
			time.Sleep(10 * time.Minute)
			h.fire("d")
			time.Sleep(6 * time.Minute)
			h.fire("e")
			time.Sleep(30 * time.Second)
			h.resolve("e")
			if resolved {
				require.Equal(t, []string{"30s oncall +a +b +c", "5m30s oncall +a +c -b", "15m30s oncall +a +c +d"}, h.box.lines())
			} else {
				require.Equal(t, []string{"30s oncall +a +b +c", "15m30s oncall +a +c +d"}, h.box.lines())
			}
			h.stop()
			box := h.box
			h = newHouse(t, policy, []alerts.ActionGroup{group("oncall")}, set)
			began := time.Now().Add(-20 * time.Minute)
			for _, text := range []string{"a", "b", "c alert_id=1", "d", "e"} {
				x := alertOf(text)
				if x.StartsAt = began; text == "b" || text == "e" {
					x.EndsAt = began.Add(time.Minute)
				}
				require.NoError(t, h.Put(t.Context(), []Alert{x}))
			}
			h.box.drop = box.drop
			h.run()
			time.Sleep(20 * time.Minute)
			want := []string{"oncall +a +c +d +e", "oncall +a +c +d -e"}
			if !resolved {
				want = want[:1]
			}
			require.Equal(t, want, strip(h.box.lines()))
			h.stop()
		})
	}
}
