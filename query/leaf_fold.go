package query

import (
	"math"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser/posrange"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/kahansum"
)

const never = math.MinInt64

// leafFold runs once over the samples of a series, and adds the value of each window to the cells of the series' groups. What it
// holds between samples does not grow with their number.
type leafFold struct {
	leaf          *leaf // says what is computed from which window; each of sinks agrees with it on that
	sinks         []leafSink
	stats, values bool // among sinks are some of a statistic, and of whole values
	it            chunkenc.Iterator
	decoder       histogramDecoder
	notes         annotations.Annotations

	name  string // of the series
	noted leafNote

	window       int   // index of the current one
	begin, end   int64 // its bounds; begin is exclusive
	floats       floatFold
	hists        histogramFold
	seenF, seenH bool // in the series
}

// leafSink is what becomes of the value of a window.
type leafSink struct {
	leaf  *leaf
	cells *leafCells // of the group of the series
}

// newLeafFold returns a fold for leaves that are samePass.
func newLeafFold(leaves []*leaf) leafFold {
	f := leafFold{leaf: leaves[0]}
	for _, l := range leaves {
		f.sinks = append(f.sinks, leafSink{leaf: l})
		f.stats = f.stats || l.stat != leafValue
		f.values = f.values || l.stat == leafValue
	}
	return f
}

// floatFold is what is known of the floats of a series.
type floatFold struct {
	n           int // in the window
	left, right float64
	sum, c      float64 // of the samples, or of the corrections for resets; c compensates
	lastT       int64   // of the newest sample, also before the window
	last        float64
}

// leafNote marks what was said about a series, so that it is said once.
type leafNote uint

const (
	noteMixed leafNote = 1 << iota
	noteMixedIgnored
	noteMixedSchemas
	noteNotCounter
	notePossibleNonCounter
	noteBoundsSub
	noteBoundsAdd
	noteBoundsAgg
	noteCollision
)

// start prepares for the samples of the next series. The caller has set the cells of the sinks.
func (f *leafFold) start(series labels.Labels) {
	f.name, f.noted = series.Get(model.MetricNameLabel), 0
	f.window = 0
	f.end = f.leaf.grid.first - f.leaf.offset
	f.begin = f.end - f.leaf.window
	f.floats = floatFold{lastT: never}
	f.hists.reset()
	f.seenF, f.seenH = false, false
}

// chunk takes the samples of a chunk.
func (f *leafFold) chunk(c chunkenc.Chunk, from, to int64) (samples int64, err error) {
	if c.Encoding() == chunkenc.EncHistogram && f.decoder.start(c.Bytes()) {
		return f.histogramChunk(&f.decoder, from, to)
	}
	f.it = c.Iterator(f.it)
	return f.iterate(f.it, from, to)
}

// iterate takes the samples of an iterator.
func (f *leafFold) iterate(it chunkenc.Iterator, from, to int64) (samples int64, err error) {
	for {
		switch it.Next() {
		case chunkenc.ValNone:
			return samples, it.Err()
		case chunkenc.ValFloat:
			t, v := it.At()
			if t > to {
				return samples, nil
			}
			samples++
			if t >= from && !value.IsStaleNaN(v) {
				f.float(t, v)
			}
		default:
			t := it.AtT()
			if t > to {
				return samples, nil
			}
			samples++
			if t >= from {
				f.iterated(it)
			}
		}
	}
}

// reach moves on to the window that t lies in, and says whether it lies in one.
func (f *leafFold) reach(t int64) bool {
	if t > f.end {
		f.close()
		ahead := 1
		if !f.seenF || !f.seenH { // otherwise, a window without samples may still have something to note
			ahead = int((t - f.end + f.leaf.grid.step - 1) / f.leaf.grid.step)
		}
		f.skip(ahead)
		for t > f.end && f.window < f.leaf.grid.n {
			f.close()
			f.skip(1)
		}
	}
	return t > f.begin && f.window < f.leaf.grid.n
}

func (f *leafFold) skip(windows int) {
	f.window += windows
	f.end += int64(windows) * f.leaf.grid.step
	f.begin = f.end - f.leaf.window
}

// finish closes the windows that are left.
func (f *leafFold) finish() {
	f.close()
	for f.seenF && f.seenH && f.leaf.lookback > 0 && f.window < f.leaf.grid.n {
		f.skip(1)
		f.close()
	}
}

// addFloats takes the next samples.
func (f *leafFold) addFloats(samples []floatSample) {
	for len(samples) > 0 {
		first := samples[0]
		f.float(first.t, first.v)
		// The others in the same window need no further thought.
		n := 1
		if f.floats.n > 0 {
			for n < len(samples) && samples[n].t <= f.end {
				n++
			}
			f.sameWindow(samples[1:n])
		}
		samples = samples[n:]
	}
}

// sameWindow takes samples of a window that has floats already.
func (f *leafFold) sameWindow(samples []floatSample) {
	if len(samples) == 0 {
		return
	}
	s := &f.floats
	switch f.leaf.fn {
	case leafIncrease:
		last := s.last
		for _, p := range samples {
			if p.v < last {
				s.sum += last
			}
			last = p.v
		}
		s.right = last
	case leafSum:
		sum, c := s.sum, s.c
		for _, p := range samples {
			sum, c = kahansum.Inc(p.v, sum, c)
		}
		s.sum, s.c = sum, c
	case leafMin:
		least := s.sum
		for _, p := range samples {
			if p.v < least || math.IsNaN(least) {
				least = p.v
			}
		}
		s.sum = least
	case leafMax:
		most := s.sum
		for _, p := range samples {
			if p.v > most || math.IsNaN(most) {
				most = p.v
			}
		}
		s.sum = most
	}
	s.n += len(samples)
	newest := samples[len(samples)-1]
	s.lastT, s.last = newest.t, newest.v
}

// float takes the next sample.
func (f *leafFold) float(t int64, v float64) {
	in := f.reach(t)
	s := &f.floats
	f.seenF = true
	if in {
		if s.n > 0 {
			f.sameWindow([]floatSample{{t, v}})
			return
		}
		switch f.leaf.fn {
		case leafIncrease:
			s.left, s.right = v, v
			if s.lastT > f.begin-f.leaf.lookback {
				s.left = s.last
				if v < s.last {
					s.sum = s.last
				}
			}
		case leafSum:
			s.sum, s.c = kahansum.Inc(v, 0, 0)
		case leafMin, leafMax:
			s.sum = v
		}
		s.n = 1
	}
	s.lastT, s.last = t, v
}

// close ends the current window.
func (f *leafFold) close() {
	if f.window >= f.leaf.grid.n {
		return
	}
	if f.seenF && f.seenH && f.closeMixed() {
		return
	}
	if f.floats.n > 0 {
		f.closeFloats()
	}
	if f.hists.n > 0 {
		f.closeHistograms()
	}
}

// closeMixed ends a window of a series that has both floats and histograms. It says whether all was done.
func (f *leafFold) closeMixed() bool {
	switch f.leaf.fn {
	case leafIncrease:
		oldest := f.begin - f.leaf.lookback
		if f.floats.lastT <= oldest || f.hists.lastT <= oldest {
			return false
		}
		f.note(noteMixed)
	case leafSum:
		if f.floats.n == 0 || f.hists.n == 0 {
			return false
		}
		f.note(noteMixed)
	case leafMin, leafMax:
		if f.floats.n > 0 && f.hists.n > 0 {
			f.note(noteMixedIgnored)
		}
		f.hists.n = 0
		return false
	case leafCount:
		f.floats.n, f.hists.n = f.floats.n+f.hists.n, 0
		return false
	}
	f.floats.clear()
	f.hists.clear()
	return true
}

func (f *leafFold) closeFloats() {
	s := &f.floats
	v := s.sum
	switch f.leaf.fn {
	case leafIncrease:
		v = s.right - s.left + s.sum
		f.note(notePossibleNonCounter)
	case leafSum:
		if !math.IsInf(s.sum, 0) {
			v += s.c
		}
	case leafCount:
		v = float64(s.n)
	}
	s.clear()
	f.addValue(v)
}

// addValue adds a float to whatever takes more than histograms.
func (f *leafFold) addValue(v float64) {
	for _, sink := range f.sinks {
		if sink.leaf.stat == leafValue {
			sink.cells.addFloat(f.window, v)
		}
	}
}

func (s *floatFold) clear() { s.n, s.left, s.right, s.sum, s.c = 0, 0, 0, 0, 0 }

// note adds an annotation as the stock engine words it.
func (f *leafFold) note(n leafNote) {
	if f.noted&n != 0 {
		return
	}
	f.noted |= n
	var pos posrange.PositionRange
	switch n {
	case noteMixed:
		f.notes.Add(annotations.NewMixedFloatsHistogramsWarning(f.name, pos))
	case noteMixedIgnored:
		f.notes.Add(annotations.NewHistogramIgnoredInMixedRangeInfo(f.name, pos))
	case noteMixedSchemas:
		f.notes.Add(annotations.NewMixedExponentialCustomHistogramsWarning(f.name, pos))
	case noteNotCounter:
		f.notes.Add(annotations.NewNativeHistogramNotCounterWarning(f.name, pos))
	case noteBoundsSub:
		f.notes.Add(annotations.NewMismatchedCustomBucketsHistogramsInfo(pos, annotations.HistogramSub))
	case noteBoundsAdd:
		f.notes.Add(annotations.NewMismatchedCustomBucketsHistogramsInfo(pos, annotations.HistogramAdd))
	case noteBoundsAgg:
		f.notes.Add(annotations.NewMismatchedCustomBucketsHistogramsInfo(pos, annotations.HistogramAgg))
	case noteCollision:
		f.notes.Add(annotations.NewHistogramCounterResetCollisionWarning(pos, annotations.HistogramAgg))
	case notePossibleNonCounter:
		for _, suffix := range []string{"_total", "_sum", "_count", "_bucket"} {
			if strings.HasSuffix(f.name, suffix) {
				return
			}
		}
		if f.name != "" {
			f.notes.Add(annotations.NewPossibleNonCounterInfo(f.name, pos))
		}
	}
}

// leafHint returns the hint that the stock engine has for a histogram whose buckets it does not keep.
func leafHint(h, previous *histogram.FloatHistogram) histogram.CounterResetHint {
	if h.CounterResetHint != histogram.UnknownCounterReset || previous == nil {
		return h.CounterResetHint
	}
	if h.DetectReset(previous) {
		return histogram.CounterReset
	}
	return histogram.NotCounterReset
}
