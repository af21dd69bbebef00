package live

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

// Why an agent's stream ends, as it is told.
const (
	leftStopping = "the server stops"
	leftReplaced = "another agent of the same name has connected"
)

// openSeconds is more than how many seconds take frames at a time.
const openSeconds = 4

// Agent is one agent that keeps a stream open.
type Agent struct {
	hub  *Hub
	path scopes.Path
	asks chan liveframe.Ask // of which the newest is kept
	gone chan struct{}      // closed when the hub wants the stream to end
	why  string             // why it does; read it after gone is closed

	groups   map[*group]bool
	leased   time.Time // until when frames are welcome
	frames   [openSeconds]*liveframe.Frame
	attached bool
	detached sync.Once
}

// Attach lets an agent in whose stream was opened under a path. One of the same name has to leave: it is likely a connection that died unseen. The
// caller calls Detach in the end. It returns a *LimitError or ErrStopped.
func (h *Hub) Attach(path scopes.Path) (*Agent, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.room(path); err != nil {
		return nil, err
	}
	if old := h.agents[path]; old != nil {
		h.metrics.replaced.Inc()
		old.leave(leftReplaced)
	}
	a := &Agent{hub: h, path: path, asks: make(chan liveframe.Ask, 1), gone: make(chan struct{}), groups: map[*group]bool{}, attached: true}
	h.agents[path] = a
	h.work.Add(1) // under the lock and before stopped, so that Run waits for it
	h.metrics.agents.Inc()
	for _, g := range h.groups {
		if g.covers(path) {
			g.add(a)
		}
	}
	if len(a.groups) > 0 {
		a.ask(h.set.Now())
	}
	return a, nil
}

// room says why no agent can be let in under a path. One that would take another's place always finds some. The caller holds the lock.
func (h *Hub) room(path scopes.Path) error {
	switch {
	case h.stopped:
		return ErrStopped
	case h.agents[path] == nil && len(h.agents) >= h.cfg.MaxAgents:
		h.metrics.refused.WithLabelValues("agent", "max_agents").Inc()
		return &LimitError{"live.max_agents", h.cfg.MaxAgents, "agents"}
	}
	return nil
}

// Detach says that the stream has ended. A second call does nothing.
func (a *Agent) Detach() {
	a.detached.Do(func() {
		defer a.hub.work.Done()
		a.hub.mu.Lock()
		defer a.hub.mu.Unlock()
		a.detach()
	})
}

func (a *Agent) detach() {
	if !a.attached {
		return
	}
	a.attached = false
	delete(a.hub.agents, a.path)
	a.hub.metrics.agents.Dec()
	for g := range a.groups {
		g.remove(a)
	}
	a.hub.poke() // a second that waited for this agent alone can be shown
}

// leave tells the one who holds the stream to end it.
func (a *Agent) leave(why string) {
	if a.attached {
		a.why = why
		close(a.gone)
		a.detach()
	}
}

// Asks gives what the agent is to be told. What was not taken is replaced by what is newer.
func (a *Agent) Asks() <-chan liveframe.Ask { return a.asks }

// Gone is closed when the stream has to end.
func (a *Agent) Gone() <-chan struct{} { return a.gone }

// Why says why, after Gone is closed.
func (a *Agent) Why() string { return a.why }

// ask puts into the queue what the groups of the agent want to know; without any, that nobody does.
func (a *Agent) ask(now time.Time) {
	out := liveframe.Ask{}
	if len(a.groups) > 0 {
		out.LeaseMS, out.MaxBytes = a.hub.cfg.Lease.Milliseconds(), int64(a.hub.cfg.MaxFrameBytes)
		for g := range a.groups {
			if v := (liveframe.View{ID: g.view.id, Filter: g.view.filter}); !slices.ContainsFunc(out.Views, func(o liveframe.View) bool { return o.ID == v.ID }) {
				out.Views = append(out.Views, v)
			}
		}
		slices.SortFunc(out.Views, func(x, y liveframe.View) int { return cmp.Compare(x.ID, y.ID) })
		a.leased = now.Add(a.hub.cfg.Lease)
	}
	select {
	case <-a.asks:
	default:
	}
	a.asks <- out // there is room: all who send hold the lock
}

// earlySlack is how far ahead of ours the clock of a second may run: agents follow our clock, as well as the network lets them.
const earlySlack = 250 * time.Millisecond

// Deliver takes a frame that was checked, and owns it. It returns why the frame was dropped, which was counted, and "" when it was not.
func (a *Agent) Deliver(f *liveframe.Frame) (dropped string) {
	h := a.hub
	now := h.set.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	end := time.Unix(f.Second+1, 0)
	slot := &a.frames[uint64(f.Second)%openSeconds]
	switch {
	case len(a.groups) == 0 || now.After(a.leased):
		dropped = reasonUnasked
	case end.After(now.Add(earlySlack)):
		dropped = reasonEarly
	case now.After(end.Add(h.cfg.Late)):
		dropped = reasonLate
	case *slot != nil && (*slot).Second == f.Second:
		dropped = reasonDuplicate
	}
	if dropped != "" {
		h.metrics.dropped.WithLabelValues(dropped).Inc()
		return dropped
	}
	*slot = f
	h.metrics.frames.Inc()
	h.metrics.delay.Observe(max(now.Sub(end).Seconds(), 0))
	for g := range a.groups {
		if g.arrived(f.Second) {
			h.poke()
		}
	}
	return ""
}

// frame returns the agent's frame of a second, nil where there is none.
func (a *Agent) frame(second int64) *liveframe.Frame {
	if f := a.frames[uint64(second)%openSeconds]; f != nil && f.Second == second {
		return f
	}
	return nil
}
