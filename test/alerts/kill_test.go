package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/subproc"
	"github.com/endscope/endscope/test/programs"
)

const (
	active  = 200 // alerts at a time
	changes = 60  // that resolve, and as many others that fire, while the server is killed
	kills   = 5
	// underWay is how long before a kill a message may have come that is sent again after it: its sender did not live to note the answer down.
	underWay = 5 * time.Second
)

// TestKilledServerTellsOfEveryAlertOnce kills the server again and again while 200 alerts are active, fire and resolve.
func TestKilledServerTellsOfEveryAlertOnce(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, seed))
	l := listen(t)
	s := newServer(t, "--alerts.evaluation.grace=2s", "--alerts.hub.explain.enabled=false")
	s.start()
	s.call(http.MethodPost, "/api/v1/action-groups", map[string]any{
		"name": "oncall", "webhookReceivers": []any{map[string]any{"name": "common", "serviceUri": l.URL + "/common", "useCommonAlertSchema": true}},
	}, nil)
	rule := temperatures("Hot GPUs", "farm/blue", map[string]any{"actions": []any{map[string]any{"actionGroupId": "oncall"}}})
	criterion := rule["criteria"].(map[string]any)["allOf"].([]any)[0].(map[string]any)
	criterion["dimensions"] = []any{map[string]any{"name": "gpu", "operator": "Include", "values": []string{"*"}}}
	s.call(http.MethodPost, "/api/v1/alert-rules", rule, nil)
	f := feed(t, s)
	heat := func(from, to int, degrees float64) {
		for i := from; i < to; i++ {
			f.set("farm/blue/i", fmt.Sprintf(`gpu_temperature_celsius{gpu="%03d"}`, i), degrees)
		}
	}
	heat(0, active, hot)

	var killed []time.Time
	kill := func(when func(context.Context) error) {
		// A kill that finds nothing under way is one, too.
		_ = subproc.Await(programs.Within(t, 16*time.Second), when)
		s.Proc.Kill()
		killed = append(killed, time.Now())
		s.start()
	}
	more := func(n int) func(context.Context) error { // so many messages that have come since
		before := len(l.got("/common"))
		return func(context.Context) error {
			if now := len(l.got("/common")); now < before+n {
				return fmt.Errorf("%d more messages", now-before)
			}
			return nil
		}
	}
	kill(more(1 + rng.IntN(active-1))) // in the midst of the first messages
	eventually(t, func(context.Context) error { return l.toldOfAll(t, "Fired", 0, active) })
	heat(0, changes, cold)
	heat(active, active+changes, hot)
	for len(killed) < kills {
		kill(more(1 + rng.IntN(changes)))
	}
	eventually(t, func(context.Context) error { return l.toldOfAll(t, "Fired", 0, active+changes) })
	eventually(t, func(context.Context) error { return l.toldOfAll(t, "Resolved", 0, changes) })

	// Everything that is listed was told, and nothing else.
	all, err := s.alerts(t.Context(), "")
	require.NoError(t, err)
	want := map[string]bool{}
	for _, a := range all {
		want[a.ID+"-Fired"] = true
		if a.MonitorCondition == "Resolved" {
			want[a.ID+"-Resolved"] = true
		}
		require.NotEmpty(t, a.Dimensions["gpu"])
	}
	require.Len(t, all, active+changes, "each series fires once")
	times := map[string][]time.Time{}
	for _, r := range l.got("/common") {
		key := r.header.Get("Idempotency-Key")
		times[key] = append(times[key], r.at)
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(times)))
	repeated, oldest := 0, time.Duration(0)
	for key, at := range times {
		for i := 1; i < len(at); i++ {
			repeated++
			k := slices.IndexFunc(killed, func(k time.Time) bool { return at[i-1].Before(k) && at[i].After(k) })
			require.NotEqual(t, -1, k, "%s came at %s and again at %s; the server was killed at %s", key, at[i-1], at[i], killed)
			oldest = max(oldest, killed[k].Sub(at[i-1]))
		}
	}
	require.Less(t, oldest, underWay)
	t.Logf("%d messages, of which %d were under way at a kill, for %s at most, and came again; killed %d times", len(l.got("/common")), repeated, oldest, len(killed))
}

// toldOfAll returns an error while the GPUs from one to before another are not all told of with a condition.
func (l *listener) toldOfAll(t *testing.T, condition string, from, to int) error {
	missing := map[string]bool{}
	for i := from; i < to; i++ {
		missing[fmt.Sprintf("%03d", i)] = true
	}
	for _, r := range l.got("/common") {
		var c common
		require.NoError(t, json.Unmarshal(r.body, &c))
		if c.Data.Essentials.MonitorCondition == condition {
			delete(missing, c.dimension("gpu"))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("nobody is told that %d of %d alerts are %s", len(missing), to-from, condition)
	}
	return nil
}
