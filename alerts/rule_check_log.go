package alerts

import (
	"fmt"
	"math"
	"time"

	"github.com/endscope/endscope/scopes"
)

func (r *Rule) checkLogTimes(m *mistakes) {
	f := r.EvaluationFrequency
	if f < time.Minute || f > 24*time.Hour || f%time.Minute != 0 {
		m.Add("evaluationFrequency", FormatDuration(f), "must be whole minutes from PT1M to P1D")
	} else if r.AutoMitigate && f > 12*time.Hour {
		m.Add("evaluationFrequency", FormatDuration(f), "must be at most PT12H unless autoMitigate is false")
	}
	n := 1
	for i := range r.Criteria {
		n = max(n, min(r.Criteria[i].periods().NumberOfEvaluationPeriods, MaxEvaluationPeriods))
		if r.Criteria[i].WindowSize != 0 {
			m.Add(indexed("criteria.allOf", i)+".windowSize", FormatDuration(r.Criteria[i].WindowSize), "is only of metric rules")
		}
	}
	w := r.WindowSize
	if w < time.Minute || w > MaxQueryTimeRange || w%time.Minute != 0 {
		m.Addf("windowSize", FormatDuration(w), "must be whole minutes from PT1M to %s", FormatDuration(MaxQueryTimeRange))
		return
	}
	if w < f {
		m.Addf("windowSize", FormatDuration(w), "must not be below evaluationFrequency, %s", FormatDuration(f))
	}
	switch q := r.QueryTimeRange; {
	case q == 0 && w*time.Duration(n) > MaxQueryTimeRange:
		m.Addf("windowSize", FormatDuration(w), "times numberOfEvaluationPeriods, %d, must be at most %s unless overrideQueryTimeRange says otherwise", n, FormatDuration(MaxQueryTimeRange))
	case q != 0 && (q < w || q > MaxQueryTimeRange):
		m.Addf("overrideQueryTimeRange", FormatDuration(q), "must be from windowSize, %s, to %s", FormatDuration(w), FormatDuration(MaxQueryTimeRange))
	}
}

func (r *Rule) checkLogCriterion(m *mistakes, path string, c *Criterion) {
	if c.Type != StaticThreshold {
		m.Addf(path+".criterionType", string(c.Type), "must be %s in a log rule", StaticThreshold)
	}
	checkOneOf(m, path+".operator", c.Operator, Equals, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual)
	known := checkOneOf(m, path+".timeAggregation", c.TimeAggregation, scopes.Count, scopes.Average, scopes.Minimum, scopes.Maximum, scopes.Total)
	switch {
	case !known:
	case c.TimeAggregation == scopes.Count && c.MetricMeasureColumn != "":
		m.Add(path+".metricMeasureColumn", c.MetricMeasureColumn, "must not be given with the timeAggregation Count, which counts rows")
	case c.TimeAggregation != scopes.Count && c.MetricMeasureColumn == "":
		m.Addf(path+".metricMeasureColumn", "", "is required with the timeAggregation %s", c.TimeAggregation)
	}
	if c.TimeAggregation == scopes.Count && c.Threshold < 0 {
		m.Add(path+".threshold", fmt.Sprint(c.Threshold), "must not be negative for a number of rows")
	}
	if n := len(c.Dimensions); n > MaxLogDimensions {
		m.Addf(path+".dimensions", fmt.Sprint(n), "must have at most %d dimensions", MaxLogDimensions)
	}
	if c.MetricName != "" {
		m.Add(path+".metricName", c.MetricName, "is only of metric rules")
	}
	if c.Query == "" {
		m.Add(path+".query", "", "is required")
		return
	}
	for _, why := range forbiddenInQuery(c.Query, r.EvaluationFrequency) {
		m.Add(path+".query", "", why)
	}
	if n := len(c.Query); n > MaxRuleSize {
		m.Add(path+".query", sizeText(n), "must have at most 64 KB")
	}
}

// querySpan returns how far a log rule's query looks back: QueryTimeRange, or the window times the number of periods.
func (r *Rule) querySpan() time.Duration {
	if r.QueryTimeRange > 0 {
		return r.QueryTimeRange
	}
	n := 1
	for i := range r.Criteria {
		n = max(n, r.Criteria[i].periods().NumberOfEvaluationPeriods)
	}
	if r.WindowSize > math.MaxInt64/time.Duration(n) {
		return MaxQueryTimeRange
	}
	return r.WindowSize * time.Duration(n)
}
