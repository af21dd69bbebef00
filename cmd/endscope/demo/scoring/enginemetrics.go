package scoring

import "github.com/prometheus/client_golang/prometheus"

// engineMetrics are the canonical series of a language model's engine, on its own clock.
type engineMetrics struct {
	request, queue, prefill, decode     prometheus.Histogram
	firstToken, betweenTokens, perToken prometheus.Histogram
	requestTokens                       *prometheus.HistogramVec
	input, output                       prometheus.Counter
	running, waiting, batch, cache      prometheus.Gauge
	hits, misses                        prometheus.Counter
	finished, rejected                  *prometheus.CounterVec
}

// Why a request ended, or was not begun.
const (
	finishedStop   = "stop"   // it was all said
	finishedLength = "length" // it was as long as an answer may be
	finishedAbort  = "abort"  // the client left
	finishedError  = "error"
	rejectedFull   = "queue_full"
)

func newEngineMetrics(reg prometheus.Registerer) (*engineMetrics, error) {
	tokens := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "model_tokens_total", Help: "Tokens of prompts and answers."}, []string{"direction"})
	prefix := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "model_prefix_cache_tokens_total",
		Help: "Tokens of prompts that were looked up in the prefix cache."}, []string{"result", "tier"})
	preempted := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "model_preemptions_total", Help: "Requests that lost their place to others."}, []string{"kind"})
	places := prometheus.NewGauge(prometheus.GaugeOpts{Name: "model_requests_max", Help: "Requests that the engine answers at once."})
	capacity := prometheus.NewGauge(prometheus.GaugeOpts{Name: "model_cache_capacity_tokens", Help: "Tokens that the cache holds."})
	m := &engineMetrics{
		request:       prometheus.NewHistogram(native("model_request_duration_seconds", "Time from a request's arrival at the engine to its last token.")),
		queue:         prometheus.NewHistogram(native("model_queue_duration_seconds", "Time that a request waited for a place.")),
		prefill:       prometheus.NewHistogram(native("model_prefill_duration_seconds", "Time from getting a place to the first token.")),
		decode:        prometheus.NewHistogram(native("model_decode_duration_seconds", "Time from the first token to the last.")),
		firstToken:    prometheus.NewHistogram(native("model_time_to_first_token_seconds", "Time from a request's arrival at the engine to its first token.")),
		betweenTokens: prometheus.NewHistogram(native("model_inter_token_latency_seconds", "Time from one token to the next.")),
		perToken:      prometheus.NewHistogram(native("model_time_per_output_token_seconds", "Mean time for a token after the first, one observation for each request.")),
		requestTokens: prometheus.NewHistogramVec(native("model_request_tokens", "Tokens of a request's prompt and of its answer."), []string{"direction"}),
		running:       prometheus.NewGauge(prometheus.GaugeOpts{Name: "model_requests_running", Help: "Requests that the engine answers now."}),
		waiting:       prometheus.NewGauge(prometheus.GaugeOpts{Name: "model_requests_waiting", Help: "Requests that wait for a place."}),
		batch:         prometheus.NewGauge(prometheus.GaugeOpts{Name: "model_batch_requests", Help: "Requests in the engine's batch."}),
		cache:         prometheus.NewGauge(prometheus.GaugeOpts{Name: "model_cache_utilization_ratio", Help: "Share of the cache that running requests hold."}),
		finished:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "model_requests_finished_total", Help: "Requests that ended, by why."}, []string{"reason"}),
		rejected:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "model_requests_rejected_total", Help: "Requests that were not begun, by why."}, []string{"reason"}),
	}
	for _, c := range []prometheus.Collector{
		m.request, m.queue, m.prefill, m.decode, m.firstToken, m.betweenTokens, m.perToken, m.requestTokens, m.running, m.waiting, m.batch, m.cache, m.finished, m.rejected,
		tokens, prefix, preempted, places, capacity,
	} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	places.Set(enginePlaces)
	capacity.Set(engineCache)
	m.input, m.output = tokens.WithLabelValues("input"), tokens.WithLabelValues("output")
	m.hits, m.misses = prefix.WithLabelValues("hit", "gpu"), prefix.WithLabelValues("miss", "gpu")
	preempted.WithLabelValues("recompute") // it never does: what runs fits
	for _, reason := range []string{finishedStop, finishedLength, finishedAbort, finishedError} {
		m.finished.WithLabelValues(reason)
	}
	m.rejected.WithLabelValues(rejectedFull)
	return m, nil
}
