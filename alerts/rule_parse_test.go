package alerts_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

const metricRule = `{"name":"errors","severity":1,"enabled":true,"scopes":["credit/*"],"evaluationFrequency":"PT1M","windowSize":"PT5M",
 "criteria":{"odata.type":"Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria","allOf":[
  {"criterionType":"StaticThresholdCriterion","name":"c","metricName":"ErrorRatio","timeAggregation":"Average","operator":"GreaterThan","threshold":0.05,
   "dimensions":[{"name":"instanceId","operator":"Include","values":["*"]}]}]},
 "actions":[{"actionGroupId":"oncall"}]}`

const logRule = `{"name":"tracebacks","kind":"log","scopes":["credit"],"evaluationFrequency":"PT5M","windowSize":"PT5M",
 "criteria":{"allOf":[{"query":"AmlOnlineEndpointConsoleLog | where Message has 'Traceback'","timeAggregation":"Count","operator":"GreaterThan","threshold":0}]}}`

var loadCatalogue = sync.OnceValues(scopes.LoadCatalogue)

func definitions(t testing.TB) alerts.MetricFunc {
	c, err := loadCatalogue()
	require.NoError(t, err)
	return func(name string, level scopes.Level) *scopes.Definition {
		d, _ := c.Lookup(name, level)
		return d
	}
}

func lines(err error) []string {
	var all []string
	for _, e := range alerts.FieldErrors(err) {
		all = append(all, e.Error())
	}
	return all
}

func TestRuleIsReadInAzuresEnvelope(t *testing.T) {
	r, err := alerts.ParseRule([]byte(`{"id":"/subscriptions/s/…","name":"latency","type":"Microsoft.Insights/metricAlerts","location":"global","tags":{"a":"b"},"etag":"x",
	 "properties":{"description":"d","severity":3.0,"enabled":false,
	  "scopes":["/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/credit/deployments/blue"],
	  "evaluationFrequency":"PT5M","windowSize":"PT1H","targetResourceType":"x","targetResourceRegion":"y","lastUpdatedTime":"2026-01-01T00:00:00Z","isMigrated":false,
	  "criteria":{"odata.type":"Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria","allOf":[{"criterionType":"DynamicThresholdCriterion","name":"n",
	   "metricName":"RequestLatency_P95","metricNamespace":"ns","timeAggregation":"Average","operator":"GreaterOrLessThan","alertSensitivity":"High",
	   "failingPeriods":{"numberOfEvaluationPeriods":4.0,"minFailingPeriodsToAlert":3.0},"ignoreDataBefore":"2026-01-02T03:04:05+01:00","dimensions":[]}]},
	  "autoMitigate":false,"actions":[{"actionGroupId":"/subscriptions/s/resourceGroups/g/providers/microsoft.insights/actionGroups/oncall/","webHookProperties":{"k":"v","n":1,"b":true}}]}}`))
	require.NoError(t, err)
	assert.Equal(t, alerts.Rule{
		Name: "latency", Kind: alerts.KindMetric, Description: "d", Severity: 3, Scopes: []scopes.Pattern{{Endpoint: "credit", Deployment: "blue"}},
		EvaluationFrequency: 5 * time.Minute, WindowSize: time.Hour, NoData: alerts.NoDataIgnore,
		Actions: []alerts.Action{{ActionGroupID: "oncall", WebHookProperties: map[string]string{"k": "v", "n": "1", "b": "true"}}},
		Criteria: []alerts.Criterion{{
			Type: alerts.DynamicThreshold, Name: "n", MetricName: "RequestLatency_P95", MetricNamespace: "ns", TimeAggregation: scopes.Average,
			Operator: alerts.GreaterOrLessThan, Sensitivity: alerts.SensitivityHigh,
			FailingPeriods:   alerts.FailingPeriods{NumberOfEvaluationPeriods: 4, MinFailingPeriodsToAlert: 3},
			IgnoreDataBefore: time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC),
		}},
	}, r)
	require.NoError(t, r.Validate(definitions(t)))
}

func TestRuleHasDefaults(t *testing.T) {
	r, err := alerts.ParseRule([]byte(`{"name":"r","scopes":["credit"],"criteria":{"allOf":[
	  {"metricName":"RequestsPerMinute","timeAggregation":"Total","operator":"LessThan","threshold":-0.0}]}}`))
	require.NoError(t, err)
	assert.Equal(t, 3, r.Severity)
	assert.True(t, r.Enabled)
	assert.True(t, r.AutoMitigate)
	assert.Equal(t, time.Minute, r.EvaluationFrequency)
	assert.Equal(t, 5*time.Minute, r.WindowSize)
	assert.Equal(t, alerts.NoDataIgnore, r.NoData)
	c := r.Criteria[0]
	assert.Equal(t, alerts.StaticThreshold, c.Type)
	assert.Equal(t, "criterion 1", c.Name)
	assert.Equal(t, alerts.FailingPeriods{NumberOfEvaluationPeriods: 1, MinFailingPeriodsToAlert: 1}, c.FailingPeriods)

	dynamic, err := alerts.ParseRule([]byte(`{"name":"r","scopes":["credit"],"criteria":{"allOf":[
	  {"criterionType":"DynamicThresholdCriterion","metricName":"RequestLatency","timeAggregation":"Average"}]}}`))
	require.NoError(t, err)
	assert.Equal(t, 5*time.Minute, dynamic.EvaluationFrequency)
	c = dynamic.Criteria[0]
	assert.Equal(t, alerts.GreaterOrLessThan, c.Operator)
	assert.Equal(t, alerts.SensitivityMedium, c.Sensitivity)
	assert.Equal(t, alerts.FailingPeriods{NumberOfEvaluationPeriods: 4, MinFailingPeriodsToAlert: 3}, c.FailingPeriods)
	require.NoError(t, dynamic.Validate(definitions(t)))

	log, err := alerts.ParseRule([]byte(`{"name":"l","criteria":{"allOf":[{"query":"T","operator":"Equal","threshold":0}]}}`))
	require.NoError(t, err)
	assert.Equal(t, alerts.KindLog, log.Kind)
	assert.Equal(t, scopes.Count, log.Criteria[0].TimeAggregation)
	assert.Equal(t, alerts.Equals, log.Criteria[0].Operator)
	require.NoError(t, log.Validate(nil))
}

func TestLogRuleHasAzuresActions(t *testing.T) {
	r, err := alerts.ParseRule([]byte(strings.Replace(logRule, `"criteria"`,
		`"actions":{"actionGroups":["a","/subscriptions/x/actionGroups/b"],"customProperties":{"k":"v"}},"skipQueryValidation":true,"displayName":"x","criteria"`, 1)))
	require.NoError(t, err)
	assert.Equal(t, []alerts.Action{{ActionGroupID: "a"}, {ActionGroupID: "b"}}, r.Actions)
	assert.Equal(t, map[string]string{"k": "v"}, r.CustomProperties)
}

func TestKindIsToldFromTheFields(t *testing.T) {
	f := func(body string, want alerts.RuleKind) {
		t.Helper()
		r, _ := alerts.ParseRule([]byte(body))
		assert.Equal(t, want, r.Kind)
	}
	f(`{}`, alerts.KindMetric)
	f(`{"criteria":{"allOf":[{"query":"x"}]}}`, alerts.KindLog)
	f(`{"group":{}}`, alerts.KindPrometheus)
	f(`{"kind":"LogAlert","properties":{}}`, alerts.KindLog)
	f(`{"type":"microsoft.insights/scheduledqueryrules","properties":{}}`, alerts.KindLog)
	f(`{"kind":"LogToMetric","properties":{}}`, "")
}

func TestMistakesOfFormAreToldAtOnce(t *testing.T) {
	_, err := alerts.ParseRule([]byte(`{"name":"x","Severity":1,"enabled":"yes","windowsize":"PT5M","scopes":[7,"a b"],"evaluationFrequency":"5m","flavour":1,
	 "criteria":{"odata.type":"Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria","allOf":[
	   {"metricName":3,"operator":"GreaterThan","threshold":"1","alertSensitivity":"High","dimensions":[{"values":"x"}],"failingPeriods":{"numberOfEvaluationPeriods":1.5}},
	   {"criterionType":"DynamicThresholdCriterion","metricName":"m","timeAggregation":"Average","threshold":1,"ignoreDataBefore":"yesterday"}]},
	 "actions":[{"actionGroupID":"x"}],"labels":["a"]}`))
	assert.Equal(t, []string{
		`enabled: must be true or false (got "yes")`,
		`scopes[0]: must be a string (got 7)`,
		`scopes[1]: must be a scope such as credit, credit/blue or credit/*: 1 to 63 characters of A-Z a-z 0-9 . _ -, starting with a letter or digit (got a b)`,
		`criteria.odata.type: is not supported, for there are no availability tests here (got Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria)`,
		`criteria.allOf[0].metricName: must be a string (got 3)`,
		`criteria.allOf[0].timeAggregation: is required`,
		`criteria.allOf[0].dimensions[0].name: is required`,
		`criteria.allOf[0].dimensions[0].values: must be an array (got "x")`,
		`criteria.allOf[0].failingPeriods.numberOfEvaluationPeriods: must be a whole number (got 1.5)`,
		`criteria.allOf[0].threshold: must be a number (got "1")`,
		`criteria.allOf[0].alertSensitivity: is only of dynamic thresholds (got "High")`,
		`criteria.allOf[1].threshold: is not of dynamic thresholds, which learn theirs (got 1)`,
		`criteria.allOf[1].ignoreDataBefore: must be a time such as 2026-11-28T10:00:00Z, not before 1970 (got yesterday)`,
		`evaluationFrequency: must be an ISO 8601 duration such as PT5M, PT1H30M or P1D, of at most 100 years (got "5m")`,
		`actions[0].actionGroupId: is required`,
		`actions[0].actionGroupID: is no field; did you mean actionGroupId?`,
		`labels: must be an object of strings (got an array)`,
		`Severity: is no field; did you mean severity?`,
		`windowsize: is no field; did you mean windowSize?`,
		`flavour: is no field`,
	}, lines(err))
}

func TestWhatIsNoRuleAtAll(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		_, err := alerts.ParseRule([]byte(body))
		require.Error(t, err)
		assert.Contains(t, err.Error(), want)
	}
	f(``, "body: must be JSON: unexpected EOF")
	f(`[]`, "body: must be an object (got an array)")
	f(`null`, "body: must be an object (got null)")
	f(`{"name":"a"`, "unexpected EOF")
	f(`{"name":"a"} {}`, "something behind")
	f(`{"name":"a"} x`, "body: must be JSON")
	f("{\"name\":\"\xff\"}", "must be UTF-8")
	f(`{"name":"a","name":"b"}`, "name: is given twice")
	f(`{"criteria":{"allOf":[{"threshold":1,"threshold":2}]}}`, "criteria.allOf[0].threshold: is given twice")
	f(strings.Repeat(`{"a":`, 50)+"1"+strings.Repeat("}", 50), "at most 32 deep")
	f(strings.Repeat("[", 100000), "at most 32 deep")
	f(`{"name":"`+strings.Repeat("x", 1<<20)+`"}`, "at most 1048576 bytes")
	f(strings.Replace(metricRule, `"c"`, `"`+strings.Repeat("x", 64<<10)+`"`, 1), "at most 64 KB")
	f(`{"kind":"weather"}`, "kind: must be one of metric, log, prometheus (got weather)")
	f(`{"type":"Microsoft.Web/sites"}`, "type: must be Microsoft.Insights/metricAlerts")
	f(`{"type":"Microsoft.Insights/metricAlerts","kind":"log"}`, "type: must fit the kind, log")
	f(`{"name":"a","properties":{"name":"b"}}`, `properties.name: must be as the envelope's name, "a" (got b)`)
	f(`{"name":"a","nonsense":1,"properties":{}}`, `nonsense: is no field`)
	f(`{"name":"a"}`, "criteria: is required")
	f(`{"criteria":{"allOf":[{"threshold":1e999}]}}`, "threshold: must be a number that 64 bits can hold")
	f(`{"group":{"name":"g","rules":[{"expr":"up"}]}}`, "group.rules[0]: must have either alert or record")
	f(`{"group":{"rules":[{"alert":"a","exprs":"up"}]}}`, "group.name: is required")
	f(`{"group":{"rules":[{"alert":"a","exprs":"up"}]}}`, "group.rules[0].exprs: is no field; did you mean expr?")
	f(`{"severity":1,"group":{"name":"g","rules":[]}}`, "severity: is no field")
}

func TestRulesAreWrittenAsTheyAreReadAgain(t *testing.T) {
	for name, body := range map[string]string{
		"metric": metricRule,
		"log":    logRule,
		"all of ours": `{"name":"a <b> & c","kind":"metric","scopes":["a","b"],"evaluationFrequency":"PT15S","windowSize":"PT30S","criteria":{"allOf":[
		  {"name":"x","metricName":"m","timeAggregation":"Total","operator":"NotEquals","threshold":1e21,"windowSize":"PT6H","skipMetricValidation":true,
		   "failingPeriods":{"numberOfEvaluationPeriods":3,"minFailingPeriodsToAlert":2}},
		  {"metricName":"n","timeAggregation":"Count","operator":"Equals","threshold":-0.1}]},
		  "autoMitigate":false,"muteActionsDuration":"PT10M","filter":"statusCode eq '500'","noDataPolicy":"keepState","gracePeriod":"PT45S","labels":{"team":"x"},
		  "customProperties":{"b":"2","a":"1"},"runbookUrl":"/runbooks/x","actions":[]}`,
		"log with all": `{"name":"l","kind":"log","evaluationFrequency":"PT10M","windowSize":"PT10M","overrideQueryTimeRange":"P2D","criteria":{"allOf":[
		  {"query":"T | where a < 1 & b\n","timeAggregation":"Average","metricMeasureColumn":"c","resourceIdColumn":"_ResourceId","operator":"LessThanOrEqual","threshold":1,
		   "dimensions":[{"name":"d","operator":"StartsWith","values":["x","y"]}],"failingPeriods":{"numberOfEvaluationPeriods":2,"minFailingPeriodsToAlert":2}}]}}`,
		"prometheus": `{"name":"p","group":{"name":"g","interval":"1m","limit":10,"labels":{"a":"b"},"rules":[{"alert":"A","expr":"a < 1 > 2","for":"5m","keep_firing_for":"1m",
		  "labels":{"severity":"page"},"annotations":{"summary":"{{ $value }} & more"}},{"record":"a:b","expr":"sum(x)"}],"query_offset":"30s"},"actions":[{"actionGroupId":"g"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			r, err := alerts.ParseRule([]byte(body))
			require.NoError(t, err)
			written, err := json.Marshal(r) // the standard encoder escapes < in what a Marshaler returns
			require.NoError(t, err)
			again, err := alerts.ParseRule(written)
			require.NoError(t, err, string(written))
			assert.Equal(t, r, again)
			assert.Equal(t, r.SemanticHash(), again.SemanticHash())
			twice, err := again.MarshalJSON()
			require.NoError(t, err)
			once, err := r.MarshalJSON()
			require.NoError(t, err)
			assert.Equal(t, string(once), string(twice))
		})
	}
}

func TestCriteriaTypeIsAzures(t *testing.T) {
	f := func(old, replacement, want string) {
		t.Helper()
		r, err := alerts.ParseRule([]byte(strings.Replace(metricRule, old, replacement, 1)))
		require.NoError(t, err)
		assert.Equal(t, "Microsoft.Azure.Monitor."+want, r.CriteriaType())
	}
	f("credit/*", "credit/blue", "SingleResourceMultipleMetricCriteria")
	f("credit/*", "credit/*", "MultipleResourceMultipleMetricCriteria")
	f(`"credit/*"`, `"a","b"`, "MultipleResourceMultipleMetricCriteria")
}

func FuzzParseRule(f *testing.F) {
	for _, s := range []string{metricRule, logRule, `{"name":"p","group":{"name":"g","rules":[{"alert":"A","expr":"1"}]}}`, `{"properties":{"criteria":{"allOf":[{}]}}}`} {
		f.Add([]byte(s))
	}
	defs := definitions(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := alerts.CheckRule(data, defs)
		_ = r.Validate(defs) // of what was half read, too
		if err != nil {
			require.NotEmpty(t, alerts.FieldErrors(err), "every mistake names its field")
			return
		}
		written, err := r.MarshalJSON()
		require.NoError(t, err)
		again, err := alerts.CheckRule(written, defs)
		if len(written) > alerts.MaxRuleSize {
			return // written out it may be longer than it was
		}
		require.NoError(t, err, string(written))
		require.Equal(t, r, again)
		require.NotEmpty(t, r.SemanticHash())
	})
}
