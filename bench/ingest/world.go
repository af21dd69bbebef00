package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/bench/kit"
)

// bounds are the upper bounds of a deployment's request duration histogram: with the sum and the count, 16 series a status.
var bounds = [...]string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "+Inf"}

// world makes the series of endpoints × deployments × instances, instance after instance, and, if histograms is set, a request duration
// histogram by status at the end of each deployment. The same r gives the same series.
func world(endpoints, deployments, instances int, histograms bool, r *rand.Rand) []*kit.Series {
	metrics := kit.InstanceMetrics()
	var all []*kit.Series
	for e := range endpoints {
		for d := range deployments {
			endpoint, deployment := fmt.Sprintf("endpoint-%02d", e), fmt.Sprintf("deployment-%d", d)
			for i := range instances {
				instance := fmt.Sprintf("%s-%s-%d", endpoint, deployment, i)
				uuid := fmt.Sprintf("GPU-%08x-%04x-%04x-%012x", r.Uint32(), r.Uint32()&0xffff, r.Uint32()&0xffff, r.Uint64()&0xffffffffffff)
				for _, m := range metrics {
					pairs := append([]string{model.MetricNameLabel, m.Name, "endpoint", endpoint, "deployment", deployment, "instance", instance}, m.Pairs...)
					if len(m.Pairs) > 2 && m.Pairs[len(m.Pairs)-2] == "model" {
						pairs = append(pairs, "uuid", uuid)
					}
					all = append(all, kit.NewSeries(m.Shape, r, pairs...))
				}
			}
			if histograms {
				all = append(all, histogram(endpoint, deployment, r)...)
			}
		}
	}
	return all
}

func histogram(endpoint, deployment string, r *rand.Rand) []*kit.Series {
	const name = "endpoint_request_duration_seconds"
	var all []*kit.Series
	for _, status := range []string{"200", "429", "500"} {
		identity := []string{"endpoint", endpoint, "deployment", deployment, "status_code", status}
		rate := 0.0
		for i := range bounds {
			s := kit.NewSeries(kit.Bucketed, r, append([]string{model.MetricNameLabel, name + "_bucket", "le", bounds[i]}, identity...)...)
			rate += 200 * r.Float64()
			s.Rate, s.Value = rate, math.Round(1000*rate)
			all = append(all, s)
		}
		count := kit.NewSeries(kit.Bucketed, r, append([]string{model.MetricNameLabel, name + "_count"}, identity...)...)
		count.Rate, count.Value = rate, math.Round(1000*rate)
		all = append(all, count, kit.NewSeries(kit.Seconds, r, append([]string{model.MetricNameLabel, name + "_sum"}, identity...)...))
	}
	return all
}

// describe names a load for people: "38,880 series, 18,662,400 samples, 9,332 requests".
func describe(l *load) string {
	return fmt.Sprintf("%s series, %s samples in %s requests on %d connections, %.1f B/sample on the wire", kit.Thousands(l.series), kit.Thousands(l.samples), kit.Thousands(l.requests()), len(l.conns), float64(l.bytes)/float64(l.samples))
}
