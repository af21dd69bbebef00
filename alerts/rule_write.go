package alerts

import (
	"encoding/json"
	"math"
	"time"
)

type ruleJSON struct {
	Name                   string            `json:"name,omitempty"`
	Kind                   RuleKind          `json:"kind"`
	Description            string            `json:"description,omitempty"`
	Severity               *int              `json:"severity,omitempty"`
	Enabled                bool              `json:"enabled"`
	Scopes                 []string          `json:"scopes,omitempty"`
	EvaluationFrequency    isoDuration       `json:"evaluationFrequency,omitempty"`
	WindowSize             isoDuration       `json:"windowSize,omitempty"`
	OverrideQueryTimeRange isoDuration       `json:"overrideQueryTimeRange,omitempty"`
	Criteria               *criteriaJSON     `json:"criteria,omitempty"`
	AutoMitigate           *bool             `json:"autoMitigate,omitempty"`
	MuteActionsDuration    isoDuration       `json:"muteActionsDuration,omitempty"`
	Actions                []actionJSON      `json:"actions,omitempty"`
	CustomProperties       map[string]string `json:"customProperties,omitempty"`
	Labels                 map[string]string `json:"labels,omitempty"`
	Filter                 string            `json:"filter,omitempty"`
	NoDataPolicy           NoDataPolicy      `json:"noDataPolicy,omitempty"`
	GracePeriod            isoDuration       `json:"gracePeriod,omitempty"`
	RunbookURL             string            `json:"runbookUrl,omitempty"`
	Group                  json.RawMessage   `json:"group,omitempty"`
}

type criteriaJSON struct {
	Type  string          `json:"odata.type,omitempty"`
	AllOf []criterionJSON `json:"allOf"`
}

type criterionJSON struct {
	CriterionType        CriterionType       `json:"criterionType,omitempty"`
	Name                 string              `json:"name,omitempty"`
	MetricName           string              `json:"metricName,omitempty"`
	MetricNamespace      string              `json:"metricNamespace,omitempty"`
	Query                string              `json:"query,omitempty"`
	TimeAggregation      string              `json:"timeAggregation"`
	MetricMeasureColumn  string              `json:"metricMeasureColumn,omitempty"`
	ResourceIDColumn     string              `json:"resourceIdColumn,omitempty"`
	Operator             Operator            `json:"operator"`
	Threshold            *float64            `json:"threshold,omitempty"`
	AlertSensitivity     Sensitivity         `json:"alertSensitivity,omitempty"`
	FailingPeriods       *failingPeriodsJSON `json:"failingPeriods,omitempty"`
	IgnoreDataBefore     *time.Time          `json:"ignoreDataBefore,omitempty"`
	Dimensions           []dimensionJSON     `json:"dimensions,omitempty"`
	WindowSize           isoDuration         `json:"windowSize,omitempty"`
	SkipMetricValidation bool                `json:"skipMetricValidation,omitempty"`
}

type failingPeriodsJSON struct {
	NumberOfEvaluationPeriods int `json:"numberOfEvaluationPeriods"`
	MinFailingPeriodsToAlert  int `json:"minFailingPeriodsToAlert"`
}

type dimensionJSON struct {
	Name     string            `json:"name"`
	Operator DimensionOperator `json:"operator"`
	Values   []string          `json:"values"`
}

type actionJSON struct {
	ActionGroupID     string            `json:"actionGroupId"`
	WebHookProperties map[string]string `json:"webHookProperties,omitempty"`
}

// isoDuration is left out where it is zero.
type isoDuration time.Duration

func (d isoDuration) MarshalText() ([]byte, error) {
	return []byte(FormatDuration(time.Duration(d))), nil
}

// MarshalJSON writes the rule flat, in one canonical form: fields in a fixed order, defaults that matter written out, empty fields left
// out. ParseRule reads exactly the rule again, if it came from ParseRule.
func (r Rule) MarshalJSON() ([]byte, error) {
	j := ruleJSON{Name: r.Name, Kind: r.Kind, Description: r.Description, Enabled: r.Enabled, Group: r.Group}
	for _, a := range r.Actions {
		j.Actions = append(j.Actions, actionJSON(a))
	}
	if r.Kind != KindPrometheus {
		j.Severity, j.AutoMitigate = &r.Severity, &r.AutoMitigate
		for _, s := range r.Scopes {
			j.Scopes = append(j.Scopes, s.String())
		}
		j.EvaluationFrequency, j.WindowSize = isoDuration(r.EvaluationFrequency), isoDuration(r.WindowSize)
		j.OverrideQueryTimeRange = isoDuration(r.QueryTimeRange)
		j.Criteria = r.criteriaJSON()
		j.MuteActionsDuration, j.GracePeriod = isoDuration(r.MuteActionsDuration), isoDuration(r.GracePeriod)
		j.CustomProperties, j.Labels, j.Filter = r.CustomProperties, r.Labels, r.Filter
		j.NoDataPolicy, j.RunbookURL = r.NoData, r.RunbookURL
	}
	return EncodeJSON(j)
}

// UnmarshalJSON is ParseRule.
func (r *Rule) UnmarshalJSON(data []byte) error {
	parsed, err := ParseRule(data)
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

func (r *Rule) criteriaJSON() *criteriaJSON {
	list := &criteriaJSON{AllOf: []criterionJSON{}}
	if r.Kind == KindMetric {
		list.Type = r.CriteriaType()
	}
	for i := range r.Criteria {
		list.AllOf = append(list.AllOf, r.Criteria[i].json(r.Kind))
	}
	return list
}

// CriteriaType returns Azure's full name for the shape of a metric rule's criteria: that of a single resource where there is one scope
// without `*` and no dynamic threshold, and that of several otherwise.
func (r *Rule) CriteriaType() string {
	if len(r.Scopes) != 1 || len(r.Scopes[0].Wildcards()) > 0 {
		return criteriaMultiple
	}
	for i := range r.Criteria {
		if r.Criteria[i].Type == DynamicThreshold {
			return criteriaMultiple
		}
	}
	return criteriaSingle
}

func (c *Criterion) json(kind RuleKind) criterionJSON {
	j := criterionJSON{
		Name: c.Name, MetricName: c.MetricName, MetricNamespace: c.MetricNamespace, TimeAggregation: string(c.TimeAggregation),
		Operator: c.Operator, AlertSensitivity: c.Sensitivity, WindowSize: isoDuration(c.WindowSize),
		SkipMetricValidation: c.SkipMetricValidation, Query: c.Query, MetricMeasureColumn: c.MetricMeasureColumn,
		ResourceIDColumn: c.ResourceIDColumn,
	}
	if kind != KindLog {
		j.CriterionType = c.Type
	}
	if c.Type != DynamicThreshold && !math.IsNaN(c.Threshold) && !math.IsInf(c.Threshold, 0) {
		j.Threshold = &c.Threshold
	}
	if p := c.FailingPeriods; c.Type == DynamicThreshold || (p != FailingPeriods{} && p != FailingPeriods{1, 1}) {
		j.FailingPeriods = &failingPeriodsJSON{p.NumberOfEvaluationPeriods, p.MinFailingPeriodsToAlert}
	}
	if !c.IgnoreDataBefore.IsZero() {
		j.IgnoreDataBefore = &c.IgnoreDataBefore
	}
	for _, d := range c.Dimensions {
		j.Dimensions = append(j.Dimensions, dimensionJSON{d.Name, d.Operator, append([]string{}, d.Values...)})
	}
	return j
}
