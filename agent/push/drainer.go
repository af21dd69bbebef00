package push

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"github.com/endscope/endscope/agent/spool"
)

// Queue is the part of a spool that a Drainer needs.
type Queue interface {
	Peek() (spool.Entry, bool, error)
	Ack(seq uint64) error
	Filled() <-chan struct{}
}

// Delivery sends one entry. Done means that it need not be sent again: it was stored, or refused for good and counted. Otherwise err says why not,
// and floor is the shortest wait that the server asked for.
type Delivery func(ctx context.Context, e spool.Entry) (done bool, floor time.Duration, err error)

// Drainer takes entries from a queue, oldest first, one at a time, and removes each once it is delivered. Its methods are called by one goroutine.
type Drainer struct {
	queue   Queue
	deliver Delivery
	what    string // "rounds": what the log calls the entries
	to      string // the URL, for the log
	log     *slog.Logger
	backoff Backoff

	failingFrom time.Time // zero: the last attempt went well
	sayFailure  *rate.Sometimes
}

// NewDrainer returns a Drainer. What is the plural by which the log calls the entries; to is where they go.
func NewDrainer(q Queue, d Delivery, b Backoff, what, to string, log *slog.Logger) *Drainer {
	return &Drainer{queue: q, deliver: d, backoff: b, what: what, to: to, log: log, sayFailure: OnceAMinute()}
}

// OnceAMinute lets what would be said too often be said once a minute.
func OnceAMinute() *rate.Sometimes { return &rate.Sometimes{First: 1, Interval: time.Minute} }

// Run sends until stop is closed, and waits for more when nothing is left. A request that is under way then may still end; ctx cuts it short.
func (d *Drainer) Run(ctx context.Context, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		sent, wait := d.Step(ctx)
		switch {
		case wait > 0:
			timer := time.NewTimer(wait)
			select {
			case <-stop:
			case <-timer.C:
			}
			timer.Stop()
		case !sent:
			select {
			case <-stop:
			case <-d.queue.Filled():
			}
		}
	}
}

// Flush sends what is left, and gives up at the first failure or when ctx ends: what stays waits on disk for the next start.
func (d *Drainer) Flush(ctx context.Context) {
	for ctx.Err() == nil {
		if sent, wait := d.Step(ctx); !sent || wait > 0 {
			return
		}
	}
}

// Step handles the oldest entry. It returns whether there was one, and how long to wait before the next step.
func (d *Drainer) Step(ctx context.Context) (bool, time.Duration) {
	e, ok, err := d.queue.Peek()
	if err != nil {
		d.sayFailure.Do(func() { d.log.Error("spool cannot be read", "err", err) })
		return false, d.backoff.Next(0)
	}
	if !ok {
		return false, 0
	}
	done, floor, err := d.deliver(ctx, e)
	if ctx.Err() != nil && !done {
		return true, 0
	}
	if !done {
		if d.failingFrom.IsZero() {
			d.failingFrom = time.Now()
		}
		wait := d.backoff.Next(floor)
		d.sayFailure.Do(func() {
			d.log.Warn("server does not take "+d.what+"; they wait in the spool", "url", d.to, "err", err, "failing_for", time.Since(d.failingFrom).Round(time.Second), "retry_in", wait.Round(time.Millisecond))
		})
		return true, wait
	}
	if !d.failingFrom.IsZero() {
		d.log.Info("server takes "+d.what+" again", "after", time.Since(d.failingFrom).Round(time.Second))
		d.failingFrom, d.sayFailure = time.Time{}, OnceAMinute()
	}
	d.backoff.Reset()
	if err := d.queue.Ack(e.Seq); err != nil {
		d.log.Error("spool cannot forget what was sent", "err", err)
		return true, d.backoff.Next(0)
	}
	return true, 0
}
