package baseline

import (
	"math"
	"slices"
	"time"

	"github.com/endscope/endscope/alerts"
)

// Model is what was learned of a series up to a full hour: a few kilobytes. It does not change.
type Model struct {
	hour         int64 // the first that it did not see
	known        bool
	season       profile   // of the median
	above, below profile   // how far the largest (smallest) value of an hour usually is above (below) level and season
	spread       []float64 // nil, or the width of the band at each hour of the day, relative to the usual one
	unrest       float64   // the width of the band now, relative to the usual one
	high, low    float64   // the higher and the lower of the two levels
	sensitivity  alerts.Sensitivity
	bands        [3]margins // from the narrowest on
	signed       bool       // some of history is below zero
}

// margins say how far a band goes beyond what is usual, where the spread is 1.
type margins struct {
	up, down    float64
	downEvent   float64 // the event on which down is built
	share, step float64 // of the level, and of a value: at least as far
}

// reaches are the sensitivities High, Medium and Low: from the narrowest band on.
func reaches() [3]reach {
	return [3]reach{
		{rank: 4, days: 21, share: 0.01, steps: 1.05},
		{rank: 3, days: 120, doubt: true, share: 0.02, steps: 1.5},
		{rank: 2, days: 730, doubt: true, share: 0.05, steps: 2.5},
	}
}

// bandOf returns the index of a sensitivity's band.
func bandOf(s alerts.Sensitivity) int {
	switch s {
	case alerts.SensitivityHigh:
		return 0
	case alerts.SensitivityLow:
		return 2
	}
	return 1
}

// learn makes a model of what was before an hour.
func learn(slots []slot, hour int64, sensitivity alerts.Sensitivity, f failing) *Model {
	m := &Model{hour: hour, sensitivity: sensitivity}
	from := 0
	for from < len(slots) && int64(slots[from].hour) < hour-historySlots {
		from++
	}
	to := len(slots)
	for to > from && int64(slots[to-1].hour) >= hour {
		to--
	}
	slots = slots[from:to]
	points := 0
	for _, s := range slots {
		points += int(s.points)
	}
	if points < minPoints || len(slots) < minSlots || int64(slots[0].hour) > hour-minHistory {
		return m
	}
	m.fit(slots, f)
	return m
}

func (m *Model) fit(slots []slot, f failing) {
	n := len(slots)
	out := leaveOut(slots)
	hours, mid := make([]int64, n), make([]float64, n)
	for i, s := range slots {
		hours[i], mid[i] = int64(s.hour), s.mid
		if out[i] {
			mid[i] = math.NaN()
			continue
		}
		m.signed = m.signed || s.lo < 0
	}
	var without []float64
	m.season, without = seasonOf(hours, mid)

	plain := make([]float64, n)
	for i := range plain {
		plain[i] = mid[i] - m.season.at(hours[i])
	}
	fast, slow := levelsBefore(plain, fastSlots), levelsBefore(plain, slowSlots)
	if math.IsNaN(fast[n]) { // almost all hours were left out
		sorted := slices.DeleteFunc(slices.Clone(plain), math.IsNaN)
		slices.Sort(sorted)
		fast[n] = sortedMedian(sorted)
		slow[n] = fast[n]
	}
	m.high, m.low = max(fast[n], slow[n]), min(fast[n], slow[n])
	over, under := make([]float64, n), make([]float64, n)
	for i, s := range slots {
		over[i] = s.hi - without[i] - max(fast[i], slow[i])
		under[i] = min(fast[i], slow[i]) + without[i] - s.lo
	}
	var usualOver, usualUnder []float64
	m.above, usualOver = usual(hours, over)
	m.below, usualUnder = usual(hours, under)
	scatter := make([]float64, n)
	for i, s := range slots {
		over[i] -= usualOver[i]
		under[i] -= usualUnder[i]
		scatter[i] = (s.hi - s.lo) + math.Abs(over[i]) + math.Abs(under[i])
	}
	m.spread = spreadOf(hours, scatter)
	unrest, now := unrestOf(m.spread, hours, scatter)
	m.unrest = now
	for i, h := range hours {
		over[i] /= m.spreadAt(h) * unrest[i]
		under[i] /= m.spreadAt(h) * unrest[i]
	}
	step := stepOf(slots)
	f.lastedSlots(over)
	f.lastedSlots(under)
	overs, unders := peaks(over, maxEvents), peaks(under, maxEvents)
	known := 0.0
	for _, v := range over {
		if !math.IsNaN(v) {
			known++
		}
	}
	var b margins
	for i, r := range reaches() { // each band contains the one before
		up, _ := r.width(overs, known)
		b.up = max(b.up, up)
		if down, event := r.width(unders, known); down > b.down {
			b.down, b.downEvent = down, event
		}
		b.share, b.step = r.share, r.steps*step
		m.bands[i] = b
	}
	m.known = true
}

// seasonOf learns the season of medians, and what it would be without each day: of the day from what is left without the level of the day
// around, of the week from that of the week around.
func seasonOf(hours []int64, mid []float64) (profile, []float64) {
	n := len(mid)
	rest := make([]float64, n)
	for i, l := range levelsAround(hours, mid, day) {
		rest[i] = mid[i] - l
	}
	p, without := dailyProfile(hours, rest)
	for i := range without { // the level is not of the season
		without[i] -= p.always
	}
	p.always = 0
	if hours[n-1]-hours[0] < weeklySlots-1 {
		return p, without
	}
	for i := range rest {
		rest[i] = mid[i] - without[i]
	}
	for i, l := range levelsAround(hours, rest, week) {
		rest[i] -= l
	}
	addWeekly(&p, without, hours, rest)
	return p, without
}

const (
	minSpreadSlots = week // of history, for a band whose width follows the hour
	maxSpread      = 4.0
	minUnrest      = 0.5
	maxUnrest      = 4.0
	// nearZero is the share of the way to zero from which on a value may also come to zero.
	nearZero = 0.7
)

// spreadOf returns how wide each hour of the day scatters, relative to what is usual, nil where the hours do not differ.
func spreadOf(hours []int64, scatter []float64) []float64 {
	if hours[len(hours)-1]-hours[0] < minSpreadSlots {
		return nil
	}
	p, _ := dailyProfile(hours, scatter)
	if p.daily == nil || p.always <= 0 {
		return nil
	}
	spread := make([]float64, day)
	for h := range spread {
		mean := p.always + (p.daily[(h+day-1)%day]+2*p.daily[h]+p.daily[(h+1)%day])/4
		spread[h] = max(1/maxSpread, min(maxSpread, mean/p.always))
	}
	return spread
}

// unrestOf returns, for each hour, how much the hours before it scattered, relative to what is usual over all of the history, and the same
// for the hour that comes next. Of two days and of a week the larger counts: a band widens within a day, and narrows within days.
func unrestOf(spread []float64, hours []int64, scatter []float64) (before []float64, next float64) {
	rest := make([]float64, len(scatter))
	for i, v := range scatter {
		if rest[i] = v; spread != nil {
			rest[i] /= spread[hours[i]%day]
		}
	}
	sorted := slices.DeleteFunc(slices.Clone(rest), math.IsNaN)
	slices.Sort(sorted)
	always := sortedMedian(sorted)
	fast, slow := levelsBefore(rest, fastSlots), levelsBefore(rest, slowSlots)
	for i := range fast {
		u := max(fast[i], slow[i]) / always
		if math.IsNaN(u) {
			u = 1
		}
		fast[i] = max(minUnrest, min(maxUnrest, u))
	}
	return fast[:len(scatter)], fast[len(scatter)]
}

func (m *Model) spreadAt(hour int64) float64 {
	if m.spread == nil {
		return 1
	}
	return m.spread[hour%day]
}

// stepOf returns the smallest distance between two values of a metric that has only a few, 0 where it has many.
func stepOf(slots []slot) float64 {
	const few = 40
	var seen []float64
	for _, s := range slots {
		for _, v := range [2]float64{s.lo, s.hi} {
			i, found := slices.BinarySearch(seen, v)
			if found {
				continue
			}
			if len(seen) == few {
				return 0
			}
			seen = slices.Insert(seen, i, v)
		}
	}
	step := 0.0
	for i := 1; i < len(seen); i++ {
		d := seen[i] - seen[i-1]
		if d > 1e-9*math.Max(math.Abs(seen[i]), math.Abs(seen[i-1])) && (step == 0 || d < step) {
			step = d
		}
	}
	return step
}

// Bounds returns between which values the window that ends at an instant should lie; both are finite. ok is false where the history was
// too short. They are good for the hour after the history, and then worse with every hour. Where no value of history was below zero the
// lower bound is not either, and crossed by nothing where it is zero. There is no such upper limit.
func (m *Model) Bounds(at time.Time) (lower, upper float64, ok bool) {
	return m.BoundsOf(m.sensitivity, at)
}

// BoundsOf returns what Bounds would with another sensitivity.
func (m *Model) BoundsOf(s alerts.Sensitivity, at time.Time) (lower, upper float64, ok bool) {
	if !m.known {
		return 0, 0, false
	}
	h := slotOf(at)
	if h < 0 {
		return 0, 0, false
	}
	spread, b := m.spreadAt(h)*m.unrest, m.bands[bandOf(s)]
	top := m.high + m.season.at(h) + m.above.at(h)
	bottom := m.low + m.season.at(h) - m.below.at(h)
	floor := max(b.share*math.Max(math.Abs(top), math.Abs(bottom)), b.step)
	upper = top + max(b.up*spread, floor)
	lower = bottom - b.down*spread
	if event := b.downEvent * spread; !m.signed && event > 0 && event < nearZero*bottom {
		// As far again as a share of what was left, so that zero is outside of a band of what was never near it.
		lower = bottom * math.Pow(1-event/bottom, b.down/b.downEvent)
	}
	lower = min(lower, bottom-floor)
	if !m.signed {
		lower, upper = max(lower, 0), max(upper, 0)
	}
	if math.IsNaN(lower+upper) || math.IsInf(lower+upper, 0) {
		return 0, 0, false
	}
	return lower, upper, true
}
