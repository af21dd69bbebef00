package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

// Question is what somebody watches.
type Question struct {
	Scope scopes.Pattern
	// Filter is what counts: dimensions of requests, as liveframe.Dimensions lists them, and endpoint, deployment, instanceId (also instance), which choose
	// instances.
	Filter liveframe.Filter
	// Histograms asks for the durations' histogram of each row, and not of the total alone, so that several seconds of a row can be merged.
	Histograms bool
}

// waitingEvents is how many events a watcher may be behind.
const waitingEvents = 4

// Watch is one watcher.
type Watch struct {
	hub    *Hub
	group  *group
	events chan []byte
	lost   atomic.Int64
	ended  bool // under the hub's lock
}

// Watch begins to watch as far as the grants in ctx go. The caller calls Close in the end. Errors: *FilterError, *LimitError, ErrStopped, one that wraps
// scopes.ErrNotFound where the caller sees no instance in the scope, and that of Settings.Known.
func (h *Hub) Watch(ctx context.Context, q Question) (*Watch, error) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, err
	}
	place, filter := split(q.Filter)
	if _, err := liveframe.Compile(filter); err != nil {
		return nil, &FilterError{err}
	}
	takes, err := compilePlace(place)
	if err != nil {
		return nil, &FilterError{err}
	}
	known, err := h.known(ctx, q.Scope)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return nil, ErrStopped
	}
	seen := func(p scopes.Path) bool { return q.Scope.Covers(p) && grants.Allows(p) }
	connected := false
	for p := range h.agents {
		connected = connected || seen(p)
	}
	switch {
	case connected: // that is enough, whatever the store says
	case err != nil:
		return nil, err
	case !slices.ContainsFunc(known, func(k Known) bool { return seen(k.Path) }):
		return nil, fmt.Errorf("%w: no instance is known for %q", scopes.ErrNotFound, q.Scope)
	}
	if h.watchers >= h.cfg.MaxWatchers {
		h.metrics.refused.WithLabelValues("watcher", "max_watchers").Inc()
		return nil, &LimitError{"live.max_watchers", h.cfg.MaxWatchers, "watchers"}
	}
	where, err := json.Marshal(place)
	if err != nil {
		return nil, err
	}
	v, err := h.viewOf(filter)
	if err != nil {
		return nil, err
	}
	now := h.set.Now()
	key := fmt.Sprintf("%s %d %t %s %s", q.Scope, v.id, q.Histograms, where, grantsKey(grants))
	g := h.groups[key]
	if g == nil {
		g = &group{
			hub: h, key: key, scope: q.Scope, view: v, takes: takes, grants: grants, histograms: q.Histograms, known: known, looked: now,
			agents: map[*Agent]bool{}, watchers: map[*Watch]bool{}, shown: now.Unix(), closed: now.Unix(),
		}
		v.groups++
		h.groups[key] = g
		for _, a := range h.agents {
			if g.covers(a.path) {
				g.add(a)
				a.ask(now)
			}
		}
	}
	w := &Watch{hub: h, group: g, events: make(chan []byte, waitingEvents)}
	g.watchers[w] = true
	h.watchers++
	h.metrics.watchers.Inc()
	h.poke()
	return w, nil
}

func (h *Hub) known(ctx context.Context, scope scopes.Pattern) ([]Known, error) {
	if h.set.Known == nil {
		return nil, nil
	}
	return h.set.Known(ctx, scope)
}

// Events gives the seconds, each one JSON object, an Event. It is closed when the hub stops.
func (w *Watch) Events() <-chan []byte { return w.events }

// Lost returns how many events were dropped since the last call because the watcher was too slow.
func (w *Watch) Lost() int { return int(w.lost.Swap(0)) }

// Close ends the watch; when nobody else watches, the agents are told. A second call does nothing.
func (w *Watch) Close() {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	w.end()
	g := w.group
	if len(g.watchers) > 0 || h.groups[g.key] != g {
		return
	}
	delete(h.groups, g.key)
	h.dropView(g.view)
	now := h.set.Now()
	for a := range g.agents {
		g.remove(a)
		a.ask(now)
	}
}

func (w *Watch) end() {
	if w.ended {
		return
	}
	w.ended = true
	delete(w.group.watchers, w)
	w.hub.watchers--
	w.hub.metrics.watchers.Dec()
	close(w.events)
}

// push hands over an event; the oldest gives way where there is no room. All who push hold the lock.
func (w *Watch) push(event []byte) {
	w.hub.metrics.events.Inc()
	for {
		select {
		case w.events <- event:
			return
		default:
		}
		select {
		case <-w.events:
			w.lost.Add(1)
			w.hub.metrics.lost.Inc()
		default:
		}
	}
}

// split parts the conditions that choose instances from those that agents are asked.
func split(f liveframe.Filter) (place []liveframe.Group, rest liveframe.Filter) {
	rest.MinDurationMS = f.MinDurationMS
	for _, g := range f.Groups {
		if _, ok := placeLevel(g.Dimension); ok {
			place = append(place, g)
		} else {
			rest.Groups = append(rest.Groups, g)
		}
	}
	return place, rest
}

func placeLevel(dimension string) (scopes.Level, bool) {
	switch strings.ToLower(dimension) {
	case "endpoint":
		return scopes.LevelEndpoint, true
	case "deployment":
		return scopes.LevelDeployment, true
	case "instance", "instanceid":
		return scopes.LevelInstance, true
	}
	return "", false
}

// compilePlace returns whether an instance is chosen.
func compilePlace(groups []liveframe.Group) (func(scopes.Path) bool, error) {
	var all []func(scopes.Path) bool
	for _, g := range groups {
		level, _ := placeLevel(g.Dimension)
		// A matcher knows requests, so the name stands in the place of a path.
		m, err := liveframe.Compile(liveframe.Filter{Groups: []liveframe.Group{{Dimension: "path", Terms: g.Terms}}})
		if err != nil {
			return nil, err
		}
		all = append(all, func(p scopes.Path) bool {
			return m.Takes(&liveframe.Facts{Path: map[scopes.Level]string{scopes.LevelEndpoint: p.Endpoint, scopes.LevelDeployment: p.Deployment, scopes.LevelInstance: p.Instance}[level]})
		})
	}
	return func(p scopes.Path) bool {
		return !slices.ContainsFunc(all, func(takes func(scopes.Path) bool) bool { return !takes(p) })
	}, nil
}
