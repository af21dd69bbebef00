package scrape

import (
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// kin is what series that belong together share: the parts of a whole, or the operands of one computed number.
type kin struct {
	round  uint64 // in which a part gave a reading, or an operand was there
	values []float64
	rounds []uint64 // in which each of values was there
	out    *feed    // of the number
	live   bool     // whether a feed still leads to it
}

// kinKey is the identity of a kin.
type kinKey struct {
	source *Source
	what   string
	key    string
}

// kin returns the one of the key that the mapper holds.
func (m *mapper) kin(pl *planned, what string) *kin {
	key := kinKey{pl.source, what, string(m.key)}
	k := m.kins[key]
	if k == nil {
		k = &kin{}
		m.kins[key] = k
	}
	return k
}

// hidden tells whether the series is a whole whose parts gave readings in this round, so that both would count twice.
func (f *feed) hidden(round uint64) bool { return f.whole != nil && !f.part && f.whole.round == round }

// observe takes note of the parts that give a reading in this round. It must be done before the wholes are put.
func (m *mapper) observe(p *page, pl *planned) {
	note := func(id any, s *series, there bool) {
		if f := m.feed(pl, id, s); f.out != nil && f.part && there {
			f.whole.round = p.round
		}
	}
	switch {
	case pl.base != nil:
		for _, pt := range pl.base.list {
			note(pt, pt.first, pt.there(p.round))
		}
	case pl.terms == nil:
		for _, family := range []*family{pl.value, pl.minus} {
			if family == nil {
				continue
			}
			for _, s := range family.series {
				note(s, s, s.round == p.round && !s.native && says(s.value, pl.rule.Drop))
			}
		}
	}
}

// there tells whether any series of the point is of the round.
func (pt *point) there(round uint64) bool {
	for _, s := range []*series{pt.sum, pt.count, pt.native} {
		if s != nil && s.round == round {
			return true
		}
	}
	return slices.ContainsFunc(pt.buckets, func(s *series) bool { return s.round == round })
}

// operandID is the identity of a series as one operand of a source.
type operandID struct {
	series *series
	at     int
}

// operand returns the feed of the series as the operand of that place, whose match is nil where it is none.
func (m *mapper) operand(pl *planned, all []*Operand, at int, s *series) *feed {
	id := operandID{s, at}
	f := pl.feeds[id]
	if f != nil {
		return f
	}
	f = &feed{}
	pl.feeds[id] = f
	if !matches(pl.rule.where, s) || !matches(all[at].where, s) {
		return f
	}
	// Operands belong together when all their labels are equal, but for those that tell one operand from another.
	m.key = m.key[:0]
	s.lset.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel && !slices.ContainsFunc(all, func(o *Operand) bool { _, tells := o.Where[l.Name]; return tells }) {
			m.key = append(append(append(append(m.key, l.Name...), 0xff), l.Value...), 0xff)
		}
	})
	k := m.kin(pl, "match")
	if k.values == nil {
		k.values, k.rounds = make([]float64, len(all)), make([]uint64, len(all))
	}
	f.match = k
	if k.out == nil || at == 0 {
		k.out = &feed{}
		m.route(pl, k.out, s)
	}
	f.whole, f.out = k.out.whole, k.out.out
	return f
}

// compute puts the numbers that are computed from several series. One of which an operand is missing, or says nothing, is absent.
func (m *mapper) compute(p *page, pl *planned) {
	all := pl.source.all
	m.matched = m.matched[:0]
	for at, family := range pl.terms {
		for _, s := range family.series {
			if s.round != p.round || s.native || !says(s.value, pl.rule.Drop) {
				continue
			}
			k := m.operand(pl, all, at, s).match
			if k == nil || k.rounds[at] == p.round { // two series for one operand: the first counts
				continue
			}
			if k.round != p.round {
				k.round = p.round
				m.matched = append(m.matched, k)
			}
			k.values[at], k.rounds[at] = s.value, p.round
		}
	}
	m.matched = slices.DeleteFunc(m.matched, func(k *kin) bool {
		return slices.ContainsFunc(k.rounds, func(round uint64) bool { return round != p.round })
	})
	for _, k := range m.matched {
		if k.out.part {
			k.out.whole.round = p.round
		}
	}
	for _, k := range m.matched {
		if !k.out.hidden(p.round) {
			m.put(p, pl, k.out, pl.source.compute(k.values), time.Time{}, 0)
		}
	}
}

// compute returns the ratio or product of values, and NaN for a ratio of nothing.
func (s *Source) compute(values []float64) float64 {
	if len(s.Times) > 0 {
		v := 1.0
		for _, f := range values {
			v *= f
		}
		return v
	}
	ratio, of := 0.0, 0.0
	for i, v := range values {
		if i < len(s.Ratio) {
			ratio += v
		} else {
			of += v
		}
	}
	if of == 0 {
		return math.NaN()
	}
	return ratio / of
}
