package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// probe begins to probe the process that started then. Without Run it waits for Run.
func (l *Lifecycle) probe(started time.Time) {
	l.stopProbes()
	if l.run == nil {
		return
	}
	ctx, cancel := context.WithCancel(l.run)
	l.endEpoch = cancel
	epoch := l.epoch
	gate := make(chan struct{})
	if l.checks[startup] == nil {
		close(gate)
	}
	open := make(chan struct{})
	close(open)
	for p, c := range map[probe]ProbeConfig{liveness: l.cfg.Liveness, readiness: l.cfg.Readiness, startup: l.cfg.Startup} {
		check := l.checks[p]
		if check == nil {
			continue
		}
		pr := &prober{probe: p, cfg: c, check: check, report: func(r result) { l.probed(epoch, r) }}
		if p != liveness && len(c.Exec) == 0 {
			pr.look = l.cfg.StartPeriod
		}
		wait := gate
		if p == startup {
			wait = open
			pr.report = func(r result) {
				if r.err == nil && r.turned {
					close(gate) // the prober ends with it
				}
				l.probed(epoch, r)
			}
		}
		l.probers.Go(func() { pr.run(ctx, started, wait) })
	}
}

// stopProbes ends the probers; what they still report is late.
func (l *Lifecycle) stopProbes() {
	if l.endEpoch != nil {
		l.endEpoch()
		l.endEpoch = nil
	}
	l.epoch++
}

// probed takes the result of a probe of the process of an epoch.
func (l *Lifecycle) probed(epoch int, r result) {
	if end := l.judge(epoch, r); end != "" {
		l.set.Restart(end)
	}
}

// judge returns why the server is to be ended, and "" when it is not.
func (l *Lifecycle) judge(epoch int, r result) (end string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if epoch != l.epoch || l.run == nil {
		return ""
	}
	var open *answered
	if a := l.attempt; a != nil && a.opened.IsZero() && (r.err == nil && r.probe != liveness || errors.As(r.err, &open)) {
		a.opened = r.at
		if l.state == Starting && !l.undecided {
			l.setState(Loading)
		}
	}
	if r.err != nil && !r.looked {
		l.failedRow(r)
	} else if r.err == nil && (!r.looked || r.turned) {
		l.more(r.probe, r.at, true) // before the row of what it turned to
	}
	switch {
	case r.probe == readiness && r.err == nil && r.turned:
		l.becomeReady(r.at)
	case r.probe == readiness && r.err != nil:
		l.unready(r)
	case r.probe != readiness && r.err != nil && r.turned:
		return l.unhealthy(r)
	case r.probe == liveness && r.turned && l.ready && l.state == Failed:
		l.setState(Ready)
	}
	return ""
}

// decide says that the process that an agent found is starting, unless it is too old for that; then it returns false.
func (l *Lifecycle) decide(at time.Time) bool {
	l.undecided, l.dirty = false, true
	if l.attempt == nil || at.Sub(l.main.Start) > maxAge {
		return false
	}
	if !l.announced {
		l.announced = true
		l.row(l.main.Start, rowStarted, fmt.Sprintf("Started container %s (process %d)", l.set.Container, l.main.PID), map[string]any{"pid": l.main.PID, "attempt": l.count})
	}
	l.setState(Starting)
	return true
}

// failedRow writes the row of a failed probe, or counts it.
func (l *Lifecycle) failedRow(r result) {
	l.more(r.probe, r.at, false)
	if detail := r.err.Error(); l.floods[r.probe].pass(r.at, detail) {
		l.row(r.at, r.probe.row(), fmt.Sprintf("%s probe of container %s failed: %s", r.probe.title(), l.set.Container, detail), map[string]any{"failures": r.failures})
	}
}

// more writes the row of the failures that gave none, when it is time to.
func (l *Lifecycle) more(p probe, at time.Time, now bool) {
	f := l.floods[p]
	if f == nil {
		return
	}
	if n, since, detail := f.due(at, now); n > 0 {
		l.row(f.last, p.row(), fmt.Sprintf("%s probe of container %s failed %d more times since %s; the last: %s", p.title(), l.set.Container, n, since.UTC().Format(time.TimeOnly), detail),
			map[string]any{"count": n})
	}
}

func (l *Lifecycle) tellMore(at time.Time, now bool) {
	for _, p := range []probe{liveness, readiness, startup} {
		l.more(p, at, now)
	}
}

// becomeReady says that the server takes requests.
func (l *Lifecycle) becomeReady(at time.Time) {
	if l.undecided {
		l.undecided = false
		l.attach("it is ready")
		l.attempt = nil
	} else if a := l.attempt; a != nil && a.ended.IsZero() {
		end := at
		if !a.told.IsZero() && a.told.Before(end) {
			end = a.told // the server's own word is earlier than the probe
		}
		l.endAttempt(end, false)
		l.row(at, rowReady, fmt.Sprintf("Container %s is ready after %s", l.set.Container, took(max(end.Sub(a.started), 0))), map[string]any{"attempt": a.number})
		l.readyAt = end
	} else if !l.ready {
		l.readyRow(at)
	}
	l.notAt = time.Time{}
	l.ready, l.told, l.dirty = true, true, true
	l.metrics.setReady(true)
	if l.state != Draining {
		l.setState(Ready)
	}
}

// readyRow writes the row of a server that is ready again, that answered requests earlier than its probe, or whose start nobody saw.
func (l *Lifecycle) readyRow(at time.Time) {
	message, properties := fmt.Sprintf("Container %s is ready", l.set.Container), map[string]any{}
	switch {
	case !l.notAt.IsZero():
		message += fmt.Sprintf(" again after %s", took(max(at.Sub(l.notAt), 0)))
	case l.announced && !l.began.IsZero():
		message += fmt.Sprintf(" after %s", took(max(at.Sub(l.began), 0)))
		properties["attempt"] = l.count
		if !l.first.IsZero() {
			message += fmt.Sprintf("; it had answered a request %s before", took(max(at.Sub(l.first), 0)))
		}
	}
	l.row(at, rowReady, message, properties)
}

// unready takes a failed readiness probe: a server that was ready is so until the threshold.
func (l *Lifecycle) unready(r result) {
	if !l.told {
		l.told = true
		l.metrics.setReady(false)
	}
	if l.undecided && l.up {
		if !l.decide(r.at) {
			l.attempt = nil
			l.attach("it is not ready: " + r.err.Error())
			l.setState(Failed)
		}
		return
	}
	l.undecided = false
	if l.state == "" {
		l.setState(Pending)
	}
	if !r.turned || r.looked {
		return
	}
	if l.ready {
		l.ready, l.notAt = false, r.at
		l.metrics.setReady(false)
		l.row(r.at, rowNotReady, fmt.Sprintf("Container %s is not ready any more: its readiness probe failed %s", l.set.Container, times(r.failures)), nil)
		if l.state != Draining {
			l.setState(Failed)
		}
	}
}

// unhealthy takes a liveness or startup probe at its threshold.
func (l *Lifecycle) unhealthy(r result) (end string) {
	why := fmt.Sprintf("%s in a row; the last: %s", times(r.failures), r.err)
	if l.set.Restart == nil {
		l.row(r.at, rowUnhealthy, fmt.Sprintf("Container %s failed its %s probe %s. The agent does not run it and does not restart it", l.set.Container, r.probe, why), nil)
		l.setState(Failed)
		return ""
	}
	l.row(r.at, rowKilling, fmt.Sprintf("Container %s failed its %s probe and will restart (failed %s)", l.set.Container, r.probe, why), map[string]any{"reason": string(r.probe)})
	l.reason = reasonLiveness
	l.setState(Draining)
	return string(r.probe)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
