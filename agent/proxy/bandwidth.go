package proxy

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

// throttle is a limit on the bytes per second of one direction, over all requests. A nil one limits nothing. Safe for concurrent use.
type throttle struct {
	limiter *rate.Limiter
	delayed prometheus.Counter // seconds
}

func newThrottle(cfg Config, delayed prometheus.Counter) *throttle {
	if cfg.BandwidthLimit == 0 {
		return nil
	}
	return &throttle{rate.NewLimiter(rate.Limit(cfg.BandwidthLimit), cfg.burst()), delayed}
}

// wait holds the caller until n bytes may pass, or until ctx ends, and returns for how long it did.
func (t *throttle) wait(ctx context.Context, n int) time.Duration {
	if t == nil || n <= 0 {
		return 0
	}
	var total time.Duration
	for n > 0 {
		part := min(n, t.limiter.Burst())
		n -= part
		r := t.limiter.ReserveN(time.Now(), part) // never refused: part is at most the burst
		d := r.Delay()
		if d <= 0 {
			continue
		}
		began := time.Now()
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			r.Cancel()
			n = 0
		}
		total += time.Since(began)
	}
	if total > 0 {
		t.delayed.Add(total.Seconds())
	}
	return total
}
