package state

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Reasons of alerts_deleted_total.
const (
	deletedByAge    = "retention"
	deletedByNumber = "max_alerts"
)

type metrics struct {
	deleted *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{deleted: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "alerts_deleted_total", Help: "Alerts that were deleted from the history, by reason: they resolved longer ago than retention, or there were more than max_alerts."}, []string{"reason"})}
	for _, reason := range []string{deletedByAge, deletedByNumber} {
		m.deleted.WithLabelValues(reason)
	}
	return m
}

func (m *metrics) register(reg prometheus.Registerer) error {
	if err := reg.Register(m.deleted); err != nil {
		return fmt.Errorf("register metrics of the store of alerts: %w", err)
	}
	return nil
}
