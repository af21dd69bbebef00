package alerts

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/endscope/endscope/scopes"
)

// Azure's names for the shapes of criteria.
const (
	criteriaPrefix   = "Microsoft.Azure.Monitor."
	criteriaSingle   = criteriaPrefix + "SingleResourceMultipleMetricCriteria"
	criteriaMultiple = criteriaPrefix + "MultipleResourceMultipleMetricCriteria"
	criteriaWebtest  = criteriaPrefix + "WebtestLocationAvailabilityCriteria"
)

func indexed(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

func sizeText(n int) string { return fmt.Sprintf("%d bytes", n) }

func (f *fields) readCriteria(r *Rule) {
	c := f.sub("criteria")
	if c == nil {
		f.m.Add(f.at("criteria"), "", "is required")
		return
	}
	switch t := c.text("odata.type"); t {
	case "", criteriaSingle, criteriaMultiple:
	case criteriaWebtest:
		f.m.Add(c.at("odata.type"), t, "is not supported, for there are no availability tests here")
	default:
		f.m.Addf(c.at("odata.type"), t, "must be one of %s, %s", criteriaSingle, criteriaMultiple)
	}
	for _, one := range c.objects("allOf") {
		if r.Kind == KindLog {
			r.Criteria = append(r.Criteria, one.readLogCriterion())
		} else {
			r.Criteria = append(r.Criteria, one.readCriterion())
		}
		one.done()
	}
	nameCriteria(r.Criteria)
	c.done()
}

// nameCriteria names those that have no name: "criterion 1" and so on.
func nameCriteria(list []Criterion) {
	taken := func(name string) bool {
		return slices.ContainsFunc(list, func(c Criterion) bool { return c.Name == name })
	}
	for i := range list {
		for n := i + 1; list[i].Name == ""; n++ {
			if name := fmt.Sprintf("criterion %d", n); !taken(name) {
				list[i].Name = name
			}
		}
	}
}

func (f *fields) readCriterion() Criterion {
	c := Criterion{
		Type:                 CriterionType(f.text("criterionType")),
		Name:                 f.text("name"),
		MetricName:           f.required("metricName"),
		MetricNamespace:      f.text("metricNamespace"),
		TimeAggregation:      scopes.Aggregation(f.required("timeAggregation")),
		WindowSize:           f.duration("windowSize", 0),
		SkipMetricValidation: f.bool("skipMetricValidation", false),
		Dimensions:           f.readDimensions(),
	}
	if c.Type == "" {
		c.Type = StaticThreshold
		if f.has("alertSensitivity") && !f.has("threshold") {
			c.Type = DynamicThreshold
		}
	}
	if c.Type != DynamicThreshold {
		c.Operator = operatorOf(f.required("operator"))
		c.FailingPeriods = f.failingPeriods(FailingPeriods{1, 1})
		c.Threshold = f.threshold()
		f.refuse("is only of dynamic thresholds", "alertSensitivity", "ignoreDataBefore")
		return c
	}
	f.refuse("is not of dynamic thresholds, which learn theirs", "threshold")
	if c.Operator = Operator(f.text("operator")); c.Operator == "" {
		c.Operator = GreaterOrLessThan
	}
	c.FailingPeriods = f.failingPeriods(FailingPeriods{NumberOfEvaluationPeriods: 4, MinFailingPeriodsToAlert: 3})
	if c.Sensitivity = Sensitivity(f.text("alertSensitivity")); c.Sensitivity == "" {
		c.Sensitivity = SensitivityMedium
	}
	c.IgnoreDataBefore = f.instant("ignoreDataBefore")
	return c
}

func (f *fields) readLogCriterion() Criterion {
	if t := f.text("criterionType"); t != "" && t != string(StaticThreshold) {
		f.m.Add(f.at("criterionType"), t, "must be StaticThresholdCriterion in a log rule")
	}
	c := Criterion{
		Type:                StaticThreshold,
		Name:                f.text("name"),
		Query:               f.required("query"),
		MetricMeasureColumn: f.text("metricMeasureColumn"),
		ResourceIDColumn:    f.text("resourceIdColumn"),
		Operator:            operatorOf(f.required("operator")),
		Threshold:           f.threshold(),
		Dimensions:          f.readDimensions(),
		FailingPeriods:      f.failingPeriods(FailingPeriods{1, 1}),
	}
	if c.MetricMeasureColumn == "" && !f.has("timeAggregation") {
		f.known = append(f.known, "timeAggregation")
		c.TimeAggregation = scopes.Count
	} else {
		c.TimeAggregation = scopes.Aggregation(f.required("timeAggregation"))
	}
	f.ignore("metricName")
	return c
}

func (f *fields) threshold() float64 {
	x, ok := f.number("threshold")
	if !ok {
		f.m.Add(f.at("threshold"), "", "is required")
	}
	return x + 0 // 0 instead of -0, so that a rule compares equal with what is read of it again
}

// operatorOf reads the two spellings that Azure has for equality.
func operatorOf(s string) Operator {
	switch s {
	case "Equal":
		return Equals
	case "NotEqual":
		return NotEquals
	}
	return Operator(s)
}

func (f *fields) failingPeriods(unset FailingPeriods) FailingPeriods {
	p := f.sub("failingPeriods")
	if p == nil {
		return unset
	}
	n := p.int("numberOfEvaluationPeriods", unset.NumberOfEvaluationPeriods)
	periods := FailingPeriods{n, p.int("minFailingPeriodsToAlert", min(n, unset.MinFailingPeriodsToAlert))}
	p.done()
	return periods
}

func (f *fields) readDimensions() []Dimension {
	var list []Dimension
	for _, d := range f.objects("dimensions") {
		one := Dimension{Name: d.required("name"), Operator: DimensionOperator(d.text("operator")), Values: d.texts("values")}
		if one.Operator == "" {
			one.Operator = Include
		}
		d.done()
		list = append(list, one)
	}
	return list
}

// checkGroup checks the shape of a group of a Prometheus rule file: its fields and their types. The rest is promrules'.
func checkGroup(m *mistakes, path string, v any) {
	before := len(m.List)
	g := objectOf(m, path, v)
	if len(m.List) > before {
		return
	}
	g.required("name")
	for _, name := range []string{"interval", "query_offset"} {
		g.promDuration(name)
	}
	if n := g.int("limit", 0); n < 0 {
		m.Add(g.at("limit"), fmt.Sprint(n), "must not be negative")
	}
	_ = g.strings("labels")
	if !g.has("rules") {
		m.Add(g.at("rules"), "", "is required")
	}
	for _, r := range g.objects("rules") {
		if r.has("alert") == r.has("record") {
			m.Add(r.path, "", "must have either alert or record")
		}
		for _, name := range []string{"alert", "record"} {
			_ = r.text(name)
		}
		for _, name := range []string{"for", "keep_firing_for"} {
			r.promDuration(name)
		}
		if strings.TrimSpace(r.required("expr")) == "" && r.has("expr") {
			m.Add(r.at("expr"), "", "must not be empty")
		}
		_ = r.strings("labels")
		_ = r.strings("annotations")
		r.done()
	}
	g.done()
}

var promDuration = regexp.MustCompile(`^(0|(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?)$`)

// promDuration checks a duration as Prometheus writes it.
func (f *fields) promDuration(name string) {
	if s := f.text(name); f.isText(name) && (s == "" || !promDuration.MatchString(s)) {
		f.m.Add(f.at(name), fmt.Sprintf("%q", s), "must be a duration such as 30s, 5m or 1h30m")
	}
}

func (f *fields) isText(name string) bool {
	v, ok := f.take(name)
	_, text := v.(string)
	return ok && text
}
