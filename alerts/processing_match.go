package alerts

import (
	"slices"
	"strconv"
	"strings"

	"github.com/endscope/endscope/scopes"
)

// The fields that a processing rule filters by, and its operators.
const (
	FieldSeverity            = "Severity"            // Sev0 to Sev4
	FieldMonitorService      = "MonitorService"      // Platform, Log Alerts V2, Prometheus, External
	FieldMonitorCondition    = "MonitorCondition"    // Fired, Resolved
	FieldSignalType          = "SignalType"          // Metric, Log
	FieldTargetResource      = "TargetResource"      // the scope
	FieldTargetResourceGroup = "TargetResourceGroup" // the endpoint
	FieldTargetResourceType  = "TargetResourceType"  // endpoint, deployment, instance, or Azure's names of the first two
	FieldAlertRuleID         = "AlertRuleId"         // the rule's name, or an id that ends in it
	FieldAlertRuleName       = "AlertRuleName"
	FieldDescription         = "Description"
	FieldAlertContext        = "AlertContext" // JSON of the alert's labels, dimensions, values and custom properties

	OperatorEquals         = "Equals"
	OperatorNotEquals      = "NotEquals"
	OperatorContains       = "Contains"
	OperatorDoesNotContain = "DoesNotContain"
)

// MonitorService returns who found an alert of a kind, by Azure's names where it has one.
func MonitorService(kind RuleKind) string {
	switch kind {
	case KindMetric:
		return "Platform"
	case KindLog:
		return "Log Alerts V2"
	case KindPrometheus:
		return "Prometheus"
	}
	return "External"
}

// SignalType returns what an alert of a kind was made from: Metric or Log.
func SignalType(kind RuleKind) string {
	if kind == KindLog {
		return "Log"
	}
	return "Metric"
}

// Azure's names of the types of scopes; it has none for instances.
const (
	typeEndpoint   = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
	typeDeployment = typeEndpoint + "/deployments"
)

// Matches says whether an alert is in one of the rule's scopes and meets all its conditions. Texts are compared without case. A condition
// that denies holds if none of its values matches; the others hold if one does. What an alert does not have is an empty text. The rule's
// schedule, and whether it is enabled, are not looked at.
func (r *ProcessingRule) Matches(a *Alert) bool {
	if len(r.Scopes) > 0 && !slices.ContainsFunc(r.Scopes, func(s string) bool {
		p, err := scopes.ParsePattern(s)
		return err == nil && p.Covers(a.Target)
	}) {
		return false
	}
	return !slices.ContainsFunc(r.Conditions, func(c ProcessingCondition) bool { return !c.holds(a) })
}

func (c *ProcessingCondition) holds(a *Alert) bool {
	texts, known := c.texts(a)
	if !known {
		return false
	}
	matches := strings.EqualFold
	if c.Operator == OperatorContains || c.Operator == OperatorDoesNotContain {
		matches = func(text, part string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(part)) }
	}
	found := slices.ContainsFunc(c.Values, func(v string) bool {
		v = c.canonical(v)
		return slices.ContainsFunc(texts, func(t string) bool { return matches(t, v) })
	})
	switch c.Operator {
	case OperatorEquals, OperatorContains:
		return found
	case OperatorNotEquals, OperatorDoesNotContain:
		return !found
	}
	return false
}

// canonical returns a value as the alert's texts are written.
func (c *ProcessingCondition) canonical(v string) string {
	equality := c.Operator == OperatorEquals || c.Operator == OperatorNotEquals
	switch {
	case c.Field == FieldSeverity && len(v) == 1:
		return "Sev" + v
	case c.Field == FieldTargetResource && equality:
		if p, err := parseScope(v); err == nil {
			return p.String()
		}
	case c.Field == FieldAlertRuleID && equality:
		return groupName(v)
	}
	return v
}

// texts returns what a field of an alert may be called; false for a field that there is not.
func (c *ProcessingCondition) texts(a *Alert) ([]string, bool) {
	switch c.Field {
	case FieldSeverity:
		return []string{"Sev" + strconv.Itoa(a.Severity)}, true
	case FieldMonitorService:
		return []string{MonitorService(a.RuleKind)}, true
	case FieldMonitorCondition:
		return []string{string(a.Condition)}, true
	case FieldSignalType:
		return []string{SignalType(a.RuleKind)}, true
	case FieldTargetResource:
		return []string{a.Target.String()}, true
	case FieldTargetResourceGroup:
		return []string{a.Target.Endpoint}, true
	case FieldTargetResourceType:
		switch level := a.Target.Level(); level {
		case scopes.LevelEndpoint:
			return []string{string(level), typeEndpoint}, true
		case scopes.LevelDeployment:
			return []string{string(level), typeDeployment}, true
		default:
			return []string{string(level)}, true
		}
	case FieldAlertRuleID, FieldAlertRuleName:
		names := []string{a.Rule}
		if name := a.Labels[LabelAlertName]; name != "" && name != a.Rule {
			names = append(names, name) // Prometheus rules are named "file;group;alert"
		}
		return names, true
	case FieldDescription:
		return []string{a.Description}, true
	case FieldAlertContext:
		return []string{contextOf(a)}, true
	}
	return nil, false
}

// contextOf returns the JSON that AlertContext is compared with, with <, > and & as they are.
func contextOf(a *Alert) string {
	type seen struct {
		Metric string   `json:"metricName,omitempty"`
		Query  string   `json:"searchQuery,omitempty"`
		Value  *float64 `json:"metricValue"`
	}
	values := []seen{}
	for i := range a.Values {
		v := &a.Values[i]
		values = append(values, seen{v.Criterion.MetricName, v.Criterion.Query, v.Value})
	}
	text, err := EncodeJSON(struct {
		Labels     map[string]string `json:"labels"`
		Dimensions map[string]string `json:"dimensions"`
		Values     []seen            `json:"allOf"`
		Properties map[string]string `json:"properties"`
	}{a.Labels, a.Dimensions, values, a.CustomProperties})
	if err != nil {
		return "" // a value that is not finite, which no alert has
	}
	return string(text)
}
