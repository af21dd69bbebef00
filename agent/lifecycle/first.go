package lifecycle

import "time"

// firstHold is how long a first request that was answered before readiness was good waits for that.
const firstHold = time.Minute

// FirstRequest takes the time of the first request that the model answered well. It is told after the other phases of the start and after Ready.
func (l *Lifecycle) FirstRequest(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.attempt
	switch {
	case l.undecided || !l.first.IsZero(): // it has been ready for who knows how long; or it is known
		return
	case a != nil && a.ended.IsZero(): // traffic comes before the probe: the start has ended, though readiness is not known to be good
		l.readyAt = at
		if !a.told.IsZero() && a.told.Before(at) {
			l.readyAt = a.told
		}
		l.endAttempt(l.readyAt, false)
	case l.readyAt.IsZero():
		return
	}
	l.first = at
	l.tellFirst(at, false)
}

// tellFirst tells the first request of a start when that is told, or with now.
func (l *Lifecycle) tellFirst(at time.Time, now bool) {
	if l.first.IsZero() || l.readyAt.IsZero() {
		return
	}
	if !now && (l.attempt != nil || l.checks[readiness] != nil && !l.ready && at.Sub(l.first) < firstHold) {
		return
	}
	l.phaseRow(l.count, "", timing{phase: FirstRequest, start: l.readyAt, end: l.first, took: max(l.first.Sub(l.readyAt), 0)})
	l.readyAt, l.first = time.Time{}, time.Time{} // once for each start
}
