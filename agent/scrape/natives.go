package scrape

import (
	"time"

	"github.com/prometheus/prometheus/model/histogram"
)

// anewNative is anew for a source of native histograms.
func (s *distSource) anewNative(round uint64) bool {
	return s.round != round || s.native == nil || s.native.Count < s.kept.Count || !s.since.IsZero() && !s.start.IsZero() && s.start.After(s.since.Add(time.Second))
}

// natives returns the histogram of a round in which a source gave a native one, with the same rules as those of classic ones, and false where none did.
// It is nil where the sources' histograms cannot be added.
func (t *spread) natives(round uint64, how combine, now time.Time) (*histogram.Histogram, bool) {
	there, before, all := false, t.leftNative != nil, true
	for _, s := range t.sources {
		there = there || s.round == round && s.native != nil
		if s.kept == nil || s.kept.Count == 0 && s.base == nil {
			continue
		}
		before = true
		all = all && s.anewNative(round)
	}
	if !there {
		return nil, false
	}
	if !before || all {
		t.renew(round)
	}
	t.many = t.many || len(t.sources) > 1 || t.leftNative != nil
	sum, plain := t.leftNative, (*histogram.Histogram)(nil)
	for _, s := range t.sources {
		if s.round == round && s.native != nil {
			if s.kept != nil && !all && s.anewNative(round) {
				s.base = plus(s.base, s.kept.ToFloat(nil))
			}
			s.kept, s.native, s.since = s.native.Copy(), nil, s.start
		}
		if s.kept == nil {
			continue
		}
		if len(t.sources) == 1 && s.base == nil && t.leftNative == nil {
			plain = s.kept.Copy()
			break
		}
		whole := plus(s.base, s.kept.ToFloat(nil))
		switch {
		case whole == nil:
			return nil, true
		case how != combineMax:
			sum = plus(sum, whole)
		case sum == nil || whole.Count > sum.Count:
			sum = whole
		}
		if sum == nil {
			return nil, true
		}
	}
	if plain == nil {
		plain = integral(sum.Copy().Compact(0))
	}
	if plain == nil {
		return nil, true
	}
	switch {
	case t.at.IsZero():
		t.since = now
	case plain.Count < t.count:
		t.since = after(t.at, now)
	}
	t.at, t.count = now, plain.Count
	return plain, true
}

// plus returns a + b without changing them, b where a is nil, and nil where they cannot be added.
func plus(a, b *histogram.FloatHistogram) *histogram.FloatHistogram {
	if a == nil || b == nil {
		if a != nil {
			return a
		}
		return b
	}
	sum, _, _, err := a.Copy().Add(b)
	if err != nil {
		return nil
	}
	return sum
}
