package query

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// byName returns the values of an answer's series by everything that names them; a missing value is NaN.
func byName(a *Answer, values func(AnswerSeries) []*float64) map[string][]float64 {
	out := map[string][]float64{}
	for _, s := range a.Series {
		var list []float64
		for _, v := range values(s) {
			if v == nil {
				list = append(list, math.NaN())
			} else {
				list = append(list, *v)
			}
		}
		out[fmt.Sprintf("%s %s %s %s %v", s.Asked, s.Scope, s.Metric, s.Aggregation, s.Dimensions)] = list
	}
	return out
}

func now(s AnswerSeries) []*float64  { return s.Values }
func past(s AnswerSeries) []*float64 { return s.Compared }

// sameSeries compares what two answers say; a series that one of them lacks has no data in the other. Values may differ in the last
// digits, since sums are not always made in the same order.
func sameSeries(t *testing.T, want, got map[string][]float64) {
	t.Helper()
	empty := func(list []float64) bool {
		for _, v := range list {
			if !math.IsNaN(v) {
				return false
			}
		}
		return true
	}
	for name, list := range want {
		other, ok := got[name]
		if !ok {
			require.True(t, empty(list), "%s is missing: %v", name, list)
			continue
		}
		for i := range list {
			require.Equal(t, math.IsNaN(list[i]), math.IsNaN(other[i]), "%s at %d", name, i)
			if !math.IsNaN(list[i]) {
				require.InDelta(t, list[i], other[i], 1e-9*math.Max(1, math.Abs(list[i])), "%s at %d", name, i)
			}
		}
	}
	for name, list := range got {
		if _, ok := want[name]; !ok {
			require.True(t, empty(list), "%s is too much: %v", name, list)
		}
	}
}

func TestComparisonIsTheAnswerOfThePast(t *testing.T) {
	b := newBench(t)
	s := tell(b, 3)
	ask := func(r Request) *Answer {
		r.Metrics = []string{"RequestsPerMinute", "RequestLatency_P95", "CpuUtilizationPercentage", "DeploymentCapacity", "RequestsInFlight"}
		r.Scopes = []scopes.Pattern{pattern(t, "credit"), pattern(t, "fraud")}
		r.Split = []string{"instanceId"}
		r.Interval = Interval{Fixed: 2 * time.Minute}
		if r.Top == 0 {
			r.Metrics = append(r.Metrics, "ErrorRatio")
		}
		a, err := b.planner.DrillDown(b.ctx(), r)
		require.NoError(t, err)
		return a
	}
	start := s.start.Add(12 * time.Minute)
	first := ask(Request{Start: s.start, End: start})
	second := ask(Request{Start: start, End: s.end})
	for name, c := range map[string]Compare{"offset": {Offset: 12 * time.Minute}, "start": {Start: s.start}, "previous": {Previous: true}} {
		both := ask(Request{Start: start, End: s.end, Compare: c})
		require.Equal(t, &Span{s.start, start}, both.Compared, name)
		require.Equal(t, second.Timestamps, both.Timestamps)
		sameSeries(t, byName(second, now), byName(both, now))
		sameSeries(t, byName(first, now), byName(both, past))
		for _, as := range both.Series {
			require.Len(t, as.Compared, len(as.Values), "a series of only one span still appears")
		}
	}
	require.Nil(t, second.Series[0].Compared)

	// With a top, both spans show the same series, and the rest of each is folded.
	top := ask(Request{Start: start, End: s.end, Compare: Compare{Previous: true}, Top: 1})
	totals := func(a *Answer, values func(AnswerSeries) []*float64) map[string]float64 {
		out := map[string]float64{}
		for _, as := range a.Series {
			if as.Metric != "RequestsPerMinute" {
				continue
			}
			for i, v := range values(as) {
				if v != nil {
					out[fmt.Sprint(as.Scope.Endpoint, i)] += *v
				}
			}
		}
		return out
	}
	require.InDeltaMapValues(t, totals(second, now), totals(top, now), 1e-9)
	require.InDeltaMapValues(t, totals(first, now), totals(top, past), 1e-9)
	folded := 0
	for _, as := range top.Series {
		folded += min(1, as.Folded)
	}
	require.Positive(t, folded)

	for _, c := range []Compare{{Offset: -time.Hour}, {Offset: time.Microsecond}, {Start: start}, {Offset: 200 * 365 * 24 * time.Hour}} {
		_, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"RequestsPerMinute"}, Start: start, End: s.end, Compare: c})
		var pe *ParamError
		require.ErrorAs(t, err, &pe)
		require.Equal(t, "compare", pe.Name)
	}
}

func TestFiltersAgreeWithTheRawObservations(t *testing.T) {
	b := newBench(t)
	s := tell(b, 5)
	class := func(code string) string { return code[:1] + "xx" }
	for _, tc := range []struct {
		filter string
		takes  func(in scopes.Path, key seriesKey) bool
	}{
		{"deployment eq 'BLUE'", func(in scopes.Path, _ seriesKey) bool { return in.Deployment == "blue" }},
		{"instanceId ne 'b-0'", func(in scopes.Path, _ seriesKey) bool { return in.Instance != "b-0" }},
		{"instanceId sw 'B-' and statusCode eq '200'", func(in scopes.Path, key seriesKey) bool {
			return strings.HasPrefix(in.Instance, "b-") && key.code == "200"
		}},
		{"statusCodeClass eq '4XX' or statusCodeClass eq '5xx'", func(_ scopes.Path, key seriesKey) bool { return class(key.code) != "2xx" }},
		{"statusCodeClass not in ('2xx','5xx')", func(_ scopes.Path, key seriesKey) bool { return class(key.code) == "4xx" }},
		{"modelStatusCode eq ''", func(_ scopes.Path, key seriesKey) bool { return key.model == "" }},
		{"modelStatusCode ne '200'", func(_ scopes.Path, key seriesKey) bool { return key.model != "200" }},
		{"modelStatusCode matches '[25].*' and statusCode contains '2'", func(_ scopes.Path, key seriesKey) bool { return key.model != "" && strings.Contains(key.code, "2") }},
		{"(statusCode in ('404','424') or statusCode sw '2') and deployment matches 'b.*|gr...'", func(_ scopes.Path, key seriesKey) bool {
			return key.code == "404" || key.code == "424" || key.code == "200"
		}},
		{"statusCode eq '999'", func(scopes.Path, seriesKey) bool { return false }},
		{"statusCode eq '200' and statusCode eq '404'", func(scopes.Path, seriesKey) bool { return false }},
		{"statusCode eq '*'", func(scopes.Path, seriesKey) bool { return true }},
	} {
		kept := &story{start: s.start, end: s.end, left: s.left}
		for _, p := range s.pushes {
			requests := map[seriesKey][]request{}
			for key, list := range p.requests {
				if tc.takes(p.instance, key) {
					requests[key] = list
				}
			}
			p.requests = requests
			kept.pushes = append(kept.pushes, p)
		}
		split := []string{"instanceId"}
		if strings.Contains(tc.filter, "*'") && !strings.Contains(tc.filter, "matches") {
			split = append(split, "statusCode")
		}
		for _, scopeText := range []string{"credit", "*"} {
			scope := pattern(t, scopeText)
			t.Run(scopeText+" "+tc.filter, func(t *testing.T) {
				check(t, b, Request{Scopes: []scopes.Pattern{scope}, Metrics: []string{"RequestsPerMinute"}, Aggregations: []scopes.Aggregation{scopes.Total}, Interval: Interval{Fixed: 3 * time.Minute},
					Start: s.start, End: s.end, Split: []string{"instanceId"}, Filter: tc.filter}, split, func(from, to time.Time) map[group]between {
					out := map[group]between{}
					for g, o := range kept.observe(scope, split, from, to) {
						out[g] = exactly(float64(len(o.seconds)))
					}
					return out
				}, 1e-9)
			})
		}
	}
}

func TestStatesCanBeFiltered(t *testing.T) {
	b := newBench(t)
	s := tell(b, 9)
	ask := func(filter string, split ...string) map[string][]float64 {
		a, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"DeploymentCapacity"}, Start: s.start, End: s.end,
			Interval: Interval{Fixed: 6 * time.Minute}, Filter: filter, Split: split})
		require.NoError(t, err)
		out := map[string][]float64{}
		for name, values := range byName(a, now) {
			out[name[strings.Index(name, "map["):]] = values
		}
		return out
	}
	all := ask("", "State")
	require.Len(t, all, 2)
	for _, state := range []string{"ready", "missing"} {
		one := map[string][]float64{"map[State:" + state + "]": all["map[State:"+state+"]"]}
		require.Equal(t, one, ask("State eq '"+strings.ToUpper(state)+"'", "State"))
		require.Equal(t, one["map[State:"+state+"]"], ask("State matches '" + state + "'")["map[]"])
	}
	require.Equal(t, all, ask("State eq '*'"))
	require.Equal(t, all, ask("State ne 'other'", "State"))
	require.Empty(t, ask("State eq 'asleep'"))
	require.Empty(t, ask("State not in ('ready','missing')"))
	require.NotEqual(t, ask(""), ask("deployment eq 'blue'"))
}

func TestSeveralScopesOfSeveralLevelsInOneRequest(t *testing.T) {
	b := newBench(t)
	s := tell(b, 13)
	ask := func(list ...string) *Answer {
		r := Request{Metrics: []string{"RequestsPerMinute", "requestsperminute", "RequestLatency"}, Aggregations: []scopes.Aggregation{scopes.Average, scopes.Average}, Start: s.start, End: s.end,
			Split: []string{"instanceId"}, Interval: Interval{Fixed: 6 * time.Minute}}
		for _, text := range list {
			r.Scopes = append(r.Scopes, pattern(t, text))
		}
		a, err := b.planner.DrillDown(b.ctx(), r)
		require.NoError(t, err)
		return a
	}
	want := map[string][]float64{}
	for _, text := range []string{"credit", "fraud", "credit/*", "credit/blue/b-0"} {
		for name, values := range byName(ask(text), now) {
			want[name] = values
		}
	}
	got := ask("credit", "credit", "credit/*", "*", "credit/blue", "credit/blue/b-0")
	require.Equal(t, len(want), len(got.Series), "no series twice")
	sameSeries(t, want, byName(got, now))
	require.Equal(t, "RequestsPerMinute", got.Series[0].Metric)
}

func TestGrantsNarrowFiltersTopsAndComparisons(t *testing.T) {
	b := newBench(t)
	s := tell(b, 17)
	ask := func(granted []string, r Request) (*Answer, error) {
		r.Metrics, r.Start, r.End, r.Interval = []string{"RequestsPerMinute"}, s.start.Add(12*time.Minute), s.end, Interval{Full: true}
		return b.planner.DrillDown(b.ctx(granted...), r)
	}
	credit := []scopes.Pattern{pattern(t, "credit")}
	for _, r := range []Request{
		{Scopes: credit, Split: []string{"instanceId"}},
		{Scopes: credit, Filter: "deployment ne 'red' and instanceId eq '*'"},
		{Scopes: credit, Split: []string{"instanceId"}, Top: 1, Compare: Compare{Previous: true}},
		{Scopes: credit, Split: []string{"statusCode", "instanceId"}, Top: 2},
	} {
		narrow, err := ask([]string{"credit/blue"}, r)
		require.NoError(t, err)
		r.Scopes = []scopes.Pattern{pattern(t, "credit/blue")}
		r.Filter = strings.ReplaceAll(r.Filter, "deployment ne 'red' and ", "")
		whole, err := ask(nil, r)
		require.NoError(t, err)
		require.Equal(t, len(whole.Series), len(narrow.Series))
		for i := range whole.Series {
			require.Equal(t, whole.Series[i].Values, narrow.Series[i].Values)
			require.Equal(t, whole.Series[i].Compared, narrow.Series[i].Compared)
			require.Equal(t, whole.Series[i].Dimensions, narrow.Series[i].Dimensions)
		}
	}
	hidden, err := ask([]string{"credit/blue"}, Request{Scopes: credit, Filter: "deployment eq 'green'"})
	require.NoError(t, err)
	require.Empty(t, hidden.Series)
	_, err = ask([]string{"fraud"}, Request{Scopes: credit})
	require.ErrorIs(t, err, scopes.ErrNotFound)
}

func TestPlansGiveTheAnswerWhenTheyArePasted(t *testing.T) {
	b := newBench(t)
	s := tell(b, 19)
	for _, r := range []Request{
		{Metrics: []string{"RequestsPerMinute", "RequestLatency_P99", "ErrorRatio", "CpuUtilizationPercentage", "RequestsInFlight", "DeploymentCapacity"}, Interval: Interval{Fixed: 3 * time.Minute}},
		{Metrics: []string{"RequestLatency"}, Interval: Interval{Full: true}, Filter: "statusCodeClass ne '5xx' and deployment matches 'b.*'"},
	} {
		r.Scopes, r.Start, r.End, r.Plan, r.Split = []scopes.Pattern{pattern(t, "credit")}, s.start, s.end, true, []string{"instanceId"}
		a, err := b.planner.DrillDown(b.ctx(), r)
		require.NoError(t, err)
		require.Len(t, a.Plan, len(r.Metrics))
		for _, step := range a.Plan {
			expr, err := b.planner.set.Engine.Parser().ParseExpr(step.Expr)
			require.NoError(t, err)
			m, _, err := b.planner.set.Engine.Range(b.ctx(), expr, step.Start.Add(step.Step), step.End, step.Step)
			require.NoError(t, err)
			pasted := 0
			for _, series := range m {
				for _, point := range series.Floats {
					if math.IsNaN(point.F) {
						continue
					}
					pasted++
					found := false
					for _, as := range a.Series {
						at := int((point.T-a.Start.UnixMilli())/a.Interval.Milliseconds()) - 1
						if as.Metric == step.Metric && as.Scope == scopes.Of(series.Metric) && as.Values[at] != nil {
							require.InDelta(t, point.F, *as.Values[at], 1e-9*math.Max(1, point.F))
							found = true
						}
					}
					require.True(t, found)
				}
			}
			require.Positive(t, pasted, step.Expr)
		}
	}
}

func TestTooManySeriesToLeaveOutAreMarked(t *testing.T) {
	b := newBench(t)
	app := b.append()
	for i := range 250 {
		ls := seriesOf("gpu_utilization_ratio", path(t, fmt.Sprintf("credit/blue/b-%d", i)), "gpu", "0")
		app.float(testTime.Add(time.Minute), float64(i)/1000, ls)
	}
	app.done()
	b.now = testTime.Add(2 * time.Minute)
	ask := func(top int) *Answer {
		a, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"GpuUtilizationPercentage"}, Split: []string{"instanceId", "gpu"},
			Start: testTime, End: b.now, Interval: Interval{Full: true}, Top: top})
		require.NoError(t, err)
		return a
	}
	marked := ask(maxTuples + 1)
	require.Len(t, marked.Series, maxTuples+1)
	require.Equal(t, &Truncation{Shown: maxTuples + 1, Total: 250}, marked.Truncated)
	folded := ask(maxTuples)
	require.Nil(t, folded.Truncated)
	require.Equal(t, 50, folded.Series[maxTuples].Folded)
	require.InDelta(t, 2.45, *folded.Series[maxTuples].Values[0], 1e-9)
}

func TestEveryMetricIsAskedForInEveryWay(t *testing.T) {
	b := newBench(t)
	s := tell(b, 23)
	for level, text := range map[scopes.Level]string{scopes.LevelEndpoint: "*", scopes.LevelDeployment: "credit/*", scopes.LevelInstance: "credit/blue/b-1"} {
		for _, def := range b.planner.Definitions().AtLevel(level) {
			splits := [][]string{{}}
			for _, dim := range def.Dimensions {
				splits[0] = append(splits[0], dim.Name)
				splits = append(splits, []string{dim.Name})
			}
			for _, split := range splits {
				if len(split) == 0 {
					continue
				}
				a, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, text)}, Metrics: []string{def.Name}, Aggregations: def.Aggregations, Split: split, Start: s.start.Add(12 * time.Minute), End: s.end,
					Interval: Interval{Fixed: 6 * time.Minute}, Top: 1, Compare: Compare{Previous: true}, Filter: split[0] + " ne 'nobody'", OrderBy: OrderBy{Aggregation: def.Aggregations[len(def.Aggregations)-1]}})
				require.NoError(t, err, "%s at %s by %v", def.Name, level, split)
				require.Nil(t, a.Truncated)
			}
		}
	}
}
