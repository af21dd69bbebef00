package receivers

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// annotationTest marks alerts of a test, for templates.
const annotationTest = "test"

// hiddenLabels are those that people are not shown.
func hiddenLabels() []model.LabelName {
	return []model.LabelName{alerts.LabelActionGroups, alerts.LabelFired}
}

// dress returns copies of the alerts with what our templates need: a summary, values and links among the annotations, and without the
// labels that only routing needs.
func (b *Builder) dress(ctx context.Context, as []*alert.Alert, test bool) ([]*alert.Alert, context.Context) {
	out := make([]*alert.Alert, len(as))
	for i, a := range as {
		c := *a
		c.Labels = a.Labels.Clone()
		for _, l := range hiddenLabels() {
			delete(c.Labels, l)
		}
		c.Annotations = maps.Clone(a.Annotations)
		if c.Annotations == nil {
			c.Annotations = model.LabelSet{}
		}
		b.annotate(c.Annotations, b.find(ctx, a))
		if test {
			c.Annotations[annotationTest] = "true"
		}
		out[i] = &c
	}
	if labels, ok := notify.GroupLabels(ctx); ok {
		labels = labels.Clone()
		for _, l := range hiddenLabels() {
			delete(labels, l)
		}
		ctx = notify.WithGroupLabels(ctx, labels)
	}
	return out, ctx
}

// annotate adds what is known of an alert to its annotations. What is there stays.
func (b *Builder) annotate(to model.LabelSet, a *alerts.Alert) {
	set := func(name, value string) {
		if _, ok := to[model.LabelName(name)]; !ok && value != "" {
			to[model.LabelName(name)] = model.LabelValue(value)
		}
	}
	set("summary", b.summary(a))
	set("description", a.Description)
	set("target", a.Target.String())
	set("severity", "Sev"+strconv.Itoa(a.Severity))
	set("rule", a.Rule)
	if a.RuleKind != "" {
		for _, v := range a.Values {
			set("value", b.quantity(a, v.Criterion, v.Value))
			set("threshold", b.quantity(a, v.Criterion, v.Threshold))
		}
		if !a.WindowEnd.IsZero() {
			set("window", instant(a.WindowStart)+" to "+instant(a.WindowEnd))
		}
		set("reason", a.ResolveReason)
	}
	for name, value := range a.CustomProperties {
		set("property_"+name, value)
	}
	set("runbook_url", b.absolute(a.RunbookURL))
	if path, ok := to["runbook_url"]; ok {
		to["runbook_url"] = model.LabelValue(b.absolute(string(path)))
	}
	set("alert_url", string(to["link"])) // the hub's name for it
	if b.set.AlertURL != nil && a.ID != "" && a.RuleKind != "" {
		set("alert_url", b.set.AlertURL(a.ID))
	}
}

// absolute returns a link that is a path on this server with the server's address.
func (b *Builder) absolute(link string) string {
	if strings.HasPrefix(link, "/") && b.tmpl.ExternalURL != nil {
		return strings.TrimSuffix(b.tmpl.ExternalURL.String(), "/") + link
	}
	return link
}

// summary says in one line what happened: "credit/blue: average RequestLatency_P95 is 950 ms, above 800 ms".
func (b *Builder) summary(a *alerts.Alert) string {
	if given := firstOf(a.Annotations["summary"], a.Annotations["message"]); given != "" {
		return given
	}
	where := a.Target.String()
	if dims := dimensionsOf(a.Dimensions); len(dims) > 0 {
		parts := make([]string, len(dims))
		for i, d := range dims {
			parts[i] = d.Name + "=" + d.Value
		}
		where = strings.TrimSpace(where + " " + strings.Join(parts, ", "))
	}
	var said []string
	for _, v := range a.Values {
		said = append(said, b.sentence(a, v))
	}
	what := strings.Join(said, " and ")
	if what == "" {
		what = firstOf(a.Description, a.Annotations["description"])
	}
	switch {
	case where == "" && what == "":
		return firstOf(a.Rule, a.Labels[alerts.LabelAlertName], "Alert")
	case where == "":
		return what
	case what == "":
		return where
	}
	return where + ": " + what
}

func (b *Builder) sentence(a *alerts.Alert, v alerts.CriterionValue) string {
	what := v.Criterion.MetricName
	if what == "" {
		what = firstOf(v.Criterion.MetricMeasureColumn, "rows")
	}
	what = strings.ToLower(string(v.Criterion.TimeAggregation)) + " " + what
	if v.Value == nil {
		return what + " has no data"
	}
	s := what + " is " + b.quantity(a, v.Criterion, v.Value)
	if a.Condition == alerts.Resolved {
		if bound := b.quantity(a, v.Criterion, v.Threshold); bound != "" {
			s += " (threshold " + bound + ")"
		}
		return s
	}
	if v.Threshold == nil {
		return s
	}
	return s + ", " + relation(v) + " " + b.quantity(a, v.Criterion, v.Threshold)
}

// relation puts an operator into words.
func relation(v alerts.CriterionValue) string {
	switch v.Criterion.Operator {
	case alerts.GreaterThan:
		return "above"
	case alerts.GreaterThanOrEqual:
		return "at least"
	case alerts.LessThan:
		return "below"
	case alerts.LessThanOrEqual:
		return "at most"
	case alerts.Equals, "Equal":
		return "equal to"
	case alerts.NotEquals, "NotEqual":
		return "not equal to"
	}
	if *v.Value < *v.Threshold {
		return "below the usual"
	}
	return "above the usual"
}

// quantity writes a value with its unit; empty for none.
func (b *Builder) quantity(a *alerts.Alert, c alerts.Criterion, v *float64) string {
	if v == nil {
		return ""
	}
	unit := scopes.UnitCount
	if b.set.Metric != nil && c.MetricName != "" {
		if d := b.set.Metric(c.MetricName, a.Target.Level()); d != nil {
			unit = d.UnitOf(c.TimeAggregation)
		}
	}
	return alerts.ValueText(*v, unit, 4)
}

// lookup returns the whole alert behind an Alertmanager alert, or what its labels and annotations tell.
func (b *Builder) lookup(a *alert.Alert) *alerts.Alert {
	condition := alerts.Fired
	if a.Resolved() {
		condition = alerts.Resolved
	}
	if b.set.Lookup != nil {
		if full, ok := b.set.Lookup(a); ok && full != nil {
			if full.Condition == condition || full.Stateless {
				return full
			}
			c := *full // the alert has moved on since this message was made, or Alertmanager's end has passed
			c.Condition = condition
			if condition == alerts.Resolved && c.ResolvedAt.IsZero() {
				c.ResolvedAt = a.EndsAt
			}
			return &c
		}
	}
	full := &alerts.Alert{
		ID: a.Fingerprint().String(), Rule: string(a.Labels[alerts.LabelAlertName]), Severity: alerts.SeverityOf(string(a.Labels[alerts.LabelSeverity])),
		Labels: map[string]string{}, Annotations: map[string]string{}, Condition: condition, FiredAt: a.StartsAt, GeneratorURL: a.GeneratorURL,
	}
	for k, v := range a.Labels {
		full.Labels[string(k)] = string(v)
	}
	for k, v := range a.Annotations {
		full.Annotations[string(k)] = string(v)
	}
	full.Description = full.Annotations["description"]
	full.Target = scopes.Path{Endpoint: full.Labels[scopes.LabelEndpoint], Deployment: full.Labels[scopes.LabelDeployment], Instance: full.Labels[scopes.LabelInstance]}
	if _, err := scopes.ParsePath(full.Target.String()); err != nil {
		full.Target = scopes.Path{}
	}
	if condition == alerts.Resolved {
		full.ResolvedAt = a.EndsAt
	}
	return full
}
