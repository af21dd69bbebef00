package route

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrNotRunning says that the engine has not started yet, or has stopped.
var ErrNotRunning = errors.New("notification routing is not running")

// silent is how long the dispatcher may show no sign of life. It is asked every probeEvery.
const (
	probeEvery = 15 * time.Second
	silent     = 2 * time.Minute
)

// health knows whether notification works. The dispatcher is asked by an alert of our own that goes the way of all alerts; a silent failure
// of any step on that way shows.
type health struct {
	mu       sync.Mutex
	started  time.Time // of the dispatcher; zero while there is none
	flushed  time.Time // when the dispatcher last came round to our alert
	ingested time.Time // when the version of our alert that it then had was put
	trying   map[string]*trial
}

// trial is how attempts at one receiver went lately.
type trial struct {
	failingSince time.Time // zero if the last attempt succeeded
	last         time.Time
	ok           time.Time // the last success
}

func (h *health) start(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.started, h.flushed, h.ingested = now, now, now
}

func (h *health) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.started = time.Time{}
}

func (h *health) probed(now, put time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.flushed, h.ingested = now, put
}

func (h *health) attempt(receiver string, ok bool, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.trying == nil {
		h.trying = map[string]*trial{}
	}
	t := h.trying[receiver]
	if t == nil {
		t = &trial{}
		h.trying[receiver] = t
	}
	t.last = now
	if ok {
		t.failingSince, t.ok = time.Time{}, now
	} else if t.failingSince.IsZero() {
		t.failingSince = now
	}
}

// keep forgets receivers that are gone.
func (h *health) keep(there func(receiver string) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name := range h.trying {
		if !there(name) {
			delete(h.trying, name)
		}
	}
}

func (h *health) check(now time.Time, after time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.started.IsZero() {
		return ErrNotRunning
	}
	if d := now.Sub(h.flushed); d > silent {
		return fmt.Errorf("alerts are not dispatched: no sign of life for %s (at most %s)", d.Round(time.Second), silent)
	}
	if d := now.Sub(h.ingested); d > silent {
		return fmt.Errorf("alerts do not reach the dispatcher: the newest it has is %s old (at most %s)", d.Round(time.Second), silent)
	}
	return h.failing(now, after)
}

// failing returns an error if every attempt of the last time failed, and there were some.
func (h *health) failing(now time.Time, after time.Duration) error {
	failing := 0
	longest := time.Duration(0)
	for _, t := range h.trying {
		if now.Sub(t.ok) < after {
			return nil
		}
		// Attempts end with what they were about: what failed once long ago and was not tried since is no news.
		if !t.failingSince.IsZero() && now.Sub(t.last) < after {
			failing++
			longest = max(longest, now.Sub(t.failingSince))
		}
	}
	if failing > 0 && longest >= after {
		return fmt.Errorf("nobody is notified: every attempt to reach %d receivers has failed for %s (at most %s)", failing, longest.Round(time.Second), after)
	}
	return nil
}
