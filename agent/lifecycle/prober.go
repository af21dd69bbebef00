package lifecycle

import (
	"context"
	"time"
)

// probe is one of the three.
type probe string

const (
	liveness  probe = "liveness"
	readiness probe = "readiness"
	startup   probe = "startup"
)

// result is what a prober tells after a probe.
type result struct {
	probe    probe
	at       time.Time
	err      error // nil for a success
	looked   bool  // beside the schedule, to see early when the server is ready: a failure does not count
	failures int   // in a row, with this one
	turned   bool  // the threshold was reached now
}

// prober runs one probe over the life of one process.
type prober struct {
	probe  probe
	cfg    ProbeConfig
	look   time.Duration // period of early looks; 0 for none
	check  checker
	report func(result)
}

// run probes until ctx ends. It begins initial_delay after started, or at once when that is past and gate opens later. The startup probe ends with
// its first success in force, or with its last failure.
func (p *prober) run(ctx context.Context, started time.Time, gate <-chan struct{}) {
	select {
	case <-gate:
	case <-ctx.Done():
		return
	}
	next := started.Add(p.cfg.InitialDelay)
	good, passed := 0, false // successes in a row; whether they ever sufficed
	known, failures := false, 0
	for {
		wait, look := max(time.Until(next), 0), false
		if p.look > 0 && !passed && p.look < wait {
			wait, look = p.look, true
		}
		if !sleep(ctx, wait) {
			return
		}
		err := p.once(ctx)
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		if !look {
			if next = next.Add(p.cfg.Period); next.Before(now) {
				next = now.Add(p.cfg.Period)
			}
		}
		r := result{probe: p.probe, at: now, err: err, looked: look}
		switch {
		case err == nil:
			failures = 0
			if good++; good >= p.cfg.SuccessThreshold && (!passed || !known) {
				passed, known, r.turned = true, true, true
			}
		case look:
			good = 0
		default:
			good = 0
			failures++
			r.failures = failures
			if failures >= p.cfg.FailureThreshold {
				r.turned = true
				known = false // the next successes turn it back
				if p.probe != readiness {
					failures = 0 // counted anew, so that a server that was not ended is ended at the next threshold
				}
			}
			r.turned = r.turned && (p.probe != readiness || failures == p.cfg.FailureThreshold)
		}
		p.report(r)
		if p.probe == startup && r.turned && err == nil {
			return
		}
	}
}

func (p *prober) once(ctx context.Context) error { return once(ctx, p.cfg, p.check) }

func once(ctx context.Context, cfg ProbeConfig, c checker) error {
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	return c.check(ctx)
}

// Once does the probe one time. Asked is false where it has no target. The error says in one line why it failed.
func (c ProbeConfig) Once(ctx context.Context) (asked bool, err error) {
	check, err := c.checker()
	if check == nil || err != nil {
		return false, err
	}
	defer check.close()
	return true, once(ctx, c, check)
}

// sleep returns false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
