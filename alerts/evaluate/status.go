package evaluate

import (
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// RuleHealth says how the evaluation of a rule goes.
type RuleHealth string

// How it may go.
const (
	RuleOK       RuleHealth = "ok"       // the last evaluation went well
	RuleFailing  RuleHealth = "failing"  // it did not, or the rule cannot be evaluated at all
	RuleWaiting  RuleHealth = "waiting"  // there was none yet
	RuleDisabled RuleHealth = "disabled" // there will be none
)

// RuleStatus is how a rule is doing.
type RuleStatus struct {
	Name          string
	Kind          alerts.RuleKind
	Version       int64
	Health        RuleHealth
	LastEvaluated time.Time     // end of the newest window that was judged; zero for none
	EvaluatedAt   time.Time     // when the last evaluation ended, one that failed included
	Duration      time.Duration // of the last evaluation
	Err           error         // of the last evaluation; nil if it went well
	Failures      int           // evaluations that failed in a row
	Held          int           // alerts that wait for the next check, since one may fire only so many
	Undelivered   int           // transitions that could not be handed over yet
	Next          time.Time     // when the next evaluation is due; zero for none
	Series        []SeriesStatus
}

// SeriesStatus is how one series of a rule is doing.
type SeriesStatus struct {
	Scope      scopes.Path
	Dimensions map[string]string
	FiredAt    time.Time // of the alert that is open; zero if none is
	LastData   time.Time // the newest check that had data; zero for none
	Values     []SeriesValue
}

// SeriesValue is what a criterion saw at the last check. Lower and Upper are of dynamic thresholds.
type SeriesValue struct {
	Criterion           string
	Value, Lower, Upper *float64
}

func (e *entry) health() RuleHealth {
	switch {
	case !e.enabled:
		return RuleDisabled
	case e.planError != nil || e.status.err != nil:
		return RuleFailing
	case e.status.at.IsZero():
		return RuleWaiting
	}
	return RuleOK
}

// Status returns how a metric or log rule is doing; false for one that is not known. Series come in order of their keys.
func (v *Evaluator) Status(name string) (RuleStatus, bool) {
	v.mu.Lock()
	e := v.entries[name]
	v.mu.Unlock()
	if e == nil {
		return RuleStatus{}, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	st := RuleStatus{
		Name: e.name, Kind: e.kind, Version: e.version, Health: e.health(), LastEvaluated: e.status.at, EvaluatedAt: e.status.made,
		Duration: e.status.took, Err: e.status.err, Failures: e.status.failures, Held: e.status.held, Undelivered: len(e.pending), Next: e.status.next,
	}
	if e.planError != nil {
		st.Err = e.planError
	}
	if e.tracker == nil {
		return st, true
	}
	list := make([]*series, 0, len(e.tracker.byKey))
	for _, s := range e.tracker.byKey {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *series) int { return strings.Compare(a.key, b.key) })
	for _, s := range list {
		one := SeriesStatus{Scope: s.scope, Dimensions: s.identity().dims}
		one.LastData, _ = s.state.LastData()
		one.FiredAt, _ = s.state.Open()
		for i, x := range s.last {
			one.Values = append(one.Values, SeriesValue{e.plan.criteria[i].Name, x.value, x.lower, x.upper})
		}
		st.Series = append(st.Series, one)
	}
	return st, true
}
