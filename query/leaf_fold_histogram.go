package query

import (
	"errors"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/kahansum"
)

// histogramFold is what is known of the histograms of a series.
type histogramFold struct {
	n      int      // in the window
	failed bool     // the window has histograms that do not go together
	said   leafNote // about the window; kept until it turns out to have no floats
	lastT  int64    // of the newest sample, also before the window
	last   *histogram.FloatHistogram
	left   *histogram.FloatHistogram // what the increase starts from; nil outside of windows
	free   []*histogram.FloatHistogram

	total      histogramSum              // of the samples
	correction *histogram.FloatHistogram // for resets
	count, sum scalarFold                // instead of both, where no buckets are needed
	resets     bool
	custom     bool    // the first of the window has custom buckets
	scalar     bool    // count and sum are all that is kept of the window
	hints      [2]bool // a reset was hinted at, no reset was hinted at
}

// scalarFold is a sum with its compensation.
type scalarFold struct{ v, c float64 }

func (s *scalarFold) add(v float64) { s.v, s.c = kahansum.Inc(v, s.v, s.c) }

func (s *histogramFold) reset() {
	s.clear()
	s.release(s.last)
	s.last, s.lastT = nil, never
}

// clear forgets the window.
func (s *histogramFold) clear() {
	s.n, s.failed, s.resets, s.said = 0, false, false, 0
	if s.left != s.last {
		s.release(s.left)
	}
	s.left, s.correction = nil, nil
	s.total.clear()
	s.count, s.sum = scalarFold{}, scalarFold{}
	s.hints = [2]bool{}
}

func (s *histogramFold) release(h *histogram.FloatHistogram) {
	if h != nil {
		s.free = append(s.free, h)
	}
}

func (s *histogramFold) take() *histogram.FloatHistogram {
	if n := len(s.free); n > 0 {
		h := s.free[n-1]
		s.free = s.free[:n-1]
		return h
	}
	return &histogram.FloatHistogram{}
}

// iterated takes the sample that an iterator stands at.
func (f *leafFold) iterated(it chunkenc.Iterator) {
	room := f.hists.take()
	t, h := it.AtFloatHistogram(room)
	if value.IsStaleNaN(h.Sum) {
		f.hists.release(room)
		return
	}
	if h != room { // it stays the iterator's
		h.CopyTo(room)
	}
	f.histogram(t, room)
}

// histogram takes a sample, which belongs to the fold from then on.
func (f *leafFold) histogram(t int64, h *histogram.FloatHistogram) {
	s := &f.hists
	in := f.reach(t)
	f.seenH = true
	if in {
		switch f.leaf.fn {
		case leafIncrease:
			f.increase(h)
		case leafSum:
			f.sumHistogram(h)
		}
		s.n++
	}
	s.lastT = t
	s.follow(h)
}

// follow makes h the newest sample.
func (s *histogramFold) follow(h *histogram.FloatHistogram) {
	if s.last != s.left {
		s.release(s.last)
	}
	s.last = h
}

// increase takes a histogram in the window.
func (f *leafFold) increase(h *histogram.FloatHistogram) {
	s := &f.hists
	if s.n == 0 {
		s.left = h
		if s.last != nil && s.lastT > f.begin-f.leaf.lookback {
			s.left = s.last
			f.check(s.last)
		}
		s.scalar = f.scalar(s.left)
	}
	f.check(h)
	if s.left == h || s.failed || !f.isReset(h, s.last) {
		return
	}
	if s.scalar {
		s.resets = true
		s.count.v += s.last.Count
		s.sum.v += s.last.Sum
		return
	}
	if s.correction == nil {
		s.correction = s.last.Copy()
		return
	}
	_, _, bounds, err := s.correction.Add(s.last)
	s.failed = !combined(f.say, noteBoundsAdd, bounds, err)
}

// scalar says whether count and sum are all that is needed of the histograms of a window. Custom buckets are kept where the stock
// engine would look at them: it notes different bounds.
func (f *leafFold) scalar(h *histogram.FloatHistogram) bool {
	return !f.values && (f.leaf.bucketless || !h.UsesCustomBuckets())
}

// check looks whether a histogram may take part in an increase from left.
func (f *leafFold) check(h *histogram.FloatHistogram) {
	if h.UsesCustomBuckets() != f.hists.left.UsesCustomBuckets() {
		f.say(noteMixedSchemas)
		f.hists.failed = true
	}
	if !f.hists.failed && h.CounterResetHint == histogram.GaugeType {
		f.say(noteNotCounter)
	}
}

// isReset says whether a counter was reset between two histograms.
func (f *leafFold) isReset(h, previous *histogram.FloatHistogram) bool {
	if f.leaf.bucketless && h.CounterResetHint == histogram.GaugeType {
		return h.Count < previous.Count || h.Schema > previous.Schema
	}
	return h.DetectReset(previous)
}

func (f *leafFold) say(n leafNote) { f.hists.said |= n }

// combined notes what came of adding or subtracting histograms, and says whether it worked.
func combined(note func(leafNote), n leafNote, bounds bool, err error) bool {
	if err != nil {
		if errors.Is(err, histogram.ErrHistogramsIncompatibleSchema) {
			note(noteMixedSchemas)
		}
		return false
	}
	if bounds {
		note(n)
	}
	return true
}

// sumHistogram takes a histogram in the window.
func (f *leafFold) sumHistogram(h *histogram.FloatHistogram) {
	s := &f.hists
	hint := h.CounterResetHint
	if f.leaf.bucketless {
		hint = leafHint(h, s.last)
	}
	switch hint {
	case histogram.CounterReset:
		s.hints[0] = true
	case histogram.NotCounterReset:
		s.hints[1] = true
	}
	if s.failed {
		return
	}
	if s.n == 0 {
		s.custom, s.scalar = h.UsesCustomBuckets(), f.scalar(h)
		s.count.v, s.sum.v = h.Count, h.Sum
		if !s.scalar {
			_, _ = s.total.add(h) // the first one always fits
		}
		return
	}
	if s.scalar {
		if h.UsesCustomBuckets() != s.custom {
			f.say(noteMixedSchemas)
			s.failed = true
		}
		s.count.add(h.Count)
		s.sum.add(h.Sum)
		return
	}
	bounds, err := s.total.add(h)
	s.failed = !combined(f.say, noteBoundsAgg, bounds, err)
}

// closeHistograms ends a window that has histograms.
func (f *leafFold) closeHistograms() {
	s := &f.hists
	defer s.clear()
	for n := leafNote(1); n <= s.said; n <<= 1 {
		if s.said&n != 0 {
			f.note(n)
		}
	}
	switch f.leaf.fn {
	case leafCount:
		f.addValue(float64(s.n))
	case leafIncrease:
		if !s.failed {
			f.closeIncrease()
		}
	case leafSum:
		if s.failed {
			return
		}
		if s.hints[0] && s.hints[1] {
			f.note(noteCollision)
		}
		if s.scalar {
			f.addStat(s.count.v+s.count.c, s.sum.v+s.sum.c)
			return
		}
		if f.stats {
			h := s.total.histogram()
			f.addStat(h.Count, h.Sum)
		}
		f.addTo(s.total.joint(), func(to *histogramSum) (bool, error) { return to.join(&s.total) })
	}
}

func (f *leafFold) closeIncrease() {
	s := &f.hists
	right := s.last
	if s.scalar {
		count, sum := right.Count-s.left.Count, right.Sum-s.left.Sum
		if s.resets {
			count += s.count.v
			sum += s.sum.v
		}
		f.addStat(count, sum)
		return
	}
	if !f.stats && s.correction == nil && s.left.Schema == right.Schema && !right.UsesCustomBuckets() {
		f.addTo(histogram.GaugeType, func(to *histogramSum) (bool, error) {
			if to.addIncrease(s.left, right) {
				return false, nil
			}
			h, _ := f.difference() // exponential buckets always have one
			return to.add(h)
		})
		return
	}
	if h, ok := f.difference(); ok {
		f.addStat(h.Count, h.Sum)
		f.addTo(h.CounterResetHint, func(to *histogramSum) (bool, error) { return to.add(h) })
	}
}

// addTo adds a histogram with a hint to the sums of the window.
func (f *leafFold) addTo(hint histogram.CounterResetHint, add func(*histogramSum) (bounds bool, err error)) {
	for _, sink := range f.sinks {
		if sink.leaf.stat != leafValue {
			continue
		}
		if to := sink.cells.histogram(f.window, hint, &f.notes); to != nil {
			bounds, err := add(to)
			sink.cells.added(f.window, err)
			combined(f.note, noteBoundsAgg, bounds, err)
		}
	}
}

// difference returns by how much the counter has grown in the window.
func (f *leafFold) difference() (*histogram.FloatHistogram, bool) {
	s := &f.hists
	result := s.last.Copy()
	_, _, bounds, err := result.Sub(s.left)
	if !combined(f.note, noteBoundsSub, bounds, err) {
		return nil, false
	}
	if s.correction != nil {
		_, _, bounds, err := result.Add(s.correction)
		if !combined(f.note, noteBoundsAdd, bounds, err) {
			return nil, false
		}
	}
	result.CounterResetHint = histogram.GaugeType
	return result, true
}

// addStat adds the statistics of a histogram to whatever takes one.
func (f *leafFold) addStat(count, sum float64) {
	for _, sink := range f.sinks {
		switch sink.leaf.stat {
		case leafHistogramCount:
			sink.cells.addFloat(f.window, count)
		case leafHistogramSum:
			sink.cells.addFloat(f.window, sum)
		}
	}
}
