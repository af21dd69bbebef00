package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/endscope/endscope/agent/push"
)

var errHangs = errors.New("collector has not come back")

// Source is a collector with its schedule.
type Source struct {
	Collector Collector     // the agent's own from then on: it closes it
	Interval  time.Duration // 0 means Config.Interval
	Timeout   time.Duration // 0 means four fifths of the interval, at most 10 s
}

// runner runs one collector, never twice at once, and keeps what it needs from round to round. Its methods are called by one goroutine.
type runner struct {
	Source
	name    string
	tracker *tracker
	metrics *metrics
	log     *slog.Logger

	running atomic.Bool // until Collect returns, however late
	began   time.Time
	results chan result // of the run that is awaited; nil when none is
	failing bool
	sayFail *rate.Sometimes
}

// result is what one run gave.
type result struct {
	readings []Reading
	err      error
	took     time.Duration
}

func newRunner(s Source, cfg Config, m *metrics, log *slog.Logger) *runner {
	if s.Interval == 0 {
		s.Interval = cfg.Interval
	}
	if s.Timeout == 0 || s.Timeout > s.Interval {
		s.Timeout = min(s.Interval*4/5, 10*time.Second)
	}
	name := s.Collector.Name()
	return &runner{Source: s, name: name, tracker: newTracker(), metrics: m, log: log.With("collector", name), sayFail: push.OnceAMinute()}
}

// start begins a run, and returns false when the one before has not come back; that is then this round's failure.
func (r *runner) start(ctx context.Context, at time.Time) bool {
	if r.running.Load() {
		r.report(errHangs, time.Since(r.began))
		return false
	}
	results := make(chan result, 1) // so that a late run can end without a reader
	r.results, r.began = results, time.Now()
	r.running.Store(true)
	go func() {
		round := &Round{Time: at}
		ctx, cancel := context.WithTimeout(ctx, r.Timeout)
		defer cancel()
		begin := time.Now()
		err := r.collect(ctx, round)
		r.running.Store(false)
		results <- result{round.Readings, err, time.Since(begin)}
	}()
	return true
}

func (r *runner) collect(ctx context.Context, round *Round) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.metrics.panics.WithLabelValues(r.name).Inc()
			r.log.Error("collector panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.Collector.Collect(ctx, round)
}

// wait returns the result of the run that is under way, and false when it is not there by then, or when ctx ends first and leaving is not set.
func (r *runner) wait(ctx context.Context, by time.Time, leaving bool) (res result, ok bool) {
	ended := ctx.Done()
	if leaving {
		ended = nil
	}
	timer := time.NewTimer(time.Until(by))
	defer timer.Stop()
	select {
	case res = <-r.results:
		return res, true
	case <-timer.C:
	case <-ended:
	}
	select { // both may have been ready
	case res = <-r.results:
		return res, true
	default:
		return res, false
	}
}

// report publishes how a run ended.
func (r *runner) report(err error, took time.Duration) {
	ok := 1.0
	if err != nil {
		ok = 0
		r.sayFail.Do(func() { r.log.Warn("collector failed", "err", err, "took", took.Round(time.Millisecond)) })
	} else if r.failing {
		r.log.Info("collector works again")
		r.sayFail = push.OnceAMinute()
	}
	r.failing = err != nil
	r.metrics.success.WithLabelValues(r.name).Set(ok)
	r.metrics.duration.WithLabelValues(r.name).Set(took.Seconds())
}
