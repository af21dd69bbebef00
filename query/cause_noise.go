package query

import (
	"math"
	"slices"
)

// A change is told from noise by two rules that must both hold: it is larger than what the metric does by itself within the
// spans, and large enough to matter.
const (
	minDeviations    = 4.0  // standard errors
	fewDeviations    = 6.0  // the same, where there are fewer than manySlots sub-windows to judge by
	minRelative      = 0.10 // of the value before; for a share of requests of the rarer side
	manySlots        = 6
	medianOfSquare   = 0.4549 // of a standard normal variable: its square's median
	halfABucketWidth = 0.5
)

// change is how a part of the data changed.
type change struct {
	before, after *float64
	deviations    float64 // how many standard errors the change is, infinite where nothing ever varied
	significant   bool
}

// change judges the change of a subset.
func (d *causes) change(s subset) change {
	totals := [2]tally{d.total(s, inBaseline), d.total(s, inWindow)}
	c := change{before: d.measure.value(totals[0]), after: d.measure.value(totals[1])}
	if c.before == nil || c.after == nil {
		return d.withHeadline(s, c)
	}
	before, after := *c.before, *c.after
	slots := [2][]tally{d.slots(s, inBaseline), d.slots(s, inWindow)}
	parts := [2][]parts{}
	threshold := before / d.measure.factor // of a quantile
	for span := range parts {
		for _, t := range slots[span] {
			if p, ok := d.measure.parts(t, threshold); ok {
				if d.measure.kind == measureSum && !d.source.mean {
					p.den = d.slotTime[span] // what adds up over time is compared as a rate: sub-windows of the two spans may differ in length
				}
				parts[span] = append(parts[span], p)
			}
		}
	}
	rate0, variance0 := d.measure.spread(parts[0], false)
	rate1, variance1 := d.measure.spread(parts[1], true)
	diff := math.Abs(rate1 - rate0)
	if diff > 0 {
		c.deviations = diff / math.Sqrt(variance0+variance1)
	}
	needed := minDeviations
	if min(len(parts[0]), len(parts[1])) < manySlots {
		needed = fewDeviations
	}
	c.significant = c.deviations >= needed && d.measure.matters(before, after, totals)
	return d.withHeadline(s, c)
}

// withHeadline puts the planner's values in the place of the tallies' where they differ by their aggregation.
func (d *causes) withHeadline(s subset, c change) change {
	if d.source.headline != "" && len(s) == len(d.cells) {
		c.before, c.after = d.headline[inBaseline], d.headline[inWindow]
	}
	return c
}

// matters says whether a change is large enough to speak of.
func (m measure) matters(before, after float64, totals [2]tally) bool {
	least := minRelative
	of := math.Abs(before)
	switch {
	case m.kind == measureRatio && m.counts:
		of = math.Min(of, math.Abs(m.factor-before)) // what was 99.9 % available and is 98 % has changed
	case m.kind == measureQuantile:
		least = math.Max(least, halfABucketWidth*math.Max(totals[0].bucketWidth(before/m.factor), totals[1].bucketWidth(after/m.factor)))
	}
	return math.Abs(after-before) >= least*of
}

// parts are a sub-window's numerator and denominator of what noise is judged by: for a quantile, of the share of observations
// above the quantile of the baseline.
type parts struct{ num, den float64 }

func (m measure) parts(t tally, threshold float64) (parts, bool) {
	switch {
	case !t.seen:
		return parts{}, false
	case m.kind == measureRatio:
		return parts{t.num, t.den}, t.den > 0
	case m.kind == measureQuantile:
		above, all := t.exceeding(threshold)
		return parts{above, all}, all > 0
	}
	return parts{t.num, 1}, true
}

// spread returns the ratio of the sums of numerators and denominators, and its variance: that of the sub-windows about it, and
// where events are counted at least that of chance. In the window the sub-windows are compared with their neighbours, by the
// median: a change in the midst of it is no noise.
func (m measure) spread(ps []parts, inWindow bool) (rate, variance float64) {
	var num, den, squares float64
	for _, p := range ps {
		num += p.num
		den += p.den
		squares += p.den * p.den
	}
	if den == 0 {
		return 0, 0
	}
	rate = num / den
	n := float64(len(ps))
	residual := func(p parts) float64 { return p.num - rate*p.den }
	if inWindow {
		var steps []float64
		for i := 1; i < len(ps); i++ {
			step := residual(ps[i]) - residual(ps[i-1])
			steps = append(steps, step*step)
		}
		if len(steps) > 0 {
			slices.Sort(steps)
			variance = n * steps[len(steps)/2] / 2 / medianOfSquare
		}
	} else if n > 1 {
		for _, p := range ps {
			variance += residual(p) * residual(p)
		}
		variance *= n / (n - 1)
	}
	variance /= den * den
	if m.counts {
		chance := 0.0
		switch m.kind {
		case measureSum:
			chance = math.Max(num, 1) // Poisson
		case measureRatio, measureQuantile:
			p := (num + 0.5) / (den + 1)
			chance = den * p * (1 - p) // binomial
		}
		variance = math.Max(variance, chance/(den*den))
	}
	return rate, variance
}
