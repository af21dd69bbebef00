package route

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are ours beside those of Alertmanager's packages, which keep their names.
type metrics struct {
	put, refused, unknown, damaged, givenUp prometheus.Counter
	posted                                  *prometheus.CounterVec
	journalErrors                           prometheus.Counter
	reloads                                 *prometheus.CounterVec
	receivers, integrations, rules          prometheus.Gauge
	requests                                *prometheus.HistogramVec
	sent, sendErrors                        *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer, active, failing func() float64) *metrics {
	f := promauto.With(r)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	f.NewGaugeFunc(prometheus.GaugeOpts{Name: "alerts_routing_alerts", Help: "Alerts that are routed now and have not resolved."}, active)
	f.NewGaugeFunc(prometheus.GaugeOpts{Name: "alerts_routing_journal_failing_seconds", Help: "For how long the journal of notifications and silences has not been saved; 0 while it is."}, failing)
	m := &metrics{
		put:     counter("alerts_routed_total", "Changes of alerts of our own that were handed to routing."),
		refused: counter("alerts_routing_refused_total", "Alerts that were not routed because there were alerts.routing.max_alerts already."),
		unknown: counter("alerts_routing_unknown_groups_total", "Names of action groups in new alerts that no group has that is enabled and has receivers."),
		damaged: counter("alerts_routing_journal_damaged_total", "Entries of the journal that could not be read at start."),
		givenUp: counter("alerts_routing_given_up_total", "Alerts that are over and of which an action group was not told within five days, and is not told any more."),
		posted: f.NewCounterVec(prometheus.CounterOpts{Name: "alerts_routing_posted_total", Help: "Alerts that others posted to /api/v2/alerts, by what became of them."},
			[]string{"outcome"}),
		journalErrors: counter("alerts_routing_journal_errors_total", "Times that the journal of notifications and silences could not be saved."),
		reloads: f.NewCounterVec(prometheus.CounterOpts{Name: "alerts_routing_reloads_total", Help: "Times that a policy and action groups were given to routing, by whether they took effect."},
			[]string{"outcome"}),
		receivers:    f.NewGauge(prometheus.GaugeOpts{Name: "alertmanager_receivers", Help: "Number of configured receivers."}),
		integrations: f.NewGauge(prometheus.GaugeOpts{Name: "alertmanager_integrations", Help: "Number of configured integrations."}),
		rules:        f.NewGauge(prometheus.GaugeOpts{Name: "alertmanager_inhibition_rules", Help: "Number of configured inhibition rules."}),
		requests: f.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "alertmanager_http_request_duration_seconds",
			Help:                            "Histogram of latencies for HTTP requests.",
			Buckets:                         prometheus.DefBuckets,
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"handler", "method"}),
		sent: f.NewCounterVec(prometheus.CounterOpts{Name: "alerts_external_sent_total", Help: "Alerts that an Alertmanager elsewhere has taken, repeats included."},
			[]string{"alertmanager"}),
		sendErrors: f.NewCounterVec(prometheus.CounterOpts{Name: "alerts_external_errors_total", Help: "Requests to an Alertmanager elsewhere that failed; what they carried is sent again."},
			[]string{"alertmanager"}),
	}
	for _, outcome := range []string{"routed", "refused", "ours"} {
		m.posted.WithLabelValues(outcome)
	}
	for _, outcome := range []string{"applied", "refused"} {
		m.reloads.WithLabelValues(outcome)
	}
	return m
}
