package promrules

import (
	"context"
	"strings"

	"github.com/prometheus/prometheus/rules"

	"github.com/endscope/endscope/alerts"
)

// learnActive reads which alerts fired before this start, so that a rule that fires again continues its alert instead of making
// another.
func (m *Manager) learnActive(ctx context.Context) error {
	list, err := m.set.Active(ctx)
	if err != nil {
		return err
	}
	m.handOff.Lock()
	defer m.handOff.Unlock()
	for _, a := range list {
		m.known[keyOf(a)] = a
	}
	return nil
}

// reconcile resolves the alerts of which no rule speaks any more: those of rules that were removed, and those whose condition ended
// while the server was down. A rule speaks for its alerts once it was evaluated since the start.
func (m *Manager) reconcile(ctx context.Context) {
	inner := m.running()
	m.mu.Lock()
	started := m.started
	m.mu.Unlock()
	exists := map[string]bool{}   // rules
	silent := map[string]bool{}   // rules that have not been evaluated without an error since the start
	speaks := map[string]bool{}   // keys of alerts that are pending or fire
	resolved := map[string]bool{} // keys of alerts of which the rule will say itself that they resolved
	for _, g := range inner.RuleGroups() {
		for _, r := range g.AlertingRules() {
			name := m.ruleName(g, r.Name())
			exists[name] = true
			if r.GetEvaluationTimestamp().Before(started) || r.Health() != rules.HealthGood {
				silent[name] = true
			}
			for _, a := range r.ActiveAlerts() {
				speaks[name+"\x00"+a.Labels.String()] = true
			}
			r.ForEachActiveAlert(func(a *rules.Alert) {
				if !a.ResolvedAt.IsZero() {
					resolved[name+"\x00"+a.Labels.String()] = true
				}
			})
		}
	}
	now := m.set.Now().UTC()
	m.handOff.Lock()
	defer m.handOff.Unlock()
	var out []alerts.Transition
	for key, a := range m.known {
		rule, _, _ := strings.Cut(key, "\x00")
		if speaks[key] || resolved[key] || exists[rule] && silent[rule] {
			continue
		}
		a.ResolveReason = "its condition ended while the server was down"
		if !exists[rule] {
			a.ResolveReason = "rule deleted"
		}
		a.Condition, a.ResolvedAt = alerts.Resolved, now
		out = append(out, alerts.Transition{Alert: a})
	}
	m.apply(ctx, out)
}
