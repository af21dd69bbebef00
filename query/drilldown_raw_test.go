package query

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// The test in this file tells a story of four instances that serve requests, restart, fall silent and leave, writes what
// their agents would push into a TSDB, asks the planner, and computes the same answers from the raw observations.

// request is one observation.
type request struct{ seconds float64 }

// seriesKey names one stored series of an instance: the labels beside the identity.
type seriesKey struct{ code, model string }

// push is what one round of an instance adds: the requests since the round before, by series. Every series that the
// process has had is present, with no requests if there were none.
type push struct {
	at       time.Time
	instance scopes.Path
	requests map[seriesKey][]request
	cpu      float64
	flight   float64
	joules   float64
}

// story is everything that was pushed, by time.
type story struct {
	start, end time.Time
	pushes     []push
	left       map[scopes.Path]time.Time
}

// tell makes up a story and writes it to the bench.
func tell(b *bench, seed uint64) *story {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := &story{start: testTime, end: testTime.Add(24 * time.Minute), left: map[scopes.Path]time.Time{}}
	codes := []seriesKey{{"200", "200"}, {"200", "200"}, {"200", "200"}, {"404", ""}, {"424", "500"}, {"429", ""}, {"500", ""}}
	for n, name := range []string{"credit/blue/b-0", "credit/blue/b-1", "credit/green/g-0", "fraud/green/g-0"} {
		in := path(b.t, name)
		phase := time.Duration(1+rng.IntN(14_000)) * time.Millisecond
		total := map[seriesKey]*running{}    // of the process
		started := map[seriesKey]time.Time{} // of the series
		joules, joulesStart := 0.0, s.start.Add(phase-time.Second)
		for at := s.start.Add(phase); at.Before(s.end); at = at.Add(15 * time.Second) {
			since := at.Sub(s.start)
			switch {
			case n == 1 && since > 4*time.Minute && since < 6*time.Minute+30*time.Second:
				continue // silent, shorter than the look-back: nothing may be lost
			case n == 2 && since > 7*time.Minute && since < 7*time.Minute+16*time.Second:
				clear(total) // a restart; what was counted has been pushed
				clear(started)
				joules, joulesStart = 0, at.Add(-10*time.Second)
			case n == 3 && since > 9*time.Minute && since < 18*time.Minute:
				continue // the only one of its endpoint, away for longer than the look-back
			case n == 0 && since > 12*time.Minute:
				s.left[in] = at
			}
			app := b.append()
			if _, gone := s.left[in]; gone {
				for key := range total {
					app.stale(at, seriesOf("endpoint_request_duration_seconds", in, "status_code", key.code, "model_status_code", key.model))
				}
				for _, gauge := range []string{"instance_cpu_utilization_ratio", "endpoint_requests_in_flight", "gpu_energy_joules_total"} {
					app.stale(at, seriesOf(gauge, in))
				}
				app.done()
				break
			}
			p := push{at: at, instance: in, requests: map[seriesKey][]request{}, cpu: rng.Float64(), flight: float64(rng.IntN(20)), joules: float64(rng.IntN(5000))}
			for key := range total {
				p.requests[key] = nil
			}
			for range rng.IntN(12) {
				key := codes[rng.IntN(len(codes))]
				p.requests[key] = append(p.requests[key], request{seconds: math.Exp(rng.NormFloat64()) / 20})
			}
			for key, rs := range p.requests {
				if _, ok := started[key]; !ok {
					started[key] = at.Add(-time.Second)
				}
				if total[key] == nil {
					total[key] = &running{}
				}
				for _, r := range rs {
					total[key].observe(r.seconds)
				}
				app.hist(started[key], at, total[key].histogram(), seriesOf("endpoint_request_duration_seconds", in, "status_code", key.code, "model_status_code", key.model))
			}
			joules += p.joules
			app.float(at, p.cpu, seriesOf("instance_cpu_utilization_ratio", in))
			app.float(at, p.flight, seriesOf("endpoint_requests_in_flight", in))
			app.counter(joulesStart, at, joules, seriesOf("gpu_energy_joules_total", in))
			app.done()
			s.pushes = append(s.pushes, p)
		}
	}
	slices.SortFunc(s.pushes, func(a, b push) int { return a.at.Compare(b.at) })
	b.now = s.end
	return s
}

// group is what one series of an answer is about: a scope and the values of the split.
type group struct {
	scope scopes.Path
	split string
}

// groupsOf says into which group a stored series falls.
func groupOf(depth int, split []string, in scopes.Path, key seriesKey) group {
	var values []string
	for _, dim := range split {
		switch dim {
		case "deployment":
			depth = max(depth, 2)
			values = append(values, in.Deployment)
		case "instanceId":
			depth = max(depth, 3)
			values = append(values, in.Instance)
		case "statusCode", "envoy_response_code":
			values = append(values, key.code)
		case "statusCodeClass":
			values = append(values, key.code[:1]+"xx")
		case "modelStatusCode":
			values = append(values, key.model)
		}
	}
	p := in
	if depth < 3 {
		p.Instance = ""
	}
	if depth < 2 {
		p.Deployment = ""
	}
	return group{p, strings.Join(values, ",")}
}

// observed is what a group saw in one window; present says that there was any sample, with or without requests.
type observed struct {
	present bool
	seconds []float64
	failed  int
}

// observe collects the requests pushed in (from, to], by group.
func (s *story) observe(scope scopes.Pattern, split []string, from, to time.Time) map[group]observed {
	out := map[group]observed{}
	before := map[scopes.Path]push{}
	for _, p := range s.pushes {
		previous, ok := before[p.instance]
		before[p.instance] = p
		// What was counted while nothing was pushed for longer than the look-back belongs to no window that begins after that:
		// only a window that holds both ends of the silence has it.
		lost := func(key seriesKey) bool {
			_, existed := previous.requests[key]
			return ok && existed && !previous.at.After(from.Add(-recentWindow))
		}
		if !p.at.After(from) || p.at.After(to) || !scope.Covers(p.instance) {
			continue
		}
		for key, rs := range p.requests {
			g := groupOf(scope.Level().Depth(), split, p.instance, key)
			o := out[g]
			o.present = true
			if lost(key) {
				rs = nil
			}
			for _, r := range rs {
				o.seconds = append(o.seconds, r.seconds)
				if key.code >= "400" {
					o.failed++
				}
			}
			out[g] = o
		}
	}
	return out
}

// between is what a value must lie in; low and high are equal but for quantiles that fall between two observations.
type between struct{ low, high float64 }

func exactly(v float64) between { return between{v, v} }

// check compares an answer with what want says about each group and window.
func check(t *testing.T, b *bench, r Request, split []string, want func(from, to time.Time) map[group]between, within float64) {
	t.Helper()
	answer, err := b.planner.DrillDown(b.ctx(), r)
	require.NoError(t, err)
	require.Empty(t, answer.Warnings)
	got := map[group]AnswerSeries{}
	for _, s := range answer.Series {
		var values []string
		for _, dim := range split {
			values = append(values, s.Dimensions[dim])
		}
		require.Len(t, s.Dimensions, len(split))
		g := group{s.Scope, strings.Join(values, ",")}
		require.NotContains(t, got, g)
		require.Len(t, s.Values, len(answer.Timestamps))
		got[g] = s
	}
	wanted := map[group]bool{}
	for i, ts := range answer.Timestamps {
		from := time.UnixMilli(ts)
		expected := want(from, from.Add(answer.Interval))
		for g, v := range expected {
			wanted[g] = true
			require.Contains(t, got, g)
			have := got[g].Values[i]
			require.NotNil(t, have, "%v at %s: want %v", g, from, v)
			require.GreaterOrEqual(t, *have, v.low*(1-within), "%v at %s", g, from)
			require.LessOrEqual(t, *have, v.high*(1+within), "%v at %s", g, from)
		}
		for g, s := range got {
			if _, ok := expected[g]; !ok {
				require.Nil(t, s.Values[i], "%v at %s", g, from)
			}
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(wanted)), slices.Collect(maps.Keys(got)))
}

func TestDrillDownAgreesWithTheRawObservations(t *testing.T) {
	b := newBench(t)
	s := tell(b, 7)
	exact := 1e-9
	requests := func(scope scopes.Pattern, split []string, f func(o observed, minutes float64) (between, bool)) func(from, to time.Time) map[group]between {
		return func(from, to time.Time) map[group]between {
			out := map[group]between{}
			for g, o := range s.observe(scope, split, from, to) {
				if v, ok := f(o, to.Sub(from).Minutes()); ok {
					out[g] = v
				}
			}
			return out
		}
	}
	mean := func(o observed, _ float64) (between, bool) {
		return exactly(1000 * sum(o.seconds) / float64(len(o.seconds))), len(o.seconds) > 0
	}
	quantile := func(q int) func(observed, float64) (between, bool) {
		return func(o observed, _ float64) (between, bool) {
			n := len(o.seconds)
			if n == 0 {
				return between{}, false
			}
			sorted := slices.Sorted(slices.Values(o.seconds))
			return between{1000 * sorted[(q*n-1)/100], 1000 * sorted[min(q*n/100, n-1)]}, true
		}
	}
	// minutes takes the lowest or highest of the whole minutes inside a window.
	minutes := func(scope scopes.Pattern, split []string, pick func(a, b float64) float64) func(from, to time.Time) map[group]between {
		return func(from, to time.Time) map[group]between {
			out := map[group]between{}
			for m := from.Add(time.Minute - 1).Truncate(time.Minute); !m.Add(time.Minute).After(to); m = m.Add(time.Minute) {
				for g, o := range s.observe(scope, split, m, m.Add(time.Minute)) {
					v := float64(len(o.seconds))
					if have, ok := out[g]; ok {
						v = pick(have.low, v)
					}
					out[g] = exactly(v)
				}
			}
			return out
		}
	}
	for _, scopeText := range []string{"credit", "credit/blue", "credit/blue/b-1", "credit/*", "*", "*/green/*"} {
		scope := pattern(t, scopeText)
		splits := [][]string{nil, {"instanceId"}, {"statusCodeClass"}, {"instanceId", "statusCode"}, {"modelStatusCode"}}
		if scope.Level() == scopes.LevelEndpoint {
			splits = append(splits, []string{"deployment"}, []string{"deployment", "statusCodeClass"})
		} else {
			splits = append(splits, []string{"envoy_response_code"})
		}
		for _, split := range splits {
			for _, interval := range []Interval{{Fixed: time.Minute}, {Fixed: 5 * time.Minute}, {Full: true}} {
				ask := func(name string, metric string, a scopes.Aggregation, want func(from, to time.Time) map[group]between, within float64) {
					t.Run(fmt.Sprintf("%s/%v/%v/%s", scopeText, split, interval, name), func(t *testing.T) {
						start := s.start
						if interval.Full {
							start = start.Add(100 * time.Second)
						}
						check(t, b, Request{Scopes: []scopes.Pattern{scope}, Metrics: []string{metric}, Aggregations: []scopes.Aggregation{a}, Interval: interval,
							Start: start, End: s.end, Split: split}, split, want, within)
					})
				}
				ask("total", "RequestsPerMinute", scopes.Total, (requests(scope, split, func(o observed, _ float64) (between, bool) { return exactly(float64(len(o.seconds))), o.present })), exact)
				ask("per minute", "requestsperminute", scopes.Average, (requests(scope, split, func(o observed, m float64) (between, bool) { return exactly(float64(len(o.seconds)) / m), o.present })), exact)
				ask("lowest minute", "RequestsPerMinute", scopes.Minimum, (minutes(scope, split, math.Min)), exact)
				ask("highest minute", "RequestsPerMinute", scopes.Maximum, (minutes(scope, split, math.Max)), exact)
				if slices.Contains(split, "modelStatusCode") || slices.Contains(split, "envoy_response_code") {
					continue
				}
				ask("latency", "RequestLatency", scopes.Average, requests(scope, split, mean), exact)
				ask("latency count", "RequestLatency", scopes.Count, (requests(scope, split, func(o observed, _ float64) (between, bool) { return exactly(float64(len(o.seconds))), o.present })), exact)
				for _, q := range []int{50, 90, 95, 99} {
					ask(fmt.Sprintf("p%d", q), fmt.Sprintf("RequestLatency_P%d", q), scopes.Average, requests(scope, split, quantile(q)), bucketGrowth-1+exact)
				}
				if !slices.Contains(split, "statusCode") && !slices.Contains(split, "statusCodeClass") {
					ask("errors", "ErrorRatio", scopes.Average, (requests(scope, split, func(o observed, _ float64) (between, bool) {
						return exactly(float64(o.failed) / float64(len(o.seconds))), len(o.seconds) > 0
					})), exact)
				}
			}
		}
	}
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}
