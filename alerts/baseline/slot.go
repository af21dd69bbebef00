package baseline

import (
	"math"
	"slices"
	"time"
)

const (
	slotLength = time.Hour
	day        = 24 // slots
	week       = 7 * day
	// historySlots is what a model learns from: four weeks, so that each hour of the week was there four times.
	historySlots = 4 * week
	// maxSlotPoints bounds the points of one hour whose median is taken: windows of ten seconds. What comes beyond still counts for the extremes.
	maxSlotPoints = 360
	// huge bounds values, so that no difference or sum of some overflows.
	huge = 1e150
)

// slot is what is kept of one hour.
type slot struct {
	hour        int32 // since 1970
	points      int32
	lo, mid, hi float64 // median, and the smallest and largest value that lasted as long as the rule asks
}

// slotOf returns the hour in which the window that ends at an instant lies: one that ends at 13:00 belongs to the hour from 12:00.
func slotOf(at time.Time) int64 {
	s := at.Unix()
	if at.Nanosecond() == 0 {
		s--
	}
	h := s / 3600
	if s%3600 < 0 {
		h--
	}
	return h
}

// openSlot collects the points of the hour that is not over.
type openSlot struct {
	hour   int64
	points int
	lo, hi float64
	values []float64
}

// add takes a value, and between which two the last values lasted.
func (o *openSlot) add(v, lo, hi float64) {
	if o.points == 0 {
		o.lo, o.hi = lo, hi
	}
	o.points++
	o.lo, o.hi = math.Min(o.lo, lo), math.Max(o.hi, hi)
	if len(o.values) < maxSlotPoints {
		o.values = append(o.values, v)
	}
}

func (o *openSlot) summary() slot {
	values := slices.Clone(o.values)
	slices.Sort(values)
	return slot{int32(o.hour), int32(min(o.points, math.MaxInt32)), o.lo, sortedMedian(values), o.hi}
}

// sortedMedian returns the median of ascending values, NaN for none.
func sortedMedian(v []float64) float64 {
	n := len(v)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return v[n/2]
	}
	return v[n/2-1]/2 + v[n/2]/2
}

// medianWithout returns the median of ascending values without the one at an index.
func medianWithout(v []float64, skip int) float64 {
	get := func(i int) float64 {
		if i >= skip {
			i++
		}
		return v[i]
	}
	n := len(v) - 1
	switch {
	case n <= 0:
		return math.NaN()
	case n%2 == 1:
		return get(n / 2)
	}
	return get(n/2-1)/2 + get(n/2)/2
}
