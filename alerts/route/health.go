package route

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
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
	who          who
	failingSince time.Time // zero if the last attempt succeeded
	last         time.Time
	err          string // of the last attempt
}

// who names a receiver.
type who struct{ group, receiver, kind string }

func (w who) String() string { return w.receiver + " (" + w.kind + ") of " + w.group }

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

// attempt notes how an attempt at a receiver went; an empty text says that it succeeded.
func (h *health) attempt(receiver string, w who, failure string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.trying == nil {
		h.trying = map[string]*trial{}
	}
	t := h.trying[receiver]
	if t == nil {
		t = &trial{who: w}
		h.trying[receiver] = t
	}
	t.last, t.err = now, failure
	if failure == "" {
		t.failingSince = time.Time{}
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

// check says whether notification works. Attempts at a receiver that has something to be told come no further apart than apart.
func (h *health) check(now time.Time, after, apart time.Duration) error {
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
	return h.unreached(now, after, apart)
}

// dead says whether every attempt at a receiver has failed for a time. One that failed long ago and was not tried since has nothing to be told.
func (t *trial) dead(now time.Time, after, apart time.Duration) bool {
	return !t.failingSince.IsZero() && now.Sub(t.failingSince) >= after && now.Sub(t.last) < after+apart
}

// unreached returns an error that names the action groups of which nobody can be told: a group is as good as its best receiver.
func (h *health) unreached(now time.Time, after, apart time.Duration) error {
	reached, dead := map[string]bool{}, map[string][]string{}
	for _, t := range h.trying {
		if t.dead(now, after, apart) {
			dead[t.who.group] = append(dead[t.who.group], fmt.Sprintf("%s for %s: %s", t.who, now.Sub(t.failingSince).Round(time.Second), t.err))
		} else if t.failingSince.IsZero() {
			reached[t.who.group] = true
		}
	}
	var errs []error
	for _, group := range slices.Sorted(maps.Keys(dead)) {
		if !reached[group] {
			slices.Sort(dead[group])
			errs = append(errs, fmt.Errorf("nobody of the action group %s can be told: every attempt has failed (at most %s), at %s", group, after, strings.Join(dead[group], "; ")))
		}
	}
	return errors.Join(errs...)
}

// deadOnes returns the receivers at which every attempt has failed for a time, and which groups are told by another one.
func (h *health) deadOnes(now time.Time, after, apart time.Duration) (all []trial, reached map[string]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	reached = map[string]bool{}
	for _, t := range h.trying {
		if t.dead(now, after, apart) {
			all = append(all, *t)
		}
		reached[t.who.group] = reached[t.who.group] || t.failingSince.IsZero()
	}
	return all, reached
}

var failingSeconds = prometheus.NewDesc("alerts_receiver_failing_seconds",
	"For how long every attempt to tell a receiver has failed; 0 after one that succeeded. Receivers that were not tried yet are not here.",
	[]string{"action_group", "receiver", "type"}, nil)

// Describe implements prometheus.Collector.
func (h *health) Describe(ch chan<- *prometheus.Desc) { ch <- failingSeconds }

// Collect implements prometheus.Collector.
func (h *health) Collect(ch chan<- prometheus.Metric) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.trying {
		seconds := 0.0
		if !t.failingSince.IsZero() {
			seconds = t.last.Sub(t.failingSince).Seconds()
		}
		m, err := prometheus.NewConstMetric(failingSeconds, prometheus.GaugeValue, seconds, t.who.group, t.who.receiver, t.who.kind)
		if err != nil {
			m = prometheus.NewInvalidMetric(failingSeconds, err)
		}
		ch <- m
	}
}
