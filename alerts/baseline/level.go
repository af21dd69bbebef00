package baseline

import (
	"math"
	"slices"
)

const (
	// fastSlots and slowSlots are how far the two levels look back: a new level is adopted when it has filled half of it, so after one
	// day; and the old one is given up when it is out of half of the other.
	fastSlots = 2 * day
	slowSlots = week
	// minLevelSlots must have been before a level is known.
	minLevelSlots = 12
)

// window is a multiset of numbers that knows its median.
type window struct{ sorted []float64 }

func (w *window) add(v float64) {
	i, _ := slices.BinarySearch(w.sorted, v)
	w.sorted = slices.Insert(w.sorted, i, v)
}

func (w *window) remove(v float64) {
	if i, found := slices.BinarySearch(w.sorted, v); found {
		w.sorted = slices.Delete(w.sorted, i, i+1)
	}
}

func (w *window) median() float64 { return sortedMedian(w.sorted) }

// levelsBefore returns, for each value and for the one that comes next, the median of the last n values before it, NaN while there are too few.
// NaNs among the values are passed over.
func levelsBefore(values []float64, n int) []float64 {
	levels := make([]float64, len(values)+1)
	w := window{make([]float64, 0, n+1)}
	oldest, held := 0, 0
	for i := range levels {
		levels[i] = math.NaN()
		if held >= minLevelSlots {
			levels[i] = w.median()
		}
		if i == len(values) || math.IsNaN(values[i]) {
			continue
		}
		w.add(values[i])
		for held++; held > n; oldest++ {
			if v := values[oldest]; !math.IsNaN(v) {
				w.remove(v)
				held--
			}
		}
	}
	return levels
}

// levelsAround returns, for each value, the median of those less than half a span of hours away. NaNs are passed over.
func levelsAround(hours []int64, values []float64, span int64) []float64 {
	levels := make([]float64, len(values))
	w := window{make([]float64, 0, span)}
	from, to := 0, 0
	for i, h := range hours {
		for ; to < len(values) && hours[to] < h+span/2; to++ {
			if !math.IsNaN(values[to]) {
				w.add(values[to])
			}
		}
		for ; hours[from] < h-span/2; from++ {
			if !math.IsNaN(values[from]) {
				w.remove(values[from])
			}
		}
		levels[i] = w.median()
	}
	return levels
}
