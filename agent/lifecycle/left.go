package lifecycle

import (
	"fmt"
	"time"

	"github.com/endscope/endscope/agent/process"
)

// running is a server that the agent ran itself.
type running struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
}

// lives says that it is still there: a process of its id that began when it did.
func (r *running) lives() bool {
	if r.PID <= 0 {
		return false
	}
	finder, err := process.New(process.Config{PID: r.PID}, process.Settings{})
	if err != nil {
		return false
	}
	m, err := finder.Find()
	return err == nil && m.Start.Sub(r.Started.Round(0)).Abs() <= settle
}

// left tells of the end of a server that an agent before this one ran and did not see the end of. It is called when the next start begins.
func (l *Lifecycle) left(at time.Time) {
	child := l.keeper.kept.Child
	if child == nil || !l.runs() {
		return
	}
	l.keeper.kept.Child = nil
	if l.set.Outlives && child.lives() {
		l.set.Logger.Warn("the server of an agent before this one still runs, and nobody follows it", "pid", child.PID, "since", child.Started)
		return
	}
	l.endedAway(at, child.PID, child.Started)
	if len(l.foreign.known) > 0 { // Kubernetes told of it already, as of a restart of the agent's own container
		l.foreign.known = l.foreign.known[1:]
		return
	}
	l.before, l.leftAt = reasonUnknown, time.Now()
}

// endedAway writes the row of an end that no agent saw.
func (l *Lifecycle) endedAway(at time.Time, pid int, started time.Time) {
	message := "Container " + l.set.Container
	properties := map[string]any{"reason": reasonUnknown, "attempt": l.count}
	if pid > 0 {
		message += fmt.Sprintf(" (process %d)", pid)
		properties["pid"] = pid
	}
	if !started.IsZero() {
		message += fmt.Sprintf(", started at %s,", started.UTC().Format(time.RFC3339))
	}
	l.row(at, rowExited, message+" ended while no agent watched it, and how is not known", properties)
}
