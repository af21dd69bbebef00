package evaluate

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/endscope/endscope/alerts"
)

// Why checks were missed.
const (
	missedOutage    = "outage"    // nobody evaluated for longer than catch_up
	missedOverrun   = "overrun"   // evaluations came later than catch_up
	missedTimeout   = "timeout"   // the evaluation took too long, twice or too late to try again
	missedFailed    = "failed"    // the evaluation failed, twice or too late to try again
	missedIngestion = "ingestion" // no data were taken for longer than catch_up
	missedClock     = "clock"     // they were made while the clock was ahead, and are made again when they are due
)

type metrics struct {
	evaluations, failures, missed *prometheus.CounterVec
	duration, lag                 prometheus.Histogram
	saveFailures, sinkFailures    prometheus.Counter
	staleBaselines, held          prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, v *Evaluator) *metrics {
	f := promauto.With(reg)
	native := func(name, help string) prometheus.Histogram {
		return f.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, NativeHistogramBucketFactor: 1.1,
			NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour})
	}
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	vec := func(name, help, label string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	m := &metrics{
		evaluations:    vec("alerts_evaluations_total", "Evaluations of alert rules, those that failed included. One makes all checks of a rule that are due.", "kind"),
		failures:       vec("alerts_evaluation_failures_total", "Evaluations of alert rules that failed.", "kind"),
		missed:         vec("alerts_missed_evaluations_total", "Checks of alert rules that were never made, or too early since the clock was ahead.", "reason"),
		duration:       native("alerts_evaluation_duration_seconds", "Time that evaluations of alert rules took."),
		lag:            native("alerts_evaluation_lag_seconds", "How late evaluations of alert rules began, after grace period and slot."),
		saveFailures:   counter("alerts_state_write_failures_total", "Writes of the states of alert rules that failed and are repeated."),
		sinkFailures:   counter("alerts_sink_failures_total", "Attempts to hand over what fired and resolved that failed and are repeated."),
		staleBaselines: counter("alerts_stale_baselines_total", "Checks against a dynamic threshold whose newest history could not be read."),
		held:           counter("alerts_held_total", "Alerts that waited for a later check, since one check may fire or a rule may have open only so many."),
	}
	for _, kind := range []alerts.RuleKind{alerts.KindMetric, alerts.KindLog} {
		m.evaluations.WithLabelValues(string(kind))
		m.failures.WithLabelValues(string(kind))
	}
	for _, reason := range []string{missedOutage, missedOverrun, missedTimeout, missedFailed, missedIngestion, missedClock} {
		m.missed.WithLabelValues(reason)
	}
	if reg != nil {
		reg.MustRegister(&rulesCollector{v: v,
			rules:  prometheus.NewDesc("alerts_rules", "Alert rules by whether their last evaluation went well: ok, failing, waiting for the first one, disabled.", []string{"kind", "state"}, nil),
			series: prometheus.NewDesc("alerts_series", "Series that alert rules follow.", nil, nil),
		})
	}
	return m
}

// rulesCollector counts the rules when it is asked.
type rulesCollector struct {
	v             *Evaluator
	rules, series *prometheus.Desc
}

func (c *rulesCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.rules; ch <- c.series }

func (c *rulesCollector) Collect(ch chan<- prometheus.Metric) {
	counts := map[[2]string]int{}
	for _, kind := range []alerts.RuleKind{alerts.KindMetric, alerts.KindLog} {
		for _, state := range []RuleHealth{RuleOK, RuleFailing, RuleWaiting, RuleDisabled} {
			counts[[2]string{string(kind), string(state)}] = 0
		}
	}
	series := 0
	for _, e := range c.v.all() {
		e.mu.Lock()
		counts[[2]string{string(e.kind), string(e.health())}]++
		if e.tracker != nil {
			series += len(e.tracker.byKey)
		}
		e.mu.Unlock()
	}
	for k, n := range counts {
		ch <- prometheus.MustNewConstMetric(c.rules, prometheus.GaugeValue, float64(n), k[0], k[1])
	}
	ch <- prometheus.MustNewConstMetric(c.series, prometheus.GaugeValue, float64(series))
}
