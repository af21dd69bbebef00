package ingest

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	samples, histograms, exemplars prometheus.Counter
	relabelled, failed, busy       prometheus.Counter
	refused                        *prometheus.CounterVec

	logRows, logRefused *prometheus.CounterVec
	logDropped          prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, in *Ingester) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		samples:    counter("endscope_ingest_samples_total", "Float samples stored."),
		histograms: counter("endscope_ingest_histograms_total", "Native histogram samples stored."),
		exemplars:  counter("endscope_ingest_exemplars_total", "Exemplars stored."),
		relabelled: counter("endscope_ingest_relabel_dropped_samples_total", "Samples that relabelling dropped on purpose."),
		failed:     counter("endscope_ingest_failed_requests_total", "Pushes that the store could not take; their senders were told to retry."),
		busy:       counter("endscope_ingest_busy_requests_total", "Pushes answered 429 because pushes in progress held ingest.max_in_flight bytes."),
		refused: f.NewCounterVec(prometheus.CounterOpts{
			Name: "endscope_ingest_refused_total",
			Help: "Samples, histograms and exemplars that were not stored, by reason. Their senders were told.",
		}, []string{"reason"}),
	}
	m.logRows = f.NewCounterVec(prometheus.CounterOpts{Name: "endscope_ingest_log_rows_total", Help: "Log rows stored, by table."}, []string{"table"})
	m.logRefused = f.NewCounterVec(prometheus.CounterOpts{
		Name: "endscope_ingest_log_refused_total",
		Help: "Log rows that were not stored, by table and reason. Their senders were told.",
	}, []string{"table", "reason"})
	m.logDropped = counter("endscope_ingest_log_relabel_dropped_rows_total", "Log rows of streams that relabelling dropped on purpose.")
	for _, r := range Reasons() {
		m.refused.WithLabelValues(string(r))
	}
	gauge := func(name, help string, value func() float64) {
		f.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	gauge("endscope_ingest_active_series", "Series in memory.", func() float64 { return float64(in.limiter.Active()) })
	gauge("endscope_ingest_in_flight_bytes", "Bytes that pushes in progress hold: their bodies as sent and after decompression.", func() float64 { return float64(in.inFlight.Load()) })
	gauge("endscope_ingest_series_cache_entries", "Series that are found by their label bytes.", func() float64 { n, _ := in.cache.size(); return float64(n) })
	gauge("endscope_ingest_series_cache_bytes", "Estimated memory of the series cache.", func() float64 { _, c := in.cache.size(); return float64(c) })
	gauge("endscope_ingest_delta_series", "Series with delta temporality whose sums are kept.", func() float64 { return float64(in.deltas.len()) })
	f.NewCounterFunc(prometheus.CounterOpts{Name: "endscope_ingest_series_cache_evictions_total", Help: "Series that left the cache for lack of room or because they ended."},
		func() float64 { return float64(in.cache.evicted.Load()) })
	f.NewCounterFunc(prometheus.CounterOpts{Name: "endscope_ingest_metadata_refused_total", Help: "Metric names whose metadata was not remembered because ingest.metadata_entries was reached."},
		func() float64 { return float64(in.metadata.refused.Load()) })
	return m
}

// logTable returns the counters of one log table, which count from 0 once the table is known.
func (m *metrics) logTable(name string) logTableMetrics {
	t := logTableMetrics{rows: m.logRows.WithLabelValues(name), refused: map[Reason]prometheus.Counter{}}
	for _, r := range LogReasons() {
		t.refused[r] = m.logRefused.WithLabelValues(name, string(r))
	}
	return t
}
