package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
)

// RouteAlert is an alert as routing gets it. What it points to is not changed.
type RouteAlert struct {
	ID string
	// Labels identify the alert for routing; alerts.LabelActionGroups, where it is not empty, names who is told.
	Labels, Annotations map[string]string
	StartsAt            time.Time
	EndsAt              time.Time // when the alert resolved; zero while it is active
	GeneratorURL        string
	Stateless           bool
	Source              *alerts.Alert
	Fired               *alerts.Alert // as it was when it fired
}

// Settings is what code passes to New.
type Settings struct {
	Store *state.Store
	// Route takes alerts; what it returned nil for, it has. It may get an alert again.
	Route func(context.Context, []RouteAlert) error
	// ProcessingRules returns the rules as they are now; nil for none.
	ProcessingRules func() []alerts.ProcessingRule
	// Explain finds what changed, with the grants of the question's scope; nil finds nothing. It returns soon after its context ends.
	Explain alerts.ExplainFunc
	// Metric returns definitions of the catalogue, for the units in summaries; nil leaves them out.
	Metric alerts.MetricFunc
	// ExternalURL is where people reach this server, without a query; empty makes no links.
	ExternalURL string
	Registerer  prometheus.Registerer // nil shows no metrics
	Logger      *slog.Logger          // nil discards
	Now         func() time.Time      // nil is the machine's clock
}

// Hub takes alerts and hands them on. Make it with New and use Run once.
type Hub struct {
	cfg     Config
	set     Settings
	log     *slog.Logger
	now     func() time.Time
	base    *url.URL // nil for no links
	metrics *metrics
	wake    chan struct{}
	explain *explainer
	notes   chan state.Notification

	forwarding sync.Mutex // one at a time hands on
	mu         sync.Mutex
	resumed    bool
	failing    time.Time // since when routing takes nothing or not everything; zero while it does
	cause      error
	refused    map[int64]bool // alerts that routing did not take, by Seq
	backoff    time.Duration
}

var _ alerts.Sink = (*Hub)(nil)

// maxNotes is how many results of notifications wait to be written down.
const maxNotes = 1000

// New returns a hub. Errors: those of Config.Validate, an ExternalURL that is no URL, metrics that are there already.
func New(cfg Config, set Settings) (*Hub, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.Store == nil || set.Route == nil {
		return nil, errors.New("a hub of alerts needs a store and a way to hand on")
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Now == nil {
		set.Now = time.Now
	}
	h := &Hub{cfg: cfg, set: set, log: set.Logger, now: set.Now, metrics: newMetrics(), wake: make(chan struct{}, 1), notes: make(chan state.Notification, maxNotes), refused: map[int64]bool{}}
	if set.ExternalURL != "" {
		base, err := url.Parse(set.ExternalURL)
		if err != nil || base.Host == "" || base.RawQuery != "" || base.Fragment != "" {
			return nil, fmt.Errorf("the external URL %q must be a URL with a host and without a query", set.ExternalURL)
		}
		h.base = base
	}
	h.explain = newExplainer(h)
	if set.Registerer != nil {
		if err := h.metrics.register(set.Registerer, set.Store); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// How often Run looks for what time alone changes.
const (
	expireEvery  = 15 * time.Second
	recheckEvery = time.Minute
)

// Run hands alerts on until ctx ends, those first that Resume speaks of if it was not called. It returns nil. Call it once.
func (h *Hub) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for range h.cfg.Explain.Concurrency {
		wg.Go(func() { h.explain.work(ctx) })
	}
	wg.Go(func() { h.writeNotes(ctx) })
	wg.Go(func() { h.every(ctx, expireEvery, h.expire) })
	if h.cfg.RecheckSuppressed {
		wg.Go(func() { h.every(ctx, recheckEvery, h.recheck) })
	}
	h.mu.Lock()
	resumed := h.resumed
	h.mu.Unlock()
	if !resumed {
		if err := h.Resume(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	h.forwardAll(ctx)
	return nil
}

func (h *Hub) every(ctx context.Context, d time.Duration, do func(context.Context) error) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := do(ctx); err != nil && ctx.Err() == nil {
				h.log.Error("alerts could not be looked through", "err", err)
			}
		}
	}
}
