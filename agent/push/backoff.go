package push

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter bounds how long a server's Retry-After is believed.
const maxRetryAfter = time.Hour

// Backoff gives random waits whose upper bound doubles with each failure ("full jitter"), so that the agents of a fleet do not come back together.
// Not safe for concurrent use.
type Backoff struct {
	Min, Max time.Duration
	failures int
}

// Next returns the wait after one more failure: between 0 and Min·2ⁿ, at most Max, and never less than floor, which it may exceed by up to Min.
func (b *Backoff) Next(floor time.Duration) time.Duration {
	bound := b.Max
	if b.failures < 32 && b.Min<<b.failures > 0 && b.Min<<b.failures < b.Max {
		bound = b.Min << b.failures
	}
	b.failures++
	if floor > 0 {
		return floor + rand.N(b.Min)
	}
	return rand.N(bound) + 1
}

// Reset forgets the failures.
func (b *Backoff) Reset() { b.failures = 0 }

// RetryAfter returns the shortest wait that an answer's header asks for, at most an hour; 0 means that there is none to honour.
func RetryAfter(h http.Header, now time.Time) time.Duration { return retryAfter(h, now) }

// retryAfter reads a Retry-After header: seconds or an HTTP date. 0 means that there is none to honour.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		return 0
	}
	wait := time.Duration(0)
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		wait = maxRetryAfter
		if seconds < int64(maxRetryAfter/time.Second) {
			wait = time.Duration(seconds) * time.Second
		}
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
