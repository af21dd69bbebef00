package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent/spool"
	"github.com/endscope/endscope/scopes"
)

// Settings is what code passes to New.
type Settings struct {
	Logger *slog.Logger // nil discards
	// Registry is pushed by the self collector and shown on the agent's page, together with what the agent counts itself; collectors may
	// register on it. Nil makes one. One registry serves one agent.
	Registry *prometheus.Registry
	Sources  []Source // the collectors; the self collector is added
}

// Agent reads an instance and pushes what it read. Make it with New, use Run once, and Close it in the end.
type Agent struct {
	cfg     Config
	id      scopes.Path
	log     *slog.Logger
	spool   *spool.Spool
	groups  []*group
	runners []*runner
	sender  *sender
	page    *page // nil when off
	close   sync.Once
}

// New opens the spool and binds the agent's page. It owns the collectors from then on, also when it fails. Errors: those of Config.Validate;
// spool.ErrLocked when another agent uses the folder; an unreadable credential file. A page whose address is taken is said in the log and left out.
func New(cfg Config, set Settings) (_ *Agent, err error) {
	defer func() {
		if err != nil {
			for _, s := range set.Sources {
				err = errors.Join(err, s.Collector.Close())
			}
		}
	}()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Registry == nil {
		set.Registry = prometheus.NewRegistry()
	}
	id, err := cfg.identity()
	if err != nil {
		return nil, err
	}
	client, err := cfg.HTTPClient.Client()
	if err != nil {
		return nil, err
	}
	a := &Agent{cfg: cfg, id: id, log: set.Logger}
	m, err := newMetrics(set.Registry, func() spool.Stats { return a.spool.Stats() })
	if err != nil {
		return nil, err
	}
	a.spool, err = spool.Open(cfg.Spool, spool.Settings{Dir: cfg.DataDir, Logger: set.Logger, OnDrop: func(r spool.Reason, n int) {
		m.dropped.WithLabelValues(string(r)).Add(float64(n))
	}})
	if err != nil {
		return nil, fmt.Errorf("data_dir: %w", err)
	}
	base := identityLabels(id, cfg.Labels)
	groupOf := func(interval time.Duration) *group {
		for _, g := range a.groups {
			if g.interval == interval {
				return g
			}
		}
		g := &group{interval: interval, offset: offsetOf(id.String(), interval), encoder: newEncoder(base), spool: a.spool, metrics: m, log: set.Logger}
		a.groups = append(a.groups, g)
		return g
	}
	names := map[string]bool{"self": true}
	for _, s := range set.Sources {
		r := newRunner(s, cfg, m, set.Logger)
		if names[r.name] {
			return nil, errors.Join(fmt.Errorf("two collectors are called %q", r.name), a.spool.Close())
		}
		names[r.name] = true
		g := groupOf(r.Interval)
		g.runners = append(g.runners, r)
		a.runners = append(a.runners, r)
	}
	own := newRunner(Source{Collector: newSelf(set.Registry), Interval: cfg.Collectors.Self.Interval}, cfg, m, set.Logger)
	groupOf(own.Interval).self = own
	a.sender = newSender(cfg.writeURL(), client, cfg.Send, a.spool, m, set.Logger)
	a.page = listen(cfg.Metrics.Listen, set.Registry, a.Healthy, set.Logger)
	return a, nil
}

// Identity returns the scope under which the agent pushes.
func (a *Agent) Identity() scopes.Path { return a.id }

// PageURL returns where the agent's own page is, and "" when it is off.
func (a *Agent) PageURL() string { return a.page.url() }

// Run reads and pushes until ctx ends. Then it marks every series stale and sends what waits, for at most send.shutdown_timeout; the rest stays in
// the spool for the next start. It returns nil. Call it once.
func (a *Agent) Run(ctx context.Context) error {
	a.log.Info("agent runs", "scope", a.id.String(), "server", a.cfg.Server, "interval", a.cfg.Interval, "waiting_in_spool", a.spool.Stats().Entries)
	var reading, sending sync.WaitGroup
	a.page.serve()
	for _, g := range a.groups {
		reading.Go(func() { g.run(ctx) })
	}
	sendCtx, cutSending := context.WithCancel(context.WithoutCancel(ctx))
	defer cutSending()
	stop := make(chan struct{})
	sending.Go(func() { a.sender.Run(sendCtx, stop) })

	reading.Wait() // until ctx ends, the last round is in, and the stale markers are in the spool
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.Send.ShutdownTimeout)
	defer cancel()
	defer context.AfterFunc(deadline, cutSending)()
	close(stop) // the request that is under way may end
	sending.Wait()
	a.sender.Flush(deadline)
	if left := a.spool.Stats().Entries; left > 0 {
		a.log.Warn("agent stops with rounds in the spool; they are sent at the next start", "rounds", left)
	} else {
		a.log.Info("agent stops")
	}
	return nil
}

// Healthy returns nil as long as every group of collectors has had a round in the spool within its last three intervals.
func (a *Agent) Healthy() error {
	for _, g := range a.groups {
		kept := g.kept.Load()
		if kept == nil {
			return errors.New("agent has not begun to read")
		}
		if age := time.Since(*kept); age > 3*g.interval {
			if why := g.lastErr.Load(); why != nil {
				return fmt.Errorf("no round was kept for %s (interval %s): %s", age.Round(time.Second), g.interval, *why)
			}
			return fmt.Errorf("no round was collected for %s (interval %s)", age.Round(time.Second), g.interval)
		}
	}
	return nil
}

// Close closes the page, the collectors and the spool. It may be called without Run, but not during it; a second call returns nil. A collector
// that still hangs is left alone.
func (a *Agent) Close() error {
	var errs []error
	a.close.Do(func() {
		errs = append(errs, a.page.close())
		for i := len(a.runners) - 1; i >= 0; i-- {
			if r := a.runners[i]; r.running.Load() {
				a.log.Warn("collector still hangs and is not closed", "collector", r.name)
			} else {
				errs = append(errs, r.Collector.Close())
			}
		}
		a.sender.client.CloseIdleConnections()
		errs = append(errs, a.spool.Close())
	})
	return errors.Join(errs...)
}
