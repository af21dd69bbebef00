package lifecycle

import (
	"slices"
	"time"

	"github.com/endscope/endscope/agent/records"
)

// foreignHold is how long something waits to be told by others, who see it later, before the agent tells it itself.
const foreignHold = 5 * time.Minute

// maxHeld bounds what waits; what comes on top is told at once.
const maxHeld = 64

// foreign keeps what the agent and others (Kubernetes) both see from being told twice, and from not being told when the others cannot.
type foreign struct {
	rows     []records.Event      // own ones that wait
	told     map[string]time.Time // by name: when the last one of others happened
	restarts []time.Time          // own ones that wait
	known    []time.Time          // restarts that others told and the agent has not seen
}

// holds says that others write rows of this name.
func (f *foreign) holds(name string) bool {
	return name == rowCreated || name == rowStarted || name == rowKilling || name == rowBackOff
}

// keep takes an own row. It returns false when the row is to be written at once.
func (f *foreign) keep(e records.Event) bool {
	if t, ok := f.told[e.Name]; ok && e.Time.Sub(t).Abs() < time.Minute {
		return true // told already
	}
	if len(f.rows) >= maxHeld {
		return false
	}
	f.rows = append(f.rows, e)
	return true
}

// saw takes a row of others: the own one that waits is not needed.
func (f *foreign) saw(e records.Event) {
	if !f.holds(e.Name) {
		return
	}
	if f.told == nil {
		f.told = map[string]time.Time{}
	}
	f.told[e.Name] = e.Time
	if i := slices.IndexFunc(f.rows, func(own records.Event) bool { return own.Name == e.Name }); i >= 0 {
		f.rows = slices.Delete(f.rows, i, i+1)
	}
}

// restart takes an own restart. It returns false when it is to be counted at once.
func (f *foreign) restart(at time.Time) bool {
	if len(f.known) > 0 {
		f.known = f.known[1:]
		return true
	}
	if len(f.restarts) >= maxHeld {
		return false
	}
	f.restarts = append(f.restarts, at)
	return true
}

// restarted takes a restart that others told.
func (f *foreign) restarted(at time.Time) {
	if len(f.restarts) > 0 {
		f.restarts = f.restarts[1:]
	} else if len(f.known) < maxHeld {
		f.known = append(f.known, at)
	}
}

// due returns what nobody else told in time, or all with now.
func (f *foreign) due(at time.Time, now bool) (rows []records.Event, restarts int) {
	old := func(t time.Time) bool { return now || at.Sub(t) >= foreignHold }
	f.rows = slices.DeleteFunc(f.rows, func(e records.Event) bool {
		if old(e.Time) {
			rows = append(rows, e)
			return true
		}
		return false
	})
	f.restarts = slices.DeleteFunc(f.restarts, func(t time.Time) bool {
		if old(t) {
			restarts++
			return true
		}
		return false
	})
	f.known = slices.DeleteFunc(f.known, func(t time.Time) bool { return at.Sub(t) >= foreignHold })
	return rows, restarts
}

// Event takes a row that others made of this container, such as Kubernetes, and passes it on.
func (l *Lifecycle) Event(e records.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.foreign.saw(e)
	l.set.Record(e)
}

// Restarted counts a restart that others tell, such as Kubernetes. Of e, ExitCode, Signal, OOMKilled and Reason ("liveness" or "startup" when a probe was
// the reason) say how the process before ended. It is for Settings.Foreign; otherwise Process counts.
func (l *Lifecycle) Restarted(e ProcessEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.foreign.restarted(time.Now())
	reason := e.reason()
	if (e.Reason == string(liveness) || e.Reason == string(startup)) && !e.OOMKilled {
		reason = reasonLiveness
	}
	l.metrics.restarts.WithLabelValues(reason).Inc()
}

// StartPhase takes a phase of a start that others saw: image_pull, or model_download before the process. A time that is before the start counts as none.
func (l *Lifecycle) StartPhase(p Phase, start, end time.Time, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(phases(), p) {
		l.set.Logger.Warn("phase of a start is not known", "phase", string(p))
		return
	}
	number := l.count + 1 // before its process, the start has no number yet
	if l.attempt != nil && l.attempt.ended.IsZero() {
		number = l.count
	}
	l.phaseRow(number, "", timing{phase: p, start: start, end: end, took: max(end.Sub(start), 0), failed: failed})
}

// tellForeign tells what others should have told and did not.
func (l *Lifecycle) tellForeign(at time.Time, now bool) {
	rows, restarts := l.foreign.due(at, now)
	for _, e := range rows {
		l.set.Record(e)
	}
	if restarts > 0 {
		l.metrics.restarts.WithLabelValues(reasonUnknown).Add(float64(restarts))
	}
}
