package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/route"
	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/resources"
)

// add adds the parts of alerting that run. They stop in this order: first nothing is asked any more, then what fired is handed on, and
// notified.
func (a *alerting) add(g *cli.Group) {
	resumed := make(chan struct{})
	g.Add("watchdog", a.watchdog.Run)
	g.Add("alert rules", a.follow)
	g.Add("evaluation", func(ctx context.Context) error {
		if !a.waitReady(ctx) {
			return nil
		}
		return a.evaluator.Run(ctx)
	})
	g.Add("prometheus rules", a.prometheus.Run)
	g.Add("alerts", func(ctx context.Context) error {
		// Routing gets what fires before it notifies for the first time, so that it notifies of it together.
		if err := a.hub.Resume(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("hand alerts to routing: %w", err)
		}
		close(resumed)
		return a.hub.Run(ctx)
	})
	g.Add("routing", func(ctx context.Context) error {
		select {
		case <-resumed:
			return a.engine.Run(ctx)
		case <-ctx.Done():
			return nil
		}
	})
	g.Add("alert store", a.state.Run)
}

// waitReady waits until the server answers questions, and returns false when ctx ends first.
func (a *alerting) waitReady(ctx context.Context) bool {
	for a.ready() != nil {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(100 * time.Millisecond):
		}
	}
	return true
}

func (a *alerting) refused() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refuse
}

// stale returns why what is in force is not what it should be, nil if it is.
func (a *alerting) stale() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(a.unfit, a.refuse)
}

// wake says that resources changed.
func (a *alerting) wake() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// follow puts what operators change into force.
func (a *alerting) follow(ctx context.Context) error {
	again := time.NewTicker(enforceAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.changed:
		case <-again.C:
			if a.refused() == nil {
				continue
			}
		}
		_ = a.enforce(ctx) // it is logged, and the watchdog tells of it
	}
}

// enforceAgain is how often what could not be put into force is tried again.
const enforceAgain = 10 * time.Second

// enforce puts into force what is stored, and returns what could not be. A server whose rules or policy cannot be is unhealthy and goes on
// with what was in force: it still takes samples, and answers whoever mends it.
func (a *alerting) enforce(ctx context.Context) error {
	a.enforcing.Lock()
	defer a.enforcing.Unlock()
	err := a.apply(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a.mu.Lock()
	before := a.refuse
	a.refuse = err
	a.mu.Unlock()
	if err != nil && (before == nil || before.Error() != err.Error()) {
		a.log.Error("what is stored about alerts could not be put into force; what was in force stays", "err", err)
	}
	return err
}

// apply puts the stored rules, groups and policy into force, each kind for itself: a group that cannot be read is no reason to evaluate
// old rules.
func (a *alerting) apply(ctx context.Context) error {
	stored, rulesErr := a.rules(ctx)
	if rulesErr == nil {
		a.evaluator.SetRules(stored)
		rulesErr = a.prometheus.SetRules(stored)
	}
	processing, processingErr := listOf(ctx, a.resources, kindProcessing, alerts.ParseProcessingRule)
	if processingErr == nil {
		a.processing.Store(&processing)
	}
	groups, routeErr := listOf(ctx, a.resources, kindGroup, alerts.ParseActionGroup)
	if routeErr == nil {
		var policy route.Policy
		if policy, routeErr = policyIn(ctx, a.resources); routeErr == nil {
			routeErr = a.reroute(policy, groups)
		}
	}
	return errors.Join(rulesErr, processingErr, routeErr)
}

// reroute puts a policy and groups into force where they are not: a change of routing makes groups of alerts anew, and a rule that somebody
// edits is no reason for that.
func (a *alerting) reroute(policy route.Policy, groups []alerts.ActionGroup) error {
	text, err := json.Marshal(struct {
		Policy route.Policy
		Groups []alerts.ActionGroup
	}{policy, groups})
	if err != nil {
		return fmt.Errorf("compare the notification policy: %w", err)
	}
	if a.routed != nil && bytes.Equal(a.routed, text) {
		return nil
	}
	if err := a.engine.Reload(policy, groups); err != nil {
		return err
	}
	a.routed = text
	return nil
}

// rules returns the stored rules.
func (a *alerting) rules(ctx context.Context) ([]alerts.Stored, error) {
	list, err := a.resources.List(ctx, kindRule)
	if err != nil {
		return nil, err
	}
	out := make([]alerts.Stored, 0, len(list))
	for _, r := range list {
		rule, err := alerts.ParseRule(r.Spec)
		if err != nil {
			return nil, fmt.Errorf("stored %s: %w", r.Key, err)
		}
		out = append(out, alerts.Stored{Rule: rule, Version: r.Version})
	}
	return out, nil
}

// documents are what resources are read from: their store, or a change that is about to be stored.
type documents interface {
	Get(ctx context.Context, kind, name string) (resources.Resource, error)
	List(ctx context.Context, kind string) ([]resources.Resource, error)
}

func listOf[T any](ctx context.Context, from documents, kind string, parse func([]byte) (T, error)) ([]T, error) {
	list, err := from.List(ctx, kind)
	if err != nil {
		return nil, err
	}
	out := make([]T, 0, len(list))
	for _, r := range list {
		v, err := parse(r.Spec)
		if err != nil {
			return nil, fmt.Errorf("stored %s: %w", r.Key, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// policyIn returns the stored notification policy, or the default one.
func policyIn(ctx context.Context, from documents) (route.Policy, error) {
	r, err := from.Get(ctx, kindPolicy, "")
	if errors.Is(err, resources.ErrNotFound) {
		return route.DefaultPolicy(), nil
	}
	if err != nil {
		return route.Policy{}, err
	}
	return route.ParsePolicy(r.Spec)
}

// provision makes what the configured files hold, and nothing else of theirs, the stored resources. Where that would not fit together with
// what is stored, what is stored stays, and the server is unhealthy: it still takes samples and notifies.
func (a *alerting) provision(ctx context.Context, cfg resources.Config) error {
	docs, err := resources.LoadFiles(cfg.ProvisioningFiles)
	if err != nil {
		return fmt.Errorf("resources.files: %w", err)
	}
	_, err = a.resources.Provision(ctx, resources.Provisioning{Source: resources.FilesSource, Documents: docs, By: "configuration"})
	var unfit *resources.UnfitError
	if !errors.As(err, &unfit) {
		return err
	}
	a.log.Error("the provisioned files are not taken over; what was stored stays in force", "err", err)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unfit = fmt.Errorf("resources.files: %w", err)
	return nil
}

// reload reads the provisioned files and the rule files again, and returns once they are in force. What is wrong with one leaves both as they
// are.
func (a *alerting) reload(ctx context.Context, cfg AlertsConfig, res resources.Config) error {
	docs, err := resources.LoadFiles(res.ProvisioningFiles)
	if err != nil {
		return fmt.Errorf("resources.files: %w", err)
	}
	p := resources.Provisioning{Source: resources.FilesSource, Documents: docs, By: "configuration", DryRun: true}
	provision := func() error {
		_, err := a.resources.Provision(ctx, p)
		var unfit *resources.UnfitError
		if errors.As(err, &unfit) {
			return fmt.Errorf("resources.files: %w", err)
		}
		return err
	}
	files, err := a.prometheus.Read(cfg.Prometheus)
	if err != nil {
		return err
	}
	a.coming.Store(files)
	defer a.coming.Store(nil)
	if err := provision(); err != nil {
		return err
	}
	if err := a.prometheus.Use(files); err != nil {
		return err
	}
	p.DryRun = false
	if err := provision(); err != nil {
		return err
	}
	a.mu.Lock()
	a.unfit = nil
	a.mu.Unlock()
	return a.enforce(ctx)
}
