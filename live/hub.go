package live

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

// Settings is what code passes to New.
type Settings struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nowhere
	// Known lists the instances that the pattern covers, as far as the grants in ctx show them. Nil: only those that are connected are known.
	Known func(ctx context.Context, scope scopes.Pattern) ([]Known, error)
	Now   func() time.Time // nil is time.Now
}

// Known is an instance that has pushed lately.
type Known struct {
	Path    scopes.Path
	Missing bool // it does not push any more
}

// Hub connects agents and watchers. Make it with New, and use Run once.
type Hub struct {
	cfg     Config
	set     Settings
	log     *slog.Logger
	metrics *metrics

	wake chan struct{}  // tells Run that there is something to do before its timer
	work sync.WaitGroup // what Run waits for in the end

	mu       sync.Mutex // guards what follows, and all of agents and groups
	agents   map[scopes.Path]*Agent
	groups   map[string]*group
	views    map[string]*view
	lastView int
	watchers int
	renew    time.Time // when the leases are renewed next
	stopped  bool
}

// view is a filter that agents count by.
type view struct {
	id     int
	filter liveframe.Filter
	groups int // that use it
}

// New returns a hub. Errors: those of Config.Validate, and a registerer that has the series already.
func New(cfg Config, set Settings) (*Hub, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Registerer == nil {
		set.Registerer = prometheus.NewRegistry()
	}
	if set.Now == nil {
		set.Now = time.Now
	}
	m, err := newMetrics(set.Registerer)
	if err != nil {
		return nil, fmt.Errorf("register metrics of the live view: %w", err)
	}
	return &Hub{
		cfg: cfg, set: set, log: set.Logger, metrics: m, wake: make(chan struct{}, 1),
		agents: map[scopes.Path]*Agent{}, groups: map[string]*group{}, views: map[string]*view{},
	}, nil
}

// idle is how long Run sleeps when nobody watches.
const idle = time.Hour

// Run shows seconds until ctx ends. Then every stream ends, and it waits for them. It returns nil. Call it once.
func (h *Hub) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			h.end()
			h.work.Wait()
			return nil
		case <-timer.C:
		case <-h.wake:
		}
		h.mu.Lock()
		now := h.set.Now()
		next := h.step(ctx, now)
		h.mu.Unlock()
		timer.Reset(next.Sub(now))
	}
}

// step does what is due, and returns when it has to be called next.
func (h *Hub) step(ctx context.Context, now time.Time) time.Time {
	if len(h.groups) == 0 {
		return now.Add(idle)
	}
	if !now.Before(h.renew) {
		h.renew = now.Add(h.cfg.Lease / 3)
		for _, a := range h.agents {
			if len(a.groups) > 0 {
				a.ask(now)
			}
		}
	}
	next := h.renew
	for _, g := range h.groups {
		if at := g.step(now); at.Before(next) {
			next = at
		}
		h.refresh(ctx, g, now)
	}
	if at := now.Add(time.Millisecond); next.Before(at) {
		return at // also when the clock runs wild, the machine is not kept busy
	}
	return next
}

// knownFor is how long a list of instances is believed.
const knownFor = 15 * time.Second

// refresh looks for instances again. What it cannot read stays as it was.
func (h *Hub) refresh(ctx context.Context, g *group, now time.Time) {
	if h.set.Known == nil || g.looking || now.Before(g.looked.Add(knownFor)) {
		return
	}
	g.looking = true
	h.work.Go(func() {
		ctx, cancel := context.WithTimeout(scopes.WithGrants(ctx, g.grants), knownFor)
		defer cancel()
		known, err := h.set.Known(ctx, g.scope)
		h.mu.Lock()
		defer h.mu.Unlock()
		g.looking, g.looked = false, h.set.Now()
		if err != nil {
			h.log.Debug("instances could not be listed for the live view", "scope", g.scope.String(), "err", err)
			return
		}
		g.known = known
	})
}

// end ends every stream.
func (h *Hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	for _, a := range h.agents {
		a.leave(leftStopping)
	}
	for _, g := range h.groups {
		for w := range g.watchers {
			w.end()
		}
	}
}

func (h *Hub) poke() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// viewOf returns the view of a filter, and makes it where there is none. The view without a filter has the id 0 and is always there.
func (h *Hub) viewOf(f liveframe.Filter) (*view, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	key := string(text)
	if v := h.views[key]; v != nil {
		return v, nil
	}
	v := &view{filter: f}
	if f.MinDurationMS > 0 || len(f.Groups) > 0 {
		filters := 0
		for _, o := range h.views {
			if o.id != 0 {
				filters++
			}
		}
		if filters >= h.cfg.MaxFilters {
			h.metrics.refused.WithLabelValues("watcher", "max_filters").Inc()
			return nil, &LimitError{"live.max_filters", h.cfg.MaxFilters, "different filters"}
		}
		h.lastView++
		v.id = h.lastView
	}
	h.views[key] = v
	return v, nil
}

func (h *Hub) dropView(v *view) {
	if v.groups--; v.groups > 0 {
		return
	}
	for key, o := range h.views {
		if o == v {
			delete(h.views, key)
		}
	}
}

// grantsKey tells grants apart.
func grantsKey(g scopes.Grants) string {
	var b strings.Builder
	for _, set := range g.MatcherSets() {
		b.WriteString("|")
		for _, m := range set {
			b.WriteString(m.String())
		}
	}
	return b.String()
}
