package lifecycle

import (
	"slices"
	"time"

	"github.com/endscope/endscope/agent/records"
)

const (
	foreignHold = 5 * time.Minute  // how long something waits to be told by others, who see it later, before the agent tells it itself
	probeHold   = 90 * time.Second // the same for a failed probe; a cluster is asked at least every 30 s
	sameHappens = time.Minute      // between two tellings of one thing; clocks of whole seconds, and ends that are noticed late
	sameProbe   = 30 * time.Second // between failures of the agent's probe and of another's same probe that say the same
	maxHeld     = 64               // bounds what waits; what comes on top is told at once
)

// foreign keeps what the agent and others (Kubernetes) both see from being told twice, and from not being told when the others cannot.
type foreign struct {
	rows     []records.Event // own ones that wait
	told     []records.Event // by others, with nothing of the agent's own to match yet
	restarts []time.Time     // own ones that wait
	known    []time.Time     // restarts that others told and the agent has not seen
}

// family returns what a row tells of, as others and the agent have different names for an end. It is empty for what only one side tells.
func family(name string) string {
	switch name {
	case rowExited, rowOOM, rowTerminated:
		return rowExited
	case rowCreated, rowStarted, rowKilling, rowBackOff, rowLiveness, rowReadiness, rowStartup:
		return name
	}
	return ""
}

// ofProbe says that a family is that of a probe. Each side has a probe of its own, so that failures of the two do not come in pairs.
func ofProbe(family string) bool {
	return family == rowLiveness || family == rowReadiness || family == rowStartup
}

// nearest returns the place of the row of a family that is the closest to a time, and -1 where none is near enough.
func nearest(rows []records.Event, kind string, at time.Time) int {
	best, far := -1, sameHappens
	if ofProbe(kind) {
		far = sameProbe
	}
	for i, e := range rows {
		if d := e.Time.Sub(at).Abs(); family(e.Name) == kind && d <= far {
			best, far = i, d
		}
	}
	return best
}

// keep takes an own row. It returns false when the row is to be written at once.
func (f *foreign) keep(e records.Event) bool {
	kind := family(e.Name)
	if kind == "" {
		return false
	}
	if i := nearest(f.told, kind, e.Time); i >= 0 {
		if ofProbe(kind) {
			return true
		}
		other := f.told[i].Name
		f.told = slices.Delete(f.told, i, i+1)
		return e.Name != rowOOM || other == rowOOM // a kill for memory that the others did not see is told
	}
	if len(f.rows) >= maxHeld {
		return false
	}
	f.rows = append(f.rows, e)
	return true
}

// saw takes a row of others: the own one that waits is not needed. It returns the row as it is to be written: an end that the agent knows to be a kill
// for memory is called so.
func (f *foreign) saw(e records.Event) records.Event {
	kind := family(e.Name)
	if kind == "" {
		return e
	}
	matched := false
	for i := nearest(f.rows, kind, e.Time); i >= 0 && !(matched && !ofProbe(kind)); i = nearest(f.rows, kind, e.Time) {
		if f.rows[i].Name == rowOOM && e.Name == rowTerminated {
			e.Name, e.Message = rowOOM, e.Message+". A process of it was killed for lack of memory"
		}
		f.rows, matched = slices.Delete(f.rows, i, i+1), true
	}
	if !matched || ofProbe(kind) {
		if len(f.told) >= maxHeld {
			f.told = slices.Delete(f.told, 0, 1)
		}
		f.told = append(f.told, e)
	}
	return e
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
		if old(e.Time) || ofProbe(family(e.Name)) && at.Sub(e.Time) >= probeHold {
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
	f.told = slices.DeleteFunc(f.told, func(e records.Event) bool { return at.Sub(e.Time) >= foreignHold })
	f.known = slices.DeleteFunc(f.known, func(t time.Time) bool { return at.Sub(t) >= foreignHold })
	return rows, restarts
}

// Event takes a row that others made, such as Kubernetes, and passes it on. One whose Properties name another container says nothing of this one.
func (l *Lifecycle) Event(e records.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c, named := e.Properties["container"].(string); !named || c == l.set.Container || l.set.Container == DefaultContainer {
		e = l.foreign.saw(e)
	}
	l.set.Record(e)
}

// Restarted counts a restart that others tell, such as Kubernetes. Of e, ExitCode, Signal, OOMKilled and Reason ("liveness" or "startup" when a probe was
// the reason) say how the process before ended. It is for Settings.Foreign; otherwise Process counts.
func (l *Lifecycle) Restarted(e ProcessEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.leftAt.IsZero() && time.Since(l.leftAt) < foreignHold {
		l.leftAt = time.Time{}
		return // counted when the agent's own server started
	}
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
