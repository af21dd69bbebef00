package evaluate

import (
	"context"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
	"github.com/endscope/endscope/scopes"
)

// loaded is what was remembered of earlier runs, until the rules are known.
type loaded struct {
	states map[string]alerts.RuleState
	active map[string][]alerts.Alert // by rule
	trust  bool                      // active is known, and wins
}

// load reads the states, and tries until it can; false when ctx ends before.
func (v *Evaluator) load(ctx context.Context) (*loaded, bool) {
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		l, err := v.loadOnce(ctx)
		if err == nil {
			v.health.loading(nil)
			return l, true
		}
		if ctx.Err() != nil {
			return nil, false
		}
		v.health.loading(err)
		v.log.Error("states of alert rules cannot be read; nothing is evaluated until they can", "err", err)
		if !sleep(ctx, wait) {
			return nil, false
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (v *Evaluator) loadOnce(ctx context.Context) (*loaded, error) {
	l := &loaded{states: map[string]alerts.RuleState{}, active: map[string][]alerts.Alert{}}
	all, err := v.set.States.LoadRuleStates(ctx)
	if err != nil {
		return nil, err
	}
	for name, s := range all {
		if len(s.Hash) > len(hashPrefix) && s.Hash[:len(hashPrefix)] == hashPrefix {
			s.Hash = s.Hash[len(hashPrefix):]
			l.states[name] = s
		}
	}
	if v.set.Active == nil {
		return l, nil
	}
	open, err := v.set.Active(ctx)
	if err != nil {
		return nil, err
	}
	l.trust = true
	for _, a := range open {
		if (a.RuleKind == alerts.KindMetric || a.RuleKind == alerts.KindLog) && !a.Stateless && a.Condition == alerts.Fired {
			l.active[a.Rule] = append(l.active[a.Rule], a)
		}
	}
	return l, nil
}

// names returns the rules of which something is remembered.
func (l *loaded) names() map[string]bool {
	out := map[string]bool{}
	for name := range l.states {
		out[name] = true
	}
	for name := range l.active {
		out[name] = true
	}
	return out
}

// strays returns transitions that resolve everything of a rule that is open, for a reason.
func (l *loaded) strays(rule string, now time.Time, reason string) []alerts.Transition {
	var out []alerts.Transition
	done := map[string]bool{}
	for _, a := range l.active[rule] {
		done[a.ID] = true
		out = append(out, resolvedBy(a, now, reason))
	}
	for key, b := range l.states[rule].Series {
		id, state, _, err := decodeSeries(b)
		if err != nil || l.trust {
			continue
		}
		if e, open := state.Resolve(now); open {
			a := alertOf(&alerts.Rule{Name: rule, Kind: alerts.KindMetric, AutoMitigate: true}, id, key, e, reason)
			if !done[a.ID] {
				out = append(out, alerts.Transition{Alert: a})
			}
		}
	}
	return out
}

func resolvedBy(a alerts.Alert, now time.Time, reason string) alerts.Transition {
	a.Condition, a.ResolvedAt, a.ResolveReason = alerts.Resolved, latest(now, a.FiredAt), reason
	return alerts.Transition{Alert: a}
}

// restore fills a tracker with what is remembered of its rule, which has the same hash, and returns the last check and transitions for
// alerts that are open and belong to no series of the rule.
func (l *loaded) restore(t *tracker, now time.Time) (evaluated time.Time, strays []alerts.Transition) {
	rule := t.plan.rule.Name
	st := l.states[rule]
	evaluated = st.Evaluated.UTC()
	t.resumed = now
	for _, b := range st.Series {
		id, state, present, err := decodeSeries(b)
		if err != nil {
			continue // of a newer server; what is open is known from Active
		}
		s := t.of(id)
		s.state, s.saved, s.present = state, true, present
		if present {
			s.state.Step(t.plan.policy, evaluated, condition.Check{Verdict: condition.Unmet})
		}
		s.state.SetBack(t.plan.policy, evaluated) // it may be of before the clock was
		if !t.plan.policy.Stateful {
			s.quietUntil = evaluated.Add(t.plan.policy.Quiet) // at the latest
		}
		if _, open := s.state.Open(); open {
			t.open++
		}
	}
	if !l.trust {
		return evaluated, nil
	}
	confirmed := map[*series]bool{}
	for _, a := range l.active[rule] {
		s := t.owner(a)
		if s == nil {
			strays = append(strays, resolvedBy(a, now, reasonChanged))
			continue
		}
		confirmed[s] = true
		if open, _ := s.state.Open(); !open.Equal(a.FiredAt) {
			s.expect = a.FiredAt
			if a.FiredAt.After(now) { // the clock was ahead: no check will come to this for long
				t.adopt(s)
				s.state.SetBack(t.plan.policy, evaluated)
			}
		}
	}
	for _, s := range t.byKey {
		if open, is := s.state.Open(); is && !confirmed[s] {
			s.closed = open
		}
	}
	return evaluated, strays
}

// owner returns the series of an alert, nil if the rule cannot have made it.
func (t *tracker) owner(a alerts.Alert) *series {
	if !t.plan.policy.Stateful {
		return nil
	}
	for _, scope := range []scopes.Path{a.Target, {}} {
		id := identity{scope, a.Dimensions}
		if id.dims == nil {
			id.dims = map[string]string{}
		}
		if alerts.AlertID(t.plan.rule.Name, alerts.SeriesKey(id.scope, id.dims), a.FiredAt) == a.ID {
			return t.of(id)
		}
	}
	return nil
}
