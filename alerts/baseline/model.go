package baseline

import (
	"math"
	"slices"
	"time"

	"github.com/endscope/endscope/alerts"
)

// Model is what was learned of a series up to a full hour: a few kilobytes. It does not change.
type Model struct {
	hour             int64 // the first that it did not see
	known            bool
	season           profile   // of the median
	above, below     profile   // how far the largest (smallest) value of an hour usually is above (below) level and season
	spread           []float64 // nil, or the width of the band at each hour of the day, relative to the usual one
	high, low        float64   // the higher and the lower of the two levels
	up, down         float64   // how far the band reaches beyond that, at spread 1
	downEvent        float64   // the event on which down is built
	share, step      float64   // floors of both
	positive, signed bool      // all of history is above zero; some of it is below
}

// reaches are the sensitivities from the narrowest band on.
func reaches(s alerts.Sensitivity) []reach {
	all := []reach{
		{rank: 4, days: 7, share: 0.01, steps: 1.05},
		{rank: 3, days: 60, share: 0.02, steps: 1.5},
		{rank: 2, days: 3650, share: 0.05, steps: 2.5},
	}
	switch s {
	case alerts.SensitivityHigh:
		return all[:1]
	case alerts.SensitivityLow:
		return all
	}
	return all[:2]
}

// learn makes a model of what was before an hour.
func learn(slots []slot, hour int64, sensitivity alerts.Sensitivity) *Model {
	m := &Model{hour: hour}
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
	if points < minPoints || int64(slots[0].hour) > hour-minHistory {
		return m
	}
	m.fit(slots, sensitivity)
	return m
}

func (m *Model) fit(slots []slot, sensitivity alerts.Sensitivity) {
	n := len(slots)
	out := leaveOut(slots)
	hours, mid := make([]int64, n), make([]float64, n)
	m.positive = true
	for i, s := range slots {
		hours[i], mid[i] = int64(s.hour), s.mid
		if out[i] {
			mid[i] = math.NaN()
			continue
		}
		m.positive = m.positive && s.lo > 0
		m.signed = m.signed || s.lo < 0
	}
	var without []float64
	m.season, without = seasonOf(hours, mid)

	plain := make([]float64, n)
	for i := range plain {
		plain[i] = mid[i] - m.season.at(hours[i])
	}
	fast, slow := levelsBefore(plain, fastSlots), levelsBefore(plain, slowSlots)
	if math.IsNaN(fast[n]) { // 30 samples within less than half a day
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
	for i, h := range hours {
		over[i] /= m.spreadAt(h)
		under[i] /= m.spreadAt(h)
	}
	step := stepOf(slots)
	for _, r := range reaches(sensitivity) {
		up, _ := r.width(over)
		down, event := r.width(under)
		m.up = max(m.up, up)
		if down > m.down {
			m.down, m.downEvent = down, event
		}
		m.share, m.step = r.share, r.steps*step
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
	if !m.known {
		return 0, 0, false
	}
	h := slotOf(at)
	if h < 0 {
		return 0, 0, false
	}
	spread := m.spreadAt(h)
	top := m.high + m.season.at(h) + m.above.at(h)
	bottom := m.low + m.season.at(h) - m.below.at(h)
	floor := max(m.share*math.Max(math.Abs(top), math.Abs(bottom)), m.step)
	upper = top + max(m.up*spread, floor)
	lower = bottom - m.down*spread
	if event := m.downEvent * spread; m.positive && bottom > 0 && event > 0 && event < bottom {
		// As far again as a share of what was left, so that zero is outside of a band of what was never near it.
		lower = bottom * math.Pow(1-event/bottom, m.down/m.downEvent)
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
