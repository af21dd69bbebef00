package proxy

import "sync"

// underWay counts requests. Unlike sync.WaitGroup it may be entered while somebody waits. Safe for concurrent use.
type underWay struct {
	mu   sync.Mutex
	n    int
	none chan struct{} // closed when n becomes 0; nil when nobody waits
}

func (u *underWay) enter() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.n++
}

func (u *underWay) leave() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n--; u.n == 0 && u.none != nil {
		close(u.none)
		u.none = nil
	}
}

func (u *underWay) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.n
}

// wait returns a channel that is closed once there is none.
func (u *underWay) wait() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	if u.none == nil {
		u.none = make(chan struct{})
	}
	return u.none
}
