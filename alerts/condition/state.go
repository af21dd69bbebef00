package condition

import (
	"math/bits"
	"time"

	"github.com/endscope/endscope/alerts"
)

const maxPeriods = 32

// State is what is remembered of one series under one rule. The zero State is that of a series seen for the first time. Instants are kept
// to the millisecond; none is before 1970.
type State struct {
	last  stamp  // the newest check
	data  stamp  // the newest check that had data
	fired stamp  // the check that fired the alert that is open
	acted stamp  // the newest check that fired
	ring  uint32 // the newest checks, the newest in bit 0: 1 for met
	unmet uint16 // checks in a row that were not met since the alert fired
}

// stamp is an instant in milliseconds since 1970, plus one; 0 for none.
type stamp int64

func stampOf(t time.Time) stamp { return stamp(max(t.UnixMilli(), 0) + 1) }

// time returns the instant, and false where there is none.
func (s stamp) time() (time.Time, bool) {
	if s == 0 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(s) - 1).UTC(), true
}

// since returns how long before now the stamp is; it means nothing where there is none.
func (s stamp) since(now stamp) time.Duration { return time.Duration(now-s) * time.Millisecond }

// Check is what a check of the whole rule saw.
type Check struct {
	Verdict Verdict
	Named   bool // the rule names the series, as Named says
	// Values are what the criteria saw. They are handed on with the event.
	Values []alerts.CriterionValue
}

// Event is a change that a check brought.
type Event struct {
	Condition alerts.Condition
	At        time.Time // the check
	FiredAt   time.Time // the check that fired: At, unless this resolves
	Values    []alerts.CriterionValue
}

// Step takes one check at an instant and returns the event that it brings, if any.
//
// Checks must come in order: one that is not after the newest that counted changes nothing, so that a check may be repeated. A check
// counts unless it is Error or Unjudged, or NoData under NoDataKeep. A series that comes back after a long time is checked like a new one;
// Azure may miss its first check.
//
// A stateful alert fires at the first check at which the policy's k of n hold and resolves as the policy says, counting checks at which
// they do not hold. A stateless one comes at every check that is met itself while they hold, but for quiet times.
//
// Instants at which there was no check are left out: "the last n checks" may reach further back than n frequencies. Where none of the
// last n instants had a check, the older ones no longer count.
func (s *State) Step(p Policy, at time.Time, c Check) (Event, bool) {
	now := stampOf(at)
	if now <= s.last {
		return Event{}, false
	}
	met, counts := s.counts(p, now, c)
	if !counts {
		return Event{}, false
	}
	periods := min(max(p.Periods, 1), maxPeriods)
	if s.last != 0 && p.Frequency > 0 && s.last.since(now) > time.Duration(periods)*p.Frequency {
		s.ring = 0
	}
	s.last = now
	s.ring = s.ring << 1 & (1<<periods - 1)
	if met {
		s.ring |= 1
	}
	holds := bits.OnesCount32(s.ring) >= max(p.Failing, 1)
	if !p.Stateful {
		return s.stateless(p, holds && met, at, c)
	}
	return s.stateful(p, holds, at, c)
}

// counts says whether a check is met, and whether it is one at all.
func (s *State) counts(p Policy, now stamp, c Check) (met, counts bool) {
	switch c.Verdict {
	case Met, Unmet:
		s.data = now
		return c.Verdict == Met, true
	case Unjudged:
		s.data = max(s.data, now)
		return false, false
	case NoData:
		gone := !c.Named && (s.data == 0 || s.data.since(now) > Forget)
		switch {
		case p.NoData == alerts.NoDataAlert && !gone:
			return true, true
		case p.NoData == alerts.NoDataKeep && !gone:
			return false, false
		}
		return false, true
	}
	return false, false
}

func (s *State) stateful(p Policy, holds bool, at time.Time, c Check) (Event, bool) {
	switch {
	case s.fired == 0 && holds && s.acted != stampOf(at): // an instant fires once, also if the clock was set back to before it
		s.fired, s.acted, s.unmet = stampOf(at), stampOf(at), 0
		return Event{Condition: alerts.Fired, At: at, FiredAt: at, Values: c.Values}, true
	case s.fired == 0:
		return Event{}, false
	case holds:
		s.unmet = 0
		return Event{}, false
	}
	if s.unmet++; int(s.unmet) < p.ResolveAfter {
		return Event{}, false
	}
	firedAt, _ := s.fired.time()
	s.fired, s.unmet = 0, 0
	return Event{Condition: alerts.Resolved, At: at, FiredAt: firedAt, Values: c.Values}, true
}

func (s *State) stateless(p Policy, holds bool, at time.Time, c Check) (Event, bool) {
	now := stampOf(at)
	if !holds || s.acted != 0 && s.acted.since(now) < p.Quiet {
		return Event{}, false
	}
	s.acted = now
	return Event{Condition: alerts.Fired, At: at, FiredAt: at, Values: c.Values}, true
}

// Open returns the instant at which the alert that is open fired; false where none is.
func (s *State) Open() (time.Time, bool) { return s.fired.time() }

// Resolve ends the open alert without a check, as when its rule is deleted, and returns the event; false where none is open.
func (s *State) Resolve(at time.Time) (Event, bool) {
	firedAt, open := s.Open()
	if !open {
		return Event{}, false
	}
	s.fired, s.unmet, s.ring = 0, 0, 0
	return Event{Condition: alerts.Resolved, At: at, FiredAt: firedAt}, true
}

// SetBack makes the state go on from an instant, after checks at later ones that were made ahead of time because the clock was wrong. They
// no longer count. An alert stays open, also one that fired at such an instant; the event that resolves it may then be at an earlier one.
func (s *State) SetBack(p Policy, to time.Time) {
	back := stampOf(to)
	if s.last > back {
		s.last, s.ring, s.unmet = back, 0, 0
	}
	s.data = min(s.data, back)
	if !p.Stateful {
		s.acted = min(s.acted, back)
	}
}

// LastCheck returns the newest check that counted; false for none.
func (s *State) LastCheck() (time.Time, bool) { return s.last.time() }

// LastData returns the newest check that had data; false for none.
func (s *State) LastData() (time.Time, bool) { return s.data.time() }

// Forgettable says whether nothing depends on the state any more: no alert is open, no check among those that count was met, no quiet
// time runs, and there was no data for longer than Forget. The zero State in its place behaves alike from then on.
func (s *State) Forgettable(p Policy, at time.Time) bool {
	now := stampOf(at)
	return s.fired == 0 && s.ring == 0 && (s.data == 0 || s.data.since(now) > Forget) &&
		(s.acted == 0 || s.acted.since(now) >= p.Quiet)
}
