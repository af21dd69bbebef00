package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// metrics are a server's own, by name.
type metrics map[string]*dto.MetricFamily

// readings is what they say about evaluation since the start.
type readings struct {
	evaluations, failed, missed float64
	late                        spread // how late evaluations began, of Endscope
	took                        spread // one evaluation
	prometheusTook              [2]float64
	lastGroups                  []float64 // seconds that the last iteration of each group took
}

// scrape reads a server's page of metrics in protobuf, which has native histograms.
func (s *server) scrape(ctx context.Context) (metrics, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url("/metrics"), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s of metrics", resp.Status)
	}
	out := metrics{}
	for d := expfmt.NewDecoder(resp.Body, expfmt.ResponseFormat(resp.Header)); ; {
		f := &dto.MetricFamily{}
		if err := d.Decode(f); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("read metrics: %w", err)
		}
		out[f.GetName()] = f
	}
}

// sum adds up what the series of a metric have.
func (m metrics) sum(name string) (total float64) {
	for _, one := range m[name].GetMetric() {
		total += one.GetCounter().GetValue() + one.GetGauge().GetValue()
	}
	return total
}

func (m metrics) spread(name string) spread {
	if list := m[name].GetMetric(); len(list) > 0 {
		return spreadOf(list[0].GetHistogram())
	}
	return spread{}
}

func readEndscope(m metrics) readings {
	r := readPrometheus(m) // of its Prometheus rules
	r.evaluations, r.failed = m.sum("alerts_evaluations_total"), m.sum("alerts_evaluation_failures_total")+r.failed
	r.missed = m.sum("alerts_missed_evaluations_total") + r.missed
	r.late, r.took = m.spread("alerts_evaluation_lag_seconds"), m.spread("alerts_evaluation_duration_seconds")
	return r
}

func readPrometheus(m metrics) (r readings) {
	r.evaluations = m.sum("prometheus_rule_evaluations_total")
	r.failed = m.sum("prometheus_rule_evaluation_failures_total")
	r.missed = m.sum("prometheus_rule_group_iterations_missed_total")
	for _, one := range m["prometheus_rule_evaluation_duration_seconds"].GetMetric() {
		r.prometheusTook = [2]float64{one.GetSummary().GetSampleSum(), float64(one.GetSummary().GetSampleCount())}
		if h := one.GetHistogram(); h != nil {
			r.prometheusTook = [2]float64{h.GetSampleSum(), float64(h.GetSampleCount())}
		}
	}
	for _, one := range m["prometheus_rule_group_last_duration_seconds"].GetMetric() {
		group := ""
		for _, l := range one.GetLabel() {
			if l.GetName() == "rule_group" {
				group = l.GetValue()
			}
		}
		if !strings.Contains(group, "probe-") { // of one rule
			r.lastGroups = append(r.lastGroups, one.GetGauge().GetValue())
		}
	}
	slices.Sort(r.lastGroups)
	return r
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

// at returns a quantile of values in order, NaN of none.
func at[T ~float64 | ~int64](list []T, q float64) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	return float64(list[int(q*float64(len(list)-1)+0.5)])
}
