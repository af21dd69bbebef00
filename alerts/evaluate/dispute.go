package evaluate

import (
	"time"

	"github.com/endscope/endscope/alerts/condition"
)

// Alerts are handed over before states are stored, so after a crash the Sink may be ahead: it has an alert that the state does not know,
// or one less. The checks in question are made again, and as a rule come to the same. Where they do not, because data came late, the Sink
// is right: people were told.

func (s *series) disputed() bool { return !s.expect.IsZero() || !s.closed.IsZero() }

// agree ends a dispute that the checks have settled by themselves.
func (t *tracker) agree(s *series) {
	open, _ := s.state.Open()
	if !s.closed.IsZero() && !open.Equal(s.closed) {
		s.closed = time.Time{}
	}
	if !s.expect.IsZero() && open.Equal(s.expect) {
		s.expect = time.Time{}
	}
}

// settleDispute runs before a check. It returns true where the alert that the Sink has stands for the check.
func (t *tracker) settleDispute(s *series, at time.Time) bool {
	if !s.closed.IsZero() && t.plan.due(at).After(t.resumed) { // nobody can have made this check before
		if _, ok := s.state.Resolve(at); ok {
			t.open--
		}
		s.closed = time.Time{}
	}
	if s.expect.IsZero() || at.Before(s.expect) {
		return false
	}
	if at.Equal(s.expect) {
		trial := s.state
		trial.Step(t.plan.policy, at, condition.Check{Verdict: condition.Met})
		if open, ok := trial.Open(); ok && open.Equal(at) {
			t.force(s, trial)
			return true
		}
	}
	return !at.After(t.adopt(s))
}

// adopt makes the alert that the Sink has be open, and returns when it fired.
func (t *tracker) adopt(s *series) time.Time {
	var fresh condition.State
	firedAt := s.expect
	one := condition.Policy{Stateful: true, Frequency: t.plan.policy.Frequency, Failing: 1, Periods: 1, ResolveAfter: 1}
	fresh.Step(one, firedAt, condition.Check{Verdict: condition.Met})
	t.force(s, fresh)
	return firedAt
}

func (t *tracker) force(s *series, state condition.State) {
	if _, open := s.state.Open(); !open {
		t.open++
	}
	s.state, s.expect, s.closed = state, time.Time{}, time.Time{}
}
