package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/agent/process"
)

const (
	searchPeriod = time.Second      // between two looks for a process that is not there
	verifyPeriod = 15 * time.Second // between two looks whether the process is still the instance's
)

// watch follows a process that the agent did not start.
func (l *Lifecycle) watch(ctx context.Context) {
	var known process.Main
	first, said := true, ""
	kills := oomCounter{read: l.set.OOMKills}
	for ctx.Err() == nil {
		m, err := l.set.Find()
		if err != nil {
			if errors.Is(err, process.ErrNotConfigured) {
				l.set.Logger.Warn("the server's process is not watched", "err", err)
				l.unwatched()
				return
			}
			if err.Error() != said {
				said = err.Error()
				l.set.Logger.Info("the server's process is not there", "err", err)
			}
			l.lost(known, first, kills.rose(known))
			known, first = process.Main{}, false
			sleep(ctx, searchPeriod)
			continue
		}
		said = ""
		if !m.Same(known) {
			if known.PID != 0 {
				l.lost(known, false, kills.rose(known))
			}
			l.appeared(m, first)
			known, first = m, false
		}
		kills.note(m)
		l.wait(ctx, m)
	}
}

// wait returns when the process has ended, and after a while in any case.
func (l *Lifecycle) wait(ctx context.Context, m process.Main) {
	if l.set.Wait == nil {
		sleep(ctx, searchPeriod)
		return
	}
	bounded, cancel := context.WithTimeout(ctx, verifyPeriod)
	defer cancel()
	if err := l.set.Wait(bounded, m); err != nil && bounded.Err() == nil {
		sleep(ctx, searchPeriod)
	}
}

// oomCounter remembers how many kills for memory there were while the process lived.
type oomCounter struct {
	read  func(process.Main) (int, bool)
	last  int
	known bool
}

func (c *oomCounter) note(m process.Main) {
	if c.read != nil {
		c.last, c.known = c.read(m)
	}
}

// rose says that there was one since the last note.
func (c *oomCounter) rose(m process.Main) bool {
	if c.read == nil || !c.known || m.PID == 0 {
		return false
	}
	now, ok := c.read(m)
	return ok && now > c.last
}

// unwatched leaves everything to the probes.
func (l *Lifecycle) unwatched() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.run != nil {
		l.undecided = true
		l.probe(time.Now())
	}
}

// lost says that the process is not there any more, and, at first, that there is none.
func (l *Lifecycle) lost(m process.Main, first, oom bool) {
	switch {
	case m.PID != 0:
		l.Process(ProcessEvent{Kind: Exited, Time: time.Now(), PID: m.PID, ExitCode: -1, OOMKilled: oom})
	case first:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ended()
		l.setState(Pending)
		l.notReady()
	}
}

// ended says that the process that was known from before the agent's own start ended while the agent was away.
func (l *Lifecycle) ended() {
	if l.keeper.kept.Main.PID == 0 {
		return
	}
	if !l.set.Foreign { // where others tell, they do
		l.endedAway(time.Now(), l.keeper.kept.Main.PID, l.keeper.kept.Main.Start)
	}
	l.keeper.kept.Main = process.Main{}
	l.attempt, l.before = nil, reasonUnknown
}

// appeared takes a process that was found. The first one may have run long before the agent.
func (l *Lifecycle) appeared(m process.Main, first bool) {
	l.mu.Lock()
	kept := l.keeper.kept
	l.main, l.began = m, m.Start
	l.metrics.setInfo(l.set.Container, l.set.Image, m.Name())
	l.dirty = true
	if !first {
		l.mu.Unlock()
		l.Process(ProcessEvent{Kind: Started, Time: m.Start, PID: m.PID})
		return
	}
	defer l.mu.Unlock()
	l.up = true
	switch same := kept.Main.Same(m); {
	case same && kept.Starting != nil && time.Since(kept.Saved) <= maxAway:
		l.attempt, l.announced = kept.Starting.attempt(m.Start), true
		l.setState(Starting)
	case same && kept.Starting == nil:
		l.ready, l.told = kept.Ready, kept.Ready // until a probe says otherwise
		l.undecided = !kept.Ready
		if kept.Ready {
			l.metrics.setReady(true)
			l.setState(Ready)
		}
	case same: // it may have become ready when nobody saw it
		l.attempt, l.announced, l.undecided = kept.Starting.attempt(m.Start), true, true
	default:
		l.ended()
		l.begin(m.Start)
		l.undecided = true
		l.state = ""
		l.metrics.state.Reset()
	}
	l.probe(m.Start)
	l.set.Logger.Info("watching the server's process", "pid", m.PID, "program", m.Name(), "since", m.Start, "known", fmt.Sprint(kept.Main.Same(m)))
}
