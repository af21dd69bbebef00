package baseline

import (
	"math"
	"time"

	"github.com/endscope/endscope/alerts"
)

// Point is the value of one window of a series.
type Point struct {
	At    time.Time // end of the window
	Value float64   // NaN and infinities are no data; beyond ±1e150 it counts as that
}

// Options say what a rule wants.
type Options struct {
	// Sensitivity is how narrow the band is; what is not one of the three counts as Medium.
	Sensitivity alerts.Sensitivity
	// Every is the distance of two points, the rule's evaluation frequency; Failing how many of the last checks must be out of bounds for it
	// to fire, so that the band is as wide as that needs. Zero for each check alone.
	Every   time.Duration
	Failing alerts.FailingPeriods
	// IgnoreBefore leaves out points before it; zero for none.
	IgnoreBefore time.Time
}

// History returns how far back the points must go that a Tracker or Fit is given, before the window that is judged. More changes
// nothing. It is four weeks, the hour that is running, and what the first check of these looks back on.
func (o Options) History() time.Duration {
	f := newFailing(o.Failing, o.Every)
	return (historySlots+1)*slotLength + time.Duration(f.n-1)*max(o.Every, 0)
}

// Before a series has three days and 30 samples of history, in 24 different hours, it has no bounds. The hour of its first point counts as a
// whole: see First.
const (
	minHistory = 3 * day // slots
	minPoints  = 30
	minSlots   = day
)

// First returns the earliest instant at which a series has bounds whose first point is at another: at the full hour (UTC) three days after
// the one in which that lies, whose windows end later.
func First(since time.Time) time.Time {
	return time.Unix((slotOf(since)+minHistory)*int64(slotLength/time.Second), 0)
}

// Tracker follows one series through time. Of each hour it keeps the smallest, the median and the largest value: about 25 KB for four
// weeks. It is not safe for concurrent use.
type Tracker struct {
	options Options
	failing failing
	recent  []float64 // the last values, as many as the rule looks back on
	slots   []slot    // ascending, of hours that are over
	open    openSlot
	last    time.Time
	model   *Model
}

// NewTracker returns a Tracker without history.
func NewTracker(o Options) *Tracker {
	return &Tracker{options: o, failing: newFailing(o.Failing, o.Every)}
}

// Add takes the next point, and says whether it counted: not if it is no number, to be ignored, or not later than one before.
func (t *Tracker) Add(p Point) bool {
	if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) || p.At.Before(t.options.IgnoreBefore) || !t.last.IsZero() && !p.At.After(t.last) {
		return false
	}
	hour := slotOf(p.At)
	if hour < 0 || hour > math.MaxInt32 {
		return false
	}
	t.last = p.At
	if hour != t.open.hour {
		if t.open.points > 0 {
			t.keep(t.open.summary())
		}
		t.open = openSlot{hour: hour, values: t.open.values[:0]}
	}
	v := max(-huge, min(huge, p.Value))
	lo, hi := v, v
	if t.failing.within() {
		if len(t.recent) == t.failing.n {
			t.recent = append(t.recent[:0], t.recent[1:]...)
		}
		t.recent = append(t.recent, v)
		lo, hi = t.failing.lasted(t.recent)
	}
	t.open.add(v, lo, hi)
	return true
}

// keep appends an hour that is over and forgets those of which no model will learn any more.
func (t *Tracker) keep(s slot) {
	if len(t.slots) == cap(t.slots) {
		old := 0
		for old < len(t.slots) && int64(t.slots[old].hour) < int64(s.hour)-historySlots {
			old++
		}
		t.slots = t.slots[:copy(t.slots, t.slots[old:])]
	}
	t.slots = append(t.slots, s)
}

// Model returns what was learned up to the full hour before an instant, which must not be before the last point.
func (t *Tracker) Model(at time.Time) *Model {
	hour := slotOf(at)
	if t.model == nil || t.model.hour != hour {
		slots := t.slots
		if t.open.points > 0 && t.open.hour < hour {
			slots = append(slots[:len(slots):len(slots)], t.open.summary())
		}
		t.model = learn(slots, hour, t.options.Sensitivity, t.failing)
	}
	return t.model
}

// Bounds returns between which values the window that ends at an instant should lie. They are finite where ok. It is not before three
// days and 30 samples of history, in 24 different hours. Both are of the same hour's Model.
func (t *Tracker) Bounds(at time.Time) (lower, upper float64, ok bool) { return t.Model(at).Bounds(at) }

// Fit returns what is learned from the points before the hour in which a window that ends at an instant lies. Points are in order of time.
func Fit(points []Point, at time.Time, o Options) *Model {
	t := NewTracker(o)
	hour := slotOf(at)
	for _, p := range points {
		if slotOf(p.At) < hour {
			t.Add(p)
		}
	}
	return t.Model(at)
}
