package agent

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter bounds how long a server's Retry-After is believed.
const maxRetryAfter = time.Hour

// backoff gives random waits whose upper bound doubles with each failure ("full jitter"), so that the agents of a fleet do not come back together.
type backoff struct {
	min, max time.Duration
	failures int
}

// next returns the wait after one more failure: between 0 and min·2ⁿ, at most max, and never less than floor, which it may exceed by up to min.
func (b *backoff) next(floor time.Duration) time.Duration {
	bound := b.max
	if b.failures < 32 && b.min<<b.failures > 0 && b.min<<b.failures < b.max {
		bound = b.min << b.failures
	}
	b.failures++
	if floor > 0 {
		return floor + rand.N(b.min)
	}
	return rand.N(bound) + 1
}

func (b *backoff) reset() { b.failures = 0 }

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

// permanent says whether an answer refuses this very request, so that sending it again cannot help. The other refusals speak of the way to the
// server (credentials, address, load), which an operator can mend while the spool waits.
func permanent(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired,
		http.StatusRequestTimeout, http.StatusMisdirectedRequest, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status/100 == 4
}
