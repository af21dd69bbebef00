package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// question is one thing that a dashboard asks, in the words of each server.
type question struct {
	name, title string
	span        time.Duration // asked about
	step        time.Duration // of the windows that Endscope will choose, or is told to; 0 stands for auto
	instant     bool          // one window over the whole span
	recent      bool          // about what just happened: the end moves a little only
	key         []string      // labels that tell the series of the answer apart
	// ours is the question to Endscope, and read takes its answer.
	ours func(window) request
	read func(body []byte, q question, w window) (answer, error)
	// peers are the requests to a peer, one after the other.
	peers    func(dialect, window) []request
	victoria tolerance // how far the values of VictoriaMetrics may be off
}

// long says whether the targets for long spans hold for the question.
func (q question) long(w window) bool { return w.end.Sub(w.start) >= 6*time.Hour }

// dialect is how a peer is asked for differences of counters.
type dialect int

const (
	plain    dialect = iota // as anyone writes it; it extrapolates
	anchored                // Prometheus with the modifier that Endscope uses
	victoria                // classic histograms; differences between the last samples, nothing extrapolated
)

// over selects the samples of a window for a difference.
func (d dialect) over(series, matchers string, w window) string {
	suffix := ""
	if d == anchored {
		suffix = " anchored"
	}
	if w.offset > 0 {
		suffix += " offset " + seconds(w.offset)
	}
	return fmt.Sprintf("%s{%s}[%s]%s", series, matchers, seconds(w.length()), suffix)
}

// merged returns the histogram of the request durations in the window, grouped by labels.
func (d dialect) merged(matchers string, w window, by ...string) string {
	series := durations
	if d == victoria {
		series, by = durations+"_bucket", append(slices.Clone(by), "le")
	}
	return fmt.Sprintf("sum by (%s) (increase(%s))", strings.Join(by, ", "), d.over(series, matchers, w))
}

// p99 returns the 99th percentile of request durations in milliseconds, grouped by labels.
func (d dialect) p99(matchers string, w window, by ...string) string {
	return fmt.Sprintf("1000 * histogram_quantile(0.99, %s)", d.merged(matchers, w, by...))
}

// requests returns the number of requests in the window.
func (d dialect) requests(matchers string, w window, by ...string) string {
	if d == victoria {
		return fmt.Sprintf("sum by (%s) (increase(%s))", strings.Join(by, ", "), d.over(durations+"_count", matchers, w))
	}
	return fmt.Sprintf("sum by (%s) (histogram_count(increase(%s)))", strings.Join(by, ", "), d.over(durations, matchers, w))
}

// metrics asks GET /api/v1/metrics; pairs are further parameters.
func metrics(metric, scope string, w window, pairs ...string) request {
	params := url.Values{"metric": {metric}, "scope": {scope}, "start": {at(w.start)}, "end": {at(w.end)}}
	for i := 0; i < len(pairs); i += 2 {
		params.Set(pairs[i], pairs[i+1])
	}
	return request{path: "/api/v1/metrics", params: params}
}

// questions returns all of them for the data of p.
func questions(p plan) []question {
	endpoint, _, _ := names(0, 0, 0)
	ill, _, _ := p.guilty()
	one := fmt.Sprintf("endpoint=%q", endpoint)
	few := tolerance{relative: 0.1, share: 0.02}
	same := tolerance{relative: rounding}
	day, hour, half := p.Span, min(time.Hour, p.Span/2), p.Span/2

	latency := func(name, title, dimension string, labels ...string) question {
		return question{
			name: name, title: title, span: day, key: labels[len(labels)-min(1, len(labels)):], read: readMetrics,
			ours: func(w window) request {
				r := metrics("RequestLatency_P99", endpoint, w)
				if dimension != "" {
					r.params.Set("split", dimension)
				}
				return r
			},
			peers:    func(d dialect, w window) []request { return []request{w.evaluate(d.p99(one, w, labels...), 0)} },
			victoria: tolerance{buckets: true, share: 0.03},
		}
	}
	byStatus := latency("p99-by-status", "P99 by status class, 24 h", "statusCodeClass", "statusCodeClass")
	byStatus.peers = func(d dialect, w window) []request {
		by := "statusCodeClass"
		if d == victoria {
			by += ", le"
		}
		return []request{w.evaluate(fmt.Sprintf(
			`1000 * histogram_quantile(0.99, sum by (%s) (label_replace(%s, "statusCodeClass", "${1}xx", "status_code", "([1-5])..")))`, by, d.merged(one, w, "status_code")), 0)}
	}
	zoom := latency("zoom", "P99 by instance, 1 h at 15 s", "instanceId", "deployment", "instance")
	zoom.span, zoom.step = hour, spacing
	zoom.ours = func(w window) request {
		return metrics("RequestLatency_P99", endpoint, w, "split", "instanceId", "interval", "15s")
	}
	zoom.peers = func(d dialect, w window) []request {
		if d == plain {
			d = anchored // two samples would be needed in each window
		}
		return []request{w.evaluate(d.p99(one, w, "deployment", "instance"), 0)}
	}

	return []question{
		latency("p99", "P99 of an endpoint, 24 h", ""),
		latency("p99-by-deployment", "P99 by deployment, 24 h", "deployment", "deployment"),
		latency("p99-by-instance", "P99 by instance, 24 h", "instanceId", "deployment", "instance"),
		byStatus,
		{
			name: "rate", title: "request rate of every endpoint, 24 h", span: day, key: []string{"endpoint"}, read: readMetrics, victoria: few,
			ours: func(w window) request { return metrics("RequestsPerMinute", "*", w) },
			peers: func(d dialect, w window) []request {
				return []request{w.evaluate(fmt.Sprintf("%s / %g", d.requests("", w, "endpoint"), w.step.Minutes()), 0)}
			},
		},
		heatMap("gpu", "GPU utilisation by instance of an endpoint, 24 h", "GpuUtilizationPercentage", "gpu_utilization_ratio", endpoint, one, day, auto(day)),
		heatMap("gpu-fleet", "GPU utilisation of every instance, 24 h at 15 min", "GpuUtilizationPercentage", "gpu_utilization_ratio", "*/*/*", "", day, 15*time.Minute),
		{
			name: "top", title: "top 5 instances of the fleet by CPU, 24 h", span: day, instant: true, key: []string{"instance"}, read: readMetrics, victoria: same,
			ours: func(w window) request {
				return metrics("CpuUtilizationPercentage", "*/*/*", w, "top", "5", "interval", "full")
			},
			peers: func(_ dialect, w window) []request {
				return []request{w.evaluate(fmt.Sprintf("100 * topk(5, avg by (endpoint, deployment, instance) (avg_over_time(instance_cpu_utilization_ratio[%s])))", seconds(w.length())), 0)}
			},
		},
		{
			name: "errors", title: "error ratio, 12 h beside the 12 h before", span: half, read: readMetrics, victoria: tolerance{relative: 0.1, share: 0.03},
			ours: func(w window) request { return metrics("ErrorRatio", endpoint, w, "compare", seconds(half)) },
			peers: func(d dialect, w window) []request {
				ratio := func(w window) string {
					return d.requests(one+`,status_code=~"[45].."`, w) + " / " + d.requests(one, w)
				}
				before := w
				before.offset = half
				return []request{w.evaluate(ratio(w), 0), w.evaluate(ratio(before), 1)}
			},
		},
		zoom,
		tree(p),
		explain(p, ill, hour),
	}
}

// heatMap asks for the mean of a gauge by instance.
func heatMap(name, title, metric, series, scope, matchers string, span, step time.Duration) question {
	return question{
		name: name, title: title, span: span, step: step, key: []string{"instance"}, read: readMetrics,
		victoria: tolerance{relative: rounding},
		ours: func(w window) request {
			r := metrics(metric, scope, w, "interval", seconds(step))
			if !strings.Contains(scope, "/") {
				r.params.Set("split", "instanceId")
			}
			return r
		},
		peers: func(_ dialect, w window) []request {
			return []request{w.evaluate(fmt.Sprintf("100 * avg by (endpoint, deployment, instance) (avg_over_time(%s{%s}[%s]))", series, matchers, seconds(w.length())), 0)}
		},
	}
}
