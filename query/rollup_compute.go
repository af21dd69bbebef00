package query

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// bucket is what the samples of one or several series in one stretch of time add up to.
type bucket struct {
	n        float64 // samples of gauges; of counters 1 if there is any, or more
	sum      float64 // of the samples of gauges; increase of counters
	min, max float64 // of gauges
	h        *histogram.FloatHistogram
	broken   bool // floats and histograms, or histograms that do not add up
}

// add adds what other series, or the next stretch of time, has. o stays as it is.
func (b *bucket) add(o *bucket) {
	switch {
	case o.n == 0:
		b.broken = b.broken || o.broken
		return
	case b.n == 0:
		broken := b.broken
		*b = *o
		b.broken = b.broken || broken
		if o.h != nil {
			b.h = o.h.Copy()
		}
		return
	}
	b.broken = b.broken || o.broken || (b.h == nil) != (o.h == nil)
	b.n += o.n
	b.sum += o.sum
	if o.min < b.min || math.IsNaN(b.min) {
		b.min = o.min
	}
	if o.max > b.max || math.IsNaN(b.max) {
		b.max = o.max
	}
	if b.h != nil && o.h != nil {
		sum, _, _, err := b.h.Add(o.h)
		if err != nil {
			b.broken = true
			return
		}
		b.h = sum
	}
}

// stretch computes the minutes of (start, end] of one series after the other, as PromQL does: the increase counts from the last
// sample at or before the bucket's start that is younger than the look-back, or else from the first sample in the bucket.
type stretch struct {
	start, end int64
	lookback   int64
	class      rollupClass

	minutes []bucket // of the current series
	gaps    []bool   // minutes whose first sample follows a silence that is longer than the look-back
	first   int      // the minute of the first sample in the stretch, if nothing came before it within the look-back; otherwise -1

	left, prev, next, correction *histogram.FloatHistogram
}

func newStretch(start, end, lookback int64, class rollupClass) *stretch {
	n := (end - start) / rollupMinute
	return &stretch{start: start, end: end, lookback: lookback, class: class, minutes: make([]bucket, n), gaps: make([]bool, n)}
}

// minute returns the minute that holds t, negative before the first.
func (s *stretch) minute(t int64) int { return int(floorDiv(t-s.start-1, rollupMinute)) }

func (s *stretch) minuteStart(i int) int64 { return s.start + int64(i)*rollupMinute }

// read computes the minutes of a series. It says whether there was any sample in them.
func (s *stretch) read(it chunkenc.Iterator) (bool, error) {
	clear(s.minutes)
	clear(s.gaps)
	s.first = -1
	if s.class == rollupGauge {
		return s.gauge(it)
	}
	return s.counter(it)
}

func (s *stretch) gauge(it chunkenc.Iterator) (bool, error) {
	any := false
	for kind := it.Seek(s.start + 1); kind != chunkenc.ValNone; kind = it.Next() {
		t := it.AtT()
		if t > s.end {
			break
		}
		b := &s.minutes[s.minute(t)]
		if kind != chunkenc.ValFloat {
			b.broken, any = true, true
			continue
		}
		_, v := it.At()
		if value.IsStaleNaN(v) {
			continue
		}
		any = true
		if b.n == 0 {
			b.min, b.max = v, v
		} else {
			if v < b.min || math.IsNaN(b.min) {
				b.min = v
			}
			if v > b.max || math.IsNaN(b.max) {
				b.max = v
			}
		}
		b.n++
		b.sum += v
	}
	return any, it.Err()
}

func (s *stretch) counter(it chunkenc.Iterator) (bool, error) {
	var (
		prevT               int64
		prevV               float64
		have, any           bool
		floats, hists, open bool // open: a minute whose histogram is not finished
		current             = -1
	)
	for kind := it.Seek(s.start - s.lookback + 1); kind != chunkenc.ValNone; kind = it.Next() {
		t := it.AtT()
		if t > s.end {
			break
		}
		i := s.minute(t)
		if kind == chunkenc.ValFloat {
			_, v := it.At()
			if value.IsStaleNaN(v) {
				continue
			}
			floats = true
			if i >= 0 {
				any = true
				s.enter(i, have, prevT)
				b := &s.minutes[i]
				b.n = 1
				if have && prevT > s.minuteStart(i)-s.lookback {
					if v < prevV {
						b.sum += v
					} else {
						b.sum += v - prevV
					}
					b.broken = b.broken || math.IsNaN(v) || math.IsNaN(prevV) // PromQL takes no notice of some of them
				}
			}
			prevT, prevV, have = t, v, true
			continue
		}
		if s.next == nil {
			s.next = &histogram.FloatHistogram{}
		}
		_, s.next = it.AtFloatHistogram(s.next)
		if value.IsStaleNaN(s.next.Sum) {
			continue
		}
		hists = true
		if i >= 0 {
			any = true
			if i != current {
				if open {
					s.finish(current)
				}
				s.enter(i, have, prevT)
				current, open = i, true
				s.correction = nil
				s.minutes[i].n = 1
				if have && prevT > s.minuteStart(i)-s.lookback && s.prev != nil {
					s.left = s.prev.Copy()
				} else {
					s.left = s.next.Copy()
					have = false // nothing before it counts
				}
			}
			if have && s.prev != nil && s.next.DetectReset(s.prev) {
				s.correct(i)
			}
		}
		s.prev, s.next = s.next, s.prev
		prevT, have = t, true
	}
	if open {
		s.finish(current)
	}
	if floats && hists {
		for i := range s.minutes {
			s.minutes[i].broken = true
		}
	}
	return any, it.Err()
}

// enter notes what came before the first sample of a minute.
func (s *stretch) enter(i int, have bool, prevT int64) {
	switch {
	case s.minutes[i].n > 0:
	case !have && s.first < 0:
		s.first = i
	case have && prevT <= s.minuteStart(i)-s.lookback:
		s.gaps[i] = true
	}
}

// correct adds what was counted before a reset.
func (s *stretch) correct(i int) {
	if s.correction == nil {
		s.correction = s.prev.Copy()
		return
	}
	sum, _, _, err := s.correction.Add(s.prev)
	if err != nil {
		s.minutes[i].broken = true
		return
	}
	s.correction = sum
}

// finish computes the increase of a minute whose last histogram is prev.
func (s *stretch) finish(i int) {
	b := &s.minutes[i]
	if s.left == nil || s.prev == nil || s.left.UsesCustomBuckets() != s.prev.UsesCustomBuckets() {
		b.broken = true
		return
	}
	h, _, _, err := s.prev.Copy().Sub(s.left)
	if err == nil && s.correction != nil {
		h, _, _, err = h.Add(s.correction)
	}
	if err != nil {
		b.broken = true
		return
	}
	h.CounterResetHint = histogram.GaugeType
	b.h = h.Compact(0)
}

// integral returns h with integers, which take less space, or nil if its counts are not all integers.
func integral(h *histogram.FloatHistogram) *histogram.Histogram {
	whole := func(v float64) bool { return v >= 0 && v < 1<<53 && v == math.Trunc(v) }
	if !whole(h.Count) || !whole(h.ZeroCount) {
		return nil
	}
	out := &histogram.Histogram{
		CounterResetHint: histogram.GaugeType, Schema: h.Schema, ZeroThreshold: h.ZeroThreshold, ZeroCount: uint64(h.ZeroCount), Count: uint64(h.Count), Sum: h.Sum,
		PositiveSpans: slices.Clone(h.PositiveSpans), NegativeSpans: slices.Clone(h.NegativeSpans), CustomValues: h.CustomValues,
	}
	deltas := func(counts []float64) ([]int64, bool) {
		out := make([]int64, len(counts))
		var last int64
		for i, c := range counts {
			if !whole(c) {
				return nil, false
			}
			out[i] = int64(c) - last
			last = int64(c)
		}
		return out, true
	}
	var ok1, ok2 bool
	out.PositiveBuckets, ok1 = deltas(h.PositiveBuckets)
	out.NegativeBuckets, ok2 = deltas(h.NegativeBuckets)
	if !ok1 || !ok2 || out.Validate() != nil {
		return nil
	}
	return out
}

// rollupGroup is what the series of one deployment add up to, or one series.
type rollupGroup struct {
	labels  labels.Labels
	minutes []bucket
}
