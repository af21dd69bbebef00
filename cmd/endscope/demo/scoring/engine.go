package scoring

import (
	"context"
	"errors"
	"sync"
	"time"
)

// What the engine has room for, and how fast it is.
const (
	enginePlaces  = 2    // requests at once
	engineWaiting = 16   // requests that may wait for a place
	engineCache   = 256  // tokens
	engineLongest = 40   // tokens of an answer
	enginePrompt  = 24   // tokens of the instructions that begin every prompt
	prefillPace   = 5e4  // tokens per second
	decodePace    = 2e-3 // seconds per token
)

// errFull is what a request gets that the engine has no room to let wait.
var errFull = errors.New("too many requests wait for an explanation")

// engine says words one after the other, as the engine of a language model does: it lets so many requests in at once, reads the
// prompt, of which it keeps the common beginning, and then gives a token at a time. Which words, its caller knows; the time that
// they take is played. Safe for concurrent use.
type engine struct {
	metrics *engineMetrics
	places  chan struct{}

	mu             sync.Mutex
	waits          int
	held           int // tokens in the cache of running requests
	knowsBeginning bool
}

func newEngine(m *engineMetrics) *engine {
	return &engine{metrics: m, places: make(chan struct{}, enginePlaces)}
}

// run answers one request: think returns the words once the prompt is read, and say is given each in turn. admitted is called when
// the request has its place. It returns errFull, the context's error, or that of think or say.
func (e *engine) run(ctx context.Context, prompt int, admitted func(), think func() ([]string, error), say func(string) error) (err error) {
	arrived := time.Now()
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer func() { <-e.places }()
	admitted()
	m := e.metrics
	began := time.Now()
	m.queue.Observe(began.Sub(arrived).Seconds())
	m.running.Inc()
	m.batch.Inc()
	held := prompt + enginePrompt
	e.hold(held)
	reason := finishedError
	said := 0
	defer func() {
		e.hold(-held)
		m.running.Dec()
		m.batch.Dec()
		if err != nil && ctx.Err() != nil {
			reason = finishedAbort
		}
		m.finished.WithLabelValues(reason).Inc()
		m.requestTokens.WithLabelValues("output").Observe(float64(said))
		m.request.Observe(time.Since(arrived).Seconds())
	}()

	m.requestTokens.WithLabelValues("input").Observe(float64(held))
	m.input.Add(float64(held))
	unread := held - e.remembered()
	m.hits.Add(float64(held - unread))
	m.misses.Add(float64(unread))
	if err := pause(ctx, time.Duration(float64(unread)/prefillPace*float64(time.Second))); err != nil {
		return err
	}
	words, err := think()
	if err != nil {
		return err
	}
	reason = finishedStop
	if len(words) > engineLongest {
		words, reason = words[:engineLongest], finishedLength
	}
	var first, previous time.Time
	for _, word := range words {
		if err := pause(ctx, time.Duration(decodePace*float64(time.Second))); err != nil {
			return err
		}
		if err := say(word); err != nil {
			return err
		}
		now := time.Now()
		if said++; said == 1 {
			first = now
			m.firstToken.Observe(now.Sub(arrived).Seconds())
			m.prefill.Observe(now.Sub(began).Seconds())
		} else {
			m.betweenTokens.Observe(now.Sub(previous).Seconds())
		}
		previous = now
		m.output.Inc()
		held++
		e.hold(1)
	}
	m.decode.Observe(previous.Sub(first).Seconds())
	if said > 1 {
		m.perToken.Observe(previous.Sub(first).Seconds() / float64(said-1))
	}
	return nil
}

// enter waits for a place.
func (e *engine) enter(ctx context.Context) error {
	select {
	case e.places <- struct{}{}:
		return nil
	default:
	}
	if !e.wait(1) {
		e.metrics.rejected.WithLabelValues(rejectedFull).Inc()
		return errFull
	}
	defer e.wait(-1)
	select {
	case e.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		e.metrics.finished.WithLabelValues(finishedAbort).Inc()
		return ctx.Err()
	}
}

// wait changes the number of requests that wait, and returns false when there is no room for more.
func (e *engine) wait(n int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waits+n > engineWaiting {
		return false
	}
	e.waits += n
	e.metrics.waiting.Set(float64(e.waits))
	return true
}

func (e *engine) hold(tokens int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.held += tokens
	e.metrics.cache.Set(float64(e.held) / engineCache)
}

// remembered returns how many tokens of a prompt were read before: the instructions, but for the first time.
func (e *engine) remembered() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.knowsBeginning {
		return enginePrompt
	}
	e.knowsBeginning = true
	return 0
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
