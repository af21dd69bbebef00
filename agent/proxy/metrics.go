package proxy

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reasons of endpoint_stream_errors_total.
const (
	reasonReset   = "model_reset"  // the model's connection broke, or its answer was shorter than it said
	reasonTimeout = "timeout"      // request_timeout
	reasonAbort   = "client_abort" // the client left
	reasonLimit   = "limit"        // of ours: client_timeout, drain_timeout
)

// metrics are the canonical series of an endpoint's traffic, by the proxy's clock, and what the proxy counts of itself.
type metrics struct {
	total, upload, model, download *prometheus.HistogramVec

	queue, firstToken, betweenTokens, requestSize, responseSize *sampled

	streamErrors                    *prometheus.CounterVec
	inFlight, connections           prometheus.Gauge
	opened, refused, panics, badIDs prometheus.Counter
	received, sent                  prometheus.Counter
	requestDelay, answerDelay       prometheus.Counter
	inputTokens, outputTokens       prometheus.Counter
	byOutcome                       sync.Map // outcome → *outcomeMetrics
}

// native makes a histogram that has native buckets, each at most 10 % wider than the one before, and no classic ones.
func native(name, help string) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
	}
}

// newMetrics registers the series. It returns an error, with none of them registered, when the registerer has one of them already.
func newMetrics(reg prometheus.Registerer, cfg Config) (_ *metrics, err error) {
	m := &metrics{}
	var all []prometheus.Collector
	vec := func(name, help string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(native(name, help), []string{"status_code", "model_status_code", "streaming"})
		all = append(all, v)
		return v
	}
	histogram := func(name, help string) *sampled {
		h := prometheus.NewHistogram(native(name, help))
		all = append(all, h)
		return newSampled(h)
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		all = append(all, c)
		return c
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		all = append(all, c)
		return c
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		all = append(all, g)
		return g
	}
	m.total = vec("endpoint_request_duration_seconds", "Time from the first byte of a request to the last byte of its answer, by the endpoint's status and the model's.")
	m.upload = vec("endpoint_upload_duration_seconds", "Time from the first byte of a request to its last.")
	m.model = vec("endpoint_model_duration_seconds", "Time from the last byte of a request to the first byte of the model's answer.")
	m.download = vec("endpoint_download_duration_seconds", "Time from the first byte of the model's answer to the last byte sent to the client.")
	m.queue = histogram("endpoint_queue_duration_seconds", "Time that a request waited before the model began on it.")
	m.firstToken = histogram("endpoint_time_to_first_token_seconds", "Time from the last byte of a request to the first byte of a streamed answer.")
	m.betweenTokens = histogram("endpoint_inter_token_latency_seconds", "Time from one piece of a streamed answer to the next.")
	m.requestSize = histogram("endpoint_request_size_bytes", "Size of a request's body.")
	m.responseSize = histogram("endpoint_response_size_bytes", "Size of an answer's body.")
	m.streamErrors = counters("endpoint_stream_errors_total", "Answers of 2xx and upgraded connections that broke off, by why.", "reason")
	m.inFlight = gauge("endpoint_requests_in_flight", "Requests that are being answered.")
	m.connections = gauge("endpoint_connections_active", "Open connections of clients.")
	m.opened = counter("endpoint_connections_opened_total", "Connections that clients opened.")
	network := counters("endpoint_network_bytes_total", "Bytes moved over clients' connections, headers included.", "direction")
	throttled := counters("endpoint_throttle_delay_seconds_total", "Time for which the limit on bandwidth held requests and answers back.", "direction")
	tokens := counters("endpoint_tokens_total", "Tokens of requests and answers, as the usage in the answers tells.", "direction")
	m.refused = counter("agent_proxy_refused_connections_total", "Connections that were closed unanswered because there were far too many.")
	m.panics = counter("agent_proxy_panics_total", "Requests that ended in a panic of the proxy.")
	m.badIDs = counter("agent_proxy_invalid_client_request_ids_total", "Values of x-ms-client-request-id that were dropped because they hold other than letters, digits, - and _.")
	for i, c := range all {
		if err := reg.Register(c); err != nil {
			for _, done := range all[:i] {
				reg.Unregister(done)
			}
			return nil, fmt.Errorf("register the proxy's metrics: %w", err)
		}
	}
	// What can happen is there from the start, so that its first occurrence is a rise and not a beginning.
	m.received, m.sent = network.WithLabelValues("receive"), network.WithLabelValues("transmit")
	m.requestDelay, m.answerDelay = throttled.WithLabelValues("request"), throttled.WithLabelValues("response")
	m.inputTokens, m.outputTokens = tokens.WithLabelValues("input"), tokens.WithLabelValues("output")
	for _, r := range []string{reasonReset, reasonTimeout, reasonAbort, reasonLimit} {
		m.streamErrors.WithLabelValues(r)
	}
	m.of(outcome{http.StatusOK, http.StatusOK, false})
	for _, o := range failures(cfg) {
		m.total.WithLabelValues(statusLabel(o.status), statusLabel(o.model), strconv.FormatBool(o.streaming))
	}
	return m, nil
}

// failures are the outcomes without success that this configuration can have, whatever the model answers.
func failures(cfg Config) []outcome {
	all := []outcome{{status: statusClientLeft}, {status: http.StatusBadGateway}, {status: http.StatusServiceUnavailable}, {status: http.StatusGatewayTimeout}}
	if cfg.MaxConcurrent > 0 {
		all = append(all, outcome{status: http.StatusTooManyRequests})
	}
	if cfg.StatusCodes == Azure {
		return append(all, outcome{status: http.StatusRequestTimeout}, outcome{status: http.StatusFailedDependency, model: http.StatusInternalServerError})
	}
	return append(all, outcome{status: http.StatusInternalServerError, model: http.StatusInternalServerError})
}

// outcome is what tells the observations of requests apart.
type outcome struct {
	status, model int // 0 for none
	streaming     bool
}

// outcomeMetrics are the histograms of one outcome.
type outcomeMetrics struct{ total, upload, model, download *sampled }

// statusLabel returns the label of a status: empty for none, and other for what is none in HTTP, so that a wild model makes no more than 501 values.
func statusLabel(status int) string {
	switch {
	case status == 0:
		return ""
	case status < 100 || status > 599:
		return "other"
	}
	return strconv.Itoa(status)
}

func (m *metrics) of(o outcome) *outcomeMetrics {
	if v, ok := m.byOutcome.Load(o); ok {
		return v.(*outcomeMetrics)
	}
	child := func(v *prometheus.HistogramVec) *sampled {
		return newSampled(v.WithLabelValues(statusLabel(o.status), statusLabel(o.model), strconv.FormatBool(o.streaming)))
	}
	v, _ := m.byOutcome.LoadOrStore(o, &outcomeMetrics{child(m.total), child(m.upload), child(m.model), child(m.download)})
	return v.(*outcomeMetrics)
}

const (
	exemplarEvery = 100 * time.Millisecond // how often an ordinary observation gets an exemplar
	exemplarReset = time.Minute            // how long the largest observation stands for the largest
)

// sampled is a histogram that gives exemplars to few of its observations, because they cost more than the observation itself: one every 100 ms, and
// those that are larger than any of the last minute. Safe for concurrent use.
type sampled struct {
	plain prometheus.Observer
	with  prometheus.ExemplarObserver
	began time.Time
	last  atomic.Int64 // nanoseconds since began; of the last exemplar
	since atomic.Int64 // of the beginning of the minute
	most  atomic.Int64 // nanounits of the largest observation of the minute
}

func newSampled(o prometheus.Observer) *sampled {
	s := &sampled{plain: o, began: time.Now()}
	s.with, _ = o.(prometheus.ExemplarObserver)
	s.last.Store(-int64(exemplarEvery))
	return s
}

// observe adds v. labels makes the exemplar's labels where they are needed; nil stands for none.
func (s *sampled) observe(v float64, labels func() prometheus.Labels) {
	if labels == nil || s.with == nil {
		s.plain.Observe(v)
		return
	}
	now, size := int64(time.Since(s.began)), int64(min(v*1e9, 1<<62))
	if since := s.since.Load(); now-since > int64(exemplarReset) && s.since.CompareAndSwap(since, now) {
		s.most.Store(0)
	}
	last, most := s.last.Load(), s.most.Load()
	largest := size > most && s.most.CompareAndSwap(most, size)
	if due := now-last >= int64(exemplarEvery); (due || largest) && s.last.CompareAndSwap(last, now) {
		s.with.ObserveWithExemplar(v, labels())
		return
	}
	s.plain.Observe(v)
}
