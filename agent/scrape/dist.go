package scrape

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
)

// dist is a distribution by buckets: counts[i] observations are at most bounds[i] and above the bound before; the last count is of those above all bounds.
// Bounds are finite and ascend. They are never changed once set, so that distributions share them.
type dist struct {
	bounds []float64
	counts []float64
	sum    float64 // NaN where the source has none

	scratch []float64
}

func (d *dist) total() float64 {
	n := 0.0
	for _, c := range d.counts {
		n += c
	}
	return n
}

// maxCount bounds what a count may be, so that it stays a whole number in every form.
const maxCount = 1 << 53

// classic reads the point's classic buckets of this round into d, whose memory it uses again; bounds and sum are multiplied by factor. It returns false, and d is of no
// use, when the buckets contradict each other: fewer observations below a greater bound, no total, a number that is no count. It returns absent when the point
// has no buckets in this round.
func (d *dist) classic(pt *point, round uint64, factor float64) (ok, absent bool) {
	d.counts, d.scratch = d.counts[:0], d.scratch[:0]
	last, total, infinite, found := 0.0, 0.0, false, false
	for _, b := range pt.buckets {
		if b.round != round {
			continue
		}
		found = true
		v := math.Round(b.value)
		if math.IsNaN(b.le) || !(v >= last) || v > maxCount {
			return false, false
		}
		if math.IsInf(b.le, 1) {
			total, infinite = v, true
			continue
		}
		le := scaled(b.le, factor)
		if n := len(d.scratch); math.IsInf(le, 0) || n > 0 && le <= d.scratch[n-1] { // −Inf holds nothing, and a bound that is written twice counts once
			continue
		}
		d.scratch = append(d.scratch, le)
		d.counts = append(d.counts, v-last)
		last = v
	}
	if !found {
		return false, true
	}
	if !infinite {
		if pt.count == nil || pt.count.round != round {
			return false, false
		}
		total = math.Round(pt.count.value)
	}
	if !(total >= last) || total > maxCount {
		return false, false
	}
	if !slices.Equal(d.bounds, d.scratch) {
		d.bounds = slices.Clone(d.scratch)
	}
	d.counts = append(d.counts, total-last)
	d.sum = math.NaN()
	if pt.sum != nil && pt.sum.round == round && !math.IsInf(pt.sum.value, 0) {
		d.sum = scaled(pt.sum.value, factor)
	}
	return true, false
}

// scaled returns v × factor. A factor such as 1e-6 is a division, so that bounds of several sources come out the same.
func scaled(v, factor float64) float64 {
	if inverse := math.Round(1 / factor); factor < 1 && math.Abs(1/factor-inverse) < 1e-9*inverse {
		return v / inverse
	}
	return v * factor
}

// set makes d a copy of o.
func (d *dist) set(o *dist) {
	d.bounds, d.sum = o.bounds, o.sum
	d.counts = append(d.counts[:0], o.counts...)
}

// add adds o. Where the bounds differ, only those that both have remain.
func (d *dist) add(o *dist) {
	if !slices.Equal(d.bounds, o.bounds) {
		var common []float64
		for _, b := range d.bounds {
			if _, ok := slices.BinarySearch(o.bounds, b); ok {
				common = append(common, b)
			}
		}
		d.reduce(common)
		other := &dist{}
		other.set(o)
		other.reduce(common)
		o = other
	}
	for i, c := range o.counts {
		d.counts[i] += c
	}
	d.sum += o.sum
}

// reduce merges buckets until only bounds, which d has, remain.
func (d *dist) reduce(bounds []float64) {
	counts := make([]float64, len(bounds)+1)
	for i, c := range d.counts {
		at := len(bounds)
		if i < len(d.bounds) {
			at, _ = slices.BinarySearch(bounds, d.bounds[i])
		}
		counts[at] += c
	}
	d.bounds, d.counts = bounds, counts
}

// mend makes every count of d at least that of the last emitted one, and keeps d's total: a server that reads its buckets one after another while it counts can show
// an observation in two buckets in turn, and a count that falls would pass for a restart. It returns false when d cannot have followed last: it is then a new beginning.
func (d *dist) mend(last *dist) bool {
	if !slices.Equal(d.bounds, last.bounds) || len(d.counts) != len(last.counts) {
		return false
	}
	total := d.total()
	if total < last.total() || d.sum < last.sum && d.sum >= 0 {
		return false
	}
	excess := 0.0
	for i, c := range d.counts {
		excess += max(last.counts[i]-c, 0)
	}
	if excess == 0 {
		return true
	}
	if excess > 10 && excess > total/100 {
		return false
	}
	for i, c := range d.counts {
		if low := last.counts[i]; c < low {
			d.counts[i] = low
		} else {
			take := min(c-low, excess)
			d.counts[i] -= take
			excess -= take
		}
	}
	return true
}

// native returns d as a native histogram with custom buckets, and nil when it is not a valid one. Without bounds it has the one bucket that holds
// everything: an honest mean, and no percentiles.
func (d *dist) native() *histogram.Histogram {
	h := &histogram.Histogram{Schema: histogram.CustomBucketsSchema, CustomValues: d.bounds, Sum: d.sum}
	filled := 0
	for _, c := range d.counts {
		if c != 0 {
			filled++
		}
	}
	if filled > 0 {
		h.PositiveBuckets = make([]int64, 0, filled)
	}
	last, gap := int64(0), int32(0)
	for i, c := range d.counts {
		n := int64(math.Round(c))
		if n == 0 {
			gap++
			continue
		}
		if k := len(h.PositiveSpans); k > 0 && gap == 0 {
			h.PositiveSpans[k-1].Length++
		} else {
			if k == 0 {
				gap = int32(i)
			}
			h.PositiveSpans = append(h.PositiveSpans, histogram.Span{Offset: gap, Length: 1})
		}
		gap = 0
		h.PositiveBuckets = append(h.PositiveBuckets, n-last)
		last = n
		h.Count += uint64(n)
	}
	if h.Validate() != nil {
		return nil
	}
	return h
}

// integral returns the histogram with whole counts, and nil when it has others.
func integral(fh *histogram.FloatHistogram) *histogram.Histogram {
	whole := func(v float64) bool { return v >= 0 && v <= maxCount && v == math.Trunc(v) }
	deltas := func(counts []float64) ([]int64, bool) {
		out, last := make([]int64, len(counts)), int64(0)
		for i, c := range counts {
			if !whole(c) {
				return nil, false
			}
			out[i], last = int64(c)-last, int64(c)
		}
		return out, true
	}
	positive, ok1 := deltas(fh.PositiveBuckets)
	negative, ok2 := deltas(fh.NegativeBuckets)
	if !ok1 || !ok2 || !whole(fh.Count) || !whole(fh.ZeroCount) {
		return nil
	}
	return &histogram.Histogram{
		CounterResetHint: fh.CounterResetHint, Schema: fh.Schema, ZeroThreshold: fh.ZeroThreshold, ZeroCount: uint64(fh.ZeroCount), Count: uint64(fh.Count), Sum: fh.Sum,
		PositiveSpans: fh.PositiveSpans, PositiveBuckets: positive, NegativeSpans: fh.NegativeSpans, NegativeBuckets: negative, CustomValues: fh.CustomValues,
	}
}
