package kit

import (
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
)

// Shape is how the values of a series move from one round to the next.
type Shape int

// The shapes.
const (
	Ratio    Shape = iota // a gauge in [0, 1] with two decimals that wanders
	Level                 // a whole number that changes now and then, such as a queue
	Fixed                 // a capacity: never changes
	Size                  // bytes that move in pages
	Counter               // whole events since the start
	Seconds               // time since the start, in milliseconds' steps
	Bucketed              // a cumulative bucket: grows by what its histogram saw
)

// Series is one stored series and the state of its value. Not safe for concurrent use.
type Series struct {
	Labels labels.Labels
	Shape  Shape
	Value  float64 // of the last round
	Rate   float64 // mean growth per round of the growing shapes
}

// Next returns the value of the next round.
func (s *Series) Next(r *rand.Rand) float64 {
	switch s.Shape {
	case Ratio:
		s.Value = math.Round(100*min(1, max(0, s.Value+0.03*r.NormFloat64()))) / 100
	case Level:
		if r.IntN(4) == 0 {
			s.Value = max(0, s.Value+float64(r.IntN(7)-3))
		}
	case Size:
		s.Value = max(0, s.Value+4096*float64(r.IntN(201)-100))
	case Counter, Bucketed:
		s.Value += math.Round(s.Rate * (0.5 + r.Float64()))
	case Seconds:
		s.Value += math.Round(1000*s.Rate*(0.9+0.2*r.Float64())) / 1000
	case Fixed:
	}
	return s.Value
}

// Metric is one of the series that every instance has.
type Metric struct {
	Name  string
	Pairs []string // label names and values beside the identity
	Shape Shape
}

// InstanceMetrics returns the 60 series of one instance: host, one GPU, the model server and the agent itself.
func InstanceMetrics() []Metric {
	var all []Metric
	add := func(s Shape, name string, pairs ...string) { all = append(all, Metric{name, pairs, s}) }
	each := func(s Shape, name, label string, values []string, pairs ...string) {
		for _, v := range values {
			add(s, name, append([]string{label, v}, pairs...)...)
		}
	}
	gpu := []string{"gpu", "0", "model", "NVIDIA H200"} // the uuid differs by instance
	gpuEach := func(s Shape, name, label string, values ...string) { each(s, name, label, values, gpu...) }

	add(Ratio, "instance_cpu_utilization_ratio")
	each(Seconds, "instance_cpu_seconds_total", "mode", []string{"user", "system", "idle", "iowait", "softirq", "steal"})
	add(Fixed, "instance_cpu_count")
	add(Ratio, "instance_load1")
	add(Ratio, "instance_memory_utilization_ratio")
	each(Size, "instance_memory_bytes", "state", []string{"used", "free", "cached", "total"})
	add(Ratio, "instance_disk_utilization_ratio", "disk", "/dev/nvme0n1p1")
	each(Size, "instance_disk_bytes", "state", []string{"used", "free", "total"}, "disk", "/dev/nvme0n1p1")
	each(Counter, "instance_disk_io_bytes_total", "direction", []string{"read", "write"}, "disk", "nvme0n1")
	each(Counter, "instance_network_bytes_total", "direction", []string{"receive", "transmit"}, "device", "eth0")

	add(Ratio, "gpu_utilization_ratio", gpu...)
	add(Ratio, "gpu_memory_utilization_ratio", gpu...)
	gpuEach(Size, "gpu_memory_bytes", "state", "used", "free", "total")
	add(Level, "gpu_power_watts", gpu...)
	add(Fixed, "gpu_power_limit_watts", gpu...)
	add(Level, "gpu_temperature_celsius", gpu...)
	gpuEach(Level, "gpu_clock_hertz", "clock", "sm", "memory", "video")
	add(Seconds, "gpu_energy_joules_total", gpu...)
	gpuEach(Seconds, "gpu_throttle_seconds_total", "reason", "power", "thermal", "hardware")
	gpuEach(Counter, "gpu_pcie_bytes_total", "direction", "receive", "transmit")
	gpuEach(Counter, "gpu_nvlink_bytes_total", "direction", "receive", "transmit")

	add(Level, "model_requests_running")
	add(Level, "model_requests_waiting")
	add(Fixed, "model_requests_max")
	add(Level, "model_batch_requests")
	add(Ratio, "model_cache_utilization_ratio")
	each(Counter, "model_tokens_total", "direction", []string{"input", "output"})
	each(Counter, "model_prefix_cache_tokens_total", "result", []string{"hit", "miss"}, "tier", "device")
	each(Counter, "model_requests_finished_total", "reason", []string{"stop", "length", "abort", "error"})
	add(Counter, "model_preemptions_total", "kind", "recompute")

	each(Fixed, "agent_collector_success", "collector", []string{"host", "gpu"})
	each(Ratio, "agent_collector_duration_seconds", "collector", []string{"host", "gpu"})
	add(Fixed, "instance_ready")
	return all
}

// NewSeries returns a series with a first value of its shape; pairs are label names and values, the name among them.
func NewSeries(s Shape, r *rand.Rand, pairs ...string) *Series {
	v := &Series{Labels: labels.FromStrings(pairs...), Shape: s}
	switch s {
	case Ratio:
		v.Value = r.Float64()
	case Level, Fixed:
		v.Value = float64(r.IntN(64))
	case Size:
		v.Value = 4096 * float64(r.IntN(1<<22))
	case Counter, Bucketed:
		v.Rate = math.Exp(12 * r.Float64())
		v.Value = math.Round(1000 * v.Rate)
	case Seconds:
		v.Rate = 15 * r.Float64()
		v.Value = math.Round(1e6*v.Rate) / 1000
	}
	return v
}

// Thousands writes 1234567 as 1,234,567.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
