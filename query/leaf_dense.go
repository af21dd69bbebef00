package query

import (
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
)

// histogramSum adds histograms up. As long as all of them have the same exponential buckets and the same zero bucket, which is nearly
// always, it does so in an array, and otherwise as upstream does.
type histogramSum struct {
	used          bool
	schema        int32
	zeroThreshold float64
	hint          histogram.CounterResetHint
	count, zero   float64
	sum           scalarFold
	positive      denseBuckets
	negative      denseBuckets

	other *histogram.FloatHistogram // has everything, if not nil
}

// clear forgets everything but the room that was made.
func (s *histogramSum) clear() {
	*s = histogramSum{positive: denseBuckets{n: s.positive.n[:0]}, negative: denseBuckets{n: s.negative.n[:0]}}
}

// fits says whether a histogram can be added in the array, and makes room for it.
func (s *histogramSum) fits(h *histogram.FloatHistogram) bool {
	if s.other != nil || h.UsesCustomBuckets() {
		return false
	}
	if !s.used {
		s.schema, s.zeroThreshold, s.hint = h.Schema, h.ZeroThreshold, h.CounterResetHint
	}
	if s.schema != h.Schema || s.zeroThreshold != h.ZeroThreshold || !s.positive.reach(h.PositiveSpans) || !s.negative.reach(h.NegativeSpans) {
		return false
	}
	s.used = true
	return true
}

// add adds a histogram, which stays the caller's. bounds says that custom bounds had to be brought together. It fails if one has custom
// buckets and another one exponential ones.
func (s *histogramSum) add(h *histogram.FloatHistogram) (bounds bool, err error) {
	if !s.fits(h) {
		return s.addOther(h)
	}
	s.hint = jointHint(s.hint, h.CounterResetHint)
	s.count += h.Count
	s.zero += h.ZeroCount
	s.sum.add(h.Sum)
	s.positive.add(h.PositiveSpans, h.PositiveBuckets)
	s.negative.add(h.NegativeSpans, h.NegativeBuckets)
	return false, nil
}

func (s *histogramSum) addOther(h *histogram.FloatHistogram) (bounds bool, err error) {
	if !s.used {
		s.other, s.used = h.Copy(), true
		return false, nil
	}
	s.other = s.histogram()
	_, _, bounds, err = s.other.Add(h)
	return bounds, err
}

// addIncrease adds what a counter has grown by between two histograms. It returns false, and adds nothing, if that takes more than
// subtracting bucket by bucket.
func (s *histogramSum) addIncrease(left, right *histogram.FloatHistogram) bool {
	if left.Schema != right.Schema || left.ZeroThreshold != right.ZeroThreshold ||
		!slices.Equal(left.PositiveSpans, right.PositiveSpans) || !slices.Equal(left.NegativeSpans, right.NegativeSpans) || !s.fits(right) {
		return false
	}
	s.hint = histogram.GaugeType
	s.count += right.Count - left.Count
	s.zero += right.ZeroCount - left.ZeroCount
	s.sum.add(right.Sum - left.Sum)
	s.positive.addIncrease(right.PositiveSpans, left.PositiveBuckets, right.PositiveBuckets)
	s.negative.addIncrease(right.NegativeSpans, left.NegativeBuckets, right.NegativeBuckets)
	return true
}

// join adds another sum, which stays the caller's.
func (s *histogramSum) join(o *histogramSum) (bounds bool, err error) {
	if s.other != nil || o.other != nil || s.used && (s.schema != o.schema || s.zeroThreshold != o.zeroThreshold) {
		return s.add(o.histogram())
	}
	positive, negative := o.positive.span(), o.negative.span()
	if !s.positive.reach(positive[:]) || !s.negative.reach(negative[:]) {
		return s.add(o.histogram())
	}
	if !s.used {
		s.used, s.schema, s.zeroThreshold, s.hint = true, o.schema, o.zeroThreshold, o.hint
	}
	s.hint = jointHint(s.hint, o.hint)
	s.count += o.count
	s.zero += o.zero
	s.sum.add(o.sum.v)
	s.sum.c += o.sum.c
	s.positive.add(positive[:], o.positive.n)
	s.negative.add(negative[:], o.negative.n)
	return false, nil
}

// histogram returns the sum. It belongs to the caller unless other is set, which it may be.
func (s *histogramSum) histogram() *histogram.FloatHistogram {
	if s.other != nil {
		return s.other
	}
	h := &histogram.FloatHistogram{
		CounterResetHint: s.hint, Schema: s.schema, ZeroThreshold: s.zeroThreshold, ZeroCount: s.zero, Count: s.count, Sum: s.sum.v + s.sum.c,
	}
	h.PositiveSpans, h.PositiveBuckets = s.positive.populated()
	h.NegativeSpans, h.NegativeBuckets = s.negative.populated()
	return h
}

// joint returns the hint of the sum.
func (s *histogramSum) joint() histogram.CounterResetHint {
	if s.other != nil {
		return s.other.CounterResetHint
	}
	return s.hint
}

// samples is how many samples the stock engine takes the sum for.
func (s *histogramSum) samples() int {
	if s.other != nil {
		return (s.other.Size() + 8) / 16
	}
	return (176 + 8*len(s.positive.n) + 8*len(s.negative.n)) / 16
}

// jointHint returns the hint of a sum of two.
func jointHint(a, b histogram.CounterResetHint) histogram.CounterResetHint {
	switch {
	case a == b:
		return a
	case a == histogram.GaugeType || b == histogram.GaugeType:
		return histogram.GaugeType
	}
	return histogram.UnknownCounterReset
}

// denseBuckets are the populations of neighbouring buckets.
type denseBuckets struct {
	first int // the index of the first of n
	n     []float64
}

// denseLimit is how many neighbouring buckets are kept in an array; more have mostly empty ones among them.
const denseLimit = 2048

// reach makes room for the buckets of spans, and says whether there is.
func (b *denseBuckets) reach(spans []histogram.Span) bool {
	if len(spans) == 0 {
		return true
	}
	from, to := int(spans[0].Offset), 0
	for _, s := range spans {
		to += int(s.Offset) + int(s.Length)
	}
	if len(b.n) == 0 {
		b.first = from
	}
	from, to = min(from, b.first), max(to, b.first+len(b.n))
	if to-from > denseLimit {
		return false
	}
	if from < b.first {
		b.n = slices.Insert(b.n, 0, make([]float64, b.first-from)...)
		b.first = from
	}
	if more := to - b.first - len(b.n); more > 0 {
		b.n = append(b.n, make([]float64, more)...)
	}
	return true
}

// span is what the buckets of the array are.
func (b *denseBuckets) span() [1]histogram.Span {
	return [1]histogram.Span{{Offset: int32(b.first), Length: uint32(len(b.n))}}
}

func (b *denseBuckets) add(spans []histogram.Span, buckets []float64) {
	i := -b.first
	for _, s := range spans {
		i += int(s.Offset)
		n := int(s.Length)
		to := b.n[i : i+n]
		for k, v := range buckets[:n] {
			to[k] += v
		}
		buckets = buckets[n:]
		i += n
	}
}

func (b *denseBuckets) addIncrease(spans []histogram.Span, left, right []float64) {
	i := -b.first
	for _, s := range spans {
		i += int(s.Offset)
		n := int(s.Length)
		to, l := b.n[i:i+n], left[:n]
		for k, v := range right[:n] {
			to[k] += v - l[k]
		}
		left, right = left[n:], right[n:]
		i += n
	}
}

// populated returns the buckets that are not empty.
func (b *denseBuckets) populated() (spans []histogram.Span, buckets []float64) {
	runs, n := 0, 0
	for i, v := range b.n {
		if v != 0 {
			n++
			if i == 0 || b.n[i-1] == 0 {
				runs++
			}
		}
	}
	if n == 0 {
		return nil, nil
	}
	spans, buckets = make([]histogram.Span, 0, runs), make([]float64, 0, n)
	end := 0 // of the span before
	for i, v := range b.n {
		if v == 0 {
			continue
		}
		if i == 0 || b.n[i-1] == 0 {
			spans = append(spans, histogram.Span{Offset: int32(b.first + i - end)})
		}
		spans[len(spans)-1].Length++
		buckets = append(buckets, v)
		end = b.first + i + 1
	}
	return spans, buckets
}
