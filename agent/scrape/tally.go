package scrape

import (
	"math"
	"slices"
	"time"
)

// tally makes one counter out of the counters of several source series, so that it falls only when all of them begin anew: a source that leaves the page keeps
// what it counted, one that restarts goes on from there, and when all have been replaced or restarted, as with their server, the tally is theirs again. While
// nothing of this happens it is exactly the sum (or max) of what the page says.
type tally struct {
	sources []*source
	start   time.Time // since when it counts; zero where a source does not tell
	flaps   int       // how often it fell and soon came back to where it was
	fell    float64   // the total from which it last fell
	fellAt  uint64    // the round in which it did; 0 if never
	last    float64
	begun   int // how often it began anew
}

// source is one source series of a tally.
type source struct {
	in     bool    // whether the tally knows it
	round  uint64  // in which it was last there
	seen   uint64  // the round up to which last and offset hold; 0 if none
	value  float64 // of this round
	last   float64 // of the round before
	offset float64 // what it counted before it restarted
	start  time.Time
	since  time.Time // start, as of last
}

// put takes in a source's value of this round.
func (t *tally) put(s *source, round uint64, v float64, start time.Time) {
	if !s.in {
		*s = source{in: true}
		t.sources = append(t.sources, s)
	}
	s.round, s.value, s.start = round, v, start
}

// anew tells whether the source has begun again, or left the page.
func (s *source) anew(round uint64) bool {
	return s.round != round || s.value < s.last || !s.since.IsZero() && !s.start.IsZero() && s.start.After(s.since.Add(time.Second))
}

// total returns the counter's value in a round in which at least one source was put.
func (t *tally) total(round uint64, how combine) float64 {
	before, all := false, true
	for _, s := range t.sources {
		if s.seen == 0 || s.last == 0 && s.offset == 0 && s.value == 0 { // one that never counted says nothing
			continue
		}
		before = true
		all = all && s.anew(round)
	}
	if !before || all {
		t.sources = slices.DeleteFunc(t.sources, func(s *source) bool {
			s.in = s.round == round
			return !s.in
		})
		t.begun++
		t.start = t.sources[0].start
		for _, s := range t.sources {
			s.offset = 0
			if s.start.Before(t.start) { // the zero time, which is not known, is before all
				t.start = s.start
			}
		}
	}
	sum, most := 0.0, math.Inf(-1)
	for _, s := range t.sources {
		if s.round == round {
			if s.seen != 0 && s.anew(round) && !all {
				s.offset += s.last
			}
			s.last, s.since, s.seen = s.value, s.start, round
		}
		sum += s.last + s.offset
		most = max(most, s.last+s.offset)
	}
	if how == combineMax {
		sum = most
	}
	t.watch(round, sum)
	return sum
}

// watch counts how often the total falls and comes back within a few rounds, as it does when several processes answer for one page in turn.
func (t *tally) watch(round uint64, v float64) {
	const soon = 8 // rounds
	switch {
	case v < t.last:
		t.fell, t.fellAt = t.last, round
	case t.fellAt != 0 && round-t.fellAt <= soon && v >= t.fell && v > 0:
		t.flaps++
		t.fellAt = 0
	}
	t.last = v
}
