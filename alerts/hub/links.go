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
	annotationChart       = "chart_url"     // the metric around the window, in the UI
	annotationDrillDown   = "drilldown_url" // the window one level further down, from the API
	annotationExplain     = "explain_url"   // what changed in the window, from the API
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
	window := a.WindowEnd.Sub(a.WindowStart)
	values := func(scope string, start, end time.Time) url.Values {
		v := url.Values{"scope": {scope}, "metric": {c.Criterion.MetricName}, "start": {stamp(start)}, "end": {stamp(end)}}
		if c.Criterion.TimeAggregation != "" {
			v.Set("aggregation", string(c.Criterion.TimeAggregation))
		}
		if filter := filterOf(a); filter != "" {
			v.Set("filter", filter)
		}
		return v
	}
	scope := a.Target.String()
	add(annotationChart, h.url("/explore", values(scope, a.WindowStart.Add(-max(time.Hour, 4*window)), a.WindowEnd.Add(max(15*time.Minute, window)))))
	below := values(h.below(a.Target, c.Criterion.MetricName), a.WindowStart, a.WindowEnd)
	below.Set("interval", "full")
	add(annotationDrillDown, h.url("/api/v1/metrics", below))
	start, end, baseline := alerts.ExplainSpan(a.WindowStart, a.WindowEnd) // as the finding is asked for, so that both agree
	explain := values(scope, start, end)
	explain.Set("baselineStart", stamp(baseline))
	explain.Set("baselineEnd", stamp(start))
	add(annotationExplain, h.url("/api/v1/explain", explain))
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
	add(annotationDrillDown, h.url("/api/v1/logs/query", v))
}

// below returns the scopes one level further down, or the scope itself where the metric is not known there.
func (h *Hub) below(p scopes.Path, metric string) string {
	if h.set.Metric != nil {
		levels := scopes.Levels()
		if i := slices.Index(levels[:], p.Level()); i >= 0 && i+1 < len(levels) && h.set.Metric(metric, levels[i+1]) != nil {
			return p.String() + "/" + scopes.Wildcard
		}
	}
	return p.String()
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
