package main

import (
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// readings are the server's own metrics of alerting.
type readings struct {
	evaluations, failed, missed, series float64
	lag, duration                       spread
}

func read(g prometheus.Gatherer) (out readings, err error) {
	families, err := g.Gather()
	if err != nil {
		return out, err
	}
	for _, f := range families {
		sum := 0.0
		for _, m := range f.Metric {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		switch f.GetName() {
		case "alerts_evaluations_total":
			out.evaluations = sum
		case "alerts_evaluation_failures_total":
			out.failed = sum
		case "alerts_missed_evaluations_total":
			out.missed = sum
		case "alerts_series":
			out.series = sum
		case "alerts_evaluation_lag_seconds":
			out.lag = spreadOf(f.Metric[0].GetHistogram())
		case "alerts_evaluation_duration_seconds":
			out.duration = spreadOf(f.Metric[0].GetHistogram())
		}
	}
	return out, nil
}

// spread is how often values fell into the buckets of a native histogram, by the upper bounds of these. A resolution that was lowered
// in between makes no difference that anybody would see.
type spread map[float64]float64

func spreadOf(h *dto.Histogram) spread {
	out := spread{h.GetZeroThreshold(): float64(h.GetZeroCount())}
	growth := math.Pow(2, math.Pow(2, -float64(h.GetSchema())))
	index, count, next := int32(0), int64(0), 0
	deltas := h.GetPositiveDelta()
	for _, s := range h.GetPositiveSpan() {
		index += s.GetOffset()
		for range s.GetLength() {
			count += deltas[next]
			out[math.Pow(growth, float64(index))] = float64(count)
			next++
			index++
		}
	}
	return out
}

// since returns what came after an earlier reading.
func (s spread) since(earlier spread) spread {
	out := spread{}
	for bound, n := range s {
		if n -= earlier[bound]; n > 0 {
			out[bound] = n
		}
	}
	return out
}

// quantile returns the upper bound of the bucket that holds a quantile; NaN where there is nothing.
func (s spread) quantile(q float64) float64 {
	bounds, total := []float64{}, 0.0
	for bound, n := range s {
		bounds = append(bounds, bound)
		total += n
	}
	slices.Sort(bounds)
	seen := 0.0
	for _, bound := range bounds {
		if seen += s[bound]; seen > 0 && seen >= q*total {
			return bound
		}
	}
	return math.NaN()
}
