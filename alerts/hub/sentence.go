package hub

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// firedSentence says why an alert fired.
func (h *Hub) firedSentence(a *alerts.Alert) string {
	switch {
	case len(a.Values) > 0:
		return "Fired: " + h.valuesSentence(a) + "."
	case !a.ExpiresAt.IsZero():
		return "Fired: posted by another program."
	}
	return "Fired."
}

func (h *Hub) resolvedSentence(a *alerts.Alert) string {
	switch {
	case a.ResolveReason != "":
		return "Resolved: " + a.ResolveReason + "."
	case len(a.Values) > 0:
		return "Resolved: " + h.valuesSentence(a) + "."
	}
	return "Resolved."
}

func (h *Hub) valuesSentence(a *alerts.Alert) string {
	parts := make([]string, len(a.Values))
	for i := range a.Values {
		parts[i] = valueSentence(&a.Values[i], a.RuleKind, h.unitOf(a, &a.Values[i].Criterion))
	}
	return strings.Join(parts, "; ")
}

// unitOf returns the unit of what a criterion measures; empty where it has none or is not known.
func (h *Hub) unitOf(a *alerts.Alert, c *alerts.Criterion) scopes.Unit {
	if h.set.Metric == nil || c.MetricName == "" {
		return ""
	}
	if d := h.set.Metric(c.MetricName, a.Target.Level()); d != nil {
		return d.UnitOf(c.TimeAggregation)
	}
	return ""
}

func valueSentence(v *alerts.CriterionValue, kind alerts.RuleKind, unit scopes.Unit) string {
	number := func(v float64) string { return alerts.ValueText(v, unit, 6) }
	name := v.Criterion.MetricName
	switch {
	case name != "":
	case v.Criterion.MetricMeasureColumn != "":
		name = v.Criterion.MetricMeasureColumn
	case kind == alerts.KindPrometheus:
		name = "the expression"
	case v.Criterion.Query != "":
		name = "the number of rows"
	default:
		name = "value"
	}
	if v.Criterion.TimeAggregation != "" && name != "the number of rows" {
		name += " (" + string(v.Criterion.TimeAggregation) + ")"
	}
	if v.Value == nil {
		return name + " had no data"
	}
	out := name + " was " + number(*v.Value)
	switch {
	case v.Lower != nil && v.Upper != nil:
		out += fmt.Sprintf(", expected from %s to %s", number(*v.Lower), number(*v.Upper))
	case v.Threshold != nil:
		out += ", threshold " + operatorText(v.Criterion.Operator) + number(*v.Threshold)
	}
	return out
}

func operatorText(o alerts.Operator) string {
	switch o {
	case alerts.Equals, "Equal":
		return "= "
	case alerts.NotEquals, "NotEqual":
		return "≠ "
	case alerts.GreaterThan:
		return "> "
	case alerts.GreaterThanOrEqual:
		return "≥ "
	case alerts.LessThan:
		return "< "
	case alerts.LessThanOrEqual:
		return "≤ "
	}
	return ""
}
