package baseline

import (
	"math"
	"slices"
)

// eventSlots is how far two events are apart at least.
const eventSlots = 6

// maxJump is how many times larger than an event twice as frequent one may be, for the band to be built on it. Where they are farther apart,
// and there was a week to see that, the larger ones were anomalies.
const maxJump = 3

// peaks returns how far the n largest separate events went above zero, largest first, 0 for those that did not; fewer only where there
// is no time for more. An event is the time around a peak until the value has come back half of the way, and six hours more to both
// sides: a night of trouble is one event. NaNs are passed over.
func peaks(values []float64, n int) []float64 {
	rest := slices.Clone(values)
	var found []float64
	for len(found) < n {
		top := -1
		for i, v := range rest {
			if !math.IsNaN(v) && (top < 0 || v > rest[top]) {
				top = i
			}
		}
		if top < 0 {
			break
		}
		peak := rest[top]
		if peak <= 0 {
			return append(found, make([]float64, n-len(found))...)
		}
		found = append(found, peak)
		from, to := top, top
		for from > 0 && rest[from-1] > peak/2 {
			from--
		}
		for to < len(rest)-1 && rest[to+1] > peak/2 {
			to++
		}
		for i := max(0, from-eventSlots); i <= min(len(rest)-1, to+eventSlots); i++ {
			rest[i] = math.NaN()
		}
	}
	return found
}

// maxEvents is how many events are looked at: four times the largest rank.
const maxEvents = 16

// reach says how far the band goes beyond what is usual.
type reach struct {
	rank  int     // what happened in so many separate events is normal
	days  float64 // how rare a value shall be that is outside: once in so many days, if the tail goes on as it was
	doubt bool    // events that are far above those twice as frequent were anomalies, and count as maxJump times these
	share float64 // of the level, that the band goes beyond at least
	steps float64 // of a metric that has only some values: as many of their distance
}

// width returns how far the band reaches beyond what is usual in an hour, learned from the largest events of so many hours (peaks), and
// the same for the event alone on which that is built.
//
// The event of the rank is the start. From there on the tail is taken for exponential, whose scale is the mean of two estimates: from
// the usual to that event, and from an event that is four times as frequent to that event. The first is the steadier, the second sees
// heavy tails, and the bounded spikes of a regular job.
func (r reach) width(found []float64, hours float64) (width, event float64) {
	if len(found) == 0 {
		return 0, 0
	}
	found = found[:min(len(found), 4*r.rank)]
	rank := min(r.rank, len(found))
	event = found[rank-1]
	if k := 2 * rank; r.doubt && hours >= week && k < len(found) && found[k] > 0 {
		event = min(event, maxJump*found[k])
	}
	scale := event / math.Log(math.Max(hours/2/float64(rank), 2))
	if k := len(found); k > rank {
		scale = (scale + (event-found[k-1])/math.Log(float64(k)/float64(rank))) / 2
	}
	return event + scale*math.Log(math.Max(24*r.days*float64(rank)/math.Max(hours, 1), 1)), event
}
