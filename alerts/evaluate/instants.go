package evaluate

import (
	"hash/fnv"
	"time"
)

// floor returns the last multiple of d since 1970 that is not after t.
func floor(t time.Time, d time.Duration) time.Time {
	n := t.UnixNano()
	r := n % int64(d)
	if r < 0 {
		r += int64(d)
	}
	return time.Unix(0, n-r).UTC()
}

// ceil returns the first multiple of d since 1970 that is not before t.
func ceil(t time.Time, d time.Duration) time.Time {
	f := floor(t, d)
	if f.Before(t) {
		f = f.Add(d)
	}
	return f
}

// latest returns the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// slotOf returns how long after the grace period a rule has its turn: always the same below the limit, and spread over the rules.
func slotOf(rule string, limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(rule))
	x := h.Sum64()
	for range 2 { // names that differ in their last letter only would lie close together
		x ^= x >> 33
		x *= 0xff51afd7ed558ccd
	}
	return time.Duration(x>>1) % limit
}

// hourOf returns the full hour before the window that ends at t: a baseline for t learns from what was up to then.
func hourOf(t time.Time) time.Time { return floor(t.Add(-1), time.Hour) }

// due returns when the check of an instant is made.
func (p *plan) due(at time.Time) time.Time { return at.Add(p.grace + p.slot) }

// lastDue returns the newest instant whose check is due at a time.
func (p *plan) lastDue(now time.Time) time.Time {
	return floor(now.Add(-p.grace-p.slot), p.rule.EvaluationFrequency)
}

// begin returns the instant after which a rule is checked that came into force now, where a rule of its name was checked up to judged. The
// next check that is due is the first, but no instant is checked twice: an alert of it could be the one that resolved as the rule changed.
func (p *plan) begin(now, judged time.Time) time.Time {
	f := p.rule.EvaluationFrequency
	return latest(floor(now.Add(-p.grace-p.slot-1), f), floor(judged, f))
}
