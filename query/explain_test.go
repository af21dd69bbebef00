package query

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// pathOf is a path as text.
func pathOf(e *Explanation) string {
	var steps []string
	for _, s := range e.Path {
		steps = append(steps, s.Dimension+"="+s.Value)
	}
	return strings.Join(steps, " ")
}

func (e *Explanation) dump() string {
	out := fmt.Sprintf("%s %s: %s | %s\n", e.Metric, e.Verdict, pathOf(e), e.Explanation)
	num := func(v *float64) string {
		if v == nil {
			return "null"
		}
		return fmt.Sprintf("%.4g", *v)
	}
	for i, c := range e.Contributions {
		if i < 8 {
			out += fmt.Sprintf("   %s=%s (%s) share %s alone %s weight %s: %s -> %s\n", c.Dimension, c.Value, c.Scope, num(c.Share), num(c.Alone), num(c.Weight), num(c.Before), num(c.After))
		}
	}
	for _, r := range e.Related {
		out += fmt.Sprintf("   related %s %v %v: %.4g -> %.4g r=%.2f\n", r.Metric, r.Scope, r.Dimensions, r.Before, r.After, r.Correlation)
	}
	for _, w := range e.Warnings {
		out += "   warning " + w + "\n"
	}
	return out
}

// TestExplainIncidents tells incidents whose cause is known.
func TestExplainIncidents(t *testing.T) {
	b := newBench(t)
	slow := func(name string, by float64) func(*worker, float64) {
		return func(w *worker, _ float64) {
			if w.path.Instance == name || w.path.Deployment == name {
				w.latency *= by
			}
		}
	}
	cases := []struct {
		name    string
		fleet   []any
		metric  string
		change  func(*worker, float64)
		verdict Verdict
		path    string
		says    string // part of the explanation
		related string
	}{
		{name: "slow-instance-p99", fleet: []any{"blue", 20, "green", 20}, metric: "RequestLatency_P99", change: slow("blue-7", 6),
			verdict: VerdictSingle, path: "deployment=blue instanceId=blue-7"},
		{name: "slow-instance-mean", fleet: []any{"blue", 20, "green", 20}, metric: "RequestLatency", change: slow("blue-7", 9),
			verdict: VerdictSingle, path: "deployment=blue instanceId=blue-7"},
		{name: "slow-instance-of-one-deployment", fleet: []any{"blue", 40}, metric: "RequestLatency_P99", change: slow("blue-7", 6),
			verdict: VerdictSingle, path: "deployment=blue instanceId=blue-7"},
		{name: "failing-deployment-ratio", fleet: []any{"blue", 5, "green", 5}, metric: "ErrorRatio", change: func(w *worker, _ float64) {
			if w.path.Deployment == "green" {
				w.statuses[0].part, w.statuses[2].part = 0.6, 0.38
			}
		}, verdict: VerdictSingle, path: "deployment=green statusCode=424", says: "evenly over its 5 instances"},
		{name: "doubled", fleet: []any{"blue", 14, "green", 2}, metric: "RequestsPerMinute", change: func(w *worker, _ float64) { w.requests *= 2 },
			verdict: VerdictSeveral, says: "spread evenly"},
		{name: "throttled", fleet: []any{"blue", 6}, metric: "RequestLatency_P95", change: func(w *worker, passed float64) {
			if w.path.Instance == "blue-2" && passed > 0.3 {
				w.latency *= 4
				w.gauges["gpu_temperature_celsius"] = 93
				w.gauges["gpu_utilization_ratio"] = 0.3
				w.counters["gpu_throttle_seconds_total"] = 40
			}
		}, verdict: VerdictSingle, path: "deployment=blue instanceId=blue-2", related: "GpuTemperature GpuThrottleRatio"},
		{name: "nothing-p99", fleet: []any{"blue", 6, "green", 2}, metric: "RequestLatency_P99", verdict: VerdictNone},
		{name: "nothing-requests", fleet: []any{"blue", 6, "green", 2}, metric: "RequestsPerMinute", verdict: VerdictNone},
		{name: "nothing-errors", fleet: []any{"blue", 6, "green", 2}, metric: "ErrorRatio", verdict: VerdictNone},
		{name: "new-deployment", fleet: []any{"blue", 6, "green", 2}, metric: "RequestLatency", change: func(w *worker, _ float64) {
			if w.path.Deployment == "green" {
				w.gone, w.latency = false, w.latency*4
			}
		}, verdict: VerdictSingle, path: "deployment=green", says: "was not there before"},
		{name: "one-status", fleet: []any{"blue", 6, "green", 2}, metric: "RequestsPerMinute", change: func(w *worker, _ float64) { w.statuses[1].part = 1.5 },
			verdict: VerdictSingle, path: "statusCode=404"},
		{name: "died-requests", fleet: []any{"blue", 6}, metric: "RequestsPerMinute", change: died("blue-1", 6, 1), verdict: VerdictNone},
		{name: "died-latency", fleet: []any{"blue", 6}, metric: "RequestLatency_P95", change: died("blue-1", 6, 1.6), verdict: VerdictSeveral, says: "blue/blue-1 is gone"},
	}
	for i, c := range cases {
		f := newFleet(c.name, 60, 0.05, c.fleet...)
		for j := range f.workers {
			f.workers[j].gauges = map[string]float64{"gpu_temperature_celsius": 60, "gpu_utilization_ratio": 0.7, "instance_cpu_utilization_ratio": 0.2}
			f.workers[j].counters = map[string]float64{"gpu_throttle_seconds_total": 0}
			f.workers[j].gone = c.name == "new-deployment" && f.workers[j].path.Deployment == "green"
		}
		f.run(b, uint64(i), c.change)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := b.asked(t, c.name, c.metric)
			t.Log(e.dump())
			require.Equal(t, c.verdict, e.Verdict, e.dump())
			require.Equal(t, c.path, pathOf(e), e.dump())
			require.Contains(t, e.Explanation, c.says)
			for _, name := range strings.Fields(c.related) {
				require.True(t, slices.ContainsFunc(e.Related, func(r Related) bool { return r.Metric == name && r.Change > 0 && r.Correlation > 0.8 }), e.dump())
			}
		})
	}
}

// died is an instance that goes, and whose traffic the others take over.
func died(name string, of int, slower float64) func(*worker, float64) {
	return func(w *worker, _ float64) {
		w.requests *= float64(of) / float64(of-1)
		w.latency *= slower
		w.gone = w.path.Instance == name
	}
}

// TestExplainAgreesWithDrillDown compares before and after with the planner's answers for one window, for everything that the
// catalogue computes from what a fleet pushes.
func TestExplainAgreesWithDrillDown(t *testing.T) {
	b := newBench(t)
	f := newFleet("credit", 40, 0.05, "blue", 3, "green", 2)
	for i := range f.workers {
		w := &f.workers[i]
		for _, name := range []string{"gpu_temperature_celsius", "gpu_power_watts", "endpoint_requests_in_flight", "model_requests_running", "model_cache_utilization_ratio"} {
			w.gauges[name] = 0.5 + 0.1*float64(i)
		}
		w.gauges["model_requests_max"] = 8
		for _, name := range []string{"gpu_throttle_seconds_total", "gpu_energy_joules_total", "model_tokens_total", "gpu_time_seconds_total", "endpoint_network_bytes_total"} {
			w.counters[name] = 12
		}
	}
	f.run(b, 1, func(w *worker, _ float64) { w.latency *= 1.5 })
	b.now = fleetWindow.End
	compared := map[scopes.Kind]int{}
	agrees(t, b, fleetBaseline, compared, "credit", "credit/blue", "credit/blue/blue-1")
	agrees(t, b, Span{fleetBaseline.End.Add(-5 * time.Minute), fleetBaseline.End}, compared, "credit/blue") // shorter than the window
	for _, kind := range scopes.Kinds() {
		require.NotZero(t, compared[kind], kind)
	}
}

// agrees asks for the explanation of every metric, and for its values by drill-down.
func agrees(t *testing.T, b *bench, baseline Span, compared map[scopes.Kind]int, scopeTexts ...string) {
	t.Helper()
	for _, scope := range scopeTexts {
		for _, def := range b.planner.Definitions().AtLevel(pattern(t, scope).Level()) {
			for _, a := range def.Aggregations {
				e, err := b.planner.Explain(b.ctx(), ExplainRequest{Metric: def.Name, Aggregation: a, Scope: pattern(t, scope), Window: fleetWindow, Baseline: baseline})
				require.NoError(t, err, "%s %s", def.Name, a)
				for span, got := range map[Span]*float64{baseline: e.Before, fleetWindow: e.After} {
					answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, scope)}, Metrics: []string{def.Name}, Aggregations: []scopes.Aggregation{a},
						Interval: Interval{Full: true}, Start: span.Start, End: span.End})
					require.NoError(t, err)
					if len(answer.Series) == 0 {
						require.Nil(t, got, "%s %s", def.Name, a)
						continue
					}
					require.NotNil(t, got, "%s %s of %s", def.Name, a, scope)
					want := *answer.Series[0].Values[0]
					if (a == scopes.Total || a == scopes.Count) && span == baseline { // is brought to the window's length
						want *= fleetWindow.End.Sub(fleetWindow.Start).Seconds() / baseline.End.Sub(baseline.Start).Seconds()
					}
					require.InEpsilon(t, 1+want, 1+*got, 1e-9, "%s %s of %s", def.Name, a, scope)
					compared[def.Source.Kind]++
				}
			}
		}
	}
}

// TestExplainEdges asks what has no simple answer.
func TestExplainEdges(t *testing.T) {
	b := newBench(t)
	f := newFleet("credit", 60, 0.05, "blue", 4, "green", 4)
	f.run(b, 3, func(w *worker, _ float64) {
		if w.path.Instance == "green-1" {
			w.latency *= 6
		}
	})
	b.now = fleetWindow.End
	ask := func(change func(*ExplainRequest), granted ...string) (*Explanation, error) {
		r := ExplainRequest{Metric: "RequestLatency_P95", Scope: pattern(t, "credit"), Window: fleetWindow, Baseline: fleetBaseline}
		change(&r)
		return b.planner.Explain(b.ctx(granted...), r)
	}
	t.Run("what a caller may not see does not count", func(t *testing.T) {
		e, err := ask(func(*ExplainRequest) {}, "credit/blue")
		require.NoError(t, err)
		require.Equal(t, VerdictNone, e.Verdict, e.dump())
		_, err = ask(func(*ExplainRequest) {}, "fraud")
		require.ErrorIs(t, err, scopes.ErrNotFound)
	})
	t.Run("a filter narrows what is looked at", func(t *testing.T) {
		e, err := ask(func(r *ExplainRequest) { r.Filter = "deployment eq 'blue'" })
		require.NoError(t, err)
		require.Equal(t, VerdictNone, e.Verdict, e.dump())
		e, err = ask(func(r *ExplainRequest) { r.Filter = "deployment eq 'green' and statusCode eq '200'" })
		require.NoError(t, err)
		require.Equal(t, "deployment=green instanceId=green-1", pathOf(e), e.dump())
		e, err = ask(func(r *ExplainRequest) { r.Filter = "deployment eq 'red'" })
		require.NoError(t, err)
		require.Equal(t, VerdictNone, e.Verdict, e.dump())
		require.Nil(t, e.Before)
		_, err = ask(func(r *ExplainRequest) { r.Filter = "planet eq 'mars'" })
		var param *ParamError
		require.ErrorAs(t, err, &param)
	})
	t.Run("a baseline of another length is scaled", func(t *testing.T) {
		e, err := ask(func(r *ExplainRequest) {
			r.Metric, r.Aggregation = "RequestsPerMinute", scopes.Total
			r.Baseline.Start = r.Baseline.End.Add(-5 * time.Minute)
		})
		require.NoError(t, err)
		require.Equal(t, VerdictNone, e.Verdict, e.dump())
		require.InEpsilon(t, *e.Before, *e.After, 0.1)
		e, err = ask(func(r *ExplainRequest) { r.Baseline.Start = r.Baseline.End.Add(-5 * time.Minute) })
		require.NoError(t, err)
		require.Equal(t, "deployment=green instanceId=green-1", pathOf(e), e.dump())
	})
	t.Run("without data there is nothing to compare", func(t *testing.T) {
		e, err := ask(func(r *ExplainRequest) { r.Metric = "QueueTime" })
		require.NoError(t, err)
		require.Equal(t, VerdictNone, e.Verdict)
		require.Equal(t, []string{"there are no data in the baseline and none in the window"}, e.Warnings)
		e, err = ask(func(r *ExplainRequest) { r.Baseline = Span{testTime, testTime.Add(15 * time.Minute)} })
		require.NoError(t, err)
		require.Equal(t, VerdictNone, e.Verdict)
		require.Nil(t, e.Before)
		require.Nil(t, e.Change)
		require.NotNil(t, e.After)
	})
	t.Run("an instance is not divided further", func(t *testing.T) {
		e, err := ask(func(r *ExplainRequest) { r.Scope = pattern(t, "credit/green/green-1") })
		require.NoError(t, err)
		require.Equal(t, VerdictSingle, e.Verdict, e.dump())
		require.Empty(t, e.Path)
	})
	t.Run("what cannot be divided up is compared", func(t *testing.T) {
		e, err := ask(func(r *ExplainRequest) { r.Metric = "TrafficSkew" })
		require.NoError(t, err)
		require.NotEmpty(t, e.Warnings)
		require.NotEmpty(t, e.Contributions)
	})
	t.Run("what is asked must make sense", func(t *testing.T) {
		for _, change := range []func(*ExplainRequest){
			func(r *ExplainRequest) { r.Scope = pattern(t, "credit/*") },
			func(r *ExplainRequest) { r.Metric = "Nothing" },
			func(r *ExplainRequest) { r.Aggregation = scopes.Minimum },
			func(r *ExplainRequest) { r.Baseline.End = r.Baseline.End.Add(time.Second) },
			func(r *ExplainRequest) { r.Window.Start = r.Window.End.Add(-time.Second) },
			func(r *ExplainRequest) { r.Window.Start, r.Window.End = r.Window.End, r.Window.Start },
			func(r *ExplainRequest) { r.Window = Span{b.now.Add(time.Hour), b.now.Add(2 * time.Hour)} },
		} {
			_, err := ask(change)
			var param *ParamError
			require.ErrorAs(t, err, &param)
		}
	})
	t.Run("too much is refused", func(t *testing.T) {
		b.planner.cfg.MaxValues = 100
		defer func() { b.planner.cfg = DefaultDrillDownConfig() }()
		_, err := ask(func(*ExplainRequest) {})
		var limit *AnswerLimitError
		require.ErrorAs(t, err, &limit)
	})
}

// TestExplainClassicHistograms explains what scraped servers measure: classic histograms, alone and beside native ones.
func TestExplainClassicHistograms(t *testing.T) {
	for _, native := range []bool{false, true} {
		b := newBench(t)
		rng := rand.New(rand.NewPCG(5, 5))
		began := fleetBaseline.Start.Add(-time.Minute)
		bounds := []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2}
		totals := map[string][]float64{}
		app := b.append()
		for at := fleetBaseline.Start; !at.After(fleetWindow.End); at = at.Add(fleetGrain) {
			for i := range 6 {
				p := path(t, fmt.Sprintf("credit/%s/i-%d", []string{"blue", "green"}[i%2], i))
				for range 40 {
					v := 0.04 * math.Exp(0.4*rng.NormFloat64())
					if i == 3 && at.After(fleetWindow.Start) {
						v *= 8
					}
					totals[p.Instance] = append(totals[p.Instance], v)
				}
				all := totals[p.Instance]
				if native && i > 3 {
					app.hist(began, at, nativeHistogram(all), seriesOf("endpoint_request_duration_seconds", p, "status_code", "200"))
					continue
				}
				sum := 0.0
				upTo := make([]float64, len(bounds))
				for _, v := range all {
					sum += v
					for j, bound := range bounds {
						if v <= bound {
							upTo[j]++
						}
					}
				}
				for j, bound := range bounds {
					app.counter(began, at, upTo[j], seriesOf("endpoint_request_duration_seconds_bucket", p, "status_code", "200", "le", formatBound(bound)))
				}
				app.counter(began, at, float64(len(all)), seriesOf("endpoint_request_duration_seconds_bucket", p, "status_code", "200", "le", "+Inf"))
				app.counter(began, at, float64(len(all)), seriesOf("endpoint_request_duration_seconds_count", p, "status_code", "200"))
				app.counter(began, at, sum, seriesOf("endpoint_request_duration_seconds_sum", p, "status_code", "200"))
			}
		}
		app.done()
		for _, metric := range []string{"RequestLatency", "RequestLatency_P90", "RequestLatency_P95"} {
			e := b.asked(t, "credit", metric)
			require.Equal(t, "deployment=green instanceId=i-3", pathOf(e), e.dump())
			answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{metric},
				Interval: Interval{Full: true}, Start: fleetWindow.Start, End: fleetWindow.End})
			require.NoError(t, err)
			require.InEpsilon(t, *answer.Series[0].Values[0], *e.After, 1e-6, e.dump())
		}
	}
}

// BenchmarkExplain explains an hour of one slow instance out of 20, with five kinds of answers.
func BenchmarkExplain(b *testing.B) {
	bench := newBench(b)
	f := newFleet("credit", 60, 0.05, "blue", 10, "green", 10)
	f.span, f.grain = time.Hour, 15*time.Second
	for i := range f.workers {
		w := &f.workers[i]
		w.statuses = append(w.statuses, status{"500", "500", 0.005, 1}, status{"503", "", 0.005, 0.1})
		for _, name := range []string{"gpu_temperature_celsius", "gpu_utilization_ratio", "gpu_power_watts", "instance_cpu_utilization_ratio", "instance_memory_utilization_ratio", "model_requests_running", "model_requests_waiting"} {
			w.gauges[name] = 50
		}
		for _, name := range []string{"gpu_throttle_seconds_total", "gpu_energy_joules_total"} {
			w.counters[name] = 12
		}
	}
	f.run(bench, 1, func(w *worker, _ float64) {
		if w.path.Instance == "green-4" {
			w.latency *= 6
			w.gauges["gpu_temperature_celsius"] = 90
		}
	})
	start := fleetBaseline.Start
	bench.now = start.Add(2 * f.span)
	for _, metric := range []string{"RequestLatency_P99", "RequestLatency", "ErrorRatio", "RequestsPerMinute"} {
		b.Run(metric, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e, err := bench.planner.Explain(bench.ctx(), ExplainRequest{Metric: metric, Scope: pattern(b, "credit"),
					Window: Span{start.Add(f.span), start.Add(2 * f.span)}, Baseline: Span{start, start.Add(f.span)}})
				require.NoError(b, err)
				if metric == "RequestLatency_P99" {
					require.Equal(b, "deployment=green instanceId=green-4", pathOf(e))
				}
			}
		})
	}
}
