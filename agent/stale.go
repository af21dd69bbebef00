package agent

import (
	"slices"
	"time"
)

// tracker remembers which series one collector gave in its last round, so that those that vanish can be marked stale. Not safe for
// concurrent use.
type tracker struct {
	round  uint64
	series map[string]*tracked
	key    []byte
}

type tracked struct {
	desc   *Desc
	values []string
	native bool
	round  uint64
	last   time.Time
	sent   exemplars
}

func newTracker() *tracker { return &tracker{series: map[string]*tracked{}} }

// encode adds the readings of one round to e, and a stale marker for each series of the round before that is not among them. It returns how
// many readings it left out because they were given twice, and because their labels do not fit.
func (t *tracker) encode(e *encoder, at time.Time, readings []Reading) (duplicate, mislabelled int) {
	t.round++
	for i := range readings {
		r := &readings[i]
		ls, ok := e.seriesLabels(r.Desc, r.LabelValues)
		if !ok {
			mislabelled++
			continue
		}
		s := t.series[string(t.keyOf(ls))]
		if s == nil {
			s = &tracked{}
			t.series[string(t.key)] = s
		} else if s.round == t.round {
			duplicate++
			continue
		}
		if s.desc != r.Desc || !slices.Equal(s.values, r.LabelValues) {
			s.desc, s.values = r.Desc, slices.Clone(r.LabelValues)
		}
		s.native, s.round, s.last = r.Hist != nil, t.round, at
		if !r.Time.IsZero() {
			s.last = r.Time
		}
		e.add(r.Desc, ls, r.Value, r.Hist, r.Start, s.last)
		if len(r.Exemplars) > 0 {
			e.addExemplars(s.sent.fresh(r.Exemplars, s.last))
		}
	}
	t.markStale(e, at)
	return duplicate, mislabelled
}

// end adds a stale marker for every series that is still alive.
func (t *tracker) end(e *encoder, at time.Time) {
	t.round++
	t.markStale(e, at)
}

func (t *tracker) markStale(e *encoder, at time.Time) {
	for key, s := range t.series {
		if s.round == t.round {
			continue
		}
		delete(t.series, key)
		if ls, ok := e.seriesLabels(s.desc, s.values); ok {
			if !at.After(s.last) { // a marker at the time of a sample would be refused as its duplicate
				e.addStale(s.desc, ls, s.native, s.last.Add(time.Millisecond))
			} else {
				e.addStale(s.desc, ls, s.native, at)
			}
		}
	}
}

func (t *tracker) keyOf(ls []label) []byte {
	t.key = t.key[:0]
	for _, l := range ls {
		t.key = append(append(append(append(t.key, l.name...), 0xff), l.value...), 0xff)
	}
	return t.key
}
