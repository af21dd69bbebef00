package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/model"
	"github.com/prometheus/procfs"

	"github.com/endscope/endscope/agent/spool"
)

// Reasons of agent_dropped_samples_total beside those of the spool.
const (
	reasonSpool     = "spool_error"
	reasonUnwritten = "unwritten"
	reasonDuplicate = "duplicate"
	reasonLabel     = "label"
)

func reasonHTTP(status int) string { return fmt.Sprintf("http_%d", status) }

// metrics is what the agent counts about itself. It is pushed by the self collector and shown on the agent's own page.
type metrics struct {
	success  *prometheus.GaugeVec
	duration *prometheus.GaugeVec
	panics   *prometheus.CounterVec
	dropped  *prometheus.CounterVec
	requests *prometheus.CounterVec
	latency  prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer, stats func() spool.Stats) (*metrics, error) {
	m := &metrics{
		success:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "agent_collector_success", Help: "1 if the collector's last run gave all that it should."}, []string{"collector"}),
		duration: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "agent_collector_duration_seconds", Help: "How long the collector's last run took."}, []string{"collector"}),
		panics:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "agent_collector_panics_total", Help: "Runs of the collector that ended in a panic."}, []string{"collector"}),
		dropped:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "agent_dropped_samples_total", Help: "Samples that will never reach the server, by reason."}, []string{"reason"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "agent_push_requests_total", Help: "Requests sent to the server, by the status of the answer."}, []string{"code"}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "agent_push_duration_seconds", Help: "Time from sending a request to its answer.",
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}),
	}
	for _, r := range []string{string(spool.ReasonAge), string(spool.ReasonBytes), string(spool.ReasonCorrupt), reasonSpool, reasonUnwritten, reasonDuplicate, reasonLabel, reasonHTTP(400)} {
		m.dropped.WithLabelValues(r)
	}
	gauge := func(name, help string, f func(spool.Stats) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return f(stats()) })
	}
	for _, c := range []prometheus.Collector{
		m.success, m.duration, m.panics, m.dropped, m.requests, m.latency, version.NewCollector("agent"),
		gauge("agent_spool_bytes", "Size of the rounds that wait in the spool.", func(s spool.Stats) float64 { return float64(s.Bytes) }),
		gauge("agent_spool_entries", "Rounds that wait in the spool.", func(s spool.Stats) float64 { return float64(s.Entries) }),
		gauge("agent_spool_oldest_age_seconds", "Age of the oldest round that waits in the spool.", func(s spool.Stats) float64 {
			if s.Oldest.IsZero() {
				return 0
			}
			return max(time.Since(s.Oldest).Seconds(), 0)
		}),
	} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register the agent's own metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) pushed(code string, took time.Duration) {
	m.requests.WithLabelValues(code).Inc()
	m.latency.Observe(took.Seconds())
}

// selfDescs is what the self collector may emit on the agent's behalf; docs/metrics.md has the same list.
var selfDescs = []*Desc{
	{Name: "agent_build_info", Type: model.MetricTypeGauge, Help: "1; the build of the agent.", Labels: []string{"branch", "goarch", "goos", "goversion", "revision", "tags", "version"}},
	{Name: "agent_collector_duration_seconds", Type: model.MetricTypeGauge, Unit: "seconds", Help: "How long the collector's last run took.", Labels: []string{"collector"}},
	{Name: "agent_collector_panics_total", Type: model.MetricTypeCounter, Help: "Runs of the collector that ended in a panic.", Labels: []string{"collector"}},
	{Name: "agent_collector_success", Type: model.MetricTypeGauge, Help: "1 if the collector's last run gave all that it should.", Labels: []string{"collector"}},
	{Name: "agent_dropped_samples_total", Type: model.MetricTypeCounter, Help: "Samples that will never reach the server, by reason.", Labels: []string{"reason"}},
	{Name: "agent_process_cpu_seconds_total", Type: model.MetricTypeCounter, Unit: "seconds", Help: "CPU time that the agent itself used."},
	{Name: "agent_process_resident_memory_bytes", Type: model.MetricTypeGauge, Unit: "bytes", Help: "Resident memory of the agent itself."},
	{Name: "agent_push_duration_seconds", Type: model.MetricTypeHistogram, Unit: "seconds", Help: "Time from sending a request to its answer."},
	{Name: "agent_push_requests_total", Type: model.MetricTypeCounter, Help: "Requests sent to the server, by the status of the answer.", Labels: []string{"code"}},
	{Name: "agent_spool_bytes", Type: model.MetricTypeGauge, Unit: "bytes", Help: "Size of the rounds that wait in the spool."},
	{Name: "agent_spool_entries", Type: model.MetricTypeGauge, Help: "Rounds that wait in the spool."},
	{Name: "agent_spool_oldest_age_seconds", Type: model.MetricTypeGauge, Unit: "seconds", Help: "Age of the oldest round that waits in the spool."},
}

// self is the collector of what the agent counts about itself, of what others register on the agent's registry, and of the process's own use of the machine.
type self struct {
	*Gatherer
	cpu, memory *Desc
}

func newSelf(reg *prometheus.Registry) *self {
	s := &self{Gatherer: NewGatherer("self", reg)}
	for _, d := range selfDescs {
		switch d.Name {
		case "agent_process_cpu_seconds_total": // under a name of its own: a model server may push process_cpu_seconds_total under the same identity
			s.cpu = d
		case "agent_process_resident_memory_bytes":
			s.memory = d
		}
	}
	return s
}

// Describe lists what the agent itself emits; what others put on the registry is theirs to describe.
func (s *self) Describe() []*Desc { return selfDescs }

// Collect leaves out what the process's own files do not tell, such as on a system without /proc.
func (s *self) Collect(ctx context.Context, r *Round) error {
	if p, err := procfs.Self(); err == nil {
		if stat, err := p.Stat(); err == nil {
			start := time.Time{}
			if sec, err := stat.StartTime(); err == nil {
				start = time.UnixMilli(int64(sec * 1000))
			}
			r.AddCounter(s.cpu, stat.CPUTime(), start)
			r.Add(s.memory, float64(stat.ResidentMemory()))
		}
	}
	return s.Gatherer.Collect(ctx, r)
}
