package promrules

import (
	"context"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/strutil"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

func isStale(v float64) bool { return value.IsStaleNaN(v) }

// notify is told of the alerts of one rule: those that fire, again and again, and those that resolved, for a quarter of an hour. What
// is known already is not applied again; what failed comes again. A rule that is no more in force, and whose group has not stopped yet, is
// not listened to.
func (m *Manager) notify(ctx context.Context, expr string, list ...*rules.Alert) {
	group, ok := ctx.Value(groupKey{}).(*rules.Group)
	if !ok || len(list) == 0 {
		return
	}
	m.handOff.Lock()
	defer m.handOff.Unlock()
	inForce := m.loaded.Load()
	var out []alerts.Transition
	for _, a := range list {
		alertname := a.Labels.Get(labels.AlertName)
		name := ruleName(group.File(), group.Name(), alertname)
		if !inForce.has(name, alertname) {
			continue
		}
		key := name + "\x00" + a.Labels.String()
		known, fires := m.known[key]
		if !fires && a.ResolvedAt.IsZero() {
			fires = m.inherit(inForce, name, a.Labels.String())
		}
		switch {
		case a.ResolvedAt.IsZero() && !fires:
			out = append(out, alerts.Transition{Alert: m.alert(group, expr, a)})
		case !a.ResolvedAt.IsZero() && fires && !a.ResolvedAt.Before(known.FiredAt):
			known.Condition, known.ResolvedAt = alerts.Resolved, a.ResolvedAt.UTC()
			known.Values = valuesOf(expr, a)
			out = append(out, alerts.Transition{Alert: known})
		case !a.ResolvedAt.IsZero() && !fires:
			out = append(out, m.missed(key, a.ResolvedAt.UTC(), "")...)
		}
	}
	m.apply(ctx, out)
}

// apply hands transitions on and remembers them. The caller holds handOff.
func (m *Manager) apply(ctx context.Context, list []alerts.Transition) {
	if len(list) == 0 {
		return
	}
	// What fired must be stored even when the server is being stopped.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := m.set.Sink.Apply(ctx, list); err != nil {
		m.failed.Inc()
		m.log.Error("alerts of Prometheus rules were not stored; they are tried again", "alerts", len(list), "err", err)
		for _, t := range list {
			if t.Alert.Condition == alerts.Fired {
				m.unstored[keyOf(t.Alert)] = t.Alert
			}
		}
		return
	}
	for _, t := range list {
		delete(m.unstored, keyOf(t.Alert))
		if t.Alert.Condition == alerts.Resolved {
			delete(m.known, keyOf(t.Alert))
		} else {
			m.known[keyOf(t.Alert)] = t.Alert
		}
	}
}

// missed returns what is still to be stored of an alert that fired and resolved while nothing could be stored, as on a full disk; nothing
// unless there is such an alert. The caller holds handOff.
func (m *Manager) missed(key string, resolvedAt time.Time, reason string) []alerts.Transition {
	fired, ok := m.unstored[key]
	if !ok || resolvedAt.Before(fired.FiredAt) {
		return nil
	}
	resolved := fired
	resolved.Condition, resolved.ResolvedAt, resolved.ResolveReason = alerts.Resolved, resolvedAt, reason
	return []alerts.Transition{{Alert: fired}, {Alert: resolved}}
}

// keyOf identifies an alert while it fires. What the external labels add is no part of what rules know.
func keyOf(a alerts.Alert) string { return a.Rule + "\x00" + a.SeriesKey }

// inherit makes the open alert of a rule that is no more, with the same labels, the alert of a rule that fires, and says whether there
// was one: a file or a group that somebody renamed is no reason to page again. In the store it keeps the name of the rule that fired. The
// caller holds handOff.
func (m *Manager) inherit(inForce *set, rule, series string) bool {
	for key, a := range m.known {
		if a.SeriesKey == series && !inForce.has(a.Rule, a.Labels[alerts.LabelAlertName]) {
			delete(m.known, key)
			m.log.Info("an alert goes on under another rule", "alert", a.ID, "from", a.Rule, "to", rule)
			a.Rule = rule
			m.known[keyOf(a)] = a
			return true
		}
	}
	return false
}

// ruleName is what Alert.Rule holds: the resource, or file, group and alert.
func ruleName(file, group, alert string) string {
	if name, ok := strings.CutPrefix(file, resourcePrefix); ok {
		return name
	}
	return file + ";" + group + ";" + alert
}

// alert is the alert that a rule's alert becomes when it fires.
func (m *Manager) alert(g *rules.Group, expr string, a *rules.Alert) alerts.Alert {
	series := a.Labels.String()
	out := alerts.Alert{
		Rule: ruleName(g.File(), g.Name(), a.Labels.Get(labels.AlertName)), RuleKind: alerts.KindPrometheus, SeriesKey: series,
		Severity: alerts.SeverityOf(a.Labels.Get(alerts.LabelSeverity)),
		Labels:   a.Labels.Map(), Annotations: a.Annotations.Map(), Target: target(a.Labels),
		Condition: alerts.Fired, FiredAt: a.FiredAt.UTC(), WindowEnd: a.FiredAt.UTC(), WindowStart: a.ActiveAt.UTC(),
		Values:      valuesOf(expr, a),
		Description: a.Annotations.Get("description"), RunbookURL: a.Annotations.Get("runbook_url"),
		GeneratorURL: m.set.ExternalURL.String() + strutil.TableLinkForExpression(expr),
	}
	out.ID = alerts.AlertID(out.Rule, series, out.FiredAt)
	for name, v := range m.cfg.ExternalLabels {
		if _, ok := out.Labels[name]; !ok {
			out.Labels[name] = v
		}
	}
	for _, name := range strings.Split(out.Labels[alerts.LabelActionGroups], ",") {
		if name = strings.TrimSpace(name); name != "" {
			out.Actions = append(out.Actions, alerts.Action{ActionGroupID: name})
		}
	}
	stored, ok := m.loaded.Load().stored[out.Rule]
	if ok && len(out.Actions) == 0 {
		out.Actions = stored.Actions
	}
	if ok {
		out.CustomProperties = maps.Clone(stored.CustomProperties)
	}
	return out
}

func valuesOf(expr string, a *rules.Alert) []alerts.CriterionValue {
	v := alerts.CriterionValue{Criterion: alerts.Criterion{Name: a.Labels.Get(labels.AlertName), Query: expr}}
	if value := a.Value; !math.IsNaN(value) && !math.IsInf(value, 0) {
		v.Value = &value
	}
	return []alerts.CriterionValue{v}
}

// target is the scope that labels name, zero where they name none.
func target(l labels.Labels) scopes.Path {
	var names []string
	for _, level := range scopes.Levels() {
		name := l.Get(string(level))
		if name == "" {
			break
		}
		names = append(names, name)
	}
	path, err := scopes.ParsePath(strings.Join(names, "/"))
	if err != nil {
		return scopes.Path{}
	}
	return path
}
