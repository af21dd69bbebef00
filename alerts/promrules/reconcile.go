package promrules

import (
	"context"
	"slices"

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

// spoken is what the rules say of alerts. Keys are those of known.
type spoken struct {
	silent   map[[2]string]bool  // rules, by ruleName and alert, that have not been evaluated without an error since the start
	unheard  map[string]bool     // names of alerts that a silent rule has
	speaks   map[string]bool     // keys of alerts that are pending or fire
	series   map[string][]string // these keys by the labels
	resolved map[string]bool     // keys of alerts of which the rule will say itself that they resolved
}

// spoken returns it with the set of which it is.
func (m *Manager) spoken() (spoken, *set) {
	m.mu.Lock()
	groups, inForce, started := m.inner.RuleGroups(), m.loaded.Load(), m.started
	m.mu.Unlock()
	s := spoken{map[[2]string]bool{}, map[string]bool{}, map[string]bool{}, map[string][]string{}, map[string]bool{}}
	for _, g := range groups {
		for _, r := range g.AlertingRules() {
			name := ruleName(g.File(), g.Name(), r.Name())
			if r.GetEvaluationTimestamp().Before(started) || r.Health() != rules.HealthGood {
				s.silent[[2]string{name, r.Name()}], s.unheard[r.Name()] = true, true
			}
			r.ForEachActiveAlert(func(a *rules.Alert) {
				series := a.Labels.String()
				key := name + "\x00" + series
				if !a.ResolvedAt.IsZero() {
					s.resolved[key] = true
					return
				}
				s.speaks[key] = true
				s.series[series] = append(s.series[series], key)
			})
		}
	}
	return s, inForce
}

// reconcile resolves the alerts of which no rule speaks any more: those of rules that were removed, and those whose condition ended
// while the server was down. A rule speaks for its alerts once it was evaluated since the start. An alert of a rule that was removed waits for
// rules of other names that may go on with it, as after a renaming.
func (m *Manager) reconcile(ctx context.Context) {
	said, inForce := m.spoken()
	now := m.set.Now().UTC()
	m.handOff.Lock()
	defer m.handOff.Unlock()
	var out []alerts.Transition
	for key, a := range m.known {
		name := a.Labels[alerts.LabelAlertName]
		switch {
		case said.speaks[key] || said.resolved[key]:
			continue
		case inForce.has(a.Rule, name):
			if said.silent[[2]string{a.Rule, name}] {
				continue
			}
			a.ResolveReason = "its condition ended while the server was down"
		default:
			heir := func(key string) bool { _, taken := m.known[key]; return !taken }
			if said.unheard[name] || slices.ContainsFunc(said.series[a.SeriesKey], heir) {
				continue
			}
			a.ResolveReason = "rule deleted"
		}
		a.Condition, a.ResolvedAt = alerts.Resolved, now
		out = append(out, alerts.Transition{Alert: a})
	}
	for key := range m.unstored {
		if !said.speaks[key] && !said.resolved[key] {
			out = append(out, m.missed(key, now, "its condition ended before it could be stored")...)
		}
	}
	m.apply(ctx, out)
}
