package route

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
)

// plan is everything that a policy and action groups decide.
type plan struct {
	tree         *tree
	shown        *config.Config // for the API
	text         string         // the same, as alertmanager.yml
	integrations map[string][]notify.Integration
	names        map[string]bool // of all groups
	tmpl         *template.Template
	since        time.Time // from when it took the place of another; zero for the first
}

// running is a plan at work.
type running struct {
	plan       *plan
	dispatcher *dispatch.Dispatcher
	inhibitor  *inhibit.Inhibitor
	gate       *gate
	wg         sync.WaitGroup
}

// Reload puts a policy and all action groups in the place of those before. If it returns an error, nothing has changed; the error is an
// alerts.FieldError, or several joined, where a value is at fault. Groups of alerts, silences and the knowledge of who was notified stay.
// It waits for attempts under way, at most Config.StopGrace.
func (e *Engine) Reload(policy Policy, groups []alerts.ActionGroup) error {
	p, err := e.makePlan(policy, groups)
	if err != nil {
		e.metrics.reloads.WithLabelValues("refused").Inc()
		return err
	}
	if e.ext != nil {
		e.metrics.reloads.WithLabelValues("applied").Inc()
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase == stopped {
		e.metrics.reloads.WithLabelValues("refused").Inc()
		return ErrNotRunning
	}
	e.newest.Store(p)
	if e.phase == started {
		p.since = e.now()
		e.stop()
		e.start(p)
	} else {
		e.show(p)
	}
	e.metrics.reloads.WithLabelValues("applied").Inc()
	return nil
}

func (e *Engine) makePlan(policy Policy, groups []alerts.ActionGroup) (*plan, error) {
	if err := policy.Check(groups); err != nil {
		return nil, err
	}
	p := &plan{integrations: map[string][]notify.Integration{Nobody: nil, probeReceiver: nil}, names: map[string]bool{}}
	for i := range groups {
		g := &groups[i]
		if p.names[g.Name] {
			return nil, &alerts.FieldError{Field: "name", Value: g.Name, Rule: "must be the name of one action group only"}
		}
		p.names[g.Name] = true
		if !g.Enabled || e.set.Integrations == nil {
			continue
		}
		grouped, single, err := e.set.Integrations(g)
		if err != nil {
			return nil, fmt.Errorf("action group %s: %w", g.Name, err)
		}
		for receiver, all := range map[string][]notify.Integration{g.Name: grouped, g.Name + eachSuffix: single} {
			for _, i := range all {
				p.integrations[receiver] = append(p.integrations[receiver], e.wrap(i, g, receiver))
			}
		}
	}
	var err error
	p.tree, err = makeTree(policy, groups, func(name string) (bool, bool) {
		return len(p.integrations[name]) > 0, len(p.integrations[name+eachSuffix]) > 0
	})
	if err != nil {
		return nil, err
	}
	global := config.DefaultGlobalConfig()
	global.ResolveTimeout = model.Duration(e.cfg.ResolveTimeout)
	p.shown = &config.Config{Global: &global, Route: p.tree.route, InhibitRules: p.tree.inhibit, TimeIntervals: p.tree.intervals}
	for _, name := range p.tree.receivers {
		p.shown.Receivers = append(p.shown.Receivers, config.Receiver{Name: name, Labels: map[string]string{"name": name}})
	}
	text, err := p.tree.export(nil)
	if err != nil {
		return nil, err
	}
	p.text = string(text)
	p.tmpl, err = template.New()
	return p, err
}

// routes returns the tree that the dispatcher gets: the one shown, and the way of our own alert beside it.
func (p *plan) routes() (*dispatch.Route, error) {
	m, err := labels.NewMatcher(labels.MatchNotEqual, string(probeLabel), "")
	if err != nil {
		return nil, err
	}
	wait, interval := model.Duration(0), model.Duration(probeEvery)
	root := *p.tree.route
	root.Routes = append([]*config.Route{{Receiver: probeReceiver, Matchers: []*labels.Matcher{m}, GroupByAll: true, GroupWait: &wait, GroupInterval: &interval}}, root.Routes...)
	return dispatch.NewRoute(&root, nil), nil
}

// show gives the API a plan. The caller holds e.mu.
func (e *Engine) show(p *plan) {
	e.status.Store(&p.text)
	e.api.Update(p.shown, func(ctx context.Context, set model.LabelSet) {
		if r := e.current.Load(); r != nil {
			r.inhibitor.Mutes(ctx, set)
		}
		e.silencer.Mutes(ctx, set)
	})
	n := 0
	for _, i := range p.integrations {
		n += len(i)
	}
	e.metrics.receivers.Set(float64(len(p.tree.receivers)))
	e.metrics.integrations.Set(float64(n))
	e.metrics.rules.Set(float64(len(p.tree.inhibit)))
	there := map[string]bool{}
	for receiver, all := range p.integrations {
		for i := range all {
			there[strings.TrimSuffix(receiver, eachSuffix)+"/"+all[i].String()] = true
		}
	}
	e.health.keep(func(receiver string) bool { return there[receiver] })
}

// start sets a plan to work. The caller holds e.mu, and nothing is at work.
func (e *Engine) start(p *plan) {
	r := &running{plan: p, gate: newGate()}
	var recorder eventrecorder.Recorder
	r.inhibitor = inhibit.NewInhibitor(e.alerts, p.tree.inhibit, e.log, recorder)
	routes, err := p.routes()
	if err != nil { // the matcher is a constant
		e.log.Error("could not route the probe of the dispatcher", "err", err)
		routes = dispatch.NewRoute(p.tree.route, nil)
	}
	r.dispatcher = dispatch.NewDispatcher(e.alerts, routes, e.gated(r.gate, e.stages(p, r.inhibitor)), e.groups, e.timeout, dispatchMaintain, nil, slog.New(quiet{e.log.Handler()}), recorder, e.dispatch, p.tmpl)
	e.memory.keep.Store(int64(keepResolved + e.apart()))
	// Resolved alerts that the store no longer has may still have to be told.
	e.restore()
	r.wg.Go(r.inhibitor.Run)
	r.inhibitor.WaitForLoading() // so that nothing is told that is inhibited
	now := time.Now()
	r.wg.Go(func() { r.dispatcher.Run(now) })
	r.dispatcher.WaitForLoading()
	e.current.Store(r)
	e.show(p)
}

// stop ends what is at work and waits for attempts under way. The caller holds e.mu.
func (e *Engine) stop() {
	r := e.current.Load()
	if r == nil {
		return
	}
	empty := r.gate.close()
	r.inhibitor.Stop()
	r.dispatcher.Stop()
	<-empty // soon: contexts are cancelled, and attempts have StopGrace
	r.wg.Wait()
	e.waiting(r)
	e.current.Store(nil)
}

// owe notes which alerts that are over wait in the groups of what was at work.
func (e *Engine) owe(ctx context.Context, r *running) {
	groups, _, err := r.dispatcher.Groups(ctx, func(*dispatch.Route) bool { return true }, func(a *alert.Alert, now time.Time) bool { return a.ResolvedAt(now) })
	if err != nil { // only where ctx ended, which it does not
		e.log.Error("could not see which alerts wait", "err", err)
	}
	waiting := map[model.Fingerprint]bool{}
	for _, g := range groups {
		for _, a := range g.Alerts {
			hash := hashOf(a.Labels)
			for i := range r.plan.integrations[g.Receiver] {
				if !e.notified.told(logged(g.Receiver, &r.plan.integrations[g.Receiver][i]), hash) {
					waiting[a.Fingerprint()] = true
				}
			}
		}
	}
	e.memory.owe(waiting)
}

// restore puts resolved alerts back into the store that it has collected while their notifications are due.
func (e *Engine) restore() {
	for _, a := range e.memory.resolved(e.now()) {
		if _, err := e.alerts.Get(a.Fingerprint()); err != nil {
			_ = e.store(a) // its errors are those of others: it never fails
		}
	}
}

// apart returns how far apart a receiver that cannot be reached may be tried.
func (e *Engine) apart() time.Duration {
	return min(longest(e.newest.Load().tree.route), untoldFor)
}

// longest returns the longest time that a group of alerts waits for its next message.
func longest(r *config.Route) time.Duration {
	var most time.Duration
	for _, d := range []*model.Duration{r.GroupWait, r.GroupInterval} {
		if d != nil {
			most = max(most, time.Duration(*d))
		}
	}
	for _, child := range r.Routes {
		most = max(most, longest(child))
	}
	return most
}

// timeout is the time for one notification of a group with the given interval.
func (e *Engine) timeout(interval time.Duration) time.Duration {
	return max(interval, notifyTimeout) + e.wait()
}

// gated stands before Alertmanager's stages: it answers the probe, and counts who is inside.
func (e *Engine) gated(g *gate, next notify.Stage) notify.Stage {
	return notify.StageFunc(func(ctx context.Context, log *slog.Logger, all ...*alert.Alert) (context.Context, []*alert.Alert, error) {
		if !g.enter() {
			return ctx, nil, errors.New("the policy changes, or the server stops")
		}
		defer g.leave()
		if receiver, _ := notify.ReceiverName(ctx); receiver == probeReceiver {
			for _, a := range all {
				e.health.probed(e.now(), a.UpdatedAt)
			}
			return ctx, nil, nil
		}
		all, changed := e.memory.newest(all)
		if len(changed) > 0 {
			_ = e.store(changed...) // as in restore
		}
		ctx, f := withFlush(ctx)
		ctx, _, err := next.Exec(ctx, log, all...)
		if err == nil && f.later.Load() {
			err = errLater
		}
		if err != nil {
			e.memory.hold(all, e.now())
		}
		return ctx, nil, err
	})
}
