package main

import (
	"math"
	"math/rand/v2"

	"github.com/prometheus/prometheus/prompb"
)

const (
	durations = "endpoint_request_duration_seconds"

	// schema divides each power of two into eight buckets, as clients with a growth factor of 1.1 do.
	schema       = 3
	perDoubling  = 1 << schema
	lowest       = -10 * perDoubling // the bucket of 1 ms and less
	highest      = 8 * perDoubling   // the bucket that ends at 256 s
	zeroAt       = 1e-128
	sumPrecision = 1e6
)

// ladder holds the upper bounds of the classic histograms: those that OpenTelemetry advises for the duration of HTTP requests.
var ladder = [...]float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// status is one kind of answer.
type status struct {
	code, model string  // status_code and model_status_code; an empty one is absent
	share       float64 // of the requests
	median      float64 // seconds
	sigma       float64 // of the logarithm
}

var statuses = [...]status{
	{"200", "200", 0.96, 0.35, 0.55},
	{"429", "429", 0.02, 0.004, 0.4},
	{"424", "500", 0.015, 0.9, 0.8},
	{"500", "", 0.005, 0.05, 1.2},
}

// latency is a growing histogram of request durations, counted in fine and in classic buckets at once. Not safe for concurrent use.
type latency struct {
	status  status
	fine    [highest - lowest + 1]int64
	classic [len(ladder) + 1]int64
	count   uint64
	sum     float64
}

// reset forgets everything, as a restart does.
func (l *latency) reset() { *l = latency{status: l.status} }

// observe adds the requests of one round: about n, slower than usual by a factor.
func (l *latency) observe(r *rand.Rand, n, factor float64) {
	middle := math.Log(l.status.median * factor)
	for range poisson(r, n*l.status.share) {
		x := middle + l.status.sigma*r.NormFloat64()
		i := int(math.Ceil(x / math.Ln2 * perDoubling))
		l.fine[min(max(i, lowest), highest)-lowest]++
		seconds := math.Exp(x)
		k := 0
		for k < len(ladder) && seconds > ladder[k] {
			k++
		}
		l.classic[k]++
		l.count++
		l.sum += seconds
	}
	l.sum = math.Round(l.sum*sumPrecision) / sumPrecision
}

// poisson returns a random number of events where n are expected; for large n it takes the normal distribution.
func poisson(r *rand.Rand, n float64) int {
	if n > 30 {
		return max(0, int(math.Round(n+math.Sqrt(n)*r.NormFloat64())))
	}
	limit, p, k := math.Exp(-n), 1.0, 0
	for p *= r.Float64(); p > limit; p *= r.Float64() {
		k++
	}
	return k
}

// native sets h to the state as an integer native histogram. It keeps h's memory.
func (l *latency) native(h *prompb.Histogram, at int64) {
	const gap = 2 // empty buckets that cost less than a span
	spans, deltas := h.PositiveSpans[:0], h.PositiveDeltas[:0]
	previous, end := int64(0), 0 // end is the index after the last bucket written
	for i, n := range l.fine {
		if n == 0 {
			continue
		}
		switch k := len(spans); {
		case k == 0:
			spans = append(spans, prompb.BucketSpan{Offset: int32(i + lowest)})
		case i-end > gap:
			spans = append(spans, prompb.BucketSpan{Offset: int32(i - end)})
		default:
			for ; end < i; end++ {
				spans[k-1].Length++
				deltas = append(deltas, -previous)
				previous = 0
			}
		}
		spans[len(spans)-1].Length++
		deltas = append(deltas, n-previous)
		previous, end = n, i+1
	}
	*h = prompb.Histogram{
		Count: &prompb.Histogram_CountInt{CountInt: l.count}, Sum: l.sum, Schema: schema, ZeroThreshold: zeroAt,
		ZeroCount: &prompb.Histogram_ZeroCountInt{}, PositiveSpans: spans, PositiveDeltas: deltas, Timestamp: at,
	}
}
