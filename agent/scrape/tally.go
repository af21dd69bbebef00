package scrape

import (
	"slices"
	"time"
)

// tally makes one counter out of the counters of several source series, so that it falls only when all of them begin anew: a source that leaves the page keeps
// what it counted, one that restarts goes on from there, and when all have been replaced or restarted, as with their server, the tally is theirs again. While
// nothing of this happens it is exactly the sum (or max) of what the page says.
type tally struct {
	sources []*source
	start   time.Time // since when it counts; zero where a source does not tell
	since   time.Time // since when the agent knows it, for a sum whose start is not told
	at      time.Time // of the last round
	many    bool      // whether it ever had several sources
	left    float64   // what the sources counted that are forgotten
	most    float64   // the most that one of them did
	flaps   int       // how often it fell and soon came back to where it was
	fell    float64   // the total from which it last fell
	fellAt  uint64    // the round in which it did; 0 if never
	last    float64
	begun   int // how often it began anew since that was last asked
}

// source is one source series of a tally.
type source struct {
	gone   bool    // whether its series is forgotten
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

// total returns the counter's value in a round, which is at now, in which at least one source was put.
func (t *tally) total(round uint64, how combine, now time.Time) float64 {
	before, all := t.left > 0, true
	for _, s := range t.sources {
		if s.seen == 0 || s.last == 0 && s.offset == 0 && s.value == 0 { // one that never counted says nothing
			continue
		}
		before = true
		all = all && s.anew(round)
	}
	if !before || all {
		if before {
			t.begun++
		}
		t.left, t.most = 0, 0
		t.sources = slices.DeleteFunc(t.sources, func(s *source) bool {
			s.in = s.round == round
			return !s.in
		})
		t.start = t.sources[0].start
		for _, s := range t.sources {
			s.offset = 0
			if s.start.Before(t.start) { // the zero time, which is not known, is before all
				t.start = s.start
			}
		}
	}
	t.many = t.many || len(t.sources) > 1 || t.left > 0
	sum, most := t.left, t.most
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
	switch {
	case t.at.IsZero():
		t.since = now
	case sum < t.last: // where it does not fall, its sources may only have got another name
		t.since = after(t.at, now)
	}
	t.at = now
	t.watch(round, sum)
	return sum
}

// begin returns since when the counter counts. The zero time stands for one source that does not tell: nothing but its own value says when it begins anew. A sum is the agent's own work,
// and what it forgets when it starts is gone from the sum, so one whose sources do not tell has a start all the same: the time of the round in which the agent first had it, which in
// that round's own sample says that the counter may be older (as in OpenTelemetry), or the end of the round before it began anew.
func (t *tally) begin() time.Time {
	if t.start.IsZero() && t.many {
		return t.since
	}
	return t.start
}

// after returns the first instant after at, a round that is over, as long as that is before now.
func after(at, now time.Time) time.Time {
	if first := at.Add(time.Millisecond); !at.IsZero() && first.Before(now) {
		return first
	}
	return now
}

// fold forgets the sources whose series are forgotten, but not what they counted.
func (t *tally) fold() {
	t.sources = slices.DeleteFunc(t.sources, func(s *source) bool {
		if s.gone {
			t.left += s.last + s.offset
			t.most = max(t.most, s.last+s.offset)
		}
		return s.gone
	})
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
