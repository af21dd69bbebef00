package query

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

func merge(list []observed) (out observed) {
	for _, o := range list {
		out.present = out.present || o.present
		out.seconds = append(out.seconds, o.seconds...)
		out.failed += o.failed
	}
	return out
}

func TestTheTopAndTheRestAgreeWithTheRawObservations(t *testing.T) {
	b := newBench(t)
	s := tell(b, 21)
	// What each metric makes of observations, and how exact it is.
	metrics := map[string]struct {
		value  func(o observed) (between, bool)
		within float64
	}{
		"RequestsPerMinute": {func(o observed) (between, bool) { return exactly(float64(len(o.seconds)) / 4), o.present }, 1e-9},
		"RequestLatency": {func(o observed) (between, bool) {
			return exactly(1000 * sum(o.seconds) / float64(len(o.seconds))), len(o.seconds) > 0
		}, 1e-9},
		"RequestLatency_P90": {func(o observed) (between, bool) {
			n := len(o.seconds)
			if n == 0 {
				return between{}, false
			}
			sorted := slices.Sorted(slices.Values(o.seconds))
			return between{1000 * sorted[(90*n-1)/100], 1000 * sorted[min(90*n/100, n-1)]}, true
		}, bucketGrowth - 1 + 1e-9},
		"ErrorRatio": {func(o observed) (between, bool) {
			return exactly(float64(o.failed) / float64(len(o.seconds))), len(o.seconds) > 0
		}, 1e-9},
	}
	for _, scopeText := range []string{"credit", "*", "*/*", "credit/*", "*/*/*", "credit/blue"} {
		for _, split := range [][]string{{}, {"instanceId"}, {"deployment"}, {"statusCode"}, {"statusCodeClass"}, {"instanceId", "statusCode"}, {"statusCodeClass", "instanceId"}} {
			scope := pattern(t, scopeText)
			if slices.Contains(split, "deployment") && scope.Level() != scopes.LevelEndpoint ||
				slices.Contains(split, "instanceId") && scope.Level() == scopes.LevelInstance || len(split)+len(scope.Wildcards()) == 0 {
				continue
			}
			for metric, m := range metrics {
				if metric == "ErrorRatio" && strings.Contains(strings.Join(split, ","), "status") {
					continue
				}
				for top := 1; top <= 3; top++ {
					ascending := top == 2
					t.Run(fmt.Sprintf("%s/%v/%s/%d", scopeText, split, metric, top), func(t *testing.T) {
						r := Request{Scopes: []scopes.Pattern{scope}, Metrics: []string{metric}, Interval: Interval{Fixed: 4 * time.Minute}, Start: s.start, End: s.end, Split: split, Top: top}
						r.OrderBy.Ascending = ascending
						answer, err := b.planner.DrillDown(b.ctx(), r)
						require.NoError(t, err)
						require.Empty(t, answer.Warnings)
						require.Nil(t, answer.Truncated)
						shown, rest := map[group]AnswerSeries{}, map[scopes.Path]AnswerSeries{}
						for _, as := range answer.Series {
							if as.Folded > 0 {
								for _, dim := range split {
									require.Equal(t, FoldedValue, as.Dimensions[dim])
								}
								require.NotContains(t, rest, as.Scope)
								rest[as.Scope] = as
								continue
							}
							var values []string
							for _, dim := range split {
								values = append(values, as.Dimensions[dim])
							}
							shown[group{as.Scope, strings.Join(values, ",")}] = as
						}
						// Nothing that is left out would be better over the whole span.
						whole := map[scopes.Path][2][]float64{}
						left := map[scopes.Path]int{}
						for g, o := range s.observe(scope, split, s.start, s.end) {
							p := scopes.Path(scope)
							v, ok := m.value(o)
							at := 0
							if _, in := shown[g]; !in {
								at = 1
								left[p]++
							}
							if ok {
								both := whole[p]
								both[at] = append(both[at], (v.low+v.high)/2)
								whole[p] = both
							}
						}
						for p, both := range whole {
							if len(both[1]) == 0 {
								continue
							}
							slack := 1 + 2*m.within
							if ascending {
								require.LessOrEqual(t, slices.Max(both[0]), slices.Min(both[1])*slack, p)
							} else {
								require.GreaterOrEqual(t, slices.Min(both[0])*slack, slices.Max(both[1]), p)
							}
						}
						for p, as := range rest {
							require.Equal(t, left[p], as.Folded)
						}
						// The values of both, window by window.
						compare := func(as AnswerSeries, have bool, i int, o observed) {
							v, ok := m.value(o)
							if !ok {
								require.True(t, !have || as.Values[i] == nil)
								return
							}
							require.True(t, have)
							require.NotNil(t, as.Values[i])
							require.GreaterOrEqual(t, *as.Values[i], v.low*(1-m.within)-1e-12)
							require.LessOrEqual(t, *as.Values[i], v.high*(1+m.within)+1e-12)
						}
						for i, ts := range answer.Timestamps {
							from := time.UnixMilli(ts)
							folded := map[scopes.Path][]observed{}
							for g, o := range s.observe(scope, split, from, from.Add(answer.Interval)) {
								if as, ok := shown[g]; ok {
									compare(as, true, i, o)
								} else {
									p := scopes.Path(scope)
									folded[p] = append(folded[p], o)
								}
							}
							for p, list := range folded {
								as, ok := rest[p]
								compare(as, ok, i, merge(list))
							}
						}
					})
				}
			}
		}
	}
}

func TestTheTopIsInOrderAndTiesAreBrokenByName(t *testing.T) {
	b := newBench(t)
	app := b.append()
	for i, v := range []float64{0.5, 0.9, 0.5, 0.1, 0.5} {
		in := path(t, fmt.Sprintf("credit/blue/b-%d", i))
		for at := testTime.Add(15 * time.Second); !at.After(testTime.Add(4 * time.Minute)); at = at.Add(15 * time.Second) {
			app.float(at, v+float64(at.Minute()%2)*0.01*float64(i%2), seriesOf("instance_cpu_utilization_ratio", in))
		}
	}
	app.done()
	b.now = testTime.Add(4 * time.Minute)
	ask := func(top int, by OrderBy, aggregations ...scopes.Aggregation) []string {
		answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit/blue")}, Metrics: []string{"CpuUtilizationPercentage"}, Aggregations: aggregations,
			Split: []string{"instanceId"}, Start: testTime, End: b.now, Interval: Interval{Full: true}, Top: top, OrderBy: by})
		require.NoError(t, err)
		var out []string
		for _, s := range answer.Series {
			out = append(out, fmt.Sprintf("%s=%v (%d)", s.Dimensions["instanceId"], math.Round(*s.Values[0]*10)/10, s.Folded))
		}
		return out
	}
	require.Equal(t, []string{"b-1=90.5 (0)", "b-0=50 (0)", "b-2=50 (0)", "other=30.3 (2)"}, ask(3, OrderBy{}))
	require.Equal(t, []string{"b-3=10.5 (0)", "b-0=50 (0)", "other=63.5 (3)"}, ask(2, OrderBy{Ascending: true}))
	require.Equal(t, []string{"b-1=90 (0)", "other=10 (4)"}, ask(1, OrderBy{Aggregation: scopes.Maximum}, scopes.Minimum))
	require.Len(t, ask(5, OrderBy{}), 5, "nothing is left to fold")
	require.Equal(t, ask(5, OrderBy{}), ask(1000, OrderBy{}))
}

func TestTheTopOfStatesAndWhatCannotBeFolded(t *testing.T) {
	b := newBench(t)
	populate(b)
	ask := func(metric string, split ...string) *Answer {
		answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "*")}, Metrics: []string{metric}, Split: split, Start: testTime, End: b.now, Interval: Interval{Full: true}, Top: 1})
		require.NoError(t, err)
		return answer
	}
	whole, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "*")}, Metrics: []string{"DeploymentCapacity"}, Split: []string{"State"}, Start: testTime, End: b.now, Interval: Interval{Full: true}})
	require.NoError(t, err)
	states := ask("DeploymentCapacity", "State")
	total := func(a *Answer) (sum float64) {
		for _, s := range a.Series {
			sum += *s.Values[0]
		}
		return sum
	}
	require.InDelta(t, total(whole), total(states), 1e-9)
	require.Len(t, states.Series, 2)
	require.Equal(t, len(whole.Series)-1, states.Series[1].Folded)
	require.Equal(t, "*", states.Series[1].Scope.String())
}

func TestTheTopIsThatOfEachScopeAsItWasAskedFor(t *testing.T) {
	b := newBench(t)
	app := b.append()
	// Two and a half minutes at a level, and as long at another.
	for name, level := range map[string][2]float64{"a/blue/i-0": {0.9, 0.1}, "a/blue/i-1": {0.2, 0.7}, "a/green/i-0": {0.1, 0.8}, "b/blue/i-0": {0.4, 0.9}, "c/blue/i-0": {0.3, 0.3}, "c/blue/i-1": {0.1, 0.2}} {
		for i := range 20 {
			app.float(testTime.Add(time.Duration(i+1)*15*time.Second), level[i/10], seriesOf("instance_cpu_utilization_ratio", path(t, name)))
		}
	}
	app.done()
	half := testTime.Add(150 * time.Second)
	b.now = half.Add(150 * time.Second)
	ask := func(r Request, granted []string, patterns ...string) []string {
		for _, text := range patterns {
			r.Scopes = append(r.Scopes, pattern(t, text))
		}
		r.Metrics, r.Start, r.End, r.Interval = []string{"CpuUtilizationPercentage"}, half, b.now, Interval{Full: true}
		answer, err := b.planner.DrillDown(b.ctx(granted...), r)
		require.NoError(t, err)
		require.Nil(t, answer.Truncated)
		round := func(v *float64) float64 { return math.Round(*v*100) / 100 }
		var out []string
		for _, s := range answer.Series {
			text := fmt.Sprintf("%s %s=%v", s.Scope, strings.Join(sortedValues(s.Dimensions), " "), round(s.Values[0]))
			if s.Compared != nil {
				text += fmt.Sprintf(" was %v", round(s.Compared[0]))
			}
			if s.Folded > 0 {
				text += fmt.Sprintf(" (%d)", s.Folded)
			}
			out = append(out, text)
		}
		return out
	}
	require.Equal(t, []string{"b/blue/i-0 =90", "a/green/i-0 =80", "*/*/* =32.5 (4)"}, ask(Request{Top: 2}, nil, "*/*/*"))
	require.Equal(t, []string{"a/blue/i-0 =10", "c/blue/i-1 =20", "*/*/* =67.5 (4)"}, ask(Request{Top: 2, OrderBy: OrderBy{Ascending: true}}, nil, "*/*/*"))
	require.Equal(t, []string{"b/blue/i-0 =90 was 40", "a/green/i-0 =80 was 10", "*/*/* =32.5 was 37.5 (4)"}, ask(Request{Top: 2, Compare: Compare{Previous: true}}, nil, "*/*/*"))
	require.Equal(t, []string{"b =90", "a =53.33", "* =25 (1)"}, ask(Request{Top: 2}, nil, "*"))
	require.Equal(t, []string{"b/blue/i-0 blue i-0=90", "a/green/i-0 green i-0=80", "* other other=32.5 (4)"}, ask(Request{Top: 2, Split: []string{"deployment", "instanceId"}}, nil, "*"))
	require.Equal(t, []string{"a/green =80", "a/* =40 (1)", "c/blue =25"}, ask(Request{Top: 1}, nil, "a/*", "c/blue"), "one series is its own top")
	require.Equal(t, []string{"a/green/i-0 i-0=80", "a/* other=40 (2)", "c/blue/i-0 i-0=30", "c/blue other=20 (1)"}, ask(Request{Top: 1, Split: []string{"instanceId"}}, nil, "a/*", "c/blue"))
	require.Equal(t, []string{"b/blue/i-0 =90", "*/*/* =42 (5)", "a/green/i-0 =80", "a/*/* =40 (2)"}, ask(Request{Top: 1}, nil, "*/*/*", "a/*/*"))
	require.Equal(t, []string{"b/blue/i-0 =90", "*/*/* =42 (5)", "*/blue/* =32.5 (4)"}, ask(Request{Top: 1}, nil, "*/*/*", "*/blue/*"), "no series is shown twice")
	// What is not visible is neither shown nor folded.
	require.Equal(t, []string{"a/blue/i-1 =70", "*/*/* =20 (3)"}, ask(Request{Top: 1}, []string{"a/blue", "c"}, "*/*/*"))
	require.Equal(t, []string{"a =40", "* =25 (1)"}, ask(Request{Top: 1}, []string{"a/blue", "c"}, "*"))
	require.Len(t, ask(Request{Top: 3}, []string{"a"}, "*/*/*"), 3)

	_, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "a"), pattern(t, "b")}, Metrics: []string{"CpuUtilizationPercentage"}, Start: half, End: b.now, Top: 1})
	var bad *ParamError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, "top", bad.Name)
}

// TestWhatIsLeftOutSaysNothingOfTheRest asks for a percentile of native histograms, of which one classic one is shown.
func TestWhatIsLeftOutSaysNothingOfTheRest(t *testing.T) {
	b := newBench(t)
	app := b.append()
	old := path(t, "old/blue/i-0")
	for i := range 9 {
		at := testTime.Add(time.Duration(i) * 15 * time.Second)
		for le, share := range map[string]float64{"1": 0, "10": 3, "+Inf": 3} {
			app.counter(testTime, at, share*float64(i), seriesOf("endpoint_request_duration_seconds_bucket", old, "le", le, "status_code", "200"))
		}
		app.counter(testTime, at, 3*float64(i), seriesOf("endpoint_request_duration_seconds_count", old, "status_code", "200"))
		app.counter(testTime, at, 15*float64(i), seriesOf("endpoint_request_duration_seconds_sum", old, "status_code", "200"))
		for _, name := range []string{"a/blue/i-0", "a/blue/i-1", "b/blue/i-0"} {
			app.hist(testTime, at, nativeHistogram(slices.Repeat([]float64{0.1, 0.2, 0.4}, i)), seriesOf("endpoint_request_duration_seconds", path(t, name), "status_code", "200"))
		}
	}
	app.done()
	b.now = testTime.Add(2 * time.Minute)
	for _, scope := range []string{"*", "*/*", "*/*/*"} {
		answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, scope)}, Metrics: []string{"RequestLatency_P50"}, Start: testTime, End: b.now, Interval: Interval{Full: true}, Top: 1})
		require.NoError(t, err)
		require.Len(t, answer.Series, 2)
		require.Equal(t, "old", answer.Series[0].Scope.Endpoint)
		require.Equal(t, HistogramClassic, answer.Series[0].Histogram.Kind)
		rest := answer.Series[1]
		require.Equal(t, scope, rest.Scope.String())
		require.Equal(t, HistogramNative, rest.Histogram.Kind)
		require.InEpsilon(t, 200, *rest.Values[0], bucketGrowth-1)
	}
}
