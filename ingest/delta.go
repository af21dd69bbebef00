package ingest

import (
	"math"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// deltaSums adds up series of delta temporality, because PromQL's counters are cumulative. It is bounded by a number of series, and
// forgets those that sent nothing for a while; they and all others after a restart start from zero again, as a counter of a
// restarted process does.
type deltaSums struct {
	max       int
	staleness time.Duration

	mu     sync.Mutex
	series map[string]*deltaSum // by the bytes of the labels as stored
	swept  time.Time
	key    []byte
}

// deltaSum is the sum of one series. Its histogram is never changed in place: the store holds it.
type deltaSum struct {
	deltaValue
	seen time.Time // on this server's clock
}

// deltaValue is a sum at a time, both in milliseconds since the epoch: since st, up to t.
type deltaValue struct {
	st, t int64
	v     float64
	fh    *histogram.FloatHistogram
}

// undo is what brings a sum back to where it was, unless it has moved on.
type undo struct {
	sum           *deltaSum
	before, after deltaValue
}

func newDeltaSums(max int, staleness time.Duration) *deltaSums {
	return &deltaSums{max: max, staleness: staleness, series: map[string]*deltaSum{}}
}

// add adds one delta and returns the sum. The error is a *labelError with the reason why the delta cannot be added.
func (d *deltaSums) add(ls labels.Labels, now time.Time, st, t int64, v float64, h *histogram.Histogram) (deltaValue, undo, error) {
	if h == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
		return deltaValue{}, undo{}, &labelError{ReasonFormat, "a delta must be a finite number"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.key = ls.Bytes(d.key)
	sum := d.series[string(d.key)]
	if sum != nil && now.Sub(sum.seen) > d.staleness {
		delete(d.series, string(d.key))
		sum = nil
	}
	if sum == nil {
		if !d.room(now) {
			return deltaValue{}, undo{}, &labelError{ReasonSeriesLimit, "the sums of as many delta series are kept as ingest.otlp.max_delta_series allows"}
		}
		sum = &deltaSum{deltaValue: deltaValue{st: st, t: math.MinInt64}}
		d.series[string(d.key)] = sum
	}
	if t <= sum.t {
		return deltaValue{}, undo{}, &labelError{ReasonOutOfOrder, "a delta must be later than the one before it, or was sent twice"}
	}
	before := sum.deltaValue
	after := deltaValue{st: before.st, t: t, v: before.v + v}
	if h != nil {
		after.fh = h.ToFloat(nil)
		if before.fh != nil {
			merged, _, _, err := before.fh.Copy().Add(after.fh)
			if err != nil { // from exponential to explicit buckets or back: the sum starts again
				after.st = st
			} else {
				after.fh = merged.Compact(0)
			}
		}
	}
	sum.deltaValue, sum.seen = after, now
	return after, undo{sum, before, after}, nil
}

// revert takes back what was added by a request that was not stored. Its sender will send it again.
func (d *deltaSums) revert(undos []undo) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := len(undos) - 1; i >= 0; i-- {
		if u := undos[i]; u.sum.t == u.after.t { // else a later delta was added, whose sum holds this one
			u.sum.deltaValue = u.before
		}
	}
}

// room says whether one more series may be kept; it forgets stale ones, at most every ten seconds. The caller holds the lock.
func (d *deltaSums) room(now time.Time) bool {
	if now.Sub(d.swept) >= 10*time.Second {
		d.swept = now
		for key, sum := range d.series {
			if now.Sub(sum.seen) > d.staleness {
				delete(d.series, key)
			}
		}
	}
	return len(d.series) < d.max
}

// len returns the number of series.
func (d *deltaSums) len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.series)
}

// isStaleMarker says whether a sample says that its series ended.
func isStaleMarker(v float64, h *histogram.Histogram) bool {
	if h != nil {
		return value.IsStaleNaN(h.Sum)
	}
	return value.IsStaleNaN(v)
}
