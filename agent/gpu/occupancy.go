package gpu

import "time"

// occupancy is what a device did at a moment. At every moment it is exactly one.
type occupancy int

// The states of the waste funnel, from the widest to the narrowest.
const (
	unbound   occupancy = iota // no process holds the device
	boundIdle                  // a process holds it and nothing runs
	active                     // something runs
	effective                  // enough runs to call it use; told only where activity is
	occupancies
)

var occupancyNames = [occupancies]string{"unbound", "bound_idle", "active", "effective"}

// How much of the device must be in use while anything runs to call it effective: a single thread keeps the utilisation at 1, and
// these low.
const (
	effectiveSM     = 0.2
	effectiveTensor = 0.1
)

// maxInterval is the longest time between two rounds that is credited; nobody knows what a device did in a longer one.
const maxInterval = 5 * time.Minute

// funnel returns how the interval before this snapshot divides over the states, as shares that add up to 1, and false if that
// cannot be told. The share in which anything ran is the mean over the whole interval where the device tells activity, and else the
// driver's utilisation, which is the mean of its last sample period only. Work that ran counts also where no compute process is
// listed, such as that of graphics; then the rest of the interval counts as bound too.
func (s *Snapshot) funnel() (shares [occupancies]float64, ok bool) {
	busy, ok := ratio(s.GraphicsActivity)
	if !ok {
		busy, ok = ratio(s.Utilization)
	}
	processes, known := plausible(s.Processes)
	if !ok || !known {
		return shares, false
	}
	switch {
	case busy > 0 && (reaches(s.SMActivity, effectiveSM*busy) || reaches(s.TensorActivity, effectiveTensor*busy)):
		shares[effective] = busy
	case busy > 0:
		shares[active] = busy
	}
	if processes > 0 || busy > 0 {
		shares[boundIdle] = 1 - busy
	} else {
		shares[unbound] = 1
	}
	return shares, true
}

func reaches(v Value, bound float64) bool {
	f, ok := ratio(v)
	return ok && f >= bound
}

// occupied counts the time that a device spent in each state, in seconds of a whole GPU.
type occupied struct {
	began   time.Time // when it began to count
	since   time.Time // the previous round, if it told the states
	seconds [occupancies]float64
	deep    bool // activity was told once, so that effective can be
}

// note credits the time since the previous round to the states that this one tells of, and reports whether it tells them. Part is how
// much of a GPU it is, so that the slices of a GPU together have at most its time.
func (o *occupied) note(now time.Time, s *Snapshot, part float64) bool {
	shares, ok := s.funnel()
	if !ok {
		o.lapse()
		return false
	}
	o.deep = o.deep || s.SMActivity.OK || s.TensorActivity.OK
	if took := now.Sub(o.since); !o.since.IsZero() && took <= maxInterval {
		for state, share := range shares {
			o.seconds[state] += part * share * took.Seconds()
		}
	}
	o.since = now
	return true
}

// lapse is for a round that told nothing: the time up to the next one is not credited.
func (o *occupied) lapse() { o.since = time.Time{} }

// lapse is occupied.lapse for a device and its GPU instances.
func (m *memory) lapse() {
	m.occupied.lapse()
	for _, o := range m.slices {
		o.lapse()
	}
}
