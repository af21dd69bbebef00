package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/resources"
)

// fits refuses a change after which the notification policy would name what is not there, or something else an action group that is
// deleted. Whoever makes it, it is looked at as it is stored, so that of two changes at a time the second sees the first.
func (a *alerting) fits(ctx context.Context, p *resources.Pending) error {
	if !slices.ContainsFunc(p.Changed, func(k resources.Key) bool { return k.Kind == kindGroup || k.Kind == kindPolicy }) {
		return nil
	}
	groups, err := listOf(ctx, p, kindGroup, alerts.ParseActionGroup)
	if err != nil {
		return err
	}
	policy, err := policyIn(ctx, p)
	if err != nil {
		return err
	}
	if err := policy.Check(groups); err != nil {
		return err
	}
	var users map[string][]string
	for _, k := range p.Changed {
		if p.Force || k.Kind != kindGroup || slices.ContainsFunc(groups, func(g alerts.ActionGroup) bool { return g.Name == k.Name }) {
			continue
		}
		if users == nil {
			if users, err = a.groupUsers(ctx, p); err != nil {
				return err
			}
		}
		if by := users[k.Name]; by != nil {
			return &resources.InUseError{Key: k, By: by}
		}
	}
	return nil
}

// groupUsers returns what names action groups beside the policy, by the name of the group.
func (a *alerting) groupUsers(ctx context.Context, from documents) (map[string][]string, error) {
	users := map[string][]string{}
	for _, kind := range []string{kindRule, kindProcessing} {
		all, err := from.List(ctx, kind)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			names, err := alerts.NamedGroups(r.Spec)
			if err != nil {
				return nil, fmt.Errorf("stored %s: %w", r.Key, err)
			}
			for _, name := range names {
				users[name] = append(users[name], r.Key.String())
			}
		}
	}
	files := a.coming.Load()
	if files == nil {
		files = a.prometheus.Files()
	}
	for name, rules := range files.NamedGroups() {
		for _, rule := range rules {
			users[name] = append(users[name], "the Prometheus rule "+rule)
		}
	}
	return users, nil
}
