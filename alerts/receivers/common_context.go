package receivers

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
)

type contextJSON struct {
	Properties    map[string]string `json:"properties"`
	ConditionType string            `json:"conditionType"`
	Condition     conditionJSON     `json:"condition"`
}

type conditionJSON struct {
	WindowSize      string `json:"windowSize"`
	AllOf           []any  `json:"allOf"`
	WindowStartTime string `json:"windowStartTime"`
	WindowEndTime   string `json:"windowEndTime"`
}

type dimensionJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type periodsJSON struct {
	Number int `json:"numberOfEvaluationPeriods"`
	Min    int `json:"minFailingPeriodsToAlert"`
}

type metricJSON struct {
	MetricName      string          `json:"metricName"`
	MetricNamespace string          `json:"metricNamespace"`
	Operator        string          `json:"operator"`
	Threshold       *string         `json:"threshold"`
	TimeAggregation string          `json:"timeAggregation"`
	Dimensions      []dimensionJSON `json:"dimensions"`
	MetricValue     *float64        `json:"metricValue"`
}

type dynamicJSON struct {
	AlertSensitivity string      `json:"alertSensitivity"`
	FailingPeriods   periodsJSON `json:"failingPeriods"`
	IgnoreDataBefore *string     `json:"ignoreDataBefore"`
	metricJSON
}

type logJSON struct {
	SearchQuery         string          `json:"searchQuery"`
	MetricMeasureColumn *string         `json:"metricMeasureColumn"`
	TargetResourceTypes string          `json:"targetResourceTypes"`
	Operator            string          `json:"operator"`
	Threshold           *string         `json:"threshold"`
	TimeAggregation     string          `json:"timeAggregation"`
	Dimensions          []dimensionJSON `json:"dimensions"`
	MetricValue         *float64        `json:"metricValue"`
	FailingPeriods      periodsJSON     `json:"failingPeriods"`
	ResultsUI           string          `json:"linkToSearchResultsUI"`
	FilteredUI          string          `json:"linkToFilteredSearchResultsUI"`
	ResultsAPI          string          `json:"linkToSearchResultsAPI"`
	FilteredAPI         string          `json:"linkToFilteredSearchResultsAPI"`
}

// prometheusJSON is the context of alerts of Prometheus rules, as Azure's managed Prometheus has it as far as an alert tells it, and of
// alerts that others posted.
type prometheusJSON struct {
	Properties      map[string]string `json:"properties"`
	ExpressionValue *string           `json:"expressionValue"`
	Labels          map[string]string `json:"labels"`
	Annotations     map[string]string `json:"annotations"`
	RuleGroup       string            `json:"ruleGroup"`
	GeneratorURL    string            `json:"generatorURL"`
}

func contextOf(a *alerts.Alert, o SchemaOptions) any {
	var properties map[string]string
	for _, action := range a.Actions {
		if strings.EqualFold(action.ActionGroupID, o.Group) && len(action.WebHookProperties) > 0 {
			properties = action.WebHookProperties
		}
	}
	if a.RuleKind != alerts.KindMetric && a.RuleKind != alerts.KindLog {
		return prometheusContext(a, properties)
	}
	c := contextJSON{Properties: properties, ConditionType: "SingleResourceMultipleMetricCriteria", Condition: conditionJSON{
		WindowSize: alerts.FormatDuration(a.WindowEnd.Sub(a.WindowStart)), AllOf: []any{},
		WindowStartTime: instant(a.WindowStart), WindowEndTime: instant(a.WindowEnd),
	}}
	if a.RuleKind == alerts.KindLog {
		c.ConditionType = "LogQueryCriteria"
	}
	for _, v := range a.Values {
		switch {
		case a.RuleKind == alerts.KindLog:
			c.Condition.AllOf = append(c.Condition.AllOf, logCriterion(a, v, o))
		case v.Criterion.Type == alerts.DynamicThreshold:
			c.ConditionType = "DynamicThresholdCriteria"
			c.Condition.AllOf = append(c.Condition.AllOf, dynamicJSON{
				AlertSensitivity: string(v.Criterion.Sensitivity),
				FailingPeriods:   periodsOf(v.Criterion),
				IgnoreDataBefore: instantOrNull(v.Criterion.IgnoreDataBefore),
				metricJSON:       metricCriterion(a, v),
			})
		default:
			c.Condition.AllOf = append(c.Condition.AllOf, metricCriterion(a, v))
		}
	}
	return c
}

func metricCriterion(a *alerts.Alert, v alerts.CriterionValue) metricJSON {
	return metricJSON{
		MetricName: v.Criterion.MetricName, MetricNamespace: v.Criterion.MetricNamespace, Operator: string(v.Criterion.Operator),
		Threshold: number(v.Threshold), TimeAggregation: string(v.Criterion.TimeAggregation), Dimensions: dimensionsOf(a.Dimensions), MetricValue: v.Value,
	}
}

func logCriterion(a *alerts.Alert, v alerts.CriterionValue, o SchemaOptions) logJSON {
	j := logJSON{
		SearchQuery: v.Criterion.Query, TargetResourceTypes: "[]", Operator: string(v.Criterion.Operator), Threshold: number(v.Threshold),
		TimeAggregation: string(v.Criterion.TimeAggregation), Dimensions: dimensionsOf(a.Dimensions), MetricValue: v.Value,
		FailingPeriods: periodsOf(v.Criterion),
	}
	if c := v.Criterion.MetricMeasureColumn; c != "" {
		j.MetricMeasureColumn = &c
	}
	if level := a.Target.Level(); a.Target.String() != "" {
		j.TargetResourceTypes = "['" + string(level) + "']"
	}
	if o.LogLinks != nil {
		j.ResultsUI, j.ResultsAPI = o.LogLinks(v.Criterion.Query, a.WindowStart, a.WindowEnd)
		j.FilteredUI, j.FilteredAPI = o.LogLinks(filtered(v.Criterion.Query, a.Dimensions), a.WindowStart, a.WindowEnd)
	}
	return j
}

// filtered narrows a KQL query to the rows of an alert's dimensions.
func filtered(query string, dims map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(dims)) {
		query += fmt.Sprintf("\n| where tostring([%s]) == %s", kqlText(name), kqlText(dims[name]))
	}
	return query
}

func kqlText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + `"`
}

func prometheusContext(a *alerts.Alert, properties map[string]string) prometheusJSON {
	labels := maps.Clone(a.Labels)
	delete(labels, alerts.LabelActionGroups)
	c := prometheusJSON{Properties: properties, Labels: labels, Annotations: a.Annotations, GeneratorURL: a.GeneratorURL}
	if c.Labels == nil {
		c.Labels = map[string]string{}
	}
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	if i := strings.LastIndex(a.Rule, ";"); i >= 0 {
		c.RuleGroup = a.Rule[:i]
	}
	if len(a.Values) > 0 {
		c.ExpressionValue = number(a.Values[0].Value)
	}
	return c
}

func periodsOf(c alerts.Criterion) periodsJSON {
	return periodsJSON{Number: max(c.FailingPeriods.NumberOfEvaluationPeriods, 1), Min: max(c.FailingPeriods.MinFailingPeriodsToAlert, 1)}
}

func dimensionsOf(dims map[string]string) []dimensionJSON {
	list := []dimensionJSON{}
	for _, name := range slices.Sorted(maps.Keys(dims)) {
		list = append(list, dimensionJSON{name, dims[name]})
	}
	return list
}

// number writes a number as a text, as Azure does for thresholds; nil for none.
func number(v *float64) *string {
	if v == nil {
		return nil
	}
	s := strconv.FormatFloat(*v, 'f', -1, 64)
	return &s
}

func instantOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := instant(t)
	return &s
}
