package supervise

import "time"

// backoff is how long restarts wait, as Kubernetes' kubelet does it: not at all for the first, then min, twice min, … up to max. A run of at least
// reset begins anew.
type backoff struct {
	min, max, reset time.Duration
	next            time.Duration
	begun           bool
}

// wait returns the time to the next start after a run that took ran.
func (b *backoff) wait(ran time.Duration) time.Duration {
	if ran >= b.reset {
		b.begun = false
	}
	if !b.begun {
		b.begun, b.next = true, b.min
		return 0
	}
	w := b.next
	b.next = min(2*b.next, b.max)
	return w
}
