package web

import (
	"encoding/json"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
)

// alertJSON is an alert in answers. Times are RFC 3339 in UTC, windows exclude their start.
type alertJSON struct {
	ID                   string               `json:"id"`
	AlertRule            string               `json:"alertRule"`
	RuleKind             string               `json:"ruleKind,omitempty"` // none for alerts that others posted
	Severity             int                  `json:"severity"`
	MonitorService       string               `json:"monitorService"`
	MonitorCondition     alerts.Condition     `json:"monitorCondition"`
	AlertState           alerts.UserState     `json:"alertState"`
	FiredDateTime        time.Time            `json:"firedDateTime"`
	ResolvedDateTime     *time.Time           `json:"resolvedDateTime,omitempty"`
	LastModifiedDateTime time.Time            `json:"lastModifiedDateTime"`
	ResolveReason        string               `json:"resolveReason,omitempty"`
	Scope                string               `json:"scope"` // empty where none is known
	Dimensions           map[string]string    `json:"dimensions"`
	Summary              string               `json:"summary,omitempty"`
	Description          string               `json:"description,omitempty"`
	Stateless            bool                 `json:"stateless,omitempty"` // it never resolves
	WindowStartTime      *time.Time           `json:"windowStartTime,omitempty"`
	WindowEndTime        *time.Time           `json:"windowEndTime,omitempty"`
	Values               []criterionValueJSON `json:"values"`
	ActionGroups         []string             `json:"actionGroups"` // that are told, after processing rules
	Suppressed           bool                 `json:"suppressed"`
	Labels               map[string]string    `json:"labels"`
	Annotations          map[string]string    `json:"annotations"`
	CustomProperties     map[string]string    `json:"customProperties,omitempty"`
	Links                map[string]string    `json:"links"`
	Finding              *findingJSON         `json:"finding,omitempty"`
}

// criterionValueJSON is what one criterion saw. Value is null where there was no data.
type criterionValueJSON struct {
	Criterion       string   `json:"criterion"`
	MetricName      string   `json:"metricName,omitempty"`
	Query           string   `json:"query,omitempty"`
	TimeAggregation string   `json:"timeAggregation,omitempty"`
	Operator        string   `json:"operator,omitempty"`
	Value           *float64 `json:"value"`
	Threshold       *float64 `json:"threshold,omitempty"` // the static one, or the bound that was crossed
	Lower           *float64 `json:"lower,omitempty"`     // the band of a dynamic one
	Upper           *float64 `json:"upper,omitempty"`
}

type findingJSON struct {
	Sentence string   `json:"sentence"`
	Verdict  string   `json:"verdict,omitempty"`
	Path     []string `json:"path"`
}

func newAlertJSON(r *state.Record) alertJSON {
	out := alertJSON{
		ID: r.ID, AlertRule: r.Rule, RuleKind: string(r.RuleKind), Severity: r.Severity, MonitorService: alerts.MonitorService(r.RuleKind),
		MonitorCondition: r.Condition, AlertState: r.UserState, FiredDateTime: r.FiredAt.UTC(), ResolvedDateTime: instant(r.ResolvedAt),
		LastModifiedDateTime: r.ChangedAt.UTC(), ResolveReason: r.ResolveReason, Scope: r.Target.String(), Dimensions: notNilMap(r.Dimensions),
		Summary: r.Annotations["summary"], Description: r.Description, Stateless: r.Stateless,
		WindowStartTime: instant(r.WindowStart), WindowEndTime: instant(r.WindowEnd), Values: valuesJSON(r.Values),
		ActionGroups: notNil(r.Groups), Suppressed: r.Suppressed, Labels: notNilMap(r.Labels), Annotations: notNilMap(r.Annotations),
		CustomProperties: r.CustomProperties, Links: alertLinks(r),
	}
	if f := r.Finding; f != nil {
		out.Finding = &findingJSON{f.Sentence, f.Verdict, notNil(f.Path)}
	}
	return out
}

// alertLinks returns where there is more about an alert. The hub makes them as annotations, since notifications need them.
func alertLinks(r *state.Record) map[string]string {
	out := map[string]string{}
	for name, annotation := range map[string]string{
		"alert": "link", "chart": "chart_url", "drillDown": "drilldown_url", "explain": "explain_url", "runbook": "runbook_url",
	} {
		if link := r.Annotations[annotation]; link != "" {
			out[name] = link
		}
	}
	if r.GeneratorURL != "" {
		out["generator"] = r.GeneratorURL
	}
	return out
}

func valuesJSON(all []alerts.CriterionValue) []criterionValueJSON {
	out := make([]criterionValueJSON, 0, len(all))
	for _, v := range all {
		c := v.Criterion
		out = append(out, criterionValueJSON{
			Criterion: c.Name, MetricName: c.MetricName, Query: c.Query, TimeAggregation: string(c.TimeAggregation), Operator: string(c.Operator),
			Value: v.Value, Threshold: v.Threshold, Lower: v.Lower, Upper: v.Upper,
		})
	}
	return out
}

// alertDetailJSON is an alert with everything that is known of it.
type alertDetailJSON struct {
	alertJSON
	SeriesKey   string         `json:"seriesKey"`
	Filter      string         `json:"filter,omitempty"`
	Fired       firedJSON      `json:"fired"` // the check that fired; the alert's own values are of the check that resolved, once one did
	RuleActions []string       `json:"ruleActionGroups"`
	ExpiresAt   *time.Time     `json:"expiresDateTime,omitempty"`
	Timeline    []timelineJSON `json:"timeline"`
}

type firedJSON struct {
	WindowStartTime *time.Time           `json:"windowStartTime,omitempty"`
	WindowEndTime   *time.Time           `json:"windowEndTime,omitempty"`
	Values          []criterionValueJSON `json:"values"`
}

// timelineJSON is one thing that happened to an alert.
type timelineJSON struct {
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	By   string          `json:"by,omitempty"`
	Text string          `json:"text"`
	Data json.RawMessage `json:"data,omitempty"`
}

func newAlertDetailJSON(r *state.Record, timeline []alerts.TimelineEntry) alertDetailJSON {
	out := alertDetailJSON{
		alertJSON: newAlertJSON(r), SeriesKey: r.SeriesKey, Filter: r.Filter, RuleActions: []string{}, ExpiresAt: instant(r.ExpiresAt),
		Fired:    firedJSON{instant(r.FiredStart), instant(r.FiredEnd), valuesJSON(r.FiredValues)},
		Timeline: timelinesJSON(timeline),
	}
	for _, a := range r.Actions {
		out.RuleActions = append(out.RuleActions, a.ActionGroupID)
	}
	return out
}

func timelinesJSON(all []alerts.TimelineEntry) []timelineJSON {
	out := make([]timelineJSON, 0, len(all))
	for _, e := range all {
		out = append(out, timelineJSON{e.At.UTC(), e.Kind, e.By, e.Text, e.Data})
	}
	return out
}

// instant is nil for the zero time.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func notNilMap(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
