package query

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// populate writes what six instances push, up to b.now, which it sets to 30 minutes after testTime:
//   - credit/blue/agent: our agent with two GPUs, one of them cut into MIG slices, alive;
//   - credit/blue/crashed: our agent with one GPU, silent since minute 20;
//   - credit/blue/left: our agent, which left with stale markers at minute 29:50;
//   - credit/green/curl: one series pushed with curl, alive;
//   - credit/green/quiet: one series pushed with curl, silent since minute 10;
//   - fraud/v1/remote: only histograms through remote write, alive.
//
// Beside them there are series outside the tree.
func populate(b *bench) {
	b.now = testTime.Add(30 * time.Minute)
	app := b.append()
	for at := testTime; !at.After(b.now); at = at.Add(10 * time.Second) {
		since := at.Sub(testTime)
		agent := func(name string, gpus int) {
			in := path(b.t, name)
			app.float(at, 1, seriesOf("agent_build_info", in, "version", "1"))
			app.float(at, 0.5, seriesOf("instance_cpu_utilization_ratio", in))
			for g := range gpus {
				id := fmt.Sprint(g)
				app.float(at, 0.5, seriesOf("gpu_utilization_ratio", in, "gpu", id, "uuid", "GPU-"+id))
				app.float(at, 50, seriesOf("gpu_temperature_celsius", in, "gpu", id, "uuid", "GPU-"+id))
			}
		}
		agent("credit/blue/agent", 2)
		for _, slice := range []string{"MIG-a", "MIG-b"} {
			app.float(at, 0.5, seriesOf("gpu_memory_utilization_ratio", path(b.t, "credit/blue/agent"), "gpu", "1", "uuid", slice))
		}
		if since <= 20*time.Minute {
			agent("credit/blue/crashed", 1)
		}
		if left := path(b.t, "credit/blue/left"); since < 29*time.Minute+50*time.Second {
			agent("credit/blue/left", 0)
		} else if since == 29*time.Minute+50*time.Second {
			app.stale(at, seriesOf("agent_build_info", left, "version", "1"))
			app.stale(at, seriesOf("instance_cpu_utilization_ratio", left))
		}
		app.float(at, 3, seriesOf("jobs_waiting", path(b.t, "credit/green/curl")))
		if since <= 10*time.Minute {
			app.float(at, 3, seriesOf("jobs_waiting", path(b.t, "credit/green/quiet")))
		}
		app.hist(testTime, at, nativeHistogram([]float64{1, 2}), seriesOf("endpoint_request_duration_seconds", path(b.t, "fraud/v1/remote")))
		app.float(at, 1, seriesOf("up", scopes.Path{}, "job", "prometheus"))
		app.float(at, 1, seriesOf("orphan", scopes.Path{Endpoint: "fraud"}))
	}
	app.done()
}

func TestTreeTellsWhoReports(t *testing.T) {
	b := newBench(t)
	populate(b)
	tree, err := b.planner.Tree(b.ctx())
	require.NoError(t, err)
	at := func(minutes, seconds int) time.Time {
		return testTime.Add(time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second)
	}
	leaf := func(name string, s State, last time.Time, gpus int) Node {
		n := Node{Scope: path(t, name), State: s, LastSample: last, GPUs: gpus, Missing: 1}
		if s == StateReady {
			n.Ready, n.Missing = 1, 0
		}
		return n
	}
	want := []Node{
		{Scope: path(t, "credit"), State: StateReady, LastSample: at(30, 0), Ready: 2, Missing: 3, GPUs: 2, Children: []Node{
			{Scope: path(t, "credit/blue"), State: StateReady, LastSample: at(30, 0), Ready: 1, Missing: 2, GPUs: 2, Children: []Node{
				leaf("credit/blue/agent", StateReady, at(30, 0), 2),
				leaf("credit/blue/crashed", StateMissing, at(20, 0), 1),
				leaf("credit/blue/left", StateMissing, at(29, 40), 0),
			}},
			{Scope: path(t, "credit/green"), State: StateReady, LastSample: at(30, 0), Ready: 1, Missing: 1, Children: []Node{
				leaf("credit/green/curl", StateReady, at(30, 0), 0),
				leaf("credit/green/quiet", StateMissing, at(10, 0), 0),
			}},
		}},
		{Scope: path(t, "fraud"), State: StateReady, LastSample: at(30, 0), Ready: 1, Children: []Node{
			{Scope: path(t, "fraud/v1"), State: StateReady, LastSample: at(30, 0), Ready: 1, Children: []Node{
				leaf("fraud/v1/remote", StateReady, at(30, 0), 0),
			}},
		}},
	}
	require.Equal(t, want, tree)

	for _, n := range []Node{want[0], want[0].Children[0], want[0].Children[0].Children[1], want[1]} {
		got, err := b.planner.Scope(b.ctx(), n.Scope)
		require.NoError(t, err)
		require.Equal(t, &n, got)
	}
	for _, unknown := range []string{"nobody", "credit/red", "credit/blue/curl", "fraud/v1/remote2"} {
		_, err := b.planner.Scope(b.ctx(), path(t, unknown))
		require.ErrorIs(t, err, scopes.ErrNotFound)
		require.ErrorContains(t, err, `"`+unknown+`"`)
	}
}

func TestNothingIsShownBeyondTheGrants(t *testing.T) {
	b := newBench(t)
	populate(b)
	scopesOf := func(ctx context.Context) (out []string) {
		tree, err := b.planner.Tree(ctx)
		require.NoError(t, err)
		for _, e := range tree {
			for _, d := range e.Children {
				for _, i := range d.Children {
					out = append(out, i.Scope.String())
				}
			}
		}
		return out
	}
	require.Equal(t, []string{"credit/green/curl", "credit/green/quiet", "fraud/v1/remote"}, scopesOf(b.ctx("credit/green", "fraud")))
	require.Equal(t, []string{"credit/blue/crashed"}, scopesOf(b.ctx("*/*/crashed")))
	require.Empty(t, scopesOf(scopes.WithGrants(t.Context(), scopes.GrantScopes())))
	_, err := b.planner.Tree(t.Context())
	require.ErrorIs(t, err, scopes.ErrNoGrants)

	_, err = b.planner.Scope(b.ctx("fraud"), path(t, "credit"))
	require.ErrorIs(t, err, scopes.ErrNotFound)
	r := Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"DeploymentCapacity"}, Split: []string{"instanceId"}, Start: testTime, End: b.now, Interval: Interval{Full: true}}
	_, err = b.planner.DrillDown(b.ctx("fraud"), r)
	require.ErrorIs(t, err, scopes.ErrNotFound)
	answer, err := b.planner.DrillDown(b.ctx("credit/*/curl", "credit/blue/left"), r)
	require.NoError(t, err)
	require.Len(t, answer.Series, 2)
	require.Equal(t, "credit/blue/left", answer.Series[0].Scope.String())
	require.Equal(t, "credit/green/curl", answer.Series[1].Scope.String())
}

// TestInstancesOfOneNameAreAllListed gives a name that has a heartbeat to instances elsewhere that have none, and to others that do.
func TestInstancesOfOneNameAreAllListed(t *testing.T) {
	b := newBench(t)
	b.now = testTime.Add(time.Minute)
	app := b.append()
	names := []string{"a/x/one", "a/y/one", "a/z/one", "b/x/one", "c/x/one", "c/x/two", "c/y/two", "d/x/three", "d/x/four"}
	for i, name := range names {
		in := path(t, name)
		if i%2 == 0 {
			app.float(b.now, 1, seriesOf("agent_build_info", in))
		}
		app.float(b.now, 1, seriesOf("jobs_waiting", in))
		app.float(b.now, 1, seriesOf("deployment_replicas", scopes.Path{Endpoint: in.Endpoint, Deployment: in.Deployment}))
	}
	app.done()
	for _, under := range []string{"", "a", "a/x", "a/y", "a/y/one", "b", "c", "c/y", "d", "d/x/three"} {
		var scope scopes.Path
		if under != "" {
			scope = path(t, under)
		}
		var want []string
		for _, name := range names {
			if under == "" || scope.Contains(path(t, name)) {
				want = append(want, name)
			}
		}
		list, err := b.planner.instances(b.ctx(), scope)
		require.NoError(t, err)
		var got []string
		for _, in := range list {
			got = append(got, in.path.String())
		}
		require.ElementsMatch(t, want, got, "under %q", under)
	}
}

func TestTreeForgetsAfterTheLookback(t *testing.T) {
	b := newBench(t)
	populate(b)
	for _, tc := range []struct {
		after time.Duration
		want  int
	}{{2 * time.Hour, 6}, {23*time.Hour + 45*time.Minute, 5}, {24*time.Hour + time.Minute, 0}} {
		b.now = testTime.Add(30*time.Minute + tc.after)
		list, err := b.planner.instances(b.ctx(), scopes.Path{})
		require.NoError(t, err)
		require.Len(t, list, tc.want, tc.after)
		for _, in := range list {
			require.False(t, in.ready)
		}
	}
	tree, err := b.planner.Tree(b.ctx())
	require.NoError(t, err)
	require.Equal(t, []Node{}, tree, "an empty tree is a list, not null")
}

func TestDeploymentCapacityFollowsTheStates(t *testing.T) {
	b := newBench(t)
	populate(b)
	values := func(r Request) map[string][]float64 {
		r.Metrics, r.Start, r.End = []string{"DeploymentCapacity"}, testTime.Add(time.Minute), b.now
		r.Interval = Interval{Fixed: time.Minute}
		answer, err := b.planner.DrillDown(b.ctx(), r)
		require.NoError(t, err)
		require.Empty(t, answer.Warnings)
		out := map[string][]float64{}
		for _, s := range answer.Series {
			for i, v := range s.Values {
				require.NotNil(t, v, "window %d of %v", i, s.Dimensions)
				out[s.Scope.String()+" "+s.Dimensions["State"]] = append(out[s.Scope.String()+" "+s.Dimensions["State"]], *v)
			}
		}
		return out
	}
	// Windows end at minutes 2 to 30; an instance is missing one minute after its last sample.
	steps := func(f func(minute int) float64) (out []float64) {
		for m := 2; m <= 30; m++ {
			out = append(out, f(m))
		}
		return out
	}
	is := func(yes bool) float64 { return map[bool]float64{true: 1}[yes] }
	crashed := func(m int) float64 { return is(m >= 21) }
	left := func(m int) float64 { return is(m >= 30) }
	quiet := func(m int) float64 { return is(m >= 11) }

	got := values(Request{Scopes: []scopes.Pattern{pattern(t, "credit/blue")}, Split: []string{"state"}})
	require.Equal(t, map[string][]float64{
		"credit/blue ready":   steps(func(m int) float64 { return 3 - crashed(m) - left(m) }),
		"credit/blue missing": steps(func(m int) float64 { return crashed(m) + left(m) }),
	}, got)
	got = values(Request{Scopes: []scopes.Pattern{pattern(t, "credit/*")}, Split: []string{"State"}})
	require.Equal(t, steps(func(m int) float64 { return 2 - quiet(m) }), got["credit/green ready"])
	require.Equal(t, steps(quiet), got["credit/green missing"])
	require.Len(t, got, 4)
	got = values(Request{Scopes: []scopes.Pattern{pattern(t, "credit")}})
	require.Equal(t, map[string][]float64{"credit ": steps(func(int) float64 { return 5 })}, got)
	got = values(Request{Scopes: []scopes.Pattern{pattern(t, "credit/green/quiet")}, Split: []string{"State"}})
	require.Equal(t, steps(quiet), got["credit/green/quiet missing"])
	got = values(Request{Scopes: []scopes.Pattern{pattern(t, "fraud/v1")}, Split: []string{"instanceId", "State"}})
	require.Equal(t, steps(func(int) float64 { return 1 }), got["fraud/v1/remote ready"])
	require.Equal(t, steps(func(int) float64 { return 0 }), got["fraud/v1/remote missing"])
}

// A window that has not ended must not take the time until its end for silence.
func TestOpenWindowsAreLookedAtUpToNow(t *testing.T) {
	b := newBench(t)
	populate(b)
	app := b.append()
	for at := testTime; !at.After(b.now); at = at.Add(10 * time.Second) {
		app.float(at, 4, seriesOf("endpoint_requests_in_flight", path(t, "credit/blue/agent")))
	}
	app.done()
	b.now = b.now.Add(3 * time.Second)
	for _, metric := range []string{"DeploymentCapacity", "RequestsInFlight"} {
		answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit/blue/agent")}, Metrics: []string{metric}, Split: []string{"instanceId"},
			Start: b.now.Add(-8 * time.Minute), End: b.now.Add(9 * time.Minute), Interval: Interval{Fixed: 5 * time.Minute}})
		require.NoError(t, err)
		require.Equal(t, testTime.Add(30*time.Minute).UnixMilli(), *answer.PartialFrom)
		require.Len(t, answer.Series, 1)
		values := answer.Series[0].Values
		want := map[string]float64{"DeploymentCapacity": 1, "RequestsInFlight": 4}[metric]
		require.Len(t, values, 4) // 20 to 40 minutes
		for _, v := range values[:3] {
			require.Equal(t, want, *v)
		}
		require.Nil(t, values[3], "the future is not known")
	}
	answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit/blue/agent")}, Metrics: []string{"DeploymentCapacity"}, Split: []string{"State"},
		Start: b.now.Add(-time.Minute), End: b.now})
	require.NoError(t, err)
	for _, s := range answer.Series {
		require.Equal(t, map[string]float64{"ready": 1, "missing": 0}[s.Dimensions["State"]], *s.Values[len(s.Values)-1], s.Dimensions)
	}
}

// An instance that appeared within the open window is seen at whatever moment the question comes.
func TestOpenWindowsSeeWhatHasJustAppeared(t *testing.T) {
	b := newBench(t)
	in := path(t, "credit/blue/new")
	app := b.append()
	for s := 10; s < 60; s++ {
		app.float(testTime.Add(time.Duration(s)*time.Second), 2, seriesOf("agent_build_info", in))
		app.float(testTime.Add(time.Duration(s)*time.Second), 2, seriesOf("endpoint_requests_in_flight", in))
	}
	app.done()
	for ms := 10_000; ms < 60_000; ms += 271 {
		b.now = testTime.Add(time.Duration(ms) * time.Millisecond)
		answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"DeploymentCapacity"}, Split: []string{"State"}, Start: b.now.Add(-time.Minute), End: b.now})
		require.NoError(t, err)
		require.Len(t, answer.Series, 2, b.now)
		require.Equal(t, []any{"missing", 0., "ready", 1.}, []any{answer.Series[0].Dimensions["State"], *answer.Series[0].Values[1], answer.Series[1].Dimensions["State"], *answer.Series[1].Values[1]})
		answer, err = b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"RequestsInFlight"}, Start: b.now.Add(-time.Minute), End: b.now, Interval: Interval{Fixed: 15 * time.Second}})
		require.NoError(t, err)
		values := answer.Series[0].Values
		if last := values[len(values)-1]; b.now.UnixMilli()%15_000 != 0 {
			require.Equal(t, 2., *last, b.now)
		}
	}
}

// An instance that came and left within minutes is missing, not forgotten.
func TestShortLivesAreRemembered(t *testing.T) {
	b := newBench(t)
	in := path(t, "credit/blue/short")
	app := b.append()
	for s := 10; s < 50; s++ {
		app.float(testTime.Add(time.Duration(s)*time.Second), 1, seriesOf("agent_build_info", in))
	}
	app.stale(testTime.Add(50*time.Second), seriesOf("agent_build_info", in))
	app.done()
	for _, after := range []time.Duration{51 * time.Second, 4 * time.Minute, 20 * time.Minute, 23 * time.Hour} {
		b.now = testTime.Add(after)
		answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"DeploymentCapacity"}, Split: []string{"State"}, Start: b.now.Add(-time.Second), End: b.now})
		require.NoError(t, err)
		require.Len(t, answer.Series, 2, after)
		for _, s := range answer.Series {
			require.Equal(t, map[string]float64{"ready": 0, "missing": 1}[s.Dimensions["State"]], *s.Values[len(s.Values)-1], "%s: %s", after, s.Dimensions["State"])
		}
	}
}

// BenchmarkTree lists 2,000 instances of our agent, each with 60 series and five minutes of samples in the head.
func BenchmarkTree(b *testing.B) {
	bench := newBench(b)
	bench.now = testTime.Add(5 * time.Minute)
	for i := range 2000 {
		in := path(b, fmt.Sprintf("e%d/d%d/i-%d", i%10, i%20, i))
		app := bench.append()
		for at := testTime; !at.After(bench.now); at = at.Add(15 * time.Second) {
			app.float(at, 1, seriesOf("agent_build_info", in, "version", "1"))
			app.float(at, 0.5, seriesOf("instance_cpu_utilization_ratio", in))
			app.float(at, 0.5, seriesOf("gpu_utilization_ratio", in, "gpu", "0", "uuid", in.Instance))
			for s := range 57 {
				app.float(at, 1, seriesOf("other", in, "n", fmt.Sprint(s)))
			}
		}
		app.done()
	}
	b.ReportAllocs()
	for b.Loop() {
		tree, err := bench.planner.Tree(bench.ctx())
		require.NoError(b, err)
		require.Len(b, tree, 10)
	}
}
