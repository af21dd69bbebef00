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
	metrics *metrics
	places  chan struct{}

	mu             sync.Mutex
	waits          int
	held           int // tokens in the cache of running requests
	knowsBeginning bool
}

// run answers one request: think returns the words once the prompt is read, and say is given each in turn. It returns how many tokens it
// read and said, and whether it had to leave words out. The error is errFull, the context's, or that of think or say.
func (e *engine) run(ctx context.Context, prompt int, think func() ([]string, error), say func(string) error) (read, said int, cut bool, err error) {
	arrived := time.Now()
	if err := e.enter(ctx); err != nil {
		return 0, 0, false, err
	}
	defer func() { <-e.places }()
	m := e.metrics
	began := time.Now()
	m.queue.Observe(began.Sub(arrived).Seconds())
	m.running.Inc()
	read = prompt + enginePrompt
	e.hold(read)
	defer func() {
		e.hold(-read - said)
		m.running.Dec()
		why := endedDone
		switch {
		case err != nil && ctx.Err() != nil:
			why = endedLeft
		case err != nil:
			why = endedFailed
		case cut:
			why = endedLimit
		}
		m.ended.WithLabelValues(why).Inc()
		m.answerTokens.Observe(float64(said))
		m.request.Observe(time.Since(arrived).Seconds())
	}()

	m.promptTokens.Observe(float64(read))
	m.prompts.Add(float64(read))
	unread := read - e.remembered()
	m.found.Add(float64(read - unread))
	m.read.Add(float64(unread))
	if err := pause(ctx, time.Duration(float64(unread)/prefillPace*float64(time.Second))); err != nil {
		return read, said, cut, err
	}
	words, err := think()
	if err != nil {
		return read, said, cut, err
	}
	if cut = len(words) > engineLongest; cut {
		words = words[:engineLongest]
	}
	var first, previous time.Time
	for _, word := range words {
		if err := pause(ctx, time.Duration(decodePace*float64(time.Second))); err != nil {
			return read, said, cut, err
		}
		if err := say(word); err != nil {
			return read, said, cut, err
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
		m.answers.Inc()
		e.hold(1)
	}
	m.decode.Observe(previous.Sub(first).Seconds())
	if said > 1 {
		m.perToken.Observe(previous.Sub(first).Seconds() / float64(said-1))
	}
	return read, said, cut, nil
}

// enter waits for a place.
func (e *engine) enter(ctx context.Context) error {
	select {
	case e.places <- struct{}{}:
		return nil
	default:
	}
	if !e.wait(1) {
		e.metrics.refused.WithLabelValues(refusedFull).Inc()
		return errFull
	}
	defer e.wait(-1)
	select {
	case e.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		e.metrics.ended.WithLabelValues(endedLeft).Inc()
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
	e.metrics.cache.Set(100 * float64(e.held) / engineCache)
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
