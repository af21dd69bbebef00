package proxy

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// errFull says that a request finds neither a slot nor a place to wait for one.
var errFull = errors.New("too many pending requests")

// gate lets a number of requests through at a time, in the order in which they came. Safe for concurrent use.
type gate struct {
	slots    chan struct{}
	waiting  atomic.Int64
	maxQueue int64
}

// newGate returns nil where there is no limit.
func newGate(maxConcurrent, maxQueue int) *gate {
	if maxConcurrent == 0 {
		return nil
	}
	return &gate{slots: make(chan struct{}, maxConcurrent), maxQueue: int64(maxQueue)}
}

// enter waits for a slot, and returns how long that took. It returns errFull where no more may wait, and ctx's error when ctx ends first. The
// caller must leave after nil, and only then.
func (g *gate) enter(ctx context.Context) (time.Duration, error) {
	select {
	case g.slots <- struct{}{}:
		return 0, nil
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.maxQueue {
		return 0, errFull
	}
	began := time.Now()
	select {
	case g.slots <- struct{}{}:
		return time.Since(began), nil
	case <-ctx.Done():
		return time.Since(began), ctx.Err()
	}
}

func (g *gate) leave() { <-g.slots }
