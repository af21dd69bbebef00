package hub

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// Annotations that the hub adds where the rule has not set them itself.
const (
	annotationLink        = "link"          // the page of the alert
	annotationChart       = "chart_url"     // the metric around the window, or a log rule's query
	annotationDrillDown   = "drilldown_url" // the page of the target around the window
	annotationExplain     = "explain_url"   // that page, with what changed in the window
	annotationRunbook     = "runbook_url"
	annotationSummary     = "summary"     // rule, target and what was measured
	annotationDescription = "description" // the rule's
	annotationFinding     = "finding"     // the first finding of explain, a sentence
)

// maxURL is the longest link, in bytes: longer ones are cut on their way, so they are left out.
const maxURL = 8000

// addLinks adds annotations that lead to more about an alert.
func (h *Hub) addLinks(a *alerts.Alert) {
	add := func(name, link string) {
		if link != "" && len(link) <= maxURL && a.Annotations[name] == "" {
			a.Annotations[name] = link
		}
	}
	add(annotationRunbook, h.absolute(a.RunbookURL))
	h.addText(a)
	if h.base == nil {
		return
	}
	add(annotationLink, h.url("/alerts/"+url.PathEscape(a.ID), nil))
	if a.WindowEnd.IsZero() {
		return
	}
	switch a.RuleKind {
	case alerts.KindMetric:
		h.addMetricLinks(a, add)
	case alerts.KindLog:
		h.addLogLinks(a, add)
	case alerts.KindPrometheus: // it has a link of its own
	}
}

// addText adds what people read first, for those who see only annotations, such as amtool and Alertmanager's webhooks. It is what the check
// that fired saw; Prometheus rules say it themselves.
func (h *Hub) addText(a *alerts.Alert) {
	if a.RuleKind != alerts.KindMetric && a.RuleKind != alerts.KindLog {
		return
	}
	if a.Annotations[annotationSummary] == "" && len(a.Values) > 0 {
		summary := a.Rule
		if target := a.Target.String(); target != "" {
			summary += " at " + target
		}
		a.Annotations[annotationSummary] = summary + ": " + h.valuesSentence(a)
	}
	if a.Annotations[annotationDescription] == "" && a.Description != "" {
		a.Annotations[annotationDescription] = a.Description
	}
}

func (h *Hub) addMetricLinks(a *alerts.Alert, add func(name, link string)) {
	c := metricOf(a)
	if c == nil || a.Target.Level() == "" {
		return
	}
	start, end := around(a)
	about := url.Values{"metric": {c.Criterion.MetricName}}
	if c.Criterion.TimeAggregation != "" {
		about.Set("aggregation", string(c.Criterion.TimeAggregation))
	}
	if filter := filterOf(a); filter != "" {
		about.Set("filter", filter)
	}
	chart := between(about, start, end)
	chart.Set("scope", a.Target.String())
	add(annotationChart, h.url("/explore", chart))
	add(annotationDrillDown, h.url(pageOf(a.Target), between(nil, start, end)))
	start, end, baseline := alerts.ExplainSpan(a.WindowStart, a.WindowEnd) // as the finding is asked for, so that both agree
	explain := between(about, start, end)
	explain.Set("explain", "1")
	explain.Set("baselineStart", stamp(baseline))
	explain.Set("baselineEnd", stamp(start))
	add(annotationExplain, h.url(pageOf(a.Target), explain))
}

// around returns the time to look at an alert in: its window, with what came before and a little of what came after.
func around(a *alerts.Alert) (start, end time.Time) {
	window := a.WindowEnd.Sub(a.WindowStart)
	return a.WindowStart.Add(-max(time.Hour, 4*window)), a.WindowEnd.Add(max(15*time.Minute, window))
}

// between returns the parameters with a time range besides.
func between(query url.Values, start, end time.Time) url.Values {
	out := url.Values{"start": {stamp(start)}, "end": {stamp(end)}}
	maps.Copy(out, query)
	return out
}

// pageOf returns the page of a scope.
func pageOf(p scopes.Path) string {
	parts := strings.Split(p.String(), "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return "/endpoints/" + strings.Join(parts, "/")
}

func (h *Hub) addLogLinks(a *alerts.Alert, add func(name, link string)) {
	if len(a.Values) == 0 || a.Values[0].Criterion.Query == "" {
		return
	}
	v := url.Values{"query": {a.Values[0].Criterion.Query}, "timespan": {stamp(a.WindowStart) + "/" + stamp(a.WindowEnd)}}
	if a.Target.Level() != "" {
		v.Set("scope", a.Target.String())
	}
	add(annotationChart, h.url("/logs", v))
	if a.Target.Level() != "" {
		start, end := around(a)
		add(annotationDrillDown, h.url(pageOf(a.Target), between(nil, start, end)))
	}
}

func (h *Hub) url(path string, query url.Values) string {
	return strings.TrimSuffix(h.base.String(), "/") + path + map[bool]string{true: "?"}[query != nil] + query.Encode()
}

// absolute returns a link as it is, and a path as one on this server; empty where that is not known.
func (h *Hub) absolute(link string) string {
	if !strings.HasPrefix(link, "/") {
		return link
	}
	if h.base == nil {
		return ""
	}
	return strings.TrimSuffix(h.base.String(), "/") + link
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// metricOf returns the first criterion that asks for a metric, one with a value before one without; nil where there is none.
func metricOf(a *alerts.Alert) *alerts.CriterionValue {
	var first *alerts.CriterionValue
	for i := range a.Values {
		v := &a.Values[i]
		if v.Criterion.MetricName == "" {
			continue
		}
		if v.Value != nil {
			return v
		}
		if first == nil {
			first = v
		}
	}
	return first
}

// filterOf returns the rule's filter and the alert's dimensions in the language of drill-down filters.
func filterOf(a *alerts.Alert) string {
	var groups []string
	if f := strings.TrimSpace(a.Filter); f != "" {
		groups = append(groups, f)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Dimensions)) {
		value := a.Dimensions[name]
		if value == scopes.Wildcard { // this would ask for every value
			continue
		}
		groups = append(groups, name+" eq '"+strings.ReplaceAll(value, "'", "''")+"'")
	}
	return strings.Join(groups, " and ")
}
