package scrape

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The replicas of a Ray deployment add up to one counter, which has a start time of the agent's. The agent restarts half-way: where all replicas are still there, the server must
// see no reset, and where one had gone, and its count with it, exactly one.
func TestSumsOverARestartOfTheAgent(t *testing.T) {
	const restart = rounds / 2
	c := start(t)
	page := func(round int, gone bool) string {
		var b strings.Builder
		b.WriteString("# TYPE ray_serve_deployment_request_counter_total counter\n# TYPE ray_serve_deployment_processing_latency_ms histogram\n")
		for _, replica := range []string{"a", "b", "c"} {
			n := 1000 + 10*round // they have counted before the agent knew them
			if gone && replica == "c" && round > restart/2 {
				continue
			}
			of := fmt.Sprintf(`deployment="chat",replica=%q`, replica)
			fmt.Fprintf(&b, "ray_serve_deployment_request_counter_total{%s} %d\n", of, n)
			for _, le := range []string{"100.0", "+Inf"} {
				fmt.Fprintf(&b, "ray_serve_deployment_processing_latency_ms_bucket{%s,le=%q} %d\n", of, le, n)
			}
			fmt.Fprintf(&b, "ray_serve_deployment_processing_latency_ms_sum{%s} %d\nray_serve_deployment_processing_latency_ms_count{%s} %d\n", of, 50*n, of, n)
		}
		return b.String()
	}
	for instance, gone := range map[string]bool{"steady": false, "gone": true} {
		first := c.scraped(func(round int) string { return page(round, gone) }, none)
		second := c.scraped(func(round int) string {
			if round <= restart {
				return ""
			}
			return page(round, gone)
		}, none)
		c.push("ray", instance, append(first[:restart:restart], second[restart:]...))
	}
	one := func(expr, instance string) float64 {
		t.Helper()
		got := c.promql(fmt.Sprintf(expr, instance))
		require.Len(t, got, 1, expr)
		return got[0]
	}
	// From minute 1 on, so that nothing is extrapolated to a start that is in the range.
	for _, expr := range []struct{ resets, rate string }{
		{`resets(model_requests_finished_total{reason="other",instance=%q}[15m])`, `rate(model_requests_finished_total{reason="other",instance=%q}[11m])`},
		{`resets(model_request_duration_seconds{instance=%q}[15m])`, `histogram_count(rate(model_request_duration_seconds{instance=%q}[11m]))`},
	} {
		require.InDelta(t, 0, one(expr.resets, "steady"), 0, expr.resets)
		require.InEpsilon(t, 3*10/step.Seconds(), one(expr.rate, "steady"), 1e-9, "what was counted before the agent came is not counted now: %s", expr.rate)
		require.InDelta(t, 1, one(expr.resets, "gone"), 0, expr.resets)
	}
}
