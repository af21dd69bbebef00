package live

import (
	"encoding/json"
	"time"

	"github.com/endscope/endscope/scopes"
)

// group is those who watch the same: one question, with the same grants. It merges each second once for all of them.
type group struct {
	hub    *Hub
	key    string
	scope  scopes.Pattern
	view   *view
	takes  func(scopes.Path) bool // of the filter
	grants scopes.Grants
	// histograms says that all rows have theirs.
	histograms bool

	agents   map[*Agent]bool
	watchers map[*Watch]bool

	shown  int64 // the last second that was shown
	closed int64 // the last second that takes no frames any more
	counts [openSeconds]struct {
		second int64
		frames int
		late   bool // some came after the second was shown
	}

	known   []Known
	looked  time.Time
	looking bool
}

// covers says whether an instance is of those that are watched.
func (g *group) covers(p scopes.Path) bool {
	return g.scope.Covers(p) && g.grants.Allows(p) && g.takes(p)
}

func (g *group) add(a *Agent) {
	if len(a.groups) == 0 {
		g.hub.metrics.asked.Inc()
	}
	a.groups[g], g.agents[a] = true, true
}

func (g *group) remove(a *Agent) {
	delete(a.groups, g)
	delete(g.agents, a)
	if len(a.groups) == 0 {
		g.hub.metrics.asked.Dec()
	}
}

// arrived notes a frame of a second, and returns whether that was the last one missing.
func (g *group) arrived(second int64) bool {
	c := &g.counts[uint64(second)%openSeconds]
	if c.second != second {
		c.second, c.frames, c.late = second, 0, false
	}
	c.frames++
	if second <= g.shown {
		c.late = true
		return false
	}
	return c.frames >= len(g.agents)
}

func (g *group) complete(second int64) bool {
	c := g.counts[uint64(second)%openSeconds]
	return len(g.agents) == 0 || c.second == second && c.frames >= len(g.agents)
}

// step shows the seconds that are due, and returns when the next one may be. A second is shown when it is over and all frames are there, or after
// live.settle; and again after live.late when more frames have come.
func (g *group) step(now time.Time) time.Time {
	cfg := g.hub.cfg
	if last := now.Unix() - 1; g.shown < last-openSeconds || g.shown > last+1 { // the machine slept, or its clock was set
		g.shown, g.closed = last-1, last-1
	}
	for {
		end := time.Unix(g.shown+2, 0) // of the second after the one that was shown
		if now.Before(end) || !g.complete(g.shown+1) && now.Before(end.Add(cfg.Settle)) {
			break
		}
		g.shown++
		g.show(g.shown, false)
	}
	for g.closed < g.shown && !now.Before(time.Unix(g.closed+2, 0).Add(cfg.Late)) {
		g.closed++
		if c := g.counts[uint64(g.closed)%openSeconds]; c.second == g.closed && c.late {
			g.show(g.closed, true)
		}
	}
	next := time.Unix(g.shown+2, 0)
	if !now.Before(next) {
		next = next.Add(cfg.Settle)
	}
	if g.closed < g.shown {
		if at := time.Unix(g.closed+2, 0).Add(cfg.Late); at.Before(next) {
			next = at
		}
	}
	return next
}

// show merges a second and hands it to everybody.
func (g *group) show(second int64, again bool) {
	event, err := json.Marshal(g.merge(second, again))
	if err != nil { // of plain values, so it does not happen
		g.hub.log.Error("second of the live view could not be written", "err", err)
		return
	}
	for w := range g.watchers {
		w.push(event)
	}
}
