package scrape

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
)

// spread is to histograms what tally is to counters.
type spread struct {
	sources []*distSource
	emitted dist // as last given
	given   bool
	start   time.Time
	since   time.Time // as in tally
	at      time.Time
	many    bool
	left    *dist // what the sources counted that are forgotten; nil if nothing
	sum     dist

	leftNative *histogram.FloatHistogram // what native ones did
	count      uint64                    // of the native histogram that was last given
}

// distSource is one source of a spread.
type distSource struct {
	gone   bool   // whether its series are forgotten
	in     bool   // whether the spread knows it
	round  uint64 // in which it was last there
	seen   uint64 // the round up to which last and offset hold; 0 if none
	now    dist
	last   dist
	offset *dist // nil while the source has not restarted beside others
	start  time.Time
	since  time.Time
	native *histogram.Histogram      // instead of now
	kept   *histogram.Histogram      // the last native
	base   *histogram.FloatHistogram // what natives counted before restarts; nil if nothing
}

// put takes in a source whose now, or native, is of this round.
func (t *spread) put(s *distSource, round uint64, start time.Time) {
	if !s.in {
		s.in, s.seen, s.offset, s.kept, s.base = true, 0, nil, nil, nil
		t.sources = append(t.sources, s)
	}
	s.round, s.start = round, start
}

func (s *distSource) anew(round uint64) bool {
	return s.round != round || s.now.total() < s.last.total() || s.now.sum < s.last.sum && s.now.sum >= 0 || !slices.Equal(s.now.bounds, s.last.bounds) ||
		!s.since.IsZero() && !s.start.IsZero() && s.start.After(s.since.Add(time.Second))
}

// total returns the histogram of a round, which is at now, in which at least one source was there, and nil where it is not valid.
func (t *spread) total(round uint64, how combine, now time.Time) *histogram.Histogram {
	if h, ok := t.natives(round, how, now); ok {
		return h
	}
	before, all := t.left != nil, true
	for _, s := range t.sources {
		if s.seen == 0 || s.last.total() == 0 && s.offset == nil {
			continue
		}
		before = true
		all = all && s.anew(round)
	}
	if !before || all {
		t.renew(round)
	}
	t.many = t.many || len(t.sources) > 1 || t.left != nil
	first := t.left == nil
	if !first {
		t.sum.set(t.left)
	}
	for _, s := range t.sources {
		if s.round == round {
			if s.seen != 0 && !all && s.anew(round) {
				if s.offset == nil {
					s.offset = &dist{}
					s.offset.set(&s.last)
				} else {
					s.offset.add(&s.last)
				}
			}
			s.last.set(&s.now)
			s.since, s.seen = s.start, round
		}
		whole := &s.last
		if s.offset != nil {
			whole = &dist{}
			whole.set(&s.last)
			whole.add(s.offset)
		}
		switch {
		case first:
			t.sum.set(whole)
		case how != combineMax:
			t.sum.add(whole)
		case whole.total() > t.sum.total():
			t.sum.set(whole)
		}
		first = false
	}
	if t.given && !t.sum.mend(&t.emitted) {
		t.start = time.Time{}
	}
	switch {
	case t.at.IsZero():
		t.since = now
	case t.sum.total() < t.emitted.total():
		t.since = after(t.at, now)
	}
	t.at = now
	t.emitted.set(&t.sum)
	t.given = true
	return t.sum.native()
}

// begin returns since when the histogram counts; see tally.
func (t *spread) begin() time.Time {
	if t.start.IsZero() && t.many {
		return t.since
	}
	return t.start
}

// fold forgets the sources whose series are forgotten, but not what they counted.
func (t *spread) fold() {
	t.sources = slices.DeleteFunc(t.sources, func(s *distSource) bool {
		if s.gone && s.kept != nil {
			t.leftNative = plus(plus(t.leftNative, s.base), s.kept.ToFloat(nil))
		}
		for _, d := range []*dist{&s.last, s.offset} {
			if !s.gone || s.seen == 0 || d == nil {
				continue
			}
			if t.left == nil {
				t.left = &dist{}
				t.left.set(d)
			} else {
				t.left.add(d)
			}
		}
		return s.gone
	})
}

// renew makes the spread begin anew, with the sources that are there.
func (t *spread) renew(round uint64) {
	t.sources = slices.DeleteFunc(t.sources, func(s *distSource) bool {
		s.in = s.round == round
		return !s.in
	})
	t.given, t.left, t.leftNative = false, nil, nil
	t.start = t.sources[0].start
	for _, s := range t.sources {
		s.offset, s.base = nil, nil
		if s.start.Before(t.start) { // the zero time, which is not known, is before all
			t.start = s.start
		}
	}
}
