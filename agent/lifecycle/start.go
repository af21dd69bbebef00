package lifecycle

import (
	"fmt"
	"time"
)

// endAttempt says that the start has ended, well or not. Its phases are told a little later, when the last lines are in.
func (l *Lifecycle) endAttempt(at time.Time, failed bool) {
	a := l.attempt
	if at.Before(a.started) {
		at = a.started
	}
	a.ended, a.failed = at, failed
	l.dirty = true
}

// settle tells the phases of a start that has ended, when that is some time ago or with now.
func (l *Lifecycle) settle(at time.Time, now bool) {
	defer l.tellFirst(at, now)
	a := l.attempt
	if a == nil || a.ended.IsZero() || !now && at.Sub(a.ended) < settle {
		return
	}
	l.attempt = nil
	l.dirty = true
	for _, t := range a.timeline() {
		l.phaseRow(a.number, a.server, t)
	}
	l.reading.Store(l.state != Ready)
}

// phaseRow counts one phase and writes its row, from which the timeline of a start can be drawn.
func (l *Lifecycle) phaseRow(attempt int, s server, t timing) {
	l.metrics.observe(t.phase, t.took, t.failed)
	outcome, message := success, fmt.Sprintf("Start %d of container %s: %s took %s", attempt, l.set.Container, t.phase, took(t.took))
	if t.failed {
		outcome, message = failure, fmt.Sprintf("Start %d of container %s: %s failed after %s", attempt, l.set.Container, t.phase, took(t.took))
	}
	properties := map[string]any{
		"attempt": attempt, "phase": string(t.phase), "outcome": outcome, "seconds": t.took.Seconds(),
		"startedAt": t.start.UTC().Format(time.RFC3339Nano), "endedAt": t.end.UTC().Format(time.RFC3339Nano),
	}
	if s != "" {
		properties["server"] = string(s)
	}
	l.row(t.end, rowStartPhase, message, properties)
}

// attach says that the agent came to a server that ran already.
func (l *Lifecycle) attach(how string) {
	message := fmt.Sprintf("The agent found container %s running", l.set.Container)
	properties := map[string]any{}
	if l.main.PID > 0 {
		message += fmt.Sprintf(" since %s (process %d)", l.main.Start.UTC().Format(time.RFC3339), l.main.PID)
		properties["pid"] = l.main.PID
	}
	l.row(time.Now(), rowAttached, message+"; "+how, properties)
}
