package route

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// TestAReceiverThatCannotBeReached has a group of two receivers, of which one fails while the other is told.
func TestAReceiverThatCannotBeReached(t *testing.T) {
	for _, retry := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			var mu sync.Mutex
			var posted []Alert
			down := true
			both := alerts.ActionGroup{Name: "oncall", ShortName: "both", Enabled: true, GroupInterval: 30 * time.Minute}
			h := open(t, `{"route":{"receiver":"boss","group_by":["alertname"]}}`, []alerts.ActionGroup{both, group("boss")}, func(_ *Config, s *Settings) {
				s.Registerer = registry
				s.External = func(all []Alert) {
					mu.Lock()
					defer mu.Unlock()
					posted = append(posted, all...)
				}
				s.ReceiverName = func(g *alerts.ActionGroup, _ string, index int) (string, bool) {
					return []string{"pager", "hook"}[index], g.Name == "oncall"
				}
			})
			defer h.stop()
			h.box.failsFor(func(group string, each bool) (bool, error) {
				mu.Lock()
				defer mu.Unlock()
				if group == "oncall" && !each && down {
					return retry, errors.New("no such key")
				}
				return false, nil
			})
			h.fire("a action_groups=oncall")
			time.Sleep(9 * time.Minute)
			require.Equal(t, []string{"0s oncall/each +a"}, h.box.lines())
			mu.Lock()
			require.Empty(t, posted)
			mu.Unlock()
			time.Sleep(time.Hour)
			require.NoError(t, h.Healthy(time.Now()), "the hook is told")
			lines := strings.Join(h.box.lines(), "\n")
			require.Contains(t, lines, "oncall/each +", "the other receiver of the group")
			require.NotContains(t, lines, "boss")
			mu.Lock()
			require.NotEmpty(t, posted)
			labels, last := posted[0].Labels, posted[len(posted)-1]
			down = false
			mu.Unlock()
			require.Equal(t, map[string]string{"alertname": "ReceiverUnreachable", "severity": "error", "action_group": "oncall", "receiver": "pager", "type": "webhook", "action_groups": ",oncall,"}, labels)
			require.True(t, last.EndsAt.After(time.Now()))
			require.Contains(t, last.Annotations["description"], "no such key")
			failing := func() map[string]float64 {
				families, err := registry.Gather()
				require.NoError(t, err)
				values := map[string]float64{}
				for _, f := range families {
					for _, m := range f.Metric {
						if f.GetName() == "alerts_receiver_failing_seconds" {
							values[m.Label[0].GetValue()+"/"+m.Label[1].GetValue()] = m.Gauge.GetValue()
						}
					}
				}
				return values
			}
			require.Equal(t, map[string]bool{"oncall/hook": false, "oncall/pager": true}, long(failing()))
			time.Sleep(31 * time.Minute)
			mu.Lock()
			defer mu.Unlock()
			require.Equal(t, map[string]bool{"oncall/hook": false, "oncall/pager": false}, long(failing()))
			require.False(t, posted[len(posted)-1].EndsAt.After(time.Now()), "it can be reached again")
			require.Contains(t, strings.Join(h.box.lines(), "\n"), "oncall +", "what waited is told")
		})
	}
}

// TestAGroupOfWhichNobodyCanBeReached tells those of the policy.
func TestAGroupOfWhichNobodyCanBeReached(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := open(t, `{"route":{"receiver":"boss","group_by":["alertname"]}}`, []alerts.ActionGroup{group("oncall"), group("boss")}, nil)
		defer h.stop()
		h.box.fails(func(group string, _ int) (bool, error) {
			if group == "oncall" {
				return true, errors.New("no such key")
			}
			return false, nil
		})
		h.fire("a action_groups=oncall")
		time.Sleep(20 * time.Minute)
		require.Equal(t, []string{"boss +"}, strip(h.box.lines()))
		require.ErrorContains(t, h.Healthy(time.Now()), "webhook[0] (webhook) of oncall for 19m30s: no such key")
	})
}

// long says which receivers have failed for longer than unhealthy_after.
func long(seconds map[string]float64) map[string]bool {
	out := map[string]bool{}
	for receiver, s := range seconds {
		out[receiver] = s > 600
	}
	return out
}
