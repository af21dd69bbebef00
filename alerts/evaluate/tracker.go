package evaluate

import (
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
	"github.com/endscope/endscope/scopes"
)

// The most alerts of a log rule that one check fires, and that are open at once. What is beyond fires at a later check.
const (
	maxFiresStateful  = 300
	maxFiresStateless = 6_000
	maxOpenAlerts     = 5_000
)

// reasonForgotten is why an alert resolved whose series has been without data for condition.Forget.
const reasonForgotten = "no data for 24h"

// tracker follows the series of one rule from check to check. Live evaluation and preview step the same one. It is not safe for
// concurrent use.
type tracker struct {
	plan   *plan
	seed   maphash.Seed
	byHash map[uint64]*series
	byKey  map[string]*series
	round  uint64 // the check that is made
	open   int    // alerts that are open
	held   int    // series whose alert had to wait at the last check
	named  []*series

	resumed time.Time // when the states were loaded
	blind   time.Time // no data up to then says nothing, since none were taken
}

// series is what is known of one series of a rule.
type series struct {
	scope      scopes.Path
	dims       []dimension // by name; a map would be ten times as large, and there are many series
	key        string
	named      bool
	state      condition.State
	round      uint64 // the last check that saw it
	quietUntil time.Time
	saved      bool // the store has it
	present    bool // the store has it as one that had data at every check
	last       []seen

	// What follows is set after a restart where the Sink knows more than the stored state, see dispute.go.
	expect time.Time // an alert that fired then is open
	closed time.Time // the alert that fired then is not open any more
}

type dimension struct{ name, value string }

// identity returns what tells the series from others, with a map of its own.
func (s *series) identity() identity {
	dims := make(map[string]string, len(s.dims))
	for _, d := range s.dims {
		dims[d.name] = d.value
	}
	return identity{s.scope, dims}
}

// seen is what a criterion saw last, for people to look at.
type seen struct{ value, lower, upper *float64 }

// change is an event of one series.
type change struct {
	series *series
	event  condition.Event
	reason string // why it resolved, if not by its checks
	shown  *float64
}

func newTracker(p *plan) *tracker {
	t := &tracker{plan: p, seed: maphash.MakeSeed(), byHash: map[uint64]*series{}, byKey: map[string]*series{}}
	t.nameSeries()
	return t
}

func (t *tracker) nameSeries() {
	for _, id := range t.plan.named {
		s := t.of(id)
		s.named = true
		t.named = append(t.named, s)
	}
}

// use takes another plan for the same series: one whose rule differs in what does not change what its states mean.
func (t *tracker) use(p *plan) { t.plan = p }

// hash is the same for the same identity, whatever the order of its dimensions.
func (t *tracker) hash(id identity) uint64 {
	h := maphash.Comparable(t.seed, id.scope)
	for name, v := range id.dims {
		h += maphash.Comparable(t.seed, [2]string{name, v})
	}
	return h
}

func (s *series) equal(id identity) bool {
	if s.scope != id.scope || len(s.dims) != len(id.dims) {
		return false
	}
	for _, d := range s.dims {
		if v, ok := id.dims[d.name]; !ok || v != d.value {
			return false
		}
	}
	return true
}

// equalFold compares as rules do, which name values without regard to case.
func (s *series) equalFold(id identity) bool {
	if s.scope != id.scope || len(s.dims) != len(id.dims) {
		return false
	}
	for _, d := range s.dims {
		if v, ok := valueOf(id.dims, d.name); !ok || !strings.EqualFold(v, d.value) {
			return false
		}
	}
	return true
}

// find returns a series that is known, nil for none.
func (t *tracker) find(id identity) *series {
	h := t.hash(id)
	s := t.byHash[h]
	if s != nil && (s.equal(id) || s.named && s.equalFold(id)) {
		return s
	}
	known := t.byKey[alerts.SeriesKey(id.scope, id.dims)]
	for i := 0; known == nil && i < len(t.named); i++ {
		if t.named[i].equalFold(id) {
			known = t.named[i]
		}
	}
	if known != nil && s == nil {
		t.byHash[h] = known
	}
	return known
}

// of returns a series, and makes it if it is not known.
func (t *tracker) of(id identity) *series {
	if s := t.find(id); s != nil {
		return s
	}
	s := newSeries(id)
	t.byKey[s.key] = s
	if h := t.hash(id); t.byHash[h] == nil {
		t.byHash[h] = s
	}
	return s
}

func newSeries(id identity) *series {
	s := &series{scope: id.scope, key: alerts.SeriesKey(id.scope, id.dims)}
	if len(id.dims) > 0 {
		s.dims = make([]dimension, 0, len(id.dims))
	}
	for _, name := range slices.Sorted(maps.Keys(id.dims)) {
		s.dims = append(s.dims, dimension{name, id.dims[name]})
	}
	return s
}

func (t *tracker) forget(s *series) {
	delete(t.byKey, s.key)
	if h := t.hash(s.identity()); t.byHash[h] == s {
		delete(t.byHash, h)
	}
}

// step makes the check of instant i of a frame, and appends what it changed, in order of the series' keys.
func (t *tracker) step(f *frame, i int, to []change) []change {
	t.round++
	t.held = 0
	at, begin := f.at(i), len(to)
	budget := t.budget()
	for k := range f.rows {
		r := &f.rows[k]
		s := t.find(r.identity)
		if s == nil {
			if !r.hasData(i) {
				continue // nothing is remembered of what never was
			}
			s = t.of(r.identity)
		}
		if s.round == t.round {
			continue // the answer has the series twice, or in two spellings
		}
		s.round = t.round
		to = t.check(s, r, i, at, &budget, to)
	}
	for _, s := range t.byKey {
		if s.round == t.round {
			continue
		}
		to = t.check(s, nil, i, at, &budget, to)
	}
	for _, s := range t.byKey {
		if !s.named && !s.saved && !s.disputed() && !at.Before(s.quietUntil) && s.state.Forgettable(t.plan.policy, at) {
			t.forget(s)
		}
	}
	slices.SortFunc(to[begin:], func(a, b change) int { return strings.Compare(a.series.key, b.series.key) })
	return to
}

// budget returns how many alerts a check may fire.
func (t *tracker) budget() int {
	switch {
	case t.plan.rule.Kind != alerts.KindLog:
		return int(^uint(0) >> 1)
	case t.plan.policy.Stateful:
		return max(0, min(maxFiresStateful, maxOpenAlerts-t.open))
	}
	return maxFiresStateless
}

// check makes the check of one series; r is nil where the answer does not have it.
func (t *tracker) check(s *series, r *row, i int, at time.Time, budget *int, to []change) []change {
	verdict := condition.NoData
	if r != nil {
		verdict = t.plan.verdict(r, i)
	}
	if verdict == condition.NoData && !at.After(t.blind) {
		verdict = condition.Error
	}
	s.look(r, i, len(t.plan.criteria))
	if s.disputed() && t.settleDispute(s, at) {
		return to
	}
	before := s.state
	e, ok := s.state.Step(t.plan.policy, at, condition.Check{Verdict: verdict, Named: s.named})
	if !ok {
		return to
	}
	c := change{series: s, event: e}
	if e.Condition == alerts.Fired {
		if *budget == 0 {
			s.state = before // the check was not made, so the next one fires
			t.held++
			return to
		}
		*budget--
		if t.plan.policy.Stateful {
			t.open++
		} else {
			s.quietUntil = at.Add(t.plan.policy.Quiet)
		}
	} else {
		t.open--
		if last, _ := s.state.LastData(); verdict == condition.NoData && t.plan.policy.NoData != alerts.NoDataIgnore && at.Sub(last) > condition.Forget {
			c.reason = reasonForgotten
		}
	}
	t.agree(s)
	c.event.Values = t.plan.values(r, i)
	c.shown = c.event.Values[0].Value
	return append(to, c)
}

// look keeps what the criteria saw.
func (s *series) look(r *row, i, criteria int) {
	if len(s.last) != criteria {
		s.last = make([]seen, criteria)
	}
	for k := range s.last {
		s.last[k] = seen{}
		if r != nil {
			c := &r.cells[k]
			s.last[k] = seen{c.value(i), get(c.lower, i), get(c.upper, i)}
		}
	}
}

// resolveAll ends every open alert, for a reason that is not its checks.
func (t *tracker) resolveAll(at time.Time, reason string) []change {
	var out []change
	for _, s := range t.byKey {
		if e, ok := s.state.Resolve(at); ok {
			out = append(out, change{series: s, event: e, reason: reason})
		}
	}
	t.open = 0
	slices.SortFunc(out, func(a, b change) int { return strings.Compare(a.series.key, b.series.key) })
	return out
}

// setBack makes the series go on from an instant, see condition.State.
func (t *tracker) setBack(to time.Time) {
	for _, s := range t.byKey {
		s.state.SetBack(t.plan.policy, to)
		if until := to.Add(t.plan.policy.Quiet); s.quietUntil.After(until) {
			s.quietUntil = until
		}
	}
}

// alert makes the alert of a change.
func (p *plan) alert(c change) alerts.Alert {
	return alertOf(p.rule, c.series.identity(), c.series.key, c.event, c.reason)
}

func alertOf(rule *alerts.Rule, id identity, key string, e condition.Event, reason string) alerts.Alert {
	a := alerts.Alert{
		ID: alerts.AlertID(rule.Name, key, e.FiredAt), Rule: rule.Name, RuleKind: rule.Kind, Severity: rule.Severity,
		Stateless: !rule.AutoMitigate, Labels: alerts.LabelsOf(rule, id.scope, id.dims), Target: id.scope, Dimensions: id.dims,
		Condition: e.Condition, FiredAt: e.FiredAt, Values: e.Values, WindowStart: e.At.Add(-rule.WindowSize), WindowEnd: e.At,
		Actions: rule.Actions, CustomProperties: rule.CustomProperties, RunbookURL: rule.RunbookURL, Description: rule.Description,
		Filter: rule.Filter, ResolveReason: reason,
	}
	if a.Target == (scopes.Path{}) {
		a.Target = logTarget(rule)
	}
	if e.Condition == alerts.Resolved {
		a.ResolvedAt = latest(e.At, e.FiredAt)
	}
	if a.Stateless {
		a.Labels[alerts.LabelFired] = a.ID
	}
	return a
}
