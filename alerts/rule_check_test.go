package alerts_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// check validates a rule that is made of another by replacing a text, and expects these mistakes.
func check(t *testing.T, rule, old, replacement string, want ...string) {
	t.Helper()
	require.Contains(t, rule, old)
	_, err := alerts.CheckRule([]byte(strings.Replace(rule, old, replacement, 1)), definitions(t))
	assert.Equal(t, want, lines(err), replacement)
}

func TestNamesOfRules(t *testing.T) {
	f := func(name string, want ...string) {
		t.Helper()
		check(t, metricRule, `"errors"`, strconv.Quote(name), want...)
	}
	f("Errors of credit (blue), 5 min")
	f("Größe")
	f("", "name: is required")
	f("ends.", `name: must not end in a space or a period (got "ends.")`)
	f("ends ", `name: must not end in a space or a period (got "ends ")`)
	f(" begins", `name: must not begin with a space (got " begins")`)
	f("tab\there", `name: must not have control characters (got "tab\there")`)
	f(strings.Repeat("ä", 252))
	f(strings.Repeat("ä", 253), "name: must have at most 252 characters (got 253)")
	for _, c := range `*#&+:<>?@%{}/\` {
		f("a"+string(c)+"b", `name: must not have any of * # & + : < > ? @ % { } \ / (got a`+string(c)+`b)`)
	}
}

func TestTimesOfMetricRules(t *testing.T) {
	const static = "evaluationFrequency: must be one of PT15S, PT30S, PT1M, PT5M, PT15M, PT30M, PT1H (got "
	f := func(frequency, window string, want ...string) {
		t.Helper()
		check(t, metricRule, `"evaluationFrequency":"PT1M","windowSize":"PT5M"`, `"evaluationFrequency":"`+frequency+`","windowSize":"`+window+`"`, want...)
	}
	for _, frequency := range []string{"PT15S", "PT30S", "PT1M", "PT5M", "PT15M", "PT30M", "PT1H"} {
		f(frequency, frequency)
		for _, window := range []string{"PT6H", "PT12H", "P1D", "PT24H"} {
			f(frequency, window)
		}
	}
	f("PT2M", "PT5M", static+"PT2M)")
	f("PT6H", "P1D", static+"PT6H)")
	f("PT1M", "PT10M", "windowSize: must be one of PT15S, PT30S, PT1M, PT5M, PT15M, PT30M, PT1H, PT6H, PT12H, P1D (got PT10M)")
	f("PT1M", "P2D", "windowSize: must be one of PT15S, PT30S, PT1M, PT5M, PT15M, PT30M, PT1H, PT6H, PT12H, P1D (got P2D)")
	f("PT15M", "PT5M", "windowSize: must not be below evaluationFrequency, PT15M (got PT5M)")

	dynamic := strings.NewReplacer("Static", "Dynamic", `"threshold":0.05,`, "").Replace(metricRule)
	g := func(frequency, window string, want ...string) {
		t.Helper()
		check(t, dynamic, `"evaluationFrequency":"PT1M","windowSize":"PT5M"`, `"evaluationFrequency":"`+frequency+`","windowSize":"`+window+`"`, want...)
	}
	g("PT5M", "PT1H")
	g("PT1M", "PT6H", "evaluationFrequency: must be one of PT5M, PT15M, PT30M, PT1H with a dynamic threshold (got PT1M)",
		"windowSize: must be one of PT5M, PT15M, PT30M, PT1H with a dynamic threshold (got PT6H)")
}

func TestWhatMetricRulesMustNotHave(t *testing.T) {
	f := func(old, replacement string, want ...string) {
		t.Helper()
		check(t, metricRule, old, replacement, want...)
	}
	f(`"severity":1`, `"severity":5`, "severity: must be from 0 (critical) to 4 (verbose) (got 5)")
	f(`"severity":1`, `"severity":-1`, "severity: must be from 0 (critical) to 4 (verbose) (got -1)")
	f(`"severity":1`, `"description":"`+strings.Repeat("ä", 2048)+`"`)
	f(`"severity":1`, `"description":"`+strings.Repeat("ä", 2049)+`"`, "description: must have at most 2048 characters (got 2049)")
	f(`"credit/*"`, ``, "scopes: must have at least one scope")
	f(`"credit/*"`, `"credit/*","churn"`, "scopes[1]: must be of the same level as the first scope, deployment (got churn)")
	f(`"credit/*"`, `"credit/*","credit/blue"`, "scopes[1]: must not be part of another scope, credit/* (got credit/blue)")
	f(`"credit/*"`, `"credit/blue","*/*"`, "scopes[0]: must not be part of another scope, */* (got credit/blue)")
	f(`"credit/*"`, `"a/b","a/b"`, "scopes[1]: must not be part of another scope, a/b (got a/b)")
	f(`"credit/*"`, `"a/*","b/*"`)
	f(`GreaterThan`, `GreaterOrLessThan`, "criteria.allOf[0].operator: must be one of Equals, NotEquals, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual (got GreaterOrLessThan)")
	f(`"Average"`, `"Total"`, "criteria.allOf[0].timeAggregation: must be one that ErrorRatio has: Average (got Total)")
	f(`"Average"`, `"average"`, "criteria.allOf[0].timeAggregation: must be one of Average, Count, Minimum, Maximum, Total (got average)")
	f(`ErrorRatio`, `errorratio`)
	f(`ErrorRatio`, `Errors`, "criteria.allOf[0].metricName: must be a metric of the catalogue at the level deployment; skipMetricValidation takes it all the same (got Errors)")
	f(`"ErrorRatio"`, `"Errors","skipMetricValidation":true`)
	f(`instanceId`, `INSTANCEID`)
	f(`instanceId`, `statusCode`, "criteria.allOf[0].dimensions[0].name: must be a dimension of ErrorRatio at the level deployment: instanceId (got statusCode)")
	f(`"Include"`, `"Exclude"`, "criteria.allOf[0].dimensions[0].values: must not have * with the operator Exclude (got *)")
	f(`"Include"`, `"Like"`, "criteria.allOf[0].dimensions[0].operator: must be one of Include, Exclude, StartsWith (got Like)",
		"criteria.allOf[0].dimensions[0].values: must not have * with the operator Like (got *)")
	f(`["*"]`, `[]`, "criteria.allOf[0].dimensions[0].values: must have from 1 to 1000 values (got 0)")
	f(`"threshold":0.05`, `"threshold":0.05,"failingPeriods":{"numberOfEvaluationPeriods":3,"minFailingPeriodsToAlert":4}`,
		"criteria.allOf[0].failingPeriods.minFailingPeriodsToAlert: must not be above numberOfEvaluationPeriods, 3 (got 4)")
	f(`"threshold":0.05`, `"threshold":0.05,"failingPeriods":{"numberOfEvaluationPeriods":25,"minFailingPeriodsToAlert":0}`,
		"criteria.allOf[0].failingPeriods.numberOfEvaluationPeriods: must be from 1 to 24 (got 25)",
		"criteria.allOf[0].failingPeriods.minFailingPeriodsToAlert: must be at least 1 (got 0)")
	f(`"threshold":0.05`, `"threshold":0.05,"windowSize":"P3D"`)
	f(`"threshold":0.05`, `"threshold":0.05,"windowSize":"PT30S"`, "criteria.allOf[0].windowSize: must be from evaluationFrequency, PT1M, to P7D (got PT30S)")
	f(`"threshold":0.05`, `"threshold":0.05,"windowSize":"PT90S"`, "criteria.allOf[0].windowSize: must be PT15S, PT30S or whole minutes (got PT1M30S)")
	f(`"enabled":true`, `"muteActionsDuration":"PT5M"`, "muteActionsDuration: must not be given unless autoMitigate is false (got PT5M)")
	f(`"enabled":true`, `"muteActionsDuration":"PT5M","autoMitigate":false`)
	f(`"enabled":true`, `"gracePeriod":"PT2H"`, "gracePeriod: must be from PT0S to PT1H (got PT2H)")
	f(`"enabled":true`, `"noDataPolicy":"resolve"`, "noDataPolicy: must be one of ignore, alert, keepState (got resolve)")
	f(`"enabled":true`, `"runbookUrl":"javascript:alert(1)"`, "runbookUrl: must be an http or https URL or a path on this server, of at most 2048 bytes (got javascript:alert(1))")
	f(`"enabled":true`, `"runbookUrl":"//evil.example"`, "runbookUrl: must be an http or https URL or a path on this server, of at most 2048 bytes (got //evil.example)")
	f(`"enabled":true`, `"runbookUrl":"/docs/x"`)
	f(`"enabled":true`, `"runbookUrl":"https://wiki.example/x"`)
	f(`"enabled":true`, `"labels":{"severity":"x","9a":"y","__b":"z","team":"ok"}`,
		"labels: must have names of letters, digits and _, which do not start with a digit or __ (got 9a)",
		"labels: must have names of letters, digits and _, which do not start with a digit or __ (got __b)", "labels.severity: must not be set: the server sets it")
	f(`{"actionGroupId":"oncall"}`, `{"actionGroupId":"a,b"},{"actionGroupId":"x"},{"actionGroupId":"x"},{"actionGroupId":"1"},{"actionGroupId":"2"},{"actionGroupId":"3"}`,
		"actions: must have at most 5 actions (got 6)", "actions[0].actionGroupId: must not have a comma (got a,b)", "actions[2].actionGroupId: must not be given twice (got x)")
	f(`"allOf":[`, `"allOf":[{"name":"c","metricName":"RequestsPerMinute","timeAggregation":"Total","operator":"LessThan","threshold":1},`,
		"criteria.allOf[1].name: must be another name than that of the criteria before it (got c)",
		"criteria.allOf[0].dimensions: must set instanceId as the criterion \"c\" does, since RequestsPerMinute has it, too")
}

func TestSeveralCriteria(t *testing.T) {
	one := func(name, more string) string {
		return `{"name":"` + name + `","metricName":"` + map[bool]string{true: "ErrorRatio", false: "RequestsPerMinute"}[name == "e"] +
			`","timeAggregation":"Average","operator":"GreaterThan","threshold":1` + more + `}`
	}
	f := func(criteria string, want ...string) {
		t.Helper()
		i, j := strings.Index(metricRule, `"allOf":[`), strings.Index(metricRule, `]},`)
		check(t, metricRule, metricRule[i:j], `"allOf":[`+criteria, want...)
	}
	const split = `,"dimensions":[{"name":"instanceId","operator":"Include","values":["a","b"]}]`
	f(one("e", split) + "," + one("r", strings.Replace(split, `"a","b"`, `"b","a"`, 1)))
	f(one("e", split)+","+one("r", strings.Replace(split, `"a","b"`, `"a"`, 1)),
		`criteria.allOf[0].dimensions[0]: must have the operator and values that the criterion "r" has (got instanceId)`,
		`criteria.allOf[1].dimensions[0]: must have the operator and values that the criterion "e" has (got instanceId)`)
	f(one("e", "") + "," + one("r", `,"dimensions":[{"name":"statusCode","values":["*"]}]`)) // ErrorRatio has no statusCode
	f(one("e", "")+","+one("r", `,"failingPeriods":{"numberOfEvaluationPeriods":3,"minFailingPeriodsToAlert":2}`),
		"criteria.allOf[1].failingPeriods: must be as in the first criterion, 1 of 1 (got 2 of 3)")
	f(one("1", "")+","+one("2", "")+","+one("3", "")+","+one("4", "")+","+one("5", "")+","+one("6", ""), "criteria.allOf: must have from 1 to 5 criteria (got 6)")
	f("", "criteria.allOf: must have from 1 to 5 criteria (got 0)")
	_, err := alerts.CheckRule([]byte(`{"name":"x","scopes":["a"],"evaluationFrequency":"PT5M","criteria":{"allOf":[`+one("e", "")+`,
	  {"criterionType":"DynamicThresholdCriterion","metricName":"RequestLatency","timeAggregation":"Average"}]}}`), definitions(t))
	assert.Equal(t, []string{"criteria.allOf[1].criterionType: must not be dynamic in a rule of several criteria (got DynamicThresholdCriterion)"}, lines(err))
}

func TestMetricsWithoutDynamicThresholds(t *testing.T) {
	f := func(scope, metric string, want ...string) {
		t.Helper()
		_, err := alerts.CheckRule([]byte(`{"name":"x","scopes":["`+scope+`"],"criteria":{"allOf":[{"criterionType":"DynamicThresholdCriterion","metricName":"`+metric+`","timeAggregation":"Average"}]}}`), definitions(t))
		assert.Equal(t, want, lines(err))
	}
	f("credit", "requestsperminute", "criteria.allOf[0].criterionType: must not be dynamic for requestsperminute at the level endpoint (got DynamicThresholdCriterion)")
	f("credit/blue", "RequestsPerMinute")
	f("credit/blue", "DeploymentCapacity", "criteria.allOf[0].criterionType: must not be dynamic for DeploymentCapacity at the level deployment (got DynamicThresholdCriterion)")
}

func TestWhatLogRulesMustNotHave(t *testing.T) {
	f := func(old, replacement string, want ...string) {
		t.Helper()
		check(t, logRule, old, replacement, want...)
	}
	const query = `AmlOnlineEndpointConsoleLog | where Message has 'Traceback'`
	times := func(frequency, window, more string, want ...string) {
		t.Helper()
		f(`"evaluationFrequency":"PT5M","windowSize":"PT5M"`, `"evaluationFrequency":"`+frequency+`","windowSize":"`+window+`"`+more, want...)
	}
	times("PT1M", "PT1M", "")
	times("PT7M", "PT7M", "")
	times("P1D", "P1D", `,"autoMitigate":false`)
	times("P1D", "P1D", ``, "evaluationFrequency: must be at most PT12H unless autoMitigate is false (got P1D)")
	times("PT25H", "P2D", ``, "evaluationFrequency: must be whole minutes from PT1M to P1D (got P1DT1H)")
	times("PT30S", "PT5M", ``, "evaluationFrequency: must be whole minutes from PT1M to P1D (got PT30S)")
	times("PT10M", "PT5M", ``, "windowSize: must not be below evaluationFrequency, PT10M (got PT5M)")
	times("PT5M", "P3D", ``, "windowSize: must be whole minutes from PT1M to P2D (got P3D)")
	times("PT5M", "PT1H", `,"overrideQueryTimeRange":"PT30M"`, "overrideQueryTimeRange: must be from windowSize, PT1H, to P2D (got PT30M)")
	times("PT5M", "PT1H", `,"overrideQueryTimeRange":"PT49H"`, "overrideQueryTimeRange: must be from windowSize, PT1H, to P2D (got P2DT1H)")
	times("PT5M", "PT1H", `,"overrideQueryTimeRange":"P2D"`)
	times("PT5M", "PT5M", `,"filter":"a eq 'b'"`, "filter: is only of metric rules; a log rule has its query (got a eq 'b')")
	f(`"threshold":0`, `"threshold":0,"failingPeriods":{"numberOfEvaluationPeriods":24}`)
	check(t, strings.Replace(logRule, `"windowSize":"PT5M"`, `"windowSize":"PT6H"`, 1), `"threshold":0`, `"threshold":0,"failingPeriods":{"numberOfEvaluationPeriods":9}`,
		"windowSize: times numberOfEvaluationPeriods, 9, must be at most P2D unless overrideQueryTimeRange says otherwise (got PT6H)")
	f(`GreaterThan`, `NotEquals`, "criteria.allOf[0].operator: must be one of Equals, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual (got NotEquals)")
	f(`GreaterThan`, `Equal`)
	f(`"Count"`, `"Total"`, "criteria.allOf[0].metricMeasureColumn: is required with the timeAggregation Total")
	f(`"Count"`, `"Count","metricMeasureColumn":"x"`, "criteria.allOf[0].metricMeasureColumn: must not be given with the timeAggregation Count, which counts rows (got x)")
	f(`"threshold":0`, `"threshold":-1`, "criteria.allOf[0].threshold: must not be negative for a number of rows (got -1)")
	dimension := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, `{"name":"d`+strconv.Itoa(i)+`","values":["*"]}`)
		}
		return `"threshold":0,"dimensions":[` + strings.Join(all, ",") + `]`
	}
	f(`"threshold":0`, dimension(6))
	f(`"threshold":0`, dimension(7), "criteria.allOf[0].dimensions: must have at most 6 dimensions (got 7)")
	f(query, ``, "criteria.allOf[0].query: is required")
	f(query, `// nothing`, "criteria.allOf[0].query: must not be empty")
}

func TestWhatQueriesOfRulesMustNotUse(t *testing.T) {
	f := func(frequency, query string, want ...string) {
		t.Helper()
		rule := strings.Replace(logRule, `"evaluationFrequency":"PT5M"`, `"evaluationFrequency":"`+frequency+`"`, 1)
		for i := range want {
			want[i] = "criteria.allOf[0].query: " + want[i]
		}
		check(t, rule, strconv.Quote("AmlOnlineEndpointConsoleLog | where Message has 'Traceback'"), strconv.Quote(query), want...)
	}
	f("PT5M", "T | evaluate bag_unpack(d)", "must not use bag_unpack() in a rule")
	f("PT5M", "T | evaluate Pivot (d)", "must not use pivot() in a rule")
	f("PT5M", "T | evaluate narrow()", "must not use narrow() in a rule")
	f("PT5M", "T | where m has 'pivot(x)' // narrow()\n| count")
	f("PT5M", `T | where m has "a\"pivot(" and n == @"C:\" and pivot == 1`)
	f("PT5M", "T | where m has ```narrow()``` | count")
	for _, literal := range []string{"1h", "5m", "1.5d", "10s", "100ms", "-1h", "time(1.02:00:00)", "timespan(1h)", " 7d "} {
		f("PT5M", "T | where TimeGenerated > ago("+literal+")")
	}
	for _, other := range []string{"x", "1", "1h*2", "totimespan('1h')", "time(1h) + 1h", "", "2 * 1h"} {
		f("PT5M", "T | where TimeGenerated > ago("+other+")", "must give ago() a timespan literal such as ago(1h)")
	}
	f("PT5M", "union A, B | take 5 | search 'x'")
	f("PT1M", "union A, B | take 5 | search 'x'", "must not use union at a frequency of one minute", "must not use take at a frequency of one minute",
		"must not use search at a frequency of one minute")
	f("PT1M", "search 'x'", "must not use search at a frequency of one minute")
	f("PT1M", "T | limit 5", "must not use limit at a frequency of one minute")
	f("PT1M", "T | extend t = ingestion_time()", "must not use ingestion_time() at a frequency of one minute")
	f("PT1M", "T | where take == 1 and union > 2 | project search, limit | summarize take = count()")
	f("PT1M", "T | join (union A, B) on x", "must not use union at a frequency of one minute")
}

func TestRuleOfPrometheusHasOnlyItsGroup(t *testing.T) {
	r := alerts.Rule{Name: "p", Kind: alerts.KindPrometheus}
	assert.Equal(t, []string{"group: is required"}, lines(r.Validate(nil)))
	r.Group = []byte(`{"name":"g","rules":[{"alert":"a","expr":" "}]}`)
	assert.Equal(t, []string{"group.rules[0].expr: must not be empty"}, lines(r.Validate(nil)))
	r.Group = []byte(`{"name":"g","limit":-1,"rules":[{"alert":"a","expr":"up == 0","for":"5m"}]}`)
	assert.Equal(t, []string{"group.limit: must not be negative (got -1)"}, lines(r.Validate(nil)))
}

func TestRulesMadeInCodeAreCheckedToo(t *testing.T) {
	r := alerts.Rule{
		Name: "x", Kind: alerts.KindMetric, Scopes: []scopes.Pattern{{Endpoint: "a b"}}, EvaluationFrequency: time.Minute, WindowSize: time.Minute,
		NoData: alerts.NoDataIgnore, AutoMitigate: true,
		Criteria: []alerts.Criterion{{Type: alerts.StaticThreshold, Name: "c", MetricName: "m", TimeAggregation: scopes.Total, Operator: alerts.Equals, Threshold: math.NaN()}},
	}
	assert.Equal(t, []string{
		"scopes[0]: must be a scope such as credit, credit/blue or credit/*: 1 to 63 characters of A-Z a-z 0-9 . _ -, starting with a letter or digit (got a b)",
		"criteria.allOf[0].threshold: must be a finite number (got NaN)",
	}, lines(r.Validate(nil)))
	assert.Equal(t, []string{"name: is required", "kind: must be one of metric, log, prometheus"}, lines((&alerts.Rule{}).Validate(nil)))
}

func TestFieldThatCouldNotBeReadIsToldOnce(t *testing.T) {
	_, err := alerts.CheckRule([]byte(strings.Replace(metricRule, `"PT1M"`, `"1m"`, 1)), definitions(t))
	assert.Len(t, alerts.FieldErrors(err), 1)
	_, err = alerts.CheckRule([]byte(strings.Replace(metricRule, `"PT1M"`, `7`, 1)), definitions(t))
	assert.Len(t, alerts.FieldErrors(err), 1)
}
