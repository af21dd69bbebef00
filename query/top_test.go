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

// scopeOfGroup returns the scope at a level that a group lies in.
func scopeOfGroup(g group, level scopes.Level) scopes.Path {
	p := g.scope
	if level != scopes.LevelInstance {
		p.Instance = ""
	}
	if level == scopes.LevelEndpoint {
		p.Deployment = ""
	}
	return p
}

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
	for _, scopeText := range []string{"credit", "*", "*/*", "credit/blue"} {
		for _, split := range [][]string{{"instanceId"}, {"deployment"}, {"statusCode"}, {"statusCodeClass"}, {"instanceId", "statusCode"}, {"statusCodeClass", "instanceId"}} {
			scope := pattern(t, scopeText)
			if slices.Contains(split, "deployment") && scope.Level() != scopes.LevelEndpoint {
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
							p := scopeOfGroup(g, scope.Level())
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
									p := scopeOfGroup(g, scope.Level())
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
	byScope := func(a *Answer) map[string]float64 {
		out := map[string]float64{}
		for _, s := range a.Series {
			out[s.Scope.String()] += *s.Values[0]
		}
		return out
	}
	require.Equal(t, byScope(whole), byScope(states))
	require.Len(t, states.Series, len(whole.Series))
}
