package query

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
			}
		}, verdict: VerdictSingle, path: "deployment=blue instanceId=blue-2", related: "GpuTemperature"},
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
			if c.related != "" {
				require.NotEmpty(t, e.Related, e.dump())
				require.True(t, slices.ContainsFunc(e.Related, func(r Related) bool { return r.Metric == c.related && r.Change > 0 && r.Correlation > 0.8 }), e.dump())
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
