package route

import (
	"testing"
	"time"

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
