package tsdb

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are the store's own series; those of the TSDB inside it (prometheus_tsdb_*) are passed on from the open session.
type metrics struct {
	reg           prometheus.Registerer
	upstream      atomic.Pointer[prometheus.Registry]
	groupWrites   prometheus.Histogram
	commitSeconds prometheus.Histogram
	syncSeconds   prometheus.Histogram
	syncs         prometheus.Counter
	refusedGroups prometheus.Counter
	failures      prometheus.Counter
	reopens       prometheus.Counter
	panics        prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	histogram := func(name, help string) prometheus.Histogram {
		return f.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, NativeHistogramBucketFactor: 1.1})
	}
	return &metrics{
		reg:           reg,
		groupWrites:   histogram("endscope_tsdb_group_writes", "Writes that shared one commit."),
		commitSeconds: histogram("endscope_tsdb_commit_duration_seconds", "Time from taking a group of writes off the queue to its acknowledgement, with sync=commit."),
		syncSeconds:   histogram("endscope_tsdb_sync_duration_seconds", "Time of one sync of the write-ahead log."),
		syncs:         counter("endscope_tsdb_syncs_total", "Syncs of the write-ahead log."),
		refusedGroups: counter("endscope_tsdb_refused_groups_total", "Groups of writes that were refused because the data directory is full or read-only."),
		failures:      counter("endscope_tsdb_write_failures_total", "Times that writing or syncing the log failed, after which the store reopens itself."),
		reopens:       counter("endscope_tsdb_reopens_total", "Times that the store was reopened after a write failure."),
		panics:        counter("endscope_tsdb_append_panics_total", "Appending functions that panicked."),
	}
}

// observe adds the series that are read from s, and everything that the open TSDB exports.
func (m *metrics) observe(s *Store) {
	f := promauto.With(m.reg)
	gauge := func(name, help string, ok func() bool) {
		f.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			if ok() {
				return 1
			}
			return 0
		})
	}
	gauge("endscope_tsdb_ready", "1 while the store answers queries.", func() bool { return s.Ready() == nil })
	gauge("endscope_tsdb_writable", "1 while the store accepts writes.", func() bool { return s.Writable() == nil })
	m.reg.MustRegister(passOn{&m.upstream})
}

// passOn collects whatever the current registry holds; it changes when the store reopens, so it describes nothing ahead.
type passOn struct {
	current *atomic.Pointer[prometheus.Registry]
}

func (passOn) Describe(chan<- *prometheus.Desc) {}

func (p passOn) Collect(ch chan<- prometheus.Metric) {
	if reg := p.current.Load(); reg != nil {
		reg.Collect(ch)
	}
}
