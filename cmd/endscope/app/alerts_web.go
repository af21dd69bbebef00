package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/route"
	"github.com/endscope/endscope/docs/runbooks"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/web"
)

// api is what the routes of alerting answer from.
func (a *alerting) api() (*web.AlertsAPI, error) {
	policy, err := route.DefaultPolicy().JSON()
	if err != nil {
		return nil, fmt.Errorf("write the default notification policy: %w", err)
	}
	return &web.AlertsAPI{
		Resources: a.resources, Alerts: a.state, People: a.hub, Evaluator: a.evaluator, Prometheus: a.prometheus, Pack: a.pack,
		CheckRule:  a.checker.checkRule,
		CheckGroup: a.checker.checkGroup,
		TestGroup:  a.builder.Test, Fit: a.fit, Enforce: a.enforce, DefaultPolicy: policy,
		ExportPrometheus: a.exportPrometheus, ExportAlertmanager: a.exportAlertmanager,
		Runbooks: runbooks.FS(), Alertmanager: a.engine.Handler(), Healthy: a.watchdog.Healthy,
	}, nil
}

// fit says whether the policy and the groups would fit together with some documents in the place of those that are stored. Of
// documents that cannot be read it looks at what can be.
func (a *alerting) fit(ctx context.Context, changes []resources.Document) error {
	groups, err := listOf(ctx, a.resources, kindGroup, alerts.ParseActionGroup)
	if err != nil {
		return err
	}
	policy, err := a.policy(ctx)
	if err != nil {
		return err
	}
	matters := false
	var unread error
	for _, d := range changes {
		switch d.Kind {
		case kindPolicy:
			matters = true
			if policy = route.DefaultPolicy(); d.Spec != nil {
				policy, unread = route.ParsePolicy(d.Spec)
			}
		case kindGroup:
			matters = true
			groups = slices.DeleteFunc(groups, func(g alerts.ActionGroup) bool { return g.Name == d.Name })
			if d.Spec == nil {
				continue
			}
			named, err := withName(d.Spec, d.Name)
			if err != nil {
				return err
			}
			group, err := alerts.ParseActionGroup(named)
			unread = errors.Join(unread, err)
			groups = append(groups, group)
		}
	}
	if !matters {
		return nil
	}
	return alerts.AlsoWrong(unread, policy.Check(groups))
}

func (a *alerting) exportPrometheus(ctx context.Context) ([]byte, error) {
	stored, err := a.rules(ctx)
	if err != nil {
		return nil, err
	}
	return exportRules(stored, a.checker.parser)
}

func (a *alerting) exportAlertmanager(ctx context.Context) ([]byte, error) {
	policy, err := a.policy(ctx)
	if err != nil {
		return nil, err
	}
	groups, err := listOf(ctx, a.resources, kindGroup, alerts.ParseActionGroup)
	if err != nil {
		return nil, err
	}
	return route.Export(policy, groups)
}

// checkRule returns the rule of a name that a text holds, as it would be stored.
func (c *ruleChecker) checkRule(name string, spec json.RawMessage) (alerts.Rule, error) {
	named, err := withName(spec, name)
	if err != nil {
		return alerts.Rule{}, err
	}
	rule, err := alerts.CheckRule(named, c.metric)
	return rule, alerts.AlsoWrong(err, c.deep(rule))
}

// checkGroup says whether an action group may be stored.
func (c *ruleChecker) checkGroup(g *alerts.ActionGroup) error {
	return alerts.AlsoWrong(g.Validate(), c.builder.Validate(g))
}
