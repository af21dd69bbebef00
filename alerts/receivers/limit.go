package receivers

import (
	"sync"
	"time"
)

// limiter allows so many uses of a key in any window of time.
type limiter struct {
	most   int
	window time.Duration

	mu   sync.Mutex
	used map[string][]time.Time // oldest first
}

func newLimiter(most int, window time.Duration) *limiter {
	return &limiter{most: most, window: window, used: map[string][]time.Time{}}
}

// take uses a key once. Where it may not, it returns false and how long until it may.
func (l *limiter) take(key string, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	times := l.used[key]
	if len(times) >= l.most {
		return max(times[len(times)-l.most].Add(l.window).Sub(now), time.Millisecond), false
	}
	l.used[key] = append(times, now)
	return 0, true
}

// giveBack undoes the take of a key at a time: nothing was sent.
func (l *limiter) giveBack(key string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, t := range l.used[key] {
		if t.Equal(at) {
			l.used[key] = append(l.used[key][:i:i], l.used[key][i+1:]...)
			return
		}
	}
}

// forget drops what is older than the window, so that the map is as large as what was used lately.
func (l *limiter) forget(now time.Time) {
	for key, times := range l.used {
		i := 0
		for i < len(times) && !times[i].After(now.Add(-l.window)) {
			i++
		}
		if i == len(times) {
			delete(l.used, key)
		} else if i > 0 {
			l.used[key] = times[i:]
		}
	}
}
