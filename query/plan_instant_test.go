package query

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// What an instance showed last counts until it leaves, or until it is missing.
func TestTheDeadShowNothingAtAnInstant(t *testing.T) {
	b := newBench(t)
	b.now = testTime.Add(10 * time.Minute)
	app := b.append()
	const died = 4 * time.Minute
	for _, in := range []struct {
		path           string
		end            time.Duration
		leaves         bool
		watts, running float64
	}{
		{"a/blue/alive", 10 * time.Minute, false, 100, 1},
		{"a/blue/killed", died, false, 200, 6},
		{"a/blue/left", died, true, 400, 8},
	} {
		at := path(t, in.path)
		s := steadily{app, in.end}
		s.gauge(at, "gpu_power_watts", in.watts, "gpu", "0", "uuid", in.path)
		s.gauge(at, "model_requests_running", in.running)
		s.gauge(at, "model_requests_max", 10)
		s.gauge(at, "agent_build_info", 1)
		if in.leaves {
			end := testTime.Add(in.end + 5*time.Second)
			app.stale(end, seriesOf("gpu_power_watts", at, "gpu", "0", "uuid", in.path))
			app.stale(end, seriesOf("model_requests_running", at))
			app.stale(end, seriesOf("model_requests_max", at))
			app.stale(end, seriesOf("agent_build_info", at))
		}
	}
	app.done()
	const length = 15 * time.Second
	for _, tc := range []struct {
		metric                string
		split                 []string
		all, afterLeft, alone any // while all live, once one has left, once the other is missing; nil where there is no data
	}{
		{"GpuPower", nil, 700., 300., 100.},
		{"GpuPower", []string{"instanceId", "alive"}, 100., 100., 100.},
		{"GpuPower", []string{"instanceId", "killed"}, 200., 200., nil},
		{"GpuPower", []string{"instanceId", "left"}, 400., nil, nil},
		{"ModelRequestsRunning", nil, 15., 7., 1.},
		{"RequestHeadroom", nil, 0.5, 0.65, 0.9},
		{"DeploymentCapacity", []string{"State", string(StateReady)}, 3., 2., 1.},
	} {
		r := Request{Scopes: []scopes.Pattern{pattern(t, "a")}, Metrics: []string{tc.metric}, Start: testTime, End: b.now, Interval: Interval{Fixed: length}}
		if tc.split != nil {
			r.Split = tc.split[:1]
		}
		answer, err := b.planner.DrillDown(b.ctx(), r)
		require.NoError(t, err)
		for _, s := range answer.Series {
			if tc.split != nil && s.Dimensions[tc.split[0]] != tc.split[1] {
				continue
			}
			for i, v := range s.Values {
				at, want := time.Duration(i+1)*length, tc.all
				if at > died {
					want = tc.afterLeft
				}
				if at >= died+time.Minute {
					want = tc.alone
				}
				if want == nil {
					require.Nil(t, v, "%s %v at %s", tc.metric, tc.split, at)
					continue
				}
				require.NotNil(t, v, "%s %v at %s", tc.metric, tc.split, at)
				require.InDelta(t, want, *v, 1e-9, "%s %v at %s", tc.metric, tc.split, at)
			}
			tc.metric = "" // found
		}
		require.Empty(t, tc.metric, "no such series")
	}
}
