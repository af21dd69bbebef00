package route

import "sync"

// gate lets notifications in until it is shut, and knows when the last of them has gone. Alertmanager's dispatcher stops without waiting
// for those under way, so that the next one would send them again.
type gate struct {
	mu     sync.Mutex
	shut   bool
	inside int
	empty  chan struct{}
}

func newGate() *gate { return &gate{empty: make(chan struct{})} }

// enter returns false once the gate is shut. Whoever entered must leave.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return false
	}
	g.inside++
	return true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.shut && g.inside == 0 {
		close(g.empty)
	}
}

// close shuts the gate and returns a channel that is closed when nobody is inside. It is called once.
func (g *gate) close() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut = true; g.inside == 0 {
		close(g.empty)
	}
	return g.empty
}
