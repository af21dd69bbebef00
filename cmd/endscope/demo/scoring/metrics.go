package scoring

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the canonical series of an endpoint's traffic, measured by the server itself.
type metrics struct {
	requests *prometheus.HistogramVec
	upload   prometheus.Histogram
	model    prometheus.Histogram
	download prometheus.Histogram
	// Of answers that come in pieces.
	queue, firstToken, betweenTokens prometheus.Histogram
	streamErrors                     *prometheus.CounterVec

	requestSize  prometheus.Histogram
	responseSize prometheus.Histogram
	inFlight     prometheus.Gauge
	connections  prometheus.Gauge
	opened       prometheus.Counter
	network      *prometheus.CounterVec
	received     prometheus.Counter
	sent         prometheus.Counter
	requestDelay prometheus.Counter
	answerDelay  prometheus.Counter
}

// native makes a histogram that has native buckets, each at most 10 % wider than the one before, and no classic ones.
func native(name, help string) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
	}
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewHistogramVec(native("endpoint_request_duration_seconds",
			"Time from the first byte of a request to the last byte of its answer, by the endpoint's status and the model's."), []string{"status_code", "model_status_code"}),
		upload:        prometheus.NewHistogram(native("endpoint_upload_duration_seconds", "Time from the first byte of a request to its last.")),
		download:      prometheus.NewHistogram(native("endpoint_download_duration_seconds", "Time from the first byte of the model's answer to the last byte sent to the client.")),
		queue:         prometheus.NewHistogram(native("endpoint_queue_duration_seconds", "Time that a request waited before the model began on it.")),
		firstToken:    prometheus.NewHistogram(native("endpoint_time_to_first_token_seconds", "Time from the last byte of a request to the first byte of a streamed answer.")),
		betweenTokens: prometheus.NewHistogram(native("endpoint_inter_token_latency_seconds", "Time from one piece of a streamed answer to the next.")),
		streamErrors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "endpoint_stream_errors_total",
			Help: "Streamed answers that broke off after a 200 was sent, by why."}, []string{"reason"}),
		model:        prometheus.NewHistogram(native("endpoint_model_duration_seconds", "Time from the last byte of a request to the first byte of the model's answer.")),
		requestSize:  prometheus.NewHistogram(native("endpoint_request_size_bytes", "Size of a request's body.")),
		responseSize: prometheus.NewHistogram(native("endpoint_response_size_bytes", "Size of an answer's body.")),
		inFlight:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "endpoint_requests_in_flight", Help: "Requests that are being answered."}),
		connections:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "endpoint_connections_active", Help: "Open connections of clients."}),
		opened:       prometheus.NewCounter(prometheus.CounterOpts{Name: "endpoint_connections_opened_total", Help: "Connections that clients opened."}),
		network: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "endpoint_network_bytes_total",
			Help: "Bytes moved over clients' connections, headers included."}, []string{"direction"}),
	}
	throttled := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "endpoint_throttle_delay_seconds_total",
		Help: "Time for which the limit on bandwidth held requests and answers back."}, []string{"direction"})
	for _, c := range []prometheus.Collector{
		m.requests, m.upload, m.model, m.download, m.queue, m.firstToken, m.betweenTokens, m.streamErrors, m.requestSize, m.responseSize, m.inFlight, m.connections, m.opened, m.network, throttled,
	} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	m.received, m.sent = m.network.WithLabelValues("receive"), m.network.WithLabelValues("transmit")
	m.requestDelay, m.answerDelay = throttled.WithLabelValues("request"), throttled.WithLabelValues("response")
	m.streamErrors.WithLabelValues("client_abort")
	m.streamErrors.WithLabelValues("model_reset")
	// What can happen is there from the start, so that its first occurrence is a rise and not a beginning.
	for _, k := range [][2]string{{"200", "200"}, {"400", ""}, {"424", "500"}} {
		m.requests.WithLabelValues(k[0], k[1])
	}
	return m, nil
}
