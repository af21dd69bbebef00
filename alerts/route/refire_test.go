package route

import (
	"testing"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// TestASeriesThatFiresAgainIsTold fires a series anew before the tick at which its first alert's end would have been told.
func TestASeriesThatFiresAgainIsTold(t *testing.T) {
	for _, gap := range []time.Duration{0, 5 * time.Second, 29 * time.Second, 45 * time.Second} {
		bubble(t, func(t *testing.T) {
			g := alerts.ActionGroup{Name: "s", ShortName: "single", Enabled: true}
			h := open(t, `{"route":{"repeat_interval":"4h"}}`, []alerts.ActionGroup{g}, nil)
			defer func() { h.stop() }()
			put := func(id string, end time.Time) {
				a := alertOf("a action_groups=,s,")
				a.ID = id
				if !end.IsZero() {
					a.StartsAt, a.EndsAt = end.Add(-time.Minute), end
				}
				require.NoError(t, h.Put(t.Context(), []Alert{a}))
			}
			put("one", time.Time{})
			time.Sleep(5*time.Minute + 5*time.Second)
			put("one", time.Now())
			time.Sleep(gap)
			put("two", time.Time{})
			time.Sleep(10 * time.Minute)
			put("two", time.Now())
			time.Sleep(5 * time.Minute)
			fired, resolved := 0, 0
			for _, line := range h.box.lines() {
				switch line[len(line)-2:] {
				case "+a":
					fired++
				case "-a":
					resolved++
				}
			}
			require.Equal(t, []int{2, 2}, []int{fired, resolved}, "%s: %q", gap, h.box.lines())
		})
	}
}

// TestWhatIsToldOfIsTheAlertItself has the same series fire twice: each message is of its own alert, as that was when it fired or resolved.
func TestWhatIsToldOfIsTheAlertItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := alerts.ActionGroup{Name: "s", ShortName: "single", Enabled: true}
		h := newHouse(t, `{}`, []alerts.ActionGroup{g}, nil)
		put := func(id string, start, end time.Time) {
			a := alertOf("a action_groups=,s,")
			a.ID, a.StartsAt, a.EndsAt = id, start, end
			a.Fired = &alerts.Alert{ID: id, Condition: alerts.Fired}
			if a.Source = a.Fired; !end.IsZero() {
				a.Source = &alerts.Alert{ID: id, Condition: alerts.Resolved}
			}
			require.NoError(t, h.Put(t.Context(), []Alert{a}))
		}
		began := time.Now().Add(-time.Hour)
		put("zero", began, began.Add(time.Minute)) // it resolved before a restart, and nobody was told
		var got []string
		h.box.sees = func(a *alert.Alert) {
			source, ok := h.Lookup(a)
			require.True(t, ok)
			got = append(got, source.ID+" "+string(source.Condition))
		}
		h.run()
		defer func() { h.stop() }()
		time.Sleep(10 * time.Second)
		one, two := time.Now(), time.Now().Add(40*time.Second)
		put("one", one, time.Time{})
		time.Sleep(39 * time.Second)
		put("one", one, time.Now())
		time.Sleep(time.Second)
		put("two", two, time.Time{})
		time.Sleep(5 * time.Minute)
		put("two", two, time.Now())
		time.Sleep(5 * time.Minute)
		h.box.mu.Lock()
		defer h.box.mu.Unlock()
		require.Equal(t, []string{"zero Fired", "one Fired", "zero Resolved", "two Fired", "one Resolved", "two Resolved"}, got)
	})
}
