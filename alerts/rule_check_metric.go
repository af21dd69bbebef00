package alerts

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/scopes"
)

// Frequencies returns the evaluation frequencies that a metric rule may have. Azure has those from one minute on.
func Frequencies(dynamic bool) []time.Duration {
	if dynamic {
		return []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
	}
	return []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
}

// Windows returns the windows that a metric rule may have. Azure has those from one minute on.
func Windows(dynamic bool) []time.Duration {
	if dynamic {
		return Frequencies(true)
	}
	return append(Frequencies(false), 6*time.Hour, 12*time.Hour, 24*time.Hour)
}

// MaxCriterionWindow is the longest window that a criterion of its own may have.
const MaxCriterionWindow = 7 * 24 * time.Hour

// dynamic says whether a criterion learns its threshold.
func (r *Rule) dynamic() bool {
	return slices.ContainsFunc(r.Criteria, func(c Criterion) bool { return c.Type == DynamicThreshold })
}

func durations(list []time.Duration) string {
	all := make([]string, len(list))
	for i, d := range list {
		all[i] = FormatDuration(d)
	}
	return strings.Join(all, ", ")
}

func (r *Rule) checkMetricTimes(m *mistakes) {
	of := ""
	if r.dynamic() {
		of = " with a dynamic threshold"
	}
	if list := Frequencies(r.dynamic()); !slices.Contains(list, r.EvaluationFrequency) {
		m.Addf("evaluationFrequency", FormatDuration(r.EvaluationFrequency), "must be one of %s%s", durations(list), of)
	}
	if list := Windows(r.dynamic()); !slices.Contains(list, r.WindowSize) {
		m.Addf("windowSize", FormatDuration(r.WindowSize), "must be one of %s%s", durations(list), of)
	} else if r.WindowSize < r.EvaluationFrequency {
		m.Addf("windowSize", FormatDuration(r.WindowSize), "must not be below evaluationFrequency, %s", FormatDuration(r.EvaluationFrequency))
	}
	if r.QueryTimeRange != 0 {
		m.Add("overrideQueryTimeRange", FormatDuration(r.QueryTimeRange), "is only of log rules")
	}
	for i := range r.Criteria {
		c, path := &r.Criteria[i], indexed("criteria.allOf", i)+".windowSize"
		switch w := c.WindowSize; {
		case w == 0:
		case c.Type == DynamicThreshold:
			m.Add(path, FormatDuration(w), "must not be given with a dynamic threshold, which takes the rule's window")
		case w < r.EvaluationFrequency || w > MaxCriterionWindow:
			m.Addf(path, FormatDuration(w), "must be from evaluationFrequency, %s, to %s", FormatDuration(r.EvaluationFrequency), FormatDuration(MaxCriterionWindow))
		case w%time.Minute != 0 && w != 15*time.Second && w != 30*time.Second:
			m.Add(path, FormatDuration(w), "must be PT15S, PT30S or whole minutes")
		}
	}
}

func (r *Rule) checkCriterion(m *mistakes, path string, c *Criterion, defs MetricFunc) {
	checkFailingPeriods(m, path+".failingPeriods", c)
	if len(c.Name) > MaxName {
		m.Addf(path+".name", sizeText(len(c.Name)), "must have at most %d bytes", MaxName)
	}
	if math.IsNaN(c.Threshold) || math.IsInf(c.Threshold, 0) {
		m.Add(path+".threshold", fmt.Sprint(c.Threshold), "must be a finite number")
	}
	checkDimensions(m, path+".dimensions", c.Dimensions)
	if r.Kind == KindLog {
		r.checkLogCriterion(m, path, c)
		return
	}
	switch c.Type {
	case StaticThreshold:
		checkOneOf(m, path+".operator", c.Operator, Equals, NotEquals, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual)
	case DynamicThreshold:
		checkOneOf(m, path+".operator", c.Operator, GreaterThan, LessThan, GreaterOrLessThan)
		checkOneOf(m, path+".alertSensitivity", c.Sensitivity, SensitivityLow, SensitivityMedium, SensitivityHigh)
	default:
		checkOneOf(m, path+".criterionType", c.Type, StaticThreshold, DynamicThreshold)
	}
	known := checkOneOf(m, path+".timeAggregation", c.TimeAggregation, scopes.Average, scopes.Count, scopes.Minimum, scopes.Maximum, scopes.Total)
	if c.Query != "" || c.MetricMeasureColumn != "" || c.ResourceIDColumn != "" {
		m.Add(path+".query", "", "is only of log rules")
	}
	if c.MetricName == "" {
		m.Add(path+".metricName", "", "is required")
		return
	}
	if len(r.Scopes) > 0 {
		r.checkMetric(m, path, c, defs, known)
	} else if defs != nil && otherLevels(defs, c.MetricName) == "" && !c.SkipMetricValidation {
		m.Add(path+".metricName", c.MetricName, "must be a metric of the catalogue; skipMetricValidation takes it all the same")
	}
}

// checkMetric checks a criterion against the catalogue's definition at the level of the rule's scopes.
func (r *Rule) checkMetric(m *mistakes, path string, c *Criterion, defs MetricFunc, aggregation bool) {
	level := r.Scopes[0].Level()
	if c.Type == DynamicThreshold && refusesDynamic(c.MetricName, level) {
		m.Addf(path+".criterionType", string(c.Type), "must not be dynamic for %s at the level %s", c.MetricName, level)
	}
	if defs == nil {
		return
	}
	d := defs(c.MetricName, level)
	if d == nil {
		if !c.SkipMetricValidation {
			m.Addf(path+".metricName", c.MetricName, "must be a metric of the catalogue at the level %s%s; skipMetricValidation takes it all the same", level, otherLevels(defs, c.MetricName))
		}
		return
	}
	if aggregation && !d.Supports(c.TimeAggregation) {
		m.Addf(path+".timeAggregation", string(c.TimeAggregation), "must be one that %s has: %s", d.Name, joinNames(d.Aggregations))
	}
	for i, dim := range c.Dimensions {
		if _, ok := d.Dimension(dim.Name); !ok && dim.Name != "" {
			m.Addf(indexed(path+".dimensions", i)+".name", dim.Name, "must be a dimension of %s at the level %s: %s", d.Name, level, dimensionNames(d))
		}
	}
}

// refusesDynamic says for which metrics Azure has no dynamic thresholds.
func refusesDynamic(metric string, level scopes.Level) bool {
	return level == scopes.LevelEndpoint && strings.EqualFold(metric, "RequestsPerMinute") ||
		level == scopes.LevelDeployment && strings.EqualFold(metric, "DeploymentCapacity")
}

func otherLevels(defs MetricFunc, metric string) string {
	var all []string
	for _, level := range scopes.Levels() {
		if defs(metric, level) != nil {
			all = append(all, string(level))
		}
	}
	if all == nil {
		return ""
	}
	return " (it is there at the level " + strings.Join(all, ", ") + ")"
}

func dimensionNames(d *scopes.Definition) string {
	var all []string
	for _, one := range d.Dimensions {
		all = append(all, one.Name)
	}
	if all == nil {
		return "it has none"
	}
	return strings.Join(all, ", ")
}

func joinNames[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = string(v)
	}
	return strings.Join(all, ", ")
}

func checkOneOf[T ~string](m *mistakes, path string, v T, allowed ...T) bool {
	if slices.Contains(allowed, v) {
		return true
	}
	m.Addf(path, string(v), "must be one of %s", joinNames(allowed))
	return false
}

func (p FailingPeriods) valid() bool {
	n, k := p.NumberOfEvaluationPeriods, p.MinFailingPeriodsToAlert
	return 1 <= k && k <= n && n <= MaxEvaluationPeriods
}

func checkFailingPeriods(m *mistakes, path string, c *Criterion) {
	p := c.FailingPeriods
	if p == (FailingPeriods{}) && c.Type != DynamicThreshold {
		return // 1 of 1
	}
	n, k := p.NumberOfEvaluationPeriods, p.MinFailingPeriodsToAlert
	if n < 1 || n > MaxEvaluationPeriods {
		m.Addf(path+".numberOfEvaluationPeriods", fmt.Sprint(n), "must be from 1 to %d", MaxEvaluationPeriods)
	}
	if k < 1 {
		m.Add(path+".minFailingPeriodsToAlert", fmt.Sprint(k), "must be at least 1")
	} else if k > n {
		m.Addf(path+".minFailingPeriodsToAlert", fmt.Sprint(k), "must not be above numberOfEvaluationPeriods, %d", n)
	}
}

func checkDimensions(m *mistakes, path string, list []Dimension) {
	for i, d := range list {
		at := indexed(path, i)
		if d.Name == "" {
			m.Add(at+".name", "", "is required")
		} else if slices.ContainsFunc(list[:i], func(o Dimension) bool { return strings.EqualFold(o.Name, d.Name) }) {
			m.Add(at+".name", d.Name, "must not be given twice")
		}
		checkOneOf(m, at+".operator", d.Operator, Include, Exclude, StartsWith)
		if n := len(d.Values); n == 0 || n > MaxDimensionValues {
			m.Addf(at+".values", fmt.Sprint(n), "must have from 1 to %d values", MaxDimensionValues)
		}
		if d.Operator != Include && slices.Contains(d.Values, scopes.Wildcard) {
			m.Addf(at+".values", scopes.Wildcard, "must not have * with the operator %s", d.Operator)
		}
		if d.Operator == StartsWith && slices.Contains(d.Values, "") {
			m.Add(at+".values", `""`, "must not be empty with the operator StartsWith; Include with * takes all")
		}
	}
}

// checkTogether checks what several criteria must have in common.
func (r *Rule) checkTogether(m *mistakes, defs MetricFunc) {
	if len(r.Criteria) < 2 {
		return
	}
	first := r.Criteria[0].periods()
	for i := range r.Criteria {
		c, path := &r.Criteria[i], indexed("criteria.allOf", i)
		if c.Type == DynamicThreshold {
			m.Add(path+".criterionType", string(c.Type), "must not be dynamic in a rule of several criteria")
			continue
		}
		if p := c.periods(); p != first && p.valid() && first.valid() {
			m.Addf(path+".failingPeriods", fmt.Sprintf("%d of %d", p.MinFailingPeriodsToAlert, p.NumberOfEvaluationPeriods),
				"must be as in the first criterion, %d of %d", first.MinFailingPeriodsToAlert, first.NumberOfEvaluationPeriods)
		}
		for j := range r.Criteria {
			if i != j {
				r.checkShared(m, path, c, &r.Criteria[j], defs)
			}
		}
	}
}

// periods returns the failing periods, 1 of 1 where they are not given.
func (c *Criterion) periods() FailingPeriods {
	if c.FailingPeriods == (FailingPeriods{}) {
		return FailingPeriods{1, 1}
	}
	return c.FailingPeriods
}

// checkShared checks that c sets every dimension that the other criterion sets, if its metric has it, and sets it alike.
func (r *Rule) checkShared(m *mistakes, path string, c, other *Criterion, defs MetricFunc) {
	for _, d := range other.Dimensions {
		i := slices.IndexFunc(c.Dimensions, func(o Dimension) bool { return strings.EqualFold(o.Name, d.Name) })
		switch {
		case i >= 0 && !alike(c.Dimensions[i], d):
			m.Addf(indexed(path+".dimensions", i), c.Dimensions[i].Name, "must have the operator and values that the criterion %q has", other.Name)
		case i < 0 && r.Kind == KindMetric && defs != nil && len(r.Scopes) > 0:
			def := defs(c.MetricName, r.Scopes[0].Level())
			if def == nil {
				continue
			}
			if _, has := def.Dimension(d.Name); has {
				m.Addf(path+".dimensions", "", "must set %s as the criterion %q does, since %s has it, too", d.Name, other.Name, def.Name)
			}
		}
	}
}

func alike(a, b Dimension) bool {
	if a.Operator != b.Operator {
		return false
	}
	x, y := slices.Sorted(slices.Values(a.Values)), slices.Sorted(slices.Values(b.Values))
	return slices.Equal(slices.Compact(x), slices.Compact(y))
}
