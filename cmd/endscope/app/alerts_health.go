package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/hub"
)

// checks are what the watchdog looks at: everything that an alert needs on its way from a sample to people.
func (a *alerting) checks() []hub.Check {
	check := func(name string, healthy func(context.Context) error) hub.Check {
		return hub.Check{Name: name, Func: func(ctx context.Context) error { return a.starting(healthy(ctx)) }}
	}
	return []hub.Check{
		{Name: "metric and log stores", Func: func(context.Context) error {
			if err := a.ready(); err != nil {
				return a.starting(err)
			}
			return a.writable()
		}},
		check("evaluation", func(context.Context) error { return a.evaluator.Healthy(time.Now()) }),
		check("Prometheus rules", func(context.Context) error { return a.prometheus.Healthy(time.Now()) }),
		check("routing", func(context.Context) error { return a.engine.Healthy(time.Now()) }),
		{Name: "alerts", Func: func(ctx context.Context) error { return a.hub.Healthy(ctx, a.cfg.Watchdog.Patience) }},
		{Name: "alert store", Func: a.state.Ping},
		{Name: "alert rules", Func: func(context.Context) error { return a.stale() }},
	}
}

// starting makes what is wrong with a part no fault while the server starts: it must first read its stores, and then has patience to begin
// to evaluate.
func (a *alerting) starting(err error) error {
	if err == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.readyAt.IsZero() && a.ready() == nil {
		a.readyAt = time.Now()
	}
	if a.readyAt.IsZero() || time.Since(a.readyAt) < a.cfg.Watchdog.Patience {
		return fmt.Errorf("%w: %w", hub.ErrStarting, err)
	}
	return err
}

// writable says whether the stores take the samples and rows that rules ask about.
func (p alertParts) writable() error { return errors.Join(p.store.Writable(), p.logStore.Writable()) }

// ingesting says whether the store that rules of a kind ask about takes anything.
func (p alertParts) ingesting(kind alerts.RuleKind) error {
	if kind == alerts.KindLog {
		return p.logStore.Writable()
	}
	return p.store.Writable()
}
