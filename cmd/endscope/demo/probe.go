package demo

import "time"

// How long after its start an instance is first asked whether it is ready, and how often then until it is.
const (
	probeDelay  = 100 * time.Millisecond
	probePeriod = 2 * time.Second
)

// probe asks an instance that starts whether it listens, and tells it of every time that it does not.
func (p *process) probe() {
	began := time.Now()
	timer := time.NewTimer(probeDelay)
	defer timer.Stop()
	for {
		select {
		case <-p.said:
			return
		case <-p.gone:
			return
		case <-timer.C:
			p.stdin.tell(serverContainer, lifeNotReady, "Readiness probe of %s failed: it does not listen %s after its start", serverContainer, time.Since(began).Round(time.Millisecond))
			timer.Reset(probePeriod)
		}
	}
}
