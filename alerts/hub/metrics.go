package hub

import (
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
)

// Results of alerts_findings_total.
const (
	findingFound   = "found"
	findingNone    = "none"
	findingError   = "error"
	findingTimeout = "timeout"
	findingFull    = "queue_full"
)

type metrics struct {
	transitions *prometheus.CounterVec
	suppressed  prometheus.Counter
	findings    *prometheus.CounterVec
	handed      *prometheus.CounterVec
	lostNotes   prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		transitions: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "alerts_transitions_total", Help: "Alerts that fired or resolved, by the condition that they came to."}, []string{"condition"}),
		suppressed:  prometheus.NewCounter(prometheus.CounterOpts{Name: "alerts_suppressed_total", Help: "Alerts of which nobody was told when they fired, because a processing rule said so."}),
		findings:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "alerts_findings_total", Help: "Alerts for which explain was to be asked, by what came of it: found, none (nothing stood out), error, timeout, queue_full."}, []string{"result"}),
		handed:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "alerts_handed_to_routing_total", Help: "Alerts that were offered to routing, by result: ok or failed. What failed is offered again."}, []string{"result"}),
		lostNotes:   prometheus.NewCounter(prometheus.CounterOpts{Name: "alerts_timeline_dropped_total", Help: "Results of notifications that are missing in the timelines, because too many waited or the store failed."}),
	}
	for _, c := range []alerts.Condition{alerts.Fired, alerts.Resolved} {
		m.transitions.WithLabelValues(string(c))
	}
	for _, r := range []string{findingFound, findingNone, findingError, findingTimeout, findingFull} {
		m.findings.WithLabelValues(r)
	}
	for _, r := range []string{"ok", "failed"} {
		m.handed.WithLabelValues(r)
	}
	return m
}

func (m *metrics) register(reg prometheus.Registerer, store *state.Store) error {
	for _, c := range []prometheus.Collector{m.transitions, m.suppressed, m.findings, m.handed, m.lostNotes, newGauges(store)} {
		if err := reg.Register(c); err != nil {
			return fmt.Errorf("register metrics of alerts: %w", err)
		}
	}
	return nil
}

// gauges are read from the store when they are asked for.
type gauges struct {
	store           *state.Store
	active, waiting *prometheus.Desc
}

func newGauges(store *state.Store) *gauges {
	return &gauges{
		store:   store,
		active:  prometheus.NewDesc("alerts_active", "Alerts that have fired and not resolved, by severity, but for those of stateless rules.", []string{"severity"}, nil),
		waiting: prometheus.NewDesc("alerts_waiting_for_routing", "Alerts that are still to be handed to routing, now or when their finding is there or their hold is over.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(c chan<- *prometheus.Desc) {
	c <- g.active
	c <- g.waiting
}

// Collect implements prometheus.Collector. What cannot be read is left out, and the gathering says why.
func (g *gauges) Collect(c chan<- prometheus.Metric) {
	s, err := g.store.Stats()
	if err != nil {
		c <- prometheus.NewInvalidMetric(g.active, err)
		return
	}
	for severity := range 5 {
		c <- prometheus.MustNewConstMetric(g.active, prometheus.GaugeValue, float64(s.Active[severity]), strconv.Itoa(severity))
	}
	c <- prometheus.MustNewConstMetric(g.waiting, prometheus.GaugeValue, float64(s.Waiting))
}
