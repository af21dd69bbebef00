package app

import (
	"context"
	"encoding/json"
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
		Alerts: a.state, People: a.hub, Evaluator: a.evaluator, Prometheus: a.prometheus, Pack: a.pack,
		CheckRule:  a.checker.checkRule,
		CheckGroup: a.checker.checkGroup,
		TestGroup:  a.builder.Test, Fit: a.alsoFit, Enforce: a.enforce, DefaultPolicy: policy,
		ExportPrometheus: a.exportPrometheus, ExportAlertmanager: a.exportAlertmanager,
		Runbooks: runbooks.FS(), Alertmanager: a.engine.Handler(), Healthy: a.watchdog.Healthy,
	}, nil
}

// alsoFit says what of a policy or a group that cannot be stored as it is would not fit what is stored, either, as far as it can be read.
func (a *alerting) alsoFit(ctx context.Context, changed resources.Document) error {
	groups, err := listOf(ctx, a.resources, kindGroup, alerts.ParseActionGroup)
	if err != nil {
		return err
	}
	policy, err := policyIn(ctx, a.resources)
	if err != nil {
		return err
	}
	switch changed.Kind {
	case kindPolicy:
		policy, err = route.ParsePolicy(changed.Spec)
	case kindGroup:
		var named []byte
		if named, err = withName(changed.Spec, changed.Name); err != nil {
			return err
		}
		var group alerts.ActionGroup
		group, err = alerts.ParseActionGroup(named)
		groups = append(slices.DeleteFunc(groups, func(g alerts.ActionGroup) bool { return g.Name == changed.Name }), group)
	default:
		return nil
	}
	return alerts.AlsoWrong(err, policy.Check(groups))
}

func (a *alerting) exportPrometheus(ctx context.Context) ([]byte, error) {
	stored, err := a.rules(ctx)
	if err != nil {
		return nil, err
	}
	return exportRules(stored, a.checker.parser)
}

func (a *alerting) exportAlertmanager(ctx context.Context) ([]byte, error) {
	policy, err := policyIn(ctx, a.resources)
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
