package receivers

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/alerts"
)

type metrics struct {
	results      *prometheus.CounterVec // type, outcome
	retries      *prometheus.CounterVec // type
	limited      *prometheus.CounterVec // type
	paused       *prometheus.CounterVec // type
	refused      *prometheus.CounterVec // type
	cut          prometheus.Counter
	undelivered  prometheus.Gauge
	pausedNow    prometheus.GaugeFunc
	testsLimited prometheus.Counter
}

func newMetrics(r prometheus.Registerer, c *circuits, now func() time.Time) *metrics {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		results: vec("alerts_deliveries_total", "Messages handed to a receiver, by type and outcome (success, failure). A failure is tried again later.", "type", "outcome"),
		retries: vec("alerts_delivery_retries_total", "Calls of a webhook that were made again after a failure.", "type"),
		limited: vec("alerts_deliveries_limited_total", "Messages that a limit held back until later, by type of receiver.", "type"),
		paused:  vec("alerts_delivery_pauses_total", "Times that an address was given up for 15 minutes because all retries failed.", "type"),
		refused: vec("alerts_deliveries_paused_total", "Messages that were not sent because their address is given up for a while.", "type"),
		cut:     prometheus.NewCounter(prometheus.CounterOpts{Name: "alerts_payloads_cut_total", Help: "Payloads of the common alert schema that were cut to 256 KB."}),
		undelivered: prometheus.NewGauge(prometheus.GaugeOpts{Name: "alerts_deliveries_hanging",
			Help: "Deliveries that did not end in their time and still wait for the other side. Their receiver gets nothing until they end."}),
		pausedNow: prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "alerts_delivery_addresses_paused", Help: "Addresses that are given up for a while."},
			func() float64 { return float64(c.count(now())) }),
		testsLimited: prometheus.NewCounter(prometheus.CounterOpts{Name: "alerts_receiver_tests_limited_total", Help: "Tests of email receivers that were above 2 a minute for one address."}),
	}
	for _, t := range alerts.ReceiverTypes() {
		m.results.WithLabelValues(string(t), "success")
		m.results.WithLabelValues(string(t), "failure")
	}
	if r != nil {
		r.MustRegister(m.results, m.retries, m.limited, m.paused, m.refused, m.cut, m.undelivered, m.pausedNow, m.testsLimited)
	}
	return m
}
