package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// shape is how the values of a series move from one round to the next.
type shape int

const (
	ratio    shape = iota // a gauge in [0, 1] with two decimals that wanders
	level                 // a whole number that changes now and then, such as a queue
	fixed                 // a capacity: never changes
	size                  // bytes that move in pages
	counter               // whole events since the start
	seconds               // time since the start, in milliseconds' steps
	bucketed              // a cumulative bucket: grows by what its histogram saw
)

// series is one stored series and the state of its value. Not safe for concurrent use.
type series struct {
	labels labels.Labels
	shape  shape
	value  float64
	rate   float64 // mean growth per round of the growing shapes
}

// next returns the value of the next round.
func (s *series) next(r *rand.Rand) float64 {
	switch s.shape {
	case ratio:
		s.value = math.Round(100*min(1, max(0, s.value+0.03*r.NormFloat64()))) / 100
	case level:
		if r.IntN(4) == 0 {
			s.value = max(0, s.value+float64(r.IntN(7)-3))
		}
	case size:
		s.value = max(0, s.value+4096*float64(r.IntN(201)-100))
	case counter, bucketed:
		s.value += math.Round(s.rate * (0.5 + r.Float64()))
	case seconds:
		s.value += math.Round(1000*s.rate*(0.9+0.2*r.Float64())) / 1000
	case fixed:
	}
	return s.value
}

// metric is one of the series that every instance has.
type metric struct {
	name  string
	pairs []string // label names and values beside the identity
	shape shape
}

// instanceMetrics returns the 60 series of one instance: host, one GPU, the model server and the agent itself.
func instanceMetrics() []metric {
	var all []metric
	add := func(s shape, name string, pairs ...string) { all = append(all, metric{name, pairs, s}) }
	each := func(s shape, name, label string, values []string, pairs ...string) {
		for _, v := range values {
			add(s, name, append([]string{label, v}, pairs...)...)
		}
	}
	gpu := []string{"gpu", "0", "model", "NVIDIA H200"} // the uuid differs by instance
	gpuEach := func(s shape, name, label string, values ...string) { each(s, name, label, values, gpu...) }

	add(ratio, "instance_cpu_utilization_ratio")
	each(seconds, "instance_cpu_seconds_total", "mode", []string{"user", "system", "idle", "iowait", "softirq", "steal"})
	add(fixed, "instance_cpu_count")
	add(ratio, "instance_load1")
	add(ratio, "instance_memory_utilization_ratio")
	each(size, "instance_memory_bytes", "state", []string{"used", "free", "cached", "total"})
	add(ratio, "instance_disk_utilization_ratio", "disk", "/dev/nvme0n1p1")
	each(size, "instance_disk_bytes", "state", []string{"used", "free", "total"}, "disk", "/dev/nvme0n1p1")
	each(counter, "instance_disk_io_bytes_total", "direction", []string{"read", "write"}, "disk", "nvme0n1")
	each(counter, "instance_network_bytes_total", "direction", []string{"receive", "transmit"}, "device", "eth0")

	add(ratio, "gpu_utilization_ratio", gpu...)
	add(ratio, "gpu_memory_utilization_ratio", gpu...)
	gpuEach(size, "gpu_memory_bytes", "state", "used", "free", "total")
	add(level, "gpu_power_watts", gpu...)
	add(fixed, "gpu_power_limit_watts", gpu...)
	add(level, "gpu_temperature_celsius", gpu...)
	gpuEach(level, "gpu_clock_hertz", "clock", "sm", "memory", "video")
	add(seconds, "gpu_energy_joules_total", gpu...)
	gpuEach(seconds, "gpu_throttle_seconds_total", "reason", "power", "thermal", "hardware")
	gpuEach(counter, "gpu_pcie_bytes_total", "direction", "receive", "transmit")
	gpuEach(counter, "gpu_nvlink_bytes_total", "direction", "receive", "transmit")

	add(level, "model_requests_running")
	add(level, "model_requests_waiting")
	add(fixed, "model_requests_max")
	add(level, "model_batch_requests")
	add(ratio, "model_cache_utilization_ratio")
	each(counter, "model_tokens_total", "direction", []string{"input", "output"})
	each(counter, "model_prefix_cache_tokens_total", "result", []string{"hit", "miss"}, "tier", "device")
	each(counter, "model_requests_finished_total", "reason", []string{"stop", "length", "abort", "error"})
	add(counter, "model_preemptions_total", "kind", "recompute")

	each(fixed, "agent_collector_success", "collector", []string{"host", "gpu"})
	each(ratio, "agent_collector_duration_seconds", "collector", []string{"host", "gpu"})
	add(fixed, "instance_ready")
	return all
}

// bounds are the upper bounds of a deployment's request duration histogram: with the sum and the count, 16 series a status.
var bounds = [...]string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "+Inf"}

// world makes the series of endpoints × deployments × instances, instance after instance, and, if histograms is set, a request duration
// histogram by status at the end of each deployment. The same r gives the same series.
func world(endpoints, deployments, instances int, histograms bool, r *rand.Rand) []*series {
	metrics := instanceMetrics()
	var all []*series
	for e := range endpoints {
		for d := range deployments {
			endpoint, deployment := fmt.Sprintf("endpoint-%02d", e), fmt.Sprintf("deployment-%d", d)
			for i := range instances {
				instance := fmt.Sprintf("%s-%s-%d", endpoint, deployment, i)
				uuid := fmt.Sprintf("GPU-%08x-%04x-%04x-%012x", r.Uint32(), r.Uint32()&0xffff, r.Uint32()&0xffff, r.Uint64()&0xffffffffffff)
				for _, m := range metrics {
					pairs := append([]string{model.MetricNameLabel, m.name, "endpoint", endpoint, "deployment", deployment, "instance", instance}, m.pairs...)
					if len(m.pairs) > 2 && m.pairs[len(m.pairs)-2] == "model" {
						pairs = append(pairs, "uuid", uuid)
					}
					all = append(all, newSeries(m.shape, r, pairs...))
				}
			}
			if histograms {
				all = append(all, histogram(endpoint, deployment, r)...)
			}
		}
	}
	return all
}

func newSeries(s shape, r *rand.Rand, pairs ...string) *series {
	v := &series{labels: labels.FromStrings(pairs...), shape: s}
	switch s {
	case ratio:
		v.value = r.Float64()
	case level, fixed:
		v.value = float64(r.IntN(64))
	case size:
		v.value = 4096 * float64(r.IntN(1<<22))
	case counter, bucketed:
		v.rate = math.Exp(12 * r.Float64())
		v.value = math.Round(1000 * v.rate)
	case seconds:
		v.rate = 15 * r.Float64()
		v.value = math.Round(1e6*v.rate) / 1000
	}
	return v
}

func histogram(endpoint, deployment string, r *rand.Rand) []*series {
	const name = "endpoint_request_duration_seconds"
	var all []*series
	for _, status := range []string{"200", "429", "500"} {
		identity := []string{"endpoint", endpoint, "deployment", deployment, "status_code", status}
		rate := 0.0
		for i := range bounds {
			s := newSeries(bucketed, r, append([]string{model.MetricNameLabel, name + "_bucket", "le", bounds[i]}, identity...)...)
			rate += 200 * r.Float64()
			s.rate, s.value = rate, math.Round(1000*rate)
			all = append(all, s)
		}
		count := newSeries(bucketed, r, append([]string{model.MetricNameLabel, name + "_count"}, identity...)...)
		count.rate, count.value = rate, math.Round(1000*rate)
		all = append(all, count, newSeries(seconds, r, append([]string{model.MetricNameLabel, name + "_sum"}, identity...)...))
	}
	return all
}

// describe names a load for people: "38,880 series, 18,662,400 samples, 9,332 requests".
func describe(l *load) string {
	return fmt.Sprintf("%s series, %s samples in %s requests on %d connections, %.1f B/sample on the wire", thousands(l.series), thousands(l.samples), thousands(l.requests()), len(l.conns), float64(l.bytes)/float64(l.samples))
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
