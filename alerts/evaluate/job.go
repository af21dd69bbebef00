package evaluate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/alerts"
)

const (
	retryAfter = 5 * time.Second  // after a failed evaluation, once
	maxBackoff = 30 * time.Second // between attempts to hand over
)

// work gives a rule its turn: hands over what is left, makes the checks that are due, and hands over what they bring.
func (v *Evaluator) work(ctx context.Context, e *entry) {
	if !v.settle(ctx, e) {
		return
	}
	e.mu.Lock()
	p, evaluated := e.plan, e.evaluated
	e.mu.Unlock()
	if p == nil || v.awaited(e, p) {
		return
	}
	now := v.set.Now()
	from, n, missed := v.dueChecks(p, evaluated, now)
	if n == 0 {
		return
	}
	if missed > 0 {
		reason := missedOverrun
		switch {
		case e.resumed:
			reason = missedOutage
		case !e.blind.IsZero():
			reason = missedIngestion
		}
		v.miss(e, reason, missed)
		e.gap.after, e.gap.to = evaluated, from
	}
	e.resumed = false
	last := from.Add(time.Duration(n-1) * p.rule.EvaluationFrequency)
	if e.attempt == 0 {
		v.m.lag.Observe(max(0, now.Sub(v.turn(p, last))).Seconds())
	}
	frame, took, err := v.evaluate(ctx, p, from, n)
	if err != nil && ctx.Err() != nil {
		return // the server stops, or it is made again among the slow
	}
	kind := string(p.rule.Kind)
	v.m.evaluations.WithLabelValues(kind).Inc()
	v.m.duration.Observe(took.Seconds())
	e.slow = took >= v.cfg.SlowAfter || errors.Is(err, context.DeadlineExceeded)
	if err != nil {
		v.m.failures.WithLabelValues(kind).Inc()
		v.failed(e, p, from, n, took, err)
		return
	}
	e.attempt, e.retryAt = 0, time.Time{}
	v.health.count(v.set.Now(), true)
	e.mu.Lock()
	v.recovered(e)
	e.tracker.blind = e.blind
	for i := range n {
		e.pending = append(e.pending, p.transitions(e.tracker.step(frame, i, nil))...)
		v.m.held.Add(float64(e.tracker.held))
	}
	e.evaluated = last
	e.status = lastEvaluation{at: last, reached: last, made: v.set.Now(), took: took, held: e.tracker.held, next: e.status.next}
	e.mu.Unlock()
	e.blind, e.delivered = time.Time{}, false
	if v.settle(ctx, e) {
		v.save(e)
	}
}

// dueChecks returns the instants to check, and how many of those that are due are too old for that.
func (v *Evaluator) dueChecks(p *plan, evaluated, now time.Time) (from time.Time, n, missed int) {
	f := p.rule.EvaluationFrequency
	from, last := evaluated.Add(f), p.lastDue(now)
	if last.Before(from) {
		return from, 0, 0
	}
	if oldest := ceil(last.Add(-v.cfg.CatchUp), f); from.Before(oldest) {
		missed = int(oldest.Sub(from) / f)
		from = oldest
	}
	return from, int(last.Sub(from)/f) + 1, missed
}

// turn returns when the check of an instant was due, or when everything was at the start.
func (v *Evaluator) turn(p *plan, at time.Time) time.Time {
	due := p.due(at)
	if first := v.sched.start().Add(v.cfg.StartupDelay + p.slot); first.After(due) {
		return first
	}
	return due
}

// setBack makes a rule go on from now that was checked at instants that are still to come: the clock was ahead. They are checked again when
// they are due, and what was passed over to come to them is made up for. e.mu is held.
func (v *Evaluator) setBack(e *entry, now time.Time) {
	to := e.plan.lastDue(now)
	ahead := to // the last check that was not made ahead of time
	f := e.plan.rule.EvaluationFrequency
	if e.gap.after.Before(to) && e.gap.to.After(to) {
		to, ahead = e.gap.after, e.gap.to.Add(-f)
	}
	v.m.missed.WithLabelValues(missedClock).Add(float64(e.evaluated.Sub(ahead) / f))
	e.evaluated, e.status.reached = to, to
	if e.status.at.After(to) {
		e.status.at = to
	}
	e.tracker.setBack(to)
	e.blind = time.Time{}
	v.baselines.drop(e.name) // they hold history that was still to come
}

func (v *Evaluator) miss(e *entry, reason string, n int) {
	v.m.missed.WithLabelValues(reason).Add(float64(n))
	v.log.Warn("checks of an alert rule were missed", "rule", e.name, "reason", reason, "n", n)
}

func (v *Evaluator) evaluate(ctx context.Context, p *plan, from time.Time, n int) (*frame, time.Duration, error) {
	limit := min(v.cfg.Timeout, p.rule.EvaluationFrequency)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	started := v.set.Now()
	var sets []*baselineSet
	if p.dynamic() {
		sets = v.baselines.take(p)
		defer func() { v.baselines.put(p, sets) }()
	}
	f, err := v.safely(ctx, p, from, n, sets)
	took := v.set.Now().Sub(started)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("not answered within %s: %w", limit, context.DeadlineExceeded)
	}
	return f, took, err
}

// safely makes an error of a panic, so that one rule's answer cannot end the evaluation of all.
func (v *Evaluator) safely(ctx context.Context, p *plan, from time.Time, n int, sets []*baselineSet) (f *frame, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return v.asker.ask(ctx, p, from, n, sets)
}

func (p *plan) dynamic() bool {
	for i := range p.criteria {
		if p.criteria[i].Type == alerts.DynamicThreshold && p.rule.Kind == alerts.KindMetric {
			return true
		}
	}
	return false
}

// failed notes an evaluation that failed: it is made once more if that ends before the next is due, and else given up.
func (v *Evaluator) failed(e *entry, p *plan, from time.Time, n int, took time.Duration, err error) {
	f := p.rule.EvaluationFrequency
	last := from.Add(time.Duration(n-1) * f)
	now := v.set.Now()
	retry := now.Add(min(retryAfter, f/4))
	again := e.attempt == 0 && retry.Add(took).Before(p.due(last.Add(f)))
	e.mu.Lock()
	if e.status.failures == 0 {
		v.log.Warn("alert rule cannot be evaluated", "rule", e.name, "err", err)
	}
	e.status.err, e.status.took, e.status.made = err, took, now
	e.status.failures++
	if !again {
		e.evaluated = last
	}
	e.mu.Unlock()
	if again {
		e.attempt, e.retryAt = e.attempt+1, retry
		return
	}
	e.attempt, e.retryAt = 0, time.Time{}
	if !ownFault(err) {
		v.health.count(now, false)
	}
	reason := missedFailed
	if errors.Is(err, context.DeadlineExceeded) {
		reason = missedTimeout
	}
	v.m.missed.WithLabelValues(reason).Add(float64(n)) // logged above, once
	v.save(e)
}

// ownFault says whether an evaluation failed for what its rule asks, rather than for who answers.
func ownFault(err error) bool {
	var limit *LimitError
	return errors.Is(err, alerts.ErrQuery) || errors.As(err, &limit)
}

func (v *Evaluator) recovered(e *entry) {
	if e.status.failures > 0 {
		v.log.Info("alert rule is evaluated again", "rule", e.name, "failures", e.status.failures)
	}
}

// settle hands over what is pending and then deletes the states that are void. It says whether nothing is left.
func (v *Evaluator) settle(ctx context.Context, e *entry) bool {
	e.mu.Lock()
	pending, wipe := e.pending, e.wipe
	e.mu.Unlock()
	err := v.handOver(ctx, pending)
	if err == nil && wipe {
		err = v.saver.delete(ctx, e.name)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		v.m.sinkFailures.Inc()
		if e.stuckFrom.IsZero() {
			e.stuckFrom = v.set.Now()
			v.log.Error("alerts of a rule cannot be handed over; it is not evaluated until they can", "rule", e.name, "err", err)
		}
		e.backoff = min(max(time.Second, 2*e.backoff), maxBackoff)
		v.health.stuck(e.name, e.stuckFrom)
		return false
	}
	if !e.stuckFrom.IsZero() {
		v.log.Info("alerts of a rule are handed over again", "rule", e.name)
		v.health.unstuck(e.name)
	}
	e.pending, e.wipe, e.backoff, e.stuckFrom = nil, false, 0, time.Time{}
	if wipe && e.plan != nil {
		v.remember(e)
	}
	return true
}

func (v *Evaluator) handOver(ctx context.Context, list []alerts.Transition) error {
	if len(list) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return v.set.Sink.Apply(ctx, list)
}

// save gives the saver what changed; everything before was handed over.
func (v *Evaluator) save(e *entry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v.saver.put(e.name, e.evaluated, e.plan.hash, e.tracker.delta(e.evaluated))
}
