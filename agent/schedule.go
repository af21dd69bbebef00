package agent

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
)

const (
	// maxGrace bounds how long a round's request waits for slow collectors. Who comes later, but within its timeout, gets a request of its own.
	maxGrace = time.Second
	// leaveGrace is how long a stopping agent waits for collectors that are at it.
	leaveGrace = 500 * time.Millisecond
	// returnSlack is what a collector gets beyond its timeout to notice it and hand over what it has.
	returnSlack = 50 * time.Millisecond
)

// appender is the part of the spool that a group needs.
type appender interface {
	Append(payload []byte, samples int) error
}

// group is the collectors that share an interval: they tick together, and a tick becomes one request.
type group struct {
	interval time.Duration
	offset   time.Duration
	runners  []*runner // the self collector is not among them
	self     *runner   // runs last, so that it can tell of the others; nil but in one group
	encoder  *encoder
	spool    appender
	metrics  *metrics
	log      *slog.Logger

	lastTick time.Time
	kept     atomic.Pointer[time.Time] // when the spool took the last round, with a monotonic reading; nil before the start
	lastErr  atomic.Pointer[string]    // why the spool did not take the last one
}

// offsetOf spreads the ticks of many agents over the interval; the same identity always gets the same place.
func offsetOf(identity string, interval time.Duration) time.Duration {
	return time.Duration(xxhash.Sum64String(identity) % uint64(interval))
}

// nextTick returns the first instant after now that is offset beyond a multiple of interval since the Unix epoch.
func nextTick(now time.Time, interval, offset time.Duration) time.Time {
	since := (now.UnixNano() - int64(offset)) % int64(interval)
	return now.Add(interval - time.Duration(since))
}

// run ticks until ctx ends: once at once, so that a new instance shows up soon, and then at its place in each interval. Before it returns it
// marks every series stale.
func (g *group) run(ctx context.Context) {
	defer g.end()
	g.keptNow()
	g.round(ctx, time.Now())
	for next := nextTick(time.Now().Add(g.interval/2), g.interval, g.offset); ; next = nextTick(time.Now(), g.interval, g.offset) {
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case now := <-timer.C:
			// A tick that is late, after the machine slept or the clock was set, must not be dated back.
			at := next.Round(0)
			if late := now.Round(0).Sub(at); late > g.interval/2 || late < 0 {
				at = now.Round(0)
			}
			g.round(ctx, at)
		}
	}
}

// round reads every collector and appends the request to the spool; stragglers get one of their own. It returns by the longest timeout.
func (g *group) round(ctx context.Context, at time.Time) {
	at = at.Round(0) // wall time only
	g.lastTick = at
	var started []*runner
	g.encoder.reset()
	for _, r := range g.runners {
		if r.start(context.WithoutCancel(ctx), at) {
			started = append(started, r)
		} else {
			g.take(r, at, nil)
		}
	}
	waiting := g.await(ctx, at, started, min(maxGrace, g.interval/2))
	if g.self != nil {
		if g.self.start(context.WithoutCancel(ctx), at) {
			g.await(ctx, at, []*runner{g.self}, g.self.Timeout+2*returnSlack) // nothing comes after it
		}
	}
	g.keep()
	if len(waiting) == 0 {
		return
	}
	g.encoder.reset()
	for _, r := range g.await(ctx, at, waiting, g.interval) {
		g.abandon(r, at)
	}
	g.keep()
}

// await takes the results of the runners until all are in, each has had its timeout, or wait is over. It returns those that may still come.
func (g *group) await(ctx context.Context, at time.Time, runners []*runner, wait time.Duration) []*runner {
	end := time.Now().Add(wait)
	leaving := false
	var waiting []*runner
	for _, r := range runners {
		own := r.began.Add(r.Timeout + returnSlack)
		res, ok := r.wait(ctx, earlier(own, end), leaving)
		if !ok && !leaving && ctx.Err() != nil { // all of them together get a moment to hand over what they have
			leaving = true
			end = earlier(end, time.Now().Add(leaveGrace))
			res, ok = r.wait(ctx, earlier(own, end), leaving)
		}
		switch {
		case ok:
			g.finish(r, at, res)
		case own.After(end) && !leaving:
			waiting = append(waiting, r)
		default:
			g.abandon(r, at)
		}
	}
	return waiting
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (g *group) finish(r *runner, at time.Time, res result) {
	r.results = nil
	r.report(res.err, res.took)
	g.take(r, at, res.readings)
}

// abandon gives up on a run that had its time: what it may still bring is thrown away, and its series go stale.
func (g *group) abandon(r *runner, at time.Time) {
	r.results = nil
	r.report(fmt.Errorf("%w within %s", errHangs, r.Timeout), time.Since(r.began))
	g.take(r, at, nil)
}

func (g *group) take(r *runner, at time.Time, readings []Reading) {
	duplicate, mislabelled := r.tracker.encode(g.encoder, at, readings)
	if duplicate > 0 {
		g.metrics.dropped.WithLabelValues(reasonDuplicate).Add(float64(duplicate))
	}
	if mislabelled > 0 {
		g.metrics.dropped.WithLabelValues(reasonLabel).Add(float64(mislabelled))
	}
}

// keep appends what the encoder holds to the spool.
func (g *group) keep() {
	payload, samples, err := g.encoder.finish()
	if err == nil && samples > 0 {
		err = g.spool.Append(payload, samples)
	}
	if err != nil {
		g.metrics.dropped.WithLabelValues(reasonSpool).Add(float64(samples))
		text := err.Error()
		g.lastErr.Store(&text)
		g.log.Error("round could not be kept", "samples", samples, "err", err)
		return
	}
	g.lastErr.Store(nil)
	g.keptNow()
}

func (g *group) keptNow() {
	now := time.Now()
	g.kept.Store(&now)
}

// end marks every series stale, as the instance leaves.
func (g *group) end() {
	at := time.Now().Round(0)
	if !at.After(g.lastTick) {
		at = g.lastTick.Add(time.Millisecond)
	}
	g.encoder.reset()
	for _, r := range g.runners {
		r.tracker.end(g.encoder, at)
	}
	if g.self != nil {
		g.self.tracker.end(g.encoder, at)
	}
	g.keep()
}
