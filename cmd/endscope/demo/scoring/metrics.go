package scoring

import (
	_ "embed"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

//go:embed mapping.yaml
var mapping string

// Mapping returns the mapping file that tells an agent what the server's metrics mean.
func Mapping() string { return mapping }

// Why a request ended, or was not begun.
const (
	endedDone   = "done"   // it was all said
	endedLimit  = "limit"  // it was as long as an answer may be
	endedLeft   = "left"   // the client left
	endedFailed = "failed" // the model did
	refusedFull = "full"   // too many waited
)

// metrics are the server's own, in words and units of its own.
type metrics struct {
	requests                            *prometheus.CounterVec
	request, queue, prefill, decode     prometheus.Histogram
	firstToken, betweenTokens, perToken prometheus.Histogram
	promptTokens, answerTokens          prometheus.Observer
	prompts, answers                    prometheus.Counter
	running, waiting, cache             prometheus.Gauge
	found, read                         prometheus.Counter
	ended, refused                      *prometheus.CounterVec
}

func newMetrics() (*metrics, *prometheus.Registry, error) {
	// Native buckets, each at most 10 % wider than the one before, and no classic ones.
	native := func(name, help string) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Name: name, Help: help, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour}
	}
	histogram := func(name, help string) prometheus.Histogram { return prometheus.NewHistogram(native(name, help)) }
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	sizes := prometheus.NewHistogramVec(native("scorer_request_tokens", "Tokens of a request's prompt and of its answer."), []string{"of"})
	tokens := counters("scorer_tokens_total", "Tokens of prompts and answers.", "of")
	prefix := counters("scorer_prefix_tokens_total", "Tokens of prompts, by whether the engine had read them before.", "found")
	preempted := counters("scorer_preempted_total", "Requests that lost their place to others.", "how")
	places := gauge("scorer_places", "Requests that the engine answers at once.")
	capacity := gauge("scorer_cache_tokens", "Tokens that the cache holds.")
	m := &metrics{
		requests:      counters("scorer_http_requests_total", "Requests that were answered.", "path", "code"),
		request:       histogram("scorer_request_seconds", "Time from a request's arrival at the engine to its last token."),
		queue:         histogram("scorer_queue_seconds", "Time that a request waited for a place."),
		prefill:       histogram("scorer_prefill_seconds", "Time from getting a place to the first token."),
		decode:        histogram("scorer_decode_seconds", "Time from the first token to the last."),
		firstToken:    histogram("scorer_first_token_seconds", "Time from a request's arrival at the engine to its first token."),
		betweenTokens: histogram("scorer_token_gap_seconds", "Time from one token to the next."),
		perToken:      histogram("scorer_token_mean_seconds", "Mean time for a token after the first, one observation for each request."),
		running:       gauge("scorer_running", "Requests that the engine answers now."),
		waiting:       gauge("scorer_waiting", "Requests that wait for a place."),
		cache:         gauge("scorer_cache_used_percent", "Part of the cache that running requests hold."),
		ended:         counters("scorer_ended_total", "Requests that ended, by why.", "why"),
		refused:       counters("scorer_refused_total", "Requests that were not begun, by why.", "why"),
	}
	reg := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		m.requests, m.request, m.queue, m.prefill, m.decode, m.firstToken, m.betweenTokens, m.perToken, m.running, m.waiting, m.cache, m.ended, m.refused,
		sizes, tokens, prefix, preempted, places, capacity,
	} {
		if err := reg.Register(c); err != nil {
			return nil, nil, err
		}
	}
	places.Set(enginePlaces)
	capacity.Set(engineCache)
	m.promptTokens, m.answerTokens = sizes.WithLabelValues("prompt"), sizes.WithLabelValues("answer")
	m.prompts, m.answers = tokens.WithLabelValues("prompt"), tokens.WithLabelValues("answer")
	m.found, m.read = prefix.WithLabelValues("yes"), prefix.WithLabelValues("no")
	// What can happen is there from the start, so that its first occurrence is a rise and not a beginning.
	preempted.WithLabelValues("recompute") // it never does: what runs fits
	for _, why := range []string{endedDone, endedLimit, endedLeft, endedFailed} {
		m.ended.WithLabelValues(why)
	}
	m.refused.WithLabelValues(refusedFull)
	return m, reg, nil
}
