package records

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reasons of endpoint_data_collection_errors_total. Producers add their own through Recorder.Dropped.
const (
	ReasonQueueFull    = "queue_full"    // the bounds on rows in memory: Config.MaxQueue, Config.MaxQueueBytes
	ReasonClosed       = "closed"        // recorded after Close
	ReasonRowTooLarge  = "row_too_large" // a row that alone is larger than the server takes
	ReasonSpoolError   = "spool_error"   // still in memory when the agent ended, and the disk did not take it
	ReasonSpoolAge     = "spool_age"     // waited in the spool for longer than max_age
	ReasonSpoolBytes   = "spool_bytes"   // pushed out of the spool by newer rows: max_bytes
	ReasonSpoolCorrupt = "spool_corrupt" // damaged on disk
	ReasonRefused      = "refused"       // by the server, for good
)

var kinds = [...]Kind{KindTraffic, KindConsole, KindEvent}

type metrics struct {
	events   *prometheus.CounterVec
	errors   *prometheus.CounterVec
	requests *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		events:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "endpoint_data_collection_events_total", Help: "Rows that were recorded for a log of the instance, by log."}, []string{"type"}),
		errors:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "endpoint_data_collection_errors_total", Help: "Rows of a log that will never reach the server, by log and reason."}, []string{"type", "reason"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "agent_log_push_requests_total", Help: "Pushes of log rows, by log and status of the answer."}, []string{"type", "code"}),
	}
	for _, k := range kinds {
		m.events.WithLabelValues(string(k))
		for _, reason := range []string{ReasonQueueFull, ReasonClosed, ReasonRowTooLarge, ReasonSpoolError, ReasonSpoolAge, ReasonSpoolBytes, ReasonSpoolCorrupt, ReasonRefused} {
			m.errors.WithLabelValues(string(k), reason)
		}
	}
	return m
}

// register shows m, and what waits, on reg.
func (m *metrics) register(reg prometheus.Registerer, stats func() []Stats) error {
	for _, c := range []prometheus.Collector{m.events, m.errors, m.requests, &waiting{stats: stats}} {
		if err := reg.Register(c); err != nil {
			return fmt.Errorf("register metrics of the logs: %w", err)
		}
	}
	return nil
}

func (m *metrics) dropped(k Kind, reason string, n int) {
	m.errors.WithLabelValues(string(k), reason).Add(float64(n))
}

// waiting tells of the rows that wait, in memory and on disk.
type waiting struct{ stats func() []Stats }

func (w *waiting) descs() (queued, rows, bytes, age *prometheus.Desc) {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, []string{"type"}, nil) }
	return desc("agent_log_queue_rows", "Rows of a log that wait in memory for the disk."),
		desc("agent_log_spool_rows", "Rows of a log that wait on disk for the server."),
		desc("agent_log_spool_bytes", "Size of the rows of a log that wait on disk, compressed."),
		desc("agent_log_spool_oldest_age_seconds", "Age of the oldest rows of a log that wait on disk.")
}

// Describe implements prometheus.Collector.
func (w *waiting) Describe(c chan<- *prometheus.Desc) {
	a, b, d, e := w.descs()
	c <- a
	c <- b
	c <- d
	c <- e
}

// Collect implements prometheus.Collector.
func (w *waiting) Collect(c chan<- prometheus.Metric) {
	queued, rows, bytes, age := w.descs()
	for _, s := range w.stats() {
		gauge := func(d *prometheus.Desc, v float64) {
			c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, string(s.Kind))
		}
		gauge(queued, float64(s.QueuedRows))
		gauge(rows, float64(s.SpoolRows))
		gauge(bytes, float64(s.SpoolBytes))
		oldest := 0.0
		if !s.SpoolOldest.IsZero() {
			oldest = max(time.Since(s.SpoolOldest).Seconds(), 0)
		}
		gauge(age, oldest)
	}
}
