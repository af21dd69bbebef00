package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// tolerance says when two answers agree.
type tolerance struct {
	relative float64 // largest difference of two values as a share of the greater
	buckets  bool    // instead: both values lie in one bucket of the classic ladder, or at its ends
	share    float64 // of the values that may lie beyond, or be absent on one side: extrapolation invents and drops some
}

// difference is how two answers differ.
type difference struct {
	values  int     // that either answer has
	absent  int     // of them, that only one has
	beyond  int     // of them, that both have, differing by more than is tolerated
	median  float64 // relative difference of those that both have
	largest float64
	example string // where the largest one is
}

// rounding allows for sums that were taken in another order.
const rounding = 1e-9

// native histograms of this schema know a value to half a bucket each way; classic ones are compared beyond that.
const nativeError = 0.09

func (t tolerance) holds(ours, theirs float64) bool {
	if !t.buckets {
		return relative(ours, theirs) <= t.relative
	}
	lower, upper := 0.0, math.Inf(1)
	for _, bound := range ladder {
		if theirs <= 1000*bound*(1+1e-9) {
			upper = 1000 * bound
			break
		}
		lower = 1000 * bound
	}
	if math.IsInf(upper, 1) || theirs >= 1000*ladder[len(ladder)-1]*(1-1e-9) {
		return ours >= 1000*ladder[len(ladder)-2] // beyond the last bound the ladder says no more
	}
	return ours >= lower*(1-nativeError) && ours <= upper*(1+nativeError)
}

func relative(a, b float64) float64 {
	if a == b {
		return 0
	}
	return math.Abs(a-b) / max(math.Abs(a), math.Abs(b))
}

// compare returns how theirs differs from ours.
func compare(ours, theirs answer, t tolerance) difference {
	var d difference
	var all []float64
	for part := range max(len(ours), len(theirs)) {
		ours, theirs := partOf(ours, part), partOf(theirs, part)
		for series, points := range ours {
			for at, a := range points {
				d.values++
				b, ok := theirs[series][at]
				if !ok {
					d.absent++
					d.note(math.Inf(1), part, series, at, fmt.Sprintf("%g and nothing", a))
					continue
				}
				all = append(all, relative(a, b))
				if !t.holds(a, b) {
					d.beyond++
				}
				d.note(relative(a, b), part, series, at, fmt.Sprintf("%g and %g", a, b))
			}
		}
		for series, points := range theirs {
			for at, b := range points {
				if _, ok := ours[series][at]; !ok {
					d.values++
					d.absent++
					d.note(math.Inf(1), part, series, at, fmt.Sprintf("nothing and %g", b))
				}
			}
		}
	}
	d.largest = 0
	if len(all) > 0 {
		slices.Sort(all)
		d.median, d.largest = all[len(all)/2], all[len(all)-1]
	}
	return d
}

func partOf(a answer, i int) values {
	if i < len(a) {
		return a[i]
	}
	return nil
}

// tolerable says whether the answers agree. No answers at all do not.
func (d difference) tolerable(t tolerance) bool {
	return d.values > d.absent && float64(d.absent+d.beyond) <= t.share*float64(d.values)
}

// note keeps the example of the largest difference.
func (d *difference) note(by float64, part int, series string, at int64, text string) {
	if by > d.largest || d.example == "" {
		d.largest = by
		d.example = fmt.Sprintf("part %d, %q, %d: %s", part, series, at, text)
	}
}

// String says it for the report.
func (d difference) String() string {
	var parts []string
	if d.largest <= rounding {
		parts = append(parts, fmt.Sprintf("%d equal", d.values-d.absent))
	} else {
		parts = append(parts, fmt.Sprintf("%d by %.2g %%, at most %.2g %%", d.values-d.absent, 100*d.median, 100*d.largest))
	}
	if d.beyond > 0 {
		parts = append(parts, fmt.Sprintf("%d beyond tolerance", d.beyond))
	}
	if d.absent > 0 {
		parts = append(parts, fmt.Sprintf("%d on one side only", d.absent))
	}
	return strings.Join(parts, ", ")
}
