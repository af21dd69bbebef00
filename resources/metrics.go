package resources

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the store tells of itself.
type metrics struct {
	changes *prometheus.CounterVec
	refused *prometheus.CounterVec
}

func newMetrics(kinds []string) *metrics {
	m := &metrics{
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "resources_changes_total", Help: "Changes of what operators created, by kind and action."}, []string{"kind", "action"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "resources_refused_changes_total", Help: "Changes that were refused, by kind and reason."}, []string{"kind", "reason"}),
	}
	for _, kind := range kinds {
		for _, a := range []Action{Created, Updated, Deleted, Restored, Provisioned, Released} {
			m.changes.WithLabelValues(kind, string(a))
		}
		for _, reason := range []string{"invalid", "conflict", "read_only", "limit", "in_use", "error"} {
			m.refused.WithLabelValues(kind, reason)
		}
	}
	return m
}

func (m *metrics) register(r prometheus.Registerer, s *Store) error {
	stored := &storedCollector{store: s, desc: prometheus.NewDesc("resources_stored", "Resources that are stored, by kind.", []string{"kind"}, nil)}
	for _, c := range []prometheus.Collector{m.changes, m.refused, stored} {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// refuse counts an error of a change of a registered kind.
func (m *metrics) refuse(kind string, err error) {
	var (
		spec     *SpecError
		name     *NameError
		conflict *ConflictError
		readOnly *ReadOnlyError
		limit    *LimitError
		used     *InUseError
		unfit    *UnfitError
	)
	reason := "error"
	switch {
	case errors.As(err, &used):
		reason = "in_use"
	case errors.As(err, &conflict):
		reason = "conflict"
	case errors.As(err, &readOnly):
		reason = "read_only"
	case errors.As(err, &limit):
		reason = "limit"
	case errors.As(err, &spec), errors.As(err, &name), errors.As(err, &unfit):
		reason = "invalid"
	}
	m.refused.WithLabelValues(kind, reason).Inc()
}

// storedCollector counts the rows when it is asked.
type storedCollector struct {
	store *Store
	desc  *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *storedCollector) Describe(out chan<- *prometheus.Desc) { out <- c.desc }

// Collect implements prometheus.Collector. Without an answer of the database there is no metric.
func (c *storedCollector) Collect(out chan<- prometheus.Metric) {
	counts, err := c.store.counts()
	if err != nil {
		return
	}
	for _, kind := range c.store.Kinds() {
		out <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(counts[kind]), kind)
	}
}

// counts returns the number of resources of each kind. A reader never waits for writers.
func (s *Store) counts() (map[string]int, error) {
	rows, err := s.db.Query("SELECT kind, count(*) FROM resources GROUP BY kind")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var kind string
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			return nil, err
		}
		counts[kind] = n
	}
	return counts, rows.Err()
}
