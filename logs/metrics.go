package logs

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are the store's own series.
type metrics struct {
	reg           prometheus.Registerer
	rows          *prometheus.CounterVec
	bytes         *prometheus.CounterVec
	refused       *prometheus.CounterVec
	repeated      *prometheus.CounterVec
	commitSeconds prometheus.Histogram
	applySeconds  prometheus.Histogram
	failures      prometheus.Counter
	applyFailures prometheus.Counter
	reopens       prometheus.Counter
	damaged       prometheus.Counter
	deleted       *prometheus.CounterVec
	packed        *prometheus.CounterVec
	queries       *prometheus.CounterVec
	querySeconds  prometheus.Histogram
	tailDropped   *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer, tables []*table) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string) prometheus.Histogram {
		return f.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, NativeHistogramBucketFactor: 1.1})
	}
	m := &metrics{
		reg:           reg,
		rows:          counters("endscope_logs_rows_total", "Rows that were acknowledged.", "table"),
		bytes:         counters("endscope_logs_journaled_bytes_total", "Bytes of acknowledged rows in the journal, compressed.", "table"),
		refused:       counters("endscope_logs_refused_rows_total", "Rows that were refused by the store, by reason.", "table", "reason"),
		repeated:      counters("endscope_logs_repeated_batches_total", "Batches that were sent again by a sender that had lost the answer, and were not stored again.", "table"),
		commitSeconds: histogram("endscope_logs_commit_duration_seconds", "Time from taking a group of batches off the queue to its acknowledgement."),
		applySeconds:  histogram("endscope_logs_apply_duration_seconds", "Time to bring acknowledged rows into their tables."),
		failures:      counter("endscope_logs_write_failures_total", "Groups of batches that were refused because the journal could not be written."),
		applyFailures: counter("endscope_logs_apply_failures_total", "Attempts to bring acknowledged rows into their tables that failed and are repeated."),
		reopens:       counter("endscope_logs_reopens_total", "Times that the files were opened again after a failure."),
		damaged:       counter("endscope_logs_damaged_total", "Files that could not be read and were moved aside since the start."),
		deleted:       counters("endscope_logs_deleted_partitions_total", "Days that retention deleted, by what it was that they exceeded: time or size.", "table", "limit"),
		packed:        counters("endscope_logs_packed_partitions_total", "Files at rest that were written anew without gaps.", "table"),
		queries:       counters("endscope_logs_queries_total", "Statements that read a table: ok or error.", "table", "result"),
		querySeconds:  histogram("endscope_logs_query_duration_seconds", "Time of one statement from its start until its rows were closed."),
		tailDropped:   counters("endscope_logs_tail_dropped_rows_total", "Rows that a tail did not get because its reader was too slow.", "table"),
	}
	for _, t := range tables {
		name := t.schema.Name
		m.rows.WithLabelValues(name)
		m.bytes.WithLabelValues(name)
		m.repeated.WithLabelValues(name)
		m.tailDropped.WithLabelValues(name)
		m.packed.WithLabelValues(name)
		for _, r := range Reasons() {
			m.refused.WithLabelValues(name, string(r))
		}
		for _, limit := range []string{limitTime, limitSize} {
			m.deleted.WithLabelValues(name, limit)
		}
		for _, result := range []string{"ok", "error"} {
			m.queries.WithLabelValues(name, result)
		}
	}
	return m
}

// observe adds the series that are read from s.
func (m *metrics) observe(s *Store) {
	f := promauto.With(m.reg)
	gauge := func(name, help string, labels prometheus.Labels, value func() float64) {
		f.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value)
	}
	is := func(err error) float64 {
		if err == nil {
			return 1
		}
		return 0
	}
	gauge("endscope_logs_ready", "1 while the store answers queries.", nil, func() float64 { return is(s.Ready()) })
	gauge("endscope_logs_writable", "1 while the store takes rows.", nil, func() float64 { return is(s.Writable()) })
	gauge("endscope_logs_waiting_batches", "Acknowledged batches that are not in their tables yet.", nil, func() float64 {
		s.mu.Lock()
		defer s.mu.Unlock()
		return float64(len(s.unapplied))
	})
	gauge("endscope_logs_journal_bytes", "Size of the journal.", nil, func() float64 {
		s.mu.Lock()
		j := s.journal
		s.mu.Unlock()
		if j == nil {
			return 0
		}
		return float64(j.Bytes())
	})
	for _, t := range s.order {
		labels := prometheus.Labels{"table": t.schema.Name}
		gauge("endscope_logs_table_partitions", "Days that have a file.", labels, func() float64 { return float64(len(s.partitionsOf(t))) })
		gauge("endscope_logs_table_bytes", "Size of the table's files.", labels, func() float64 { return float64(sizeOf(s.partitionsOf(t))) })
	}
}
