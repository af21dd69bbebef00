package query

import (
	"math"
)

// When a child is the single cause of the change of its parent.
const (
	singleShare  = 0.65 // it explains at least this much of what the parent does
	singleLead   = 0.25 // and so much more than the next
	singleMost   = 2.5  // and not so much more than all that others must have undone most of it
	singleOdds   = 3.0  // its odds of holding the change are so many times its odds of holding any of the data,
	restStill    = 0.35 // or all others together changed by less than this part of its own change
	evenPart     = 0.5  // relative to what they were, all others changed by more than this part of its change: it is in all
	narrowWeight = 0.6  // a status or the like that so much of the data have says nothing about where
	enoughCounts = 30.0 // counted events below which the others' own change says nothing
)

// single returns the child that is to blame for most of what the place explains, nil if there is none. The biggest child is
// not to blame for a change of all.
func (d *causes) single(at place, s split) *causeGroup {
	if len(s.groups) < 2 || at.share <= 0 {
		return nil
	}
	g := &s.groups[0]
	for i := range s.groups {
		if shareOf(s.groups[i]) > shareOf(*g) {
			g = &s.groups[i]
		}
	}
	if g.Share == nil {
		return nil
	}
	part, second := *g.Share/at.share, math.Inf(-1)
	for i := range s.groups {
		if o := &s.groups[i]; o != g {
			second = math.Max(second, shareOf(*o)/at.share)
		}
	}
	if part < singleShare || part > singleMost || part-second < singleLead {
		return nil
	}
	weight := 1 / float64(len(s.groups))
	if g.Weight != nil {
		weight = *g.Weight
	}
	if s.dim != nil && weight > narrowWeight {
		return nil
	}
	rest := s.rest(g)
	others := [2]tally{d.total(rest, inBaseline), d.total(rest, inWindow)}
	if d.changedAlike(g, others) || d.leftAlone(g, others) {
		return nil
	}
	odds := func(p float64) float64 { return p / math.Max(1-p, 1e-9) }
	if odds(math.Min(part, 1)) >= singleOdds*odds(weight) || d.stoodStill(g, others) {
		return g
	}
	return nil
}

// relative returns by how much a value changed, as a part of what it was; false where that says nothing.
func relative(before, after *float64) (float64, bool) {
	if before == nil || after == nil || *before == 0 {
		return 0, false
	}
	return (*after - *before) / math.Abs(*before), true
}

// changedAlike says whether all others changed as the child did, relative to what they were.
func (d *causes) changedAlike(g *causeGroup, others [2]tally) bool {
	own, ok1 := relative(g.Before, g.After)
	rest, ok2 := relative(d.measure.value(others[inBaseline]), d.measure.value(others[inWindow]))
	return ok1 && ok2 && d.enough(others) && own*rest > 0 && math.Abs(rest) >= minRelative && math.Abs(rest) >= evenPart*math.Abs(own)
}

// leftAlone says whether all others are gone, and the child is what is left: it may be as it is because they are gone.
func (d *causes) leftAlone(g *causeGroup, others [2]tally) bool {
	return d.measure.kind != measureSum && g.totals[inBaseline].seen && others[inBaseline].seen && !others[inWindow].seen
}

// stoodStill says whether all others changed by little, compared with the child.
func (d *causes) stoodStill(g *causeGroup, others [2]tally) bool {
	if !d.enough(others) {
		return false
	}
	change := func(before, after *float64) (float64, bool) {
		if d.measure.kind == measureSum {
			return relative(before, after) // their sizes differ
		}
		if before == nil || after == nil {
			return 0, false
		}
		return *after - *before, true
	}
	own, ok1 := change(g.Before, g.After)
	rest, ok2 := change(d.measure.value(others[inBaseline]), d.measure.value(others[inWindow]))
	return ok1 && ok2 && math.Abs(rest) <= restStill*math.Abs(own)
}

// enough says whether there are enough events to tell how all others changed.
func (d *causes) enough(others [2]tally) bool {
	if !d.measure.counts {
		return others[inBaseline].seen && others[inWindow].seen
	}
	return math.Min(d.measure.weight(others[inBaseline]), d.measure.weight(others[inWindow])) >= enoughCounts
}

// even says whether all children changed about alike, or have about the same part in the change. Those that are too small to tell
// do not count.
func (d *causes) even(at place, s split) bool {
	alike := func(of func(g causeGroup) (float64, bool)) bool {
		least, most, n := math.Inf(1), math.Inf(-1), 0
		for _, g := range s.groups {
			if g.Weight != nil && *g.Weight < 0.2/float64(len(s.groups)) {
				continue
			}
			v, ok := of(g)
			if !ok {
				return false
			}
			least, most, n = math.Min(least, v), math.Max(most, v), n+1
		}
		return n > 1 && least*most > 0 && math.Min(math.Abs(least), math.Abs(most)) >= evenPart*math.Max(math.Abs(least), math.Abs(most))
	}
	return alike(func(g causeGroup) (float64, bool) { return relative(g.Before, g.After) }) ||
		alike(func(g causeGroup) (float64, bool) { return shareOf(g) / at.share, g.Share != nil })
}
