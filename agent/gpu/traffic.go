package gpu

import (
	"slices"
	"time"

	"github.com/endscope/endscope/agent"
)

// traffic counts the bytes of one kind of link where the driver has no counter of them, from what the performance counters tell of
// each interval. Which of the two a device has is decided once: a series must not change from one count to the other.
type traffic struct {
	driver            bool      // the driver counts
	began             time.Time // of our own count; zero: there is none
	transmit, receive float64   // bytes
	fresh             bool      // the latest round told of its interval
}

// note takes what one round told: the driver's counters, whether that reading could be made, and what moved since the round before.
// With silent, our own count does not begin while nothing moves: such a link is never that quiet, so its counters do not work.
func (t *traffic) note(now time.Time, transmit, receive Value, answered bool, sent, got Value, window time.Duration, silent bool) {
	up, sentOK := plausible(sent)
	down, gotOK := plausible(got)
	t.fresh = sentOK && gotOK
	switch {
	case t.driver:
	case t.began.IsZero() && (transmit.OK || receive.OK):
		t.driver = true
	case t.began.IsZero() && (!answered || !t.fresh || window <= 0 || silent && up == 0 && down == 0):
	case t.fresh:
		if t.began.IsZero() {
			t.began = now.Add(-window)
		}
		t.transmit, t.receive = t.transmit+up, t.receive+down
	}
}

// emit adds our own count, where there is one and the round told of its interval.
func (t *traffic) emit(r *agent.Round, d *agent.Desc, id *identity) {
	if !t.began.IsZero() && t.fresh {
		r.AddCounter(d, t.transmit, t.began, id.with("transmit")...)
		r.AddCounter(d, t.receive, t.began, id.with("receive")...)
	}
}

// noteTraffic adds to our own counts, and takes the driver's out of the round where ours stand. It is called for late answers, too:
// what moved is told once.
func (m *memory) noteTraffic(now time.Time, result *deviceRound) {
	s := &result.whole
	answered := func(reading Reading) bool {
		return !slices.ContainsFunc(result.faults, func(f fault) bool { return f.gpuInstance < 0 && f.reading == reading })
	}
	m.pcie.note(now, s.PCIeTransmit, s.PCIeReceive, answered(PCIe), s.PCIeTransmitted, s.PCIeReceived, s.Window, true)
	m.nvlink.note(now, s.NVLinkTransmit, s.NVLinkReceive, answered(NVLink), s.NVLinkTransmitted, s.NVLinkReceived, s.Window, false)
	if !m.pcie.began.IsZero() {
		s.PCIeTransmit, s.PCIeReceive = Value{}, Value{}
	}
	if !m.nvlink.began.IsZero() {
		s.NVLinkTransmit, s.NVLinkReceive = Value{}, Value{}
	}
}
