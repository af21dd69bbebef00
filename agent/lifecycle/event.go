package lifecycle

import (
	"fmt"
	"time"
)

// Process takes what happened to the server's process.
func (l *Lifecycle) Process(e ProcessEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	l.dirty = true
	switch e.Kind {
	case Created:
		l.left(e.Time)
		l.row(e.Time, rowCreated, "Created container "+l.set.Container, nil)
		l.begin(e.Time)
	case Started:
		l.started(e)
	case Exited:
		l.exited(e)
	case Killing:
		l.killing(e)
	case BackOff:
		l.backOff(e)
	}
	if l.runs() && (e.Kind == Started || e.Kind == Exited) {
		l.save() // at once: the agent may be killed at any time, and its server with it
	}
}

// begin opens the next attempt, unless it is open.
func (l *Lifecycle) begin(at time.Time) {
	if l.attempt != nil && l.attempt.ended.IsZero() && !l.up {
		return
	}
	l.settle(at, true)
	if l.before != "" {
		if !l.set.Foreign || !l.foreign.restart(at) {
			l.metrics.restarts.WithLabelValues(l.before).Inc()
		}
		l.before = ""
	}
	l.count++
	l.attempt = newAttempt(l.count, at)
	l.reason, l.undecided = "", false
	l.began, l.readyAt, l.first, l.notAt = at, time.Time{}, time.Time{}, time.Time{}
	l.announced = false
	l.setState(Starting)
	l.reading.Store(true)
	if l.set.Began != nil {
		l.set.Began()
	}
}

func (l *Lifecycle) started(e ProcessEvent) {
	l.left(e.Time)
	l.begin(e.Time)
	l.pid = e.PID
	message := "Started container " + l.set.Container
	properties := map[string]any{"attempt": l.count}
	if e.PID > 0 {
		message += fmt.Sprintf(" (process %d)", e.PID)
		properties["pid"] = e.PID
	}
	l.row(e.Time, rowStarted, message, properties)
	l.up, l.announced = true, true
	l.notReady()
	l.probe(e.Time)
}

// notReady says that nothing answers now.
func (l *Lifecycle) notReady() {
	l.ready = false
	if l.checks[readiness] != nil || l.told {
		l.told = true
		l.metrics.setReady(false)
	}
}

func (l *Lifecycle) exited(e ProcessEvent) {
	l.tellMore(e.Time, true)
	l.stopProbes()
	if l.undecided {
		l.attempt = nil // whether it was ready nobody knows
	}
	l.up, l.undecided = false, false
	l.notReady()
	starting := l.attempt != nil && l.attempt.ended.IsZero()
	l.cause = e.cause("")
	asked := l.reason != "" && l.reason != reasonLiveness
	l.before = e.reason()
	if l.reason != "" && !e.OOMKilled {
		l.before = l.reason
	}
	name, verb := rowExited, ""
	if e.OOMKilled {
		name = rowOOM
	}
	if bad := e.OOMKilled || e.reason() == reasonCrash || e.reason() == reasonSignal && !asked || starting && !asked; bad {
		verb = "failed: it "
	}
	when := ""
	if !l.began.IsZero() {
		when = fmt.Sprintf(" after %s", took(max(e.Time.Sub(l.began), 0)))
	}
	if starting && !asked {
		when += ", before it was ready"
	}
	message := fmt.Sprintf("Container %s %s%s", l.set.Container, verb, e.cause(when))
	properties := map[string]any{"reason": l.before, "attempt": l.count}
	if e.ExitCode >= 0 && e.Signal == "" {
		properties["exitCode"] = e.ExitCode
	}
	if e.Signal != "" {
		properties["signal"] = e.Signal
	}
	if e.PID > 0 {
		properties["pid"] = e.PID
	}
	l.row(e.Time, name, message, properties)
	switch {
	case starting && asked: // stopped on somebody's word: neither a good start nor a failed one
		l.attempt = nil
	case starting:
		l.endAttempt(e.Time, true)
	}
	if asked && l.before == reasonManual {
		l.setState(Pending)
	} else {
		l.setState(Failed)
	}
	l.reading.Store(true)
}

func (l *Lifecycle) killing(e ProcessEvent) {
	if l.reason == reasonLiveness && (e.Reason == string(liveness) || e.Reason == string(startup)) {
		return // we asked for it and wrote the row
	}
	if l.reason != "" { // asked before, and it did not end
		l.row(e.Time, rowKilling, fmt.Sprintf("Killing container %s: %s", l.set.Container, oneLine(e.Reason)), nil)
		return
	}
	message := "Stopping container " + l.set.Container
	switch e.Reason {
	case string(liveness), string(startup):
		l.reason = reasonLiveness
		message = fmt.Sprintf("Container %s failed its %s probe and will restart", l.set.Container, e.Reason)
	default:
		l.reason = reasonManual
		if e.Reason != "" {
			message += ": " + oneLine(e.Reason)
		}
	}
	l.row(e.Time, rowKilling, message, nil)
	l.setState(Draining)
}

func (l *Lifecycle) backOff(e ProcessEvent) {
	message := fmt.Sprintf("Waiting %s before restarting failed container %s", took(e.Wait), l.set.Container)
	if e.Attempt > 0 {
		message += fmt.Sprintf(" (start %d)", e.Attempt)
	}
	if l.cause != "" {
		message += ": it " + l.cause
	}
	l.row(e.Time, rowBackOff, message, map[string]any{"waitSeconds": e.Wait.Seconds()})
	l.setState(Failed)
}
