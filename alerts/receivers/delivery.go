package receivers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"

	"github.com/endscope/endscope/alerts"
)

// delivery stands before one of Alertmanager's notifiers: it adds what messages say, bounds time and number, and keeps secrets out of errors.
type delivery struct {
	b        *Builder
	kind     alerts.ReceiverType
	next     notify.Notifier
	scrub    *scrubber
	limit    *limiter // nil for none
	limitKey string
	own      bool // the notifier bounds its own time, heeds its context and is limited by call
	test     bool
	turn     chan struct{} // holds one token: several of the notifiers keep state and must not be called twice at once
	timeout  time.Duration
}

// Notify hands alerts to the notifier. It returns whether another attempt makes sense.
func (d *delivery) Notify(ctx context.Context, as ...*alert.Alert) (bool, error) {
	retry, err := d.notify(ctx, as)
	if err != nil {
		d.b.metrics.results.WithLabelValues(string(d.kind), "failure").Inc()
		return retry, d.scrub.err(err)
	}
	d.b.metrics.results.WithLabelValues(string(d.kind), "success").Inc()
	return false, nil
}

func (d *delivery) notify(ctx context.Context, as []*alert.Alert) (bool, error) {
	if d.own {
		return d.next.Notify(ctx, as...)
	}
	as, ctx = d.b.dress(ctx, as, d.test)
	select {
	case <-d.turn:
	case <-ctx.Done():
		return true, fmt.Errorf("waiting for an earlier message to the same receiver: %w", ctx.Err())
	case <-time.After(d.timeout):
		return true, errors.New("an earlier message to the same receiver is still on its way")
	}
	now := d.b.now()
	if d.limit != nil {
		if wait, ok := d.limit.take(d.limitKey, now); !ok {
			d.turn <- struct{}{}
			d.b.metrics.limited.WithLabelValues(string(d.kind)).Inc()
			return false, notify.NewErrorWithReason(notify.RateLimitedReason, fmt.Errorf(
				"limit of %d in %s for this address: the next may be sent in %s", d.limit.most, d.limit.window, wait.Round(time.Second)))
		}
	}
	retry, err := d.bounded(ctx, as)
	if err != nil && d.limit != nil {
		d.limit.giveBack(d.limitKey, now)
	}
	var reason *notify.ErrorWithReason
	if errors.As(err, &reason) && reason.Reason == notify.RateLimitedReason {
		retry = true // some of the notifiers give up on status 429, which asks to come back
	}
	return retry, err
}

// bounded calls the notifier and waits at most timeout. One that hangs keeps the turn, so that there is never more than one of a receiver.
func (d *delivery) bounded(ctx context.Context, as []*alert.Alert) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	type outcome struct {
		retry bool
		err   error
	}
	done := make(chan outcome, 1)
	d.b.running.Add(1)
	go func() {
		defer d.b.running.Done()
		defer cancel()
		defer func() { d.turn <- struct{}{} }()
		retry, err := d.call(ctx, as)
		done <- outcome{retry, err}
	}()
	select {
	case o := <-done:
		return o.retry, o.err
	case <-ctx.Done():
	}
	// Most notifiers heed their context and return at once with a better error than ours.
	select {
	case o := <-done:
		return o.retry, o.err
	case <-time.After(time.Second):
	}
	d.b.metrics.undelivered.Inc()
	d.b.running.Add(1)
	go func() {
		defer d.b.running.Done()
		<-done
		d.b.metrics.undelivered.Dec()
	}()
	return true, notify.NewErrorWithReason(notify.ContextDeadlineExceededReason, fmt.Errorf("no answer within %s", d.timeout))
}

// call turns a panic of a notifier into an error: it runs on what operators and templates say.
func (d *delivery) call(ctx context.Context, as []*alert.Alert) (retry bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			retry, err = false, fmt.Errorf("the notifier failed: %v", p)
		}
	}()
	return d.next.Notify(ctx, as...)
}
