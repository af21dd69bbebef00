package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// related are the gauges of the instances that explain looks at beside the latency, and that an operator would look at as well.
var related = [...]string{
	"gpu_temperature_celsius", "gpu_utilization_ratio", "gpu_power_watts", "gpu_memory_utilization_ratio",
	"instance_cpu_utilization_ratio", "instance_memory_utilization_ratio", "model_requests_waiting", "model_requests_running", "model_cache_utilization_ratio",
}

// explain asks what changed in the last hour. No single query of a peer answers that. An operator asks for the percentile of both
// hours as a whole, by deployment, by instance and by status, and for the resources of the instances in both hours, and then
// looks; the looking is not measured. Only the percentiles of the whole are compared.
func explain(p plan, endpoint string, span time.Duration) question {
	_, deployment, instance := p.guilty()
	return question{
		name: "explain", title: "explain: the last hour's P99 beside the hour before", span: span, step: time.Minute, instant: true, recent: true,
		ours: func(w window) request {
			return request{path: "/api/v1/explain", params: url.Values{"metric": {"RequestLatency_P99"}, "scope": {endpoint}, "start": {at(w.start)}, "end": {at(w.end)}, "baseline": {"previous"}}}
		},
		read: func(body []byte, _ question, w window) (answer, error) {
			var text struct {
				Before, After *float64
				Verdict       string
				Path          []struct{ Dimension, Value string }
			}
			if err := json.Unmarshal(body, &text); err != nil {
				return nil, fmt.Errorf("read the answer: %w", err)
			}
			found := map[string]bool{}
			for _, step := range text.Path {
				found[step.Value] = true
			}
			if text.Before == nil || text.After == nil || !found[deployment] || !found[instance] {
				return nil, fmt.Errorf("it blames %v, verdict %q; want %s and %s", text.Path, text.Verdict, deployment, instance)
			}
			before, after := values{}, values{}
			before.set("", w.end.UnixMilli(), *text.Before)
			after.set("", w.end.UnixMilli(), *text.After)
			return answer{after, before}, nil
		},
		peers: func(d dialect, w window) []request {
			earlier := w
			earlier.offset = span
			matchers := fmt.Sprintf("endpoint=%q", endpoint)
			out := []request{w.evaluate(d.p99(matchers, w), 0), w.evaluate(d.p99(matchers, earlier), 1)}
			if d == anchored {
				return out
			}
			for _, w := range []window{w, earlier} {
				for _, by := range [][]string{{"deployment"}, {"deployment", "instance"}, {"status_code"}} {
					out = append(out, w.evaluate(d.p99(matchers, w, by...), -1))
				}
				offset := ""
				if w.offset > 0 {
					offset = " offset " + seconds(w.offset)
				}
				for _, gauge := range related {
					out = append(out, w.evaluate(fmt.Sprintf("avg by (deployment, instance) (avg_over_time(%s{%s}[%s]%s))", gauge, matchers, seconds(w.length()), offset), -1))
				}
			}
			return out
		},
		victoria: tolerance{buckets: true},
	}
}
