package route

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
)

const (
	// keepResolved is how long a resolved alert is known beyond the time that its group may wait.
	keepResolved = time.Hour
	// statelessFor is how long an alert that never resolves counts as active; statelessOld is the age from which it does not when it comes
	// again. Neither is how long it waits to be told: see untoldFor.
	statelessFor = time.Hour
	statelessOld = 12 * time.Hour
)

// LimitError says that there are too many alerts.
type LimitError struct{ Limit, Refused int }

func (e *LimitError) Error() string {
	return fmt.Sprintf("alerts.routing.max_alerts: %d alerts are active already; %d were refused", e.Limit, e.Refused)
}

// known is what is remembered of an alert that is routed.
type known struct {
	alert      Alert
	fp, plain  model.Fingerprint      // of all labels, and without the action groups, as receivers see them
	hash       uint64                 // of all labels, as the log of notifications has it
	stored     *alert.Alert           // as Alertmanager's packages have it
	started    time.Time              // StartsAt as receivers and clients see it
	superseded bool                   // another set of labels took the place of this one: nobody is told that it resolved
	ended      bool                   // told to Settings.External that it ended
	fired      *Alert                 // how it was when it was last put as active; nil where it never was
	over       time.Time              // when it was known that it is over; for stateless ones when they stop to count as active
	held       time.Time              // when a group last kept it, although it is over, because it was still to be told
	owed       bool                   // when the plan last changed, it was still to be told to somebody
	withheld   map[string]withholding // why nobody is told now: by withheldKey; not changed once it is there
	gaveUp     map[string]bool        // receivers that were given up; not changed once it is there
}

func (k *known) active(now time.Time) bool { return !k.stored.ResolvedAt(now) }

// shownKey tells apart alerts as receivers see them: those of one series begin at different times.
type shownKey struct {
	fp      model.Fingerprint
	started int64
}

func (k *known) shownKey() shownKey { return shownKey{k.plain, k.started.UnixNano()} }

// memory knows the alerts that are routed, and finds them again by what Alertmanager's packages have of them.
type memory struct {
	limit int
	keep  atomic.Int64 // a time.Duration: how long what is over is known
	mu    sync.Mutex
	byFP  map[model.Fingerprint]*known
	shown map[shownKey]*known // ours
	byID  map[string]*known
	// byHash has those that the log of notifications knows.
	byHash map[uint64]*known
}

func newMemory(limit int) *memory {
	m := &memory{limit: limit, byFP: map[model.Fingerprint]*known{}, shown: map[shownKey]*known{}, byID: map[string]*known{}, byHash: map[uint64]*known{}}
	m.keep.Store(int64(keepResolved))
	return m
}

// labelSets returns an alert's labels as they are routed and as they are shown. Empty labels are no labels.
func labelSets(given map[string]string) (routed, shown model.LabelSet) {
	routed, shown = make(model.LabelSet, len(given)), make(model.LabelSet, len(given))
	for name, value := range given {
		if value == "" {
			continue
		}
		if name == alerts.LabelActionGroups {
			names := groupNames(value)
			slices.Sort(names)
			if names = slices.Compact(names); len(names) > 0 {
				routed[model.LabelName(name)] = model.LabelValue("," + strings.Join(names, ",") + ",")
			}
			continue
		}
		routed[model.LabelName(name)] = model.LabelValue(value)
		shown[model.LabelName(name)] = model.LabelValue(value)
	}
	return routed, shown
}

func annotationSet(given map[string]string) model.LabelSet {
	s := make(model.LabelSet, len(given))
	for name, value := range given {
		s[model.LabelName(name)] = model.LabelValue(value)
	}
	return s
}

// put takes an alert of ours and returns what Alertmanager's packages get for it: usually one, two where it takes the place of another.
// Dispatching says whether the dispatcher runs: what comes then is new, and waits for others from now on, not from when it started.
func (m *memory) put(a Alert, now time.Time, dispatching bool) (stored []*alert.Alert, isNew bool, err error) {
	if a.StartsAt.IsZero() {
		return nil, false, fmt.Errorf("alert %s: start time missing", name(a))
	}
	routed, shown := labelSets(a.Labels)
	if len(shown) == 0 {
		return nil, false, fmt.Errorf("alert %s: at least one label is needed", name(a))
	}
	// Two alerts of one series are two, also where the second fires before anybody was told that the first resolved.
	routed[alerts.LabelFired] = model.LabelValue(a.ID)
	k := &known{alert: a, fp: routed.Fingerprint(), plain: shown.Fingerprint(), hash: hashOf(routed), started: a.StartsAt}
	s := &alert.Alert{UpdatedAt: now, Alert: model.Alert{Labels: routed, Annotations: annotationSet(a.Annotations), StartsAt: a.StartsAt, EndsAt: a.EndsAt, GeneratorURL: a.GeneratorURL}}
	if !s.EndsAt.IsZero() && s.EndsAt.After(now) {
		s.EndsAt = now // whoever says that an alert ends says that it has ended; nothing ends by itself
	}
	if !s.EndsAt.IsZero() && s.EndsAt.Before(s.StartsAt) {
		s.StartsAt = s.EndsAt
	}
	k.stored = s
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.byFP[k.fp]
	s.UpdatedAt = later(now, before)
	if before != nil {
		k.fired, k.over, k.held, k.owed, k.withheld, k.gaveUp = before.fired, before.over, before.held, before.owed, before.withheld, before.gaveUp
	}
	again := before != nil && before.alert.ID == a.ID && before.active(now)
	isNew = !again && a.EndsAt.IsZero()
	if !a.EndsAt.IsZero() && before != nil && before.alert.ID == a.ID && !before.stored.StartsAt.After(s.EndsAt) {
		s.StartsAt = before.stored.StartsAt // waiting for others has not become shorter
	}
	if a.EndsAt.IsZero() {
		switch {
		case again:
			s.StartsAt, s.EndsAt = before.stored.StartsAt, before.stored.EndsAt
		case dispatching && now.After(a.StartsAt):
			s.StartsAt = now
		}
		if a.Stateless && !again {
			if now.Sub(a.StartsAt) > statelessOld {
				s.StartsAt, s.EndsAt, isNew = a.StartsAt, a.StartsAt.Add(statelessFor), false
			} else {
				s.EndsAt = now.Add(statelessFor)
			}
		}
	}
	switch {
	case a.EndsAt.IsZero():
		k.fired, k.over = &a, s.EndsAt
	case k.over.IsZero():
		k.over = now
	}
	if k.fired == nil { // it was put as resolved only, after a restart
		k.fired = &Alert{Annotations: a.Annotations, Source: a.Fired}
	}
	if err := s.Validate(); err != nil {
		return nil, false, fmt.Errorf("alert %s: %w", name(a), err)
	}
	if isNew && before == nil && len(m.byFP) >= m.limit {
		m.forget(now, 0)
		if len(m.byFP) >= m.limit {
			return nil, false, &LimitError{Limit: m.limit, Refused: 1}
		}
	}
	if old := m.byID[a.ID]; a.ID != "" && old != nil && old.fp != k.fp && old.active(now) {
		end := *old.stored
		end.EndsAt, end.UpdatedAt = now, later(now, old)
		old.stored, old.superseded = &end, true
		stored = append(stored, &end)
	}
	m.remember(k)
	return append(stored, s), isNew, nil
}

// post takes an alert of others as Alertmanager's API made it, and returns what is routed. It is nil where the alert is one of ours.
func (m *memory) post(a *alert.Alert, now time.Time) (stored *alert.Alert, told Alert, err error) {
	given := make(map[string]string, len(a.Labels))
	for name, value := range a.Labels {
		given[string(name)] = string(value)
	}
	routed, shown := labelSets(given)
	s := *a
	s.Labels = routed
	m.mu.Lock()
	defer m.mu.Unlock()
	k := &known{fp: routed.Fingerprint(), plain: shown.Fingerprint(), hash: hashOf(routed), stored: &s, started: a.StartsAt}
	before := m.byFP[k.fp]
	s.UpdatedAt = later(now, before)
	if before != nil && before.alert.ID != "" && before.active(now) {
		return nil, Alert{}, nil
	}
	if before == nil && len(m.byFP) >= m.limit {
		m.forget(now, 0)
		if len(m.byFP) >= m.limit {
			return nil, Alert{}, &LimitError{Limit: m.limit, Refused: 1}
		}
	}
	k.ended = !k.active(now)
	k.alert = Alert{Labels: given, Annotations: texts(a.Annotations), StartsAt: a.StartsAt, EndsAt: a.EndsAt, GeneratorURL: a.GeneratorURL}
	if v, ok := routed[alerts.LabelActionGroups]; ok {
		given[alerts.LabelActionGroups] = string(v)
	}
	m.remember(k)
	return &s, k.alert, nil
}

// later returns a time that is after the last change of what is known, so that versions have an order.
func later(now time.Time, before *known) time.Time {
	if before != nil && !now.After(before.stored.UpdatedAt) {
		return before.stored.UpdatedAt.Add(1)
	}
	return now
}

// newest returns the newest versions of the alerts, and those among them that differ from what was given: the dispatcher takes in changes
// of one alert by several goroutines, so that the last to come need not be the newest.
func (m *memory) newest(given []*alert.Alert) (all, changed []*alert.Alert) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all = make([]*alert.Alert, len(given))
	for i, a := range given {
		all[i] = a
		if k := m.byFP[a.Fingerprint()]; k != nil && k.stored.UpdatedAt.After(a.UpdatedAt) {
			s := *k.stored
			all[i], changed = &s, append(changed, k.stored)
		}
	}
	return all, changed
}

func (m *memory) remember(k *known) {
	m.byFP[k.fp], m.byHash[k.hash] = k, k
	if k.alert.ID != "" {
		m.byID[k.alert.ID], m.shown[k.shownKey()] = k, k
	}
}

// find returns what is known of an alert by all its labels.
func (m *memory) find(fp model.Fingerprint) (known, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.byFP[fp]; k != nil {
		return *k, true
	}
	return known{}, false
}

// findShown returns what is known of an alert of ours as receivers see it.
func (m *memory) findShown(a *alert.Alert) (known, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.shown[shownKey{a.Fingerprint(), a.StartsAt.UnixNano()}]; k != nil {
		return *k, true
	}
	return known{}, false
}

// count returns how many alerts are active.
func (m *memory) count(now time.Time) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.byFP {
		if k.active(now) {
			n++
		}
	}
	return n
}

// seen returns an alert as receivers and clients see it: with its own start, and without the action groups if they are hidden.
func (m *memory) seen(a *alert.Alert, hide bool) *alert.Alert {
	k, ok := m.find(a.Fingerprint())
	s := *a
	if ok && k.fp == a.Fingerprint() && k.alert.ID != "" {
		s.StartsAt = k.started
	}
	s.Labels = maps.Clone(a.Labels)
	if hide {
		delete(s.Labels, alerts.LabelActionGroups)
	}
	if ok && k.alert.ID != "" && k.alert.Labels[alerts.LabelFired] == "" {
		delete(s.Labels, alerts.LabelFired)
	}
	return &s
}

func texts(s model.LabelSet) map[string]string {
	m := make(map[string]string, len(s))
	for name, value := range s {
		m[string(name)] = string(value)
	}
	return m
}

func name(a Alert) string {
	if a.ID != "" {
		return a.ID
	}
	return a.Labels[alerts.LabelAlertName]
}
