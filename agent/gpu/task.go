package gpu

import "time"

// task runs a function on its own goroutine and lets its owner stop waiting for it. It never runs two at a time, so a function
// that hangs is not multiplied. One goroutine owns a task and calls all its methods.
type task[T any] struct {
	result chan T // nil while nothing runs
	since  time.Time
}

// running reports whether a function was started whose result has not been taken.
func (t *task[T]) running() bool { return t.result != nil }

// start runs fn. The caller has made sure that nothing runs.
func (t *task[T]) start(fn func() T) {
	result := make(chan T, 1)
	t.result, t.since = result, time.Now()
	go func() { result <- fn() }()
}

// take returns the result, waiting for it until expired fires.
func (t *task[T]) take(expired <-chan struct{}) (T, bool) {
	select {
	case v := <-t.result:
		t.result = nil
		return v, true
	default:
	}
	select {
	case v := <-t.result:
		t.result = nil
		return v, true
	case <-expired:
		var zero T
		return zero, false
	}
}

// poll is take without waiting.
func (t *task[T]) poll() (T, bool) { return t.take(closed) }

// closed is always ready.
var closed = func() <-chan struct{} { c := make(chan struct{}); close(c); return c }()
