package scoring

import (
	"sync"
	"time"
)

// What an instance lets through in each direction before answers in one piece are held back. A batch of applicants is over it, single
// ones are not.
const (
	bandwidthRate = 256 << 10 // bytes per second
	requestBurst  = 4 << 10   // bytes at once
	answerBurst   = 1 << 10
	longestDelay  = time.Second // of one request, however many wait
)

// bandwidth is a limit on bytes per second. Safe for concurrent use.
type bandwidth struct {
	burst float64

	mu   sync.Mutex
	owed float64 // bytes that were let through and are not paid for by time
	at   time.Time
}

// take lets n bytes through, and returns how long their sender has to wait for that.
func (b *bandwidth) take(n int, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owed = max(0, b.owed-now.Sub(b.at).Seconds()*bandwidthRate) + float64(n)
	b.at = now
	b.owed = min(b.owed, b.burst+longestDelay.Seconds()*bandwidthRate)
	return time.Duration(max(0, b.owed-b.burst) / bandwidthRate * float64(time.Second))
}
