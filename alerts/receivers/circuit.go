package receivers

import (
	"sync"
	"time"
)

// pause is how long an address is not called after all retries have failed.
const pause = 15 * time.Minute

// circuits remembers which addresses are not to be called.
type circuits struct {
	mu   sync.Mutex
	open map[string]*circuit // by address; only those that failed
}

type circuit struct {
	until time.Time
	trial bool // one call is being made to see whether the address is back
}

// gate says what a caller may do.
type gate int

const (
	gateClosed gate = iota // call, with all retries
	gateTrial              // call once
	gateBusy               // somebody else tries just now: come back soon
	gateOpen               // do not call
)

func newCircuits() *circuits { return &circuits{open: map[string]*circuit{}} }

// enter asks for one address. Who gets gateTrial must call leave.
func (c *circuits) enter(address string, now time.Time) (gate, time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.open[address]
	switch {
	case !ok:
		return gateClosed, time.Time{}
	case now.Before(o.until):
		return gateOpen, o.until
	case o.trial:
		return gateBusy, time.Time{}
	}
	o.trial = true
	return gateTrial, time.Time{}
}

// fail stops calls of an address for a while. It returns when they start again.
func (c *circuits) fail(address string, now time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	for a, o := range c.open {
		if now.After(o.until.Add(24 * time.Hour)) {
			delete(c.open, a) // nobody has called it for a day: no group names it any more
		}
	}
	c.open[address] = &circuit{until: now.Add(pause)}
	return now.Add(pause)
}

// succeed forgets that an address failed.
func (c *circuits) succeed(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, address)
}

// leave ends a trial that told nothing, such as one that was interrupted.
func (c *circuits) leave(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o := c.open[address]; o != nil {
		o.trial = false
	}
}

// count returns how many addresses are not called at a time.
func (c *circuits) count(now time.Time) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.open {
		if now.Before(o.until) {
			n++
		}
	}
	return n
}
