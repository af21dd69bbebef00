package gpu

import "time"

// occupancy is what a device did during an interval. Every interval has exactly one.
type occupancy int

// The states of the waste funnel, from the widest to the narrowest.
const (
	unbound   occupancy = iota // no process holds the device
	boundIdle                  // a process holds it and nothing ran
	active                     // something ran
	effective                  // enough ran to call it use; told only where activity is
	occupancies
)

var occupancyNames = [occupancies]string{"unbound", "bound_idle", "active", "effective"}

// What activity makes an interval effective: a single thread keeps the utilisation at 1, and these low.
const (
	effectiveSM     = 0.2
	effectiveTensor = 0.1
)

// maxInterval is the longest time between two rounds that is credited; nobody knows what a device did in a longer one.
const maxInterval = 5 * time.Minute

// occupancy returns the state that the snapshot tells of, and false if it cannot be told. Work that ran counts also where no compute
// process is listed, such as that of graphics.
func (s *Snapshot) occupancy() (occupancy, bool) {
	utilization, ok := ratio(s.Utilization)
	processes, known := plausible(s.Processes)
	switch {
	case !ok || !known:
		return 0, false
	case reaches(s.SMActivity, effectiveSM) || reaches(s.TensorActivity, effectiveTensor):
		return effective, true
	case utilization > 0:
		return active, true
	case processes == 0:
		return unbound, true
	}
	return boundIdle, true
}

func reaches(v Value, bound float64) bool {
	f, ok := ratio(v)
	return ok && f >= bound
}

// occupied counts the time that a device spent in each state, in seconds.
type occupied struct {
	since   time.Time // the previous round, if it told the state
	seconds [occupancies]float64
	deep    bool // activity was told once, so that effective can be
}

// note credits the time since the previous round to the state that this one tells of, and reports whether it tells one.
func (o *occupied) note(now time.Time, s *Snapshot) bool {
	state, ok := s.occupancy()
	if !ok {
		o.lapse()
		return false
	}
	o.deep = o.deep || s.SMActivity.OK || s.TensorActivity.OK
	if took := now.Sub(o.since); !o.since.IsZero() && took <= maxInterval {
		o.seconds[state] += took.Seconds()
	}
	o.since = now
	return true
}

// lapse is for a round that told nothing: the time up to the next one is not credited.
func (o *occupied) lapse() { o.since = time.Time{} }
