package hub

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/endscope/endscope/alerts"
)

// firedSentence says why an alert fired.
func firedSentence(a *alerts.Alert) string {
	switch {
	case len(a.Values) > 0:
		return "Fired: " + valuesSentence(a.Values) + "."
	case !a.ExpiresAt.IsZero():
		return "Fired: posted by another program."
	}
	return "Fired."
}

func resolvedSentence(a *alerts.Alert) string {
	switch {
	case a.ResolveReason != "":
		return "Resolved: " + a.ResolveReason + "."
	case len(a.Values) > 0:
		return "Resolved: " + valuesSentence(a.Values) + "."
	}
	return "Resolved."
}

func valuesSentence(values []alerts.CriterionValue) string {
	parts := make([]string, len(values))
	for i := range values {
		parts[i] = valueSentence(&values[i])
	}
	return strings.Join(parts, "; ")
}

func valueSentence(v *alerts.CriterionValue) string {
	name := v.Criterion.MetricName
	switch {
	case name != "":
	case v.Criterion.MetricMeasureColumn != "":
		name = v.Criterion.MetricMeasureColumn
	case v.Criterion.Query != "":
		name = "rows of the query"
	default:
		name = "value"
	}
	if v.Criterion.TimeAggregation != "" {
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

func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
