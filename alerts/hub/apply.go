package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
)

// maxTogether is how many transitions one transaction holds, so that other writers wait only briefly.
const maxTogether = 500

// Apply implements alerts.Sink: it stores what happened and what is to be done about it, and returns before anything of that is done.
// Tests of action groups are not alerts, and are left out.
func (h *Hub) Apply(ctx context.Context, transitions []alerts.Transition) error {
	var rules []alerts.ProcessingRule
	if h.set.ProcessingRules != nil {
		rules = h.set.ProcessingRules()
	}
	for some := range slices.Chunk(transitions, maxTogether) {
		if err := h.apply(ctx, some, rules); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hub) apply(ctx context.Context, transitions []alerts.Transition, rules []alerts.ProcessingRule) error {
	at := h.now()
	changes := make([]state.Change, 0, len(transitions))
	questions := make([]*question, 0, len(transitions)) // nil where nothing is asked
	for i := range transitions {
		if transitions[i].Test {
			h.log.Warn("a test of an action group was given as an alert", "rule", transitions[i].Alert.Rule)
			continue
		}
		c := state.Change{Alert: transitions[i].Alert, At: at}
		var q *question
		if c.Alert.Condition == alerts.Fired {
			q = h.fired(&c, rules)
		} else {
			h.resolved(&c)
		}
		changes, questions = append(changes, c), append(questions, q)
	}
	made, err := h.set.Store.Apply(ctx, changes)
	for i, q := range questions {
		if q == nil {
			continue
		}
		if err != nil || !made[i] {
			h.explain.release()
		} else {
			h.explain.ask(q)
		}
	}
	if err != nil {
		return fmt.Errorf("store alerts: %w", err)
	}
	for i := range changes {
		if made[i] {
			h.metrics.transitions.WithLabelValues(string(changes[i].Alert.Condition)).Inc()
			if changes[i].Suppressed {
				h.metrics.suppressed.Inc()
			}
		}
	}
	h.wakeUp()
	return nil
}

// fired decides about an alert that fires. It returns the question for explain, for which there is a place, or nil.
func (h *Hub) fired(c *state.Change, rules []alerts.ProcessingRule) *question {
	a := &c.Alert
	a.Labels, a.Annotations = cloned(a.Labels), cloned(a.Annotations)
	a.Actions = namedActions(a)
	h.addLinks(a)
	c.Timeline = []alerts.TimelineEntry{{At: c.At, Kind: "fired", Text: h.firedSentence(a)}}
	if !a.ExpiresAt.IsZero() { // routing has it from whoever posted it
		c.Groups = groupNames(a.Actions)
		return nil
	}
	c.Due = c.At
	actions, entries, suppressed := process(rules, a, c.At)
	c.Suppressed, c.Timeline = suppressed, append(c.Timeline, entries...)
	c.Groups = groupNames(actions)
	setGroups(a.Labels, a.Actions, actions)
	if suppressed {
		return nil
	}
	q := h.question(a, c.At)
	if q == nil {
		return nil
	}
	if !h.explain.reserve() {
		h.metrics.findings.WithLabelValues(findingFull).Inc()
		return nil
	}
	c.Due = q.deadline
	return q
}

func (h *Hub) resolved(c *state.Change) {
	if c.Alert.RuleKind == alerts.KindMetric || c.Alert.RuleKind == alerts.KindLog {
		c.Hold = h.cfg.ResolveHold
	}
	c.Timeline = []alerts.TimelineEntry{{At: c.At, Kind: "resolved", Text: h.resolvedSentence(&c.Alert)}}
}

// process returns who is told of an alert, and what to say of it. a.Actions are those that it has of itself.
func process(rules []alerts.ProcessingRule, a *alerts.Alert, at time.Time) (actions []alerts.Action, entries []alerts.TimelineEntry, suppressed bool) {
	actions, suppressedBy, addedBy := alerts.Apply(rules, a, at)
	switch {
	case suppressedBy != nil:
		return nil, []alerts.TimelineEntry{{At: at, Kind: "suppressed", Text: "Nobody is told: suppressed by " + ruleNames(suppressedBy) + ".", Data: data("rules", suppressedBy)}}, true
	case addedBy != nil:
		var added []string
		for _, name := range groupNames(actions) {
			if !slices.ContainsFunc(a.Actions, func(own alerts.Action) bool { return own.ActionGroupID == name }) {
				added = append(added, name)
			}
		}
		entries = []alerts.TimelineEntry{{At: at, Kind: "groups_added", Text: "Action groups added by " + ruleNames(addedBy) + ": " + strings.Join(added, ", ") + ".", Data: data("rules", addedBy)}}
	}
	return actions, entries, false
}

func ruleNames(names []string) string {
	if len(names) == 1 {
		return "the processing rule " + names[0]
	}
	return "the processing rules " + strings.Join(names, ", ")
}

func data(name string, values []string) json.RawMessage {
	text, err := json.Marshal(map[string][]string{name: values})
	if err != nil {
		return nil // strings always are JSON
	}
	return text
}

// namedActions returns the actions of an alert with those that only its label names; alerts.PolicyGroup may be among these.
func namedActions(a *alerts.Alert) []alerts.Action {
	out := slices.Clone(a.Actions)
	for name := range strings.SplitSeq(a.Labels[alerts.LabelActionGroups], ",") {
		name = strings.TrimSpace(name)
		if name != "" && !slices.ContainsFunc(out, func(own alerts.Action) bool { return own.ActionGroupID == name }) {
			out = append(out, alerts.Action{ActionGroupID: name})
		}
	}
	return out
}

func groupNames(actions []alerts.Action) []string {
	var names []string
	for _, a := range actions {
		if a.ActionGroupID != alerts.PolicyGroup {
			names = append(names, a.ActionGroupID)
		}
	}
	return state.GroupsOf(names...)
}

// setGroups sets the label that says who is told. What processing rules add to an alert that names no group itself must not take the
// policy's routes away from it.
func setGroups(labels map[string]string, own, actions []alerts.Action) {
	if len(groupNames(actions)) == 0 {
		delete(labels, alerts.LabelActionGroups)
		return
	}
	if len(own) == 0 {
		actions = append(slices.Clone(actions), alerts.Action{ActionGroupID: alerts.PolicyGroup})
	}
	labels[alerts.LabelActionGroups] = alerts.GroupsLabel(actions)
}

func cloned(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return maps.Clone(m)
}

// wakeUp lets the one who hands on look again.
func (h *Hub) wakeUp() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}
