package alerts_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

const processingRule = `{"name":"nights","enabled":true,"scopes":["credit"],
 "conditions":[{"field":"Severity","operator":"Equals","values":["Sev3","Sev4"]}],
 "schedule":{"effectiveFrom":"2026-01-01T00:00:00","timeZone":"W. Europe Standard Time",
  "recurrences":[{"recurrenceType":"Weekly","startTime":"22:00:00","endTime":"06:00:00","daysOfWeek":["Saturday","sunday"]}]},
 "actions":[{"actionType":"RemoveAllActionGroups"}]}`

func TestProcessingRuleIsReadAndWritten(t *testing.T) {
	flat, err := alerts.ParseProcessingRule([]byte(processingRule))
	require.NoError(t, err)
	assert.Equal(t, alerts.ProcessingRule{
		Name: "nights", Enabled: true, Scopes: []string{"credit"}, Suppress: true,
		Conditions: []alerts.ProcessingCondition{{Field: "Severity", Operator: "Equals", Values: []string{"Sev3", "Sev4"}}},
		Schedule: &alerts.Schedule{EffectiveFrom: "2026-01-01T00:00:00", TimeZone: "W. Europe Standard Time", Recurrences: []alerts.Recurrence{
			{Type: "Weekly", StartTime: "22:00:00", EndTime: "06:00:00", DaysOfWeek: []string{"Saturday", "Sunday"}},
		}},
	}, flat)
	require.NoError(t, flat.Validate())
	written, err := json.Marshal(flat)
	require.NoError(t, err)
	again, err := alerts.ParseProcessingRule(written)
	require.NoError(t, err)
	assert.Equal(t, flat, again)

	enveloped, err := alerts.ParseProcessingRule([]byte(`{"name":"add","location":"Global","type":"Microsoft.AlertsManagement/actionRules","properties":{
	 "scopes":["/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/credit"],
	 "actions":[{"actionType":"AddActionGroups","actionGroupIds":["/subscriptions/s/actionGroups/boss","x"]}],"enabled":false,"description":"d"}}`))
	require.NoError(t, err)
	assert.Equal(t, alerts.ProcessingRule{Name: "add", Description: "d", Scopes: []string{"credit"}, AddGroups: []string{"boss", "x"}}, enveloped)
	require.NoError(t, enveloped.Validate())
}

func TestMistakesOfProcessingRules(t *testing.T) {
	f := func(old, replacement string, want ...string) {
		t.Helper()
		require.Contains(t, processingRule, old)
		r, err := alerts.ParseProcessingRule([]byte(strings.Replace(processingRule, old, replacement, 1)))
		if err == nil {
			err = r.Validate()
		}
		assert.Equal(t, want, lines(err), replacement)
	}
	f(`"nights"`, `"a/b"`, `name: must not have any of * # & + : < > ? @ % { } \ / (got a/b)`)
	f(`"enabled"`, `"Enabled"`, "Enabled: is no field; did you mean enabled?")
	f(`["credit"]`, `["a b"]`, "scopes[0]: must be a scope such as credit, credit/blue or credit/*: 1 to 63 characters of A-Z a-z 0-9 . _ -, starting with a letter or digit (got a b)")
	f(`["Sev3","Sev4"]`, `["Sev5"]`, "conditions[0].values[0]: must be one of Sev0, Sev1, Sev2, Sev3, Sev4 (got Sev5)")
	f(`["Sev3","Sev4"]`, `["0","1","2","3","4","sev1"]`, "conditions[0].values: must have from 1 to 5 values (got 6)")
	f(`["Sev3","Sev4"]`, `[]`, "conditions[0].values: must have from 1 to 5 values (got 0)")
	f(`"Equals"`, `"Contains"`, "conditions[0].operator: must be one of Equals, NotEquals (got Contains)")
	f(`"field":"Severity","operator":"Equals","values":["Sev3","Sev4"]`, `"field":"Colour","operator":"Equals","values":["x"]`,
		"conditions[0].field: must be one of Severity, MonitorService, MonitorCondition, SignalType, TargetResource, TargetResourceGroup, TargetResourceType, AlertRuleId, AlertRuleName, Description, AlertContext (got Colour)")
	f(`"field":"Severity","operator":"Equals","values":["Sev3","Sev4"]`, `"field":"MonitorService","operator":"Equals","values":["log alerts v2","Zabbix"]`,
		"conditions[0].values[1]: must be one of Platform, Log Alerts V2, Prometheus, External (got Zabbix)")
	f(`"field":"Severity","operator":"Equals","values":["Sev3","Sev4"]`, `"field":"Description","operator":"Contains","values":[""]`,
		`conditions[0].values[0]: must not be empty, for every text contains that (got "")`)
	f(`"W. Europe Standard Time"`, `"Local"`, "schedule.timeZone: must be a time zone such as Europe/Berlin, or Azure's name of one such as W. Europe Standard Time (got Local)")
	f(`"2026-01-01T00:00:00"`, `"2026-01-01T00:00:00Z"`, "schedule.effectiveFrom: must be a local time such as 2026-11-28T10:00:00, without a zone (got 2026-01-01T00:00:00Z)")
	f(`"2026-01-01T00:00:00"`, `"2026-01-02","effectiveUntil":"2026-01-01T23:00"`, "schedule.effectiveUntil: must be after effectiveFrom, 2026-01-02 (got 2026-01-01T23:00)")
	f(`"Weekly"`, `"Hourly"`, "schedule.recurrences[0].recurrenceType: must be one of Daily, Weekly, Monthly (got Hourly)", "schedule.recurrences[0].daysOfWeek: is only of the recurrenceType Weekly")
	f(`["Saturday","sunday"]`, `["Saturnday"]`, "schedule.recurrences[0].daysOfWeek[0]: must be one of Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday (got Saturnday)")
	f(`"Weekly"`, `"Monthly","daysOfMonth":[0,32,-1]`, "schedule.recurrences[0].daysOfWeek: is only of the recurrenceType Weekly",
		"schedule.recurrences[0].daysOfMonth[0]: must be from 1 to 31, or from -1 (the last day) to -31 (got 0)",
		"schedule.recurrences[0].daysOfMonth[1]: must be from 1 to 31, or from -1 (the last day) to -31 (got 32)")
	f(`"22:00:00"`, `"24:00:00"`, "schedule.recurrences[0].startTime: must be a time of day such as 22:00:00 (got 24:00:00)")
	f(`"06:00:00"`, `"6 am"`, "schedule.recurrences[0].endTime: must be a time of day such as 06:00:00 (got 6 am)")
	f(`{"actionType":"RemoveAllActionGroups"}`, ``, "actions: must have RemoveAllActionGroups or AddActionGroups")
	f(`"RemoveAllActionGroups"`, `"AddActionGroups"`, "actions[0].actionGroupIds: must name at least one action group")
	f(`"RemoveAllActionGroups"`, `"Mute"`, "actions[0].actionType: must be one of RemoveAllActionGroups, AddActionGroups (got Mute)")
}

func TestSchedules(t *testing.T) {
	daily := func(start, end string) alerts.Recurrence {
		return alerts.Recurrence{Type: "Daily", StartTime: start, EndTime: end}
	}
	berlin := func(r ...alerts.Recurrence) *alerts.Schedule {
		return &alerts.Schedule{TimeZone: "Europe/Berlin", Recurrences: r}
	}
	f := func(s *alerts.Schedule, at string, want bool) {
		t.Helper()
		instant, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		assert.Equal(t, want, s.Holds(instant), at)
	}
	f(nil, "2026-11-28T10:00:00Z", true)
	f(&alerts.Schedule{}, "2026-11-28T10:00:00Z", true)
	f(&alerts.Schedule{TimeZone: "Nowhere/Nothing"}, "2026-11-28T10:00:00Z", false)

	window := &alerts.Schedule{EffectiveFrom: "2026-11-28T10:00:00", EffectiveUntil: "2026-11-28T11:00", TimeZone: "Tokyo Standard Time"}
	f(window, "2026-11-28T00:59:59Z", false)
	f(window, "2026-11-28T01:00:00Z", true)
	f(window, "2026-11-28T01:59:59Z", true)
	f(window, "2026-11-28T02:00:00Z", false)

	night := berlin(daily("22:00:00", "06:00:00"))
	f(night, "2026-11-28T20:59:59Z", false)
	f(night, "2026-11-28T21:00:00Z", true)
	f(night, "2026-11-29T04:59:59Z", true)
	f(night, "2026-11-29T05:00:00Z", false)
	f(night, "2026-07-01T20:00:00Z", true) // summer time

	// A window belongs to the day on which it begins.
	weekend := berlin(alerts.Recurrence{Type: "Weekly", StartTime: "22:00", EndTime: "06:00", DaysOfWeek: []string{"Saturday"}})
	f(weekend, "2026-11-28T03:00:00Z", false) // Saturday's early morning is of Friday's window
	f(weekend, "2026-11-28T22:00:00Z", true)
	f(weekend, "2026-11-29T03:00:00Z", true) // Sunday's is of Saturday's
	f(weekend, "2026-11-29T22:00:00Z", false)

	whole := berlin(alerts.Recurrence{Type: "Weekly", DaysOfWeek: []string{"sunday"}})
	f(whole, "2026-11-28T22:59:59Z", false)
	f(whole, "2026-11-28T23:00:00Z", true)
	f(whole, "2026-11-29T22:59:59Z", true)
	f(whole, "2026-11-29T23:00:00Z", false)

	monthly := berlin(alerts.Recurrence{Type: "Monthly", DaysOfMonth: []int{-1, 15}, StartTime: "23:00", EndTime: "01:00"})
	f(monthly, "2027-02-28T22:30:00Z", true)
	f(monthly, "2027-02-28T23:30:00Z", true) // already March there
	f(monthly, "2027-03-01T22:30:00Z", false)
	f(monthly, "2028-02-28T22:30:00Z", false) // a leap year
	f(monthly, "2028-02-29T22:30:00Z", true)
	f(monthly, "2027-03-15T22:30:00Z", true)

	two := berlin(daily("08:00", "09:00"), daily("12:00", "24:00"))
	f(two, "2026-11-28T07:30:00Z", true)
	f(two, "2026-11-28T10:30:00Z", false)
	f(two, "2026-11-28T22:59:59Z", true)
	f(two, "2026-11-28T23:00:00Z", false)
	f(berlin(daily("08:00", "08:00")), "2026-11-28T03:00:00Z", true) // all day long
	f(berlin(daily("", "08:00")), "2026-11-28T06:59:59Z", true)
	f(berlin(daily("", "08:00")), "2026-11-28T07:00:00Z", false)

	// On 29 March 2026 the clock goes from 02:00 to 03:00, at 01:00Z.
	f(berlin(daily("02:30", "04:00")), "2026-03-29T00:59:59Z", false)
	f(berlin(daily("02:30", "04:00")), "2026-03-29T01:00:00Z", true) // it is 03:00
	f(berlin(daily("02:30", "04:00")), "2026-03-29T02:00:00Z", false)
	f(berlin(daily("01:30", "02:30")), "2026-03-29T00:59:59Z", true)
	f(berlin(daily("01:30", "02:30")), "2026-03-29T01:00:00Z", false)
	f(berlin(daily("02:10", "02:50")), "2026-03-29T01:00:00Z", false) // a window that there is not on that day
	f(night, "2026-03-29T03:59:59Z", true)
	f(night, "2026-03-29T04:00:00Z", false)
	// On 25 October 2026 it goes from 03:00 back to 02:00, at 01:00Z.
	f(berlin(daily("02:30", "04:00")), "2026-10-25T00:29:59Z", false)
	f(berlin(daily("02:30", "04:00")), "2026-10-25T00:30:00Z", true)
	f(berlin(daily("02:30", "04:00")), "2026-10-25T02:59:59Z", true)
	f(berlin(daily("01:00", "02:30")), "2026-10-25T01:29:59Z", true) // the second time
	f(berlin(daily("01:00", "02:30")), "2026-10-25T01:30:00Z", false)

	// In Santiago midnight itself is skipped, on 6 September 2026 at 04:00Z; in Samoa a whole day was, 30 December 2011.
	santiago := &alerts.Schedule{TimeZone: "America/Santiago", Recurrences: []alerts.Recurrence{{Type: "Weekly", DaysOfWeek: []string{"Sunday"}}}}
	f(santiago, "2026-09-06T03:59:59Z", false)
	f(santiago, "2026-09-06T04:00:00Z", true)
	f(santiago, "2026-09-07T02:59:59Z", true)
	f(santiago, "2026-09-07T03:00:00Z", false)
	samoa := &alerts.Schedule{TimeZone: "Pacific/Apia", Recurrences: []alerts.Recurrence{{Type: "Monthly", DaysOfMonth: []int{30}}}}
	f(samoa, "2011-12-30T09:59:59Z", false)
	f(samoa, "2011-12-30T10:00:00Z", false)
	f(samoa, "2011-12-30T20:00:00Z", false)
}

func TestZonesOfWindows(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		zone, err := alerts.Zone(name)
		require.NoError(t, err)
		assert.Equal(t, want, zone.String())
	}
	f("", "UTC")
	f("W. Europe Standard Time", "Europe/Berlin")
	f("pacific standard time", "America/Los_Angeles")
	f("Asia/Kolkata", "Asia/Kolkata")
	for _, name := range alerts.WindowsZoneNames() {
		_, err := alerts.Zone(name)
		assert.NoError(t, err, name)
	}
	assert.Greater(t, len(alerts.WindowsZoneNames()), 130)
}

func firedAlert() *alerts.Alert {
	value := 7.5
	return &alerts.Alert{
		Rule: "errors", RuleKind: alerts.KindMetric, Severity: 2, Condition: alerts.Fired, Description: "Too many errors",
		Target: scopes.Path{Endpoint: "credit", Deployment: "blue"}, Labels: map[string]string{"alertname": "errors"},
		Dimensions: map[string]string{"statusCode": "500"}, Values: []alerts.CriterionValue{{Criterion: alerts.Criterion{MetricName: "ErrorRatio"}, Value: &value}},
		Actions: []alerts.Action{{ActionGroupID: "oncall", WebHookProperties: map[string]string{"a": "b"}}},
	}
}

func TestConditionsOfProcessingRules(t *testing.T) {
	f := func(want bool, field, operator string, values ...string) {
		t.Helper()
		r := alerts.ProcessingRule{Conditions: []alerts.ProcessingCondition{{Field: field, Operator: operator, Values: values}}}
		assert.Equal(t, want, r.Matches(firedAlert()), "%s %s %q", field, operator, values)
	}
	f(true, "Severity", "Equals", "Sev1", "sev2")
	f(true, "Severity", "Equals", "2")
	f(false, "Severity", "NotEquals", "Sev1", "Sev2") // none of them, not one of them
	f(true, "Severity", "NotEquals", "Sev1", "Sev3")
	f(true, "MonitorService", "Equals", "platform")
	f(false, "MonitorService", "Equals", "Log Alerts V2")
	f(true, "SignalType", "Equals", "Metric")
	f(true, "MonitorCondition", "Equals", "Fired")
	f(true, "TargetResource", "Equals", "credit/blue")
	f(true, "TargetResource", "Equals", "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/credit/deployments/blue")
	f(false, "TargetResource", "Equals", "credit")
	f(true, "TargetResource", "Contains", "BLUE")
	f(true, "TargetResourceGroup", "Equals", "credit")
	f(true, "TargetResourceType", "Equals", "deployment")
	f(true, "TargetResourceType", "Equals", "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments")
	f(false, "TargetResourceType", "Equals", "endpoint")
	f(true, "AlertRuleName", "Contains", "err")
	f(true, "AlertRuleId", "Equals", "/subscriptions/s/providers/Microsoft.Insights/metricAlerts/errors")
	f(true, "Description", "DoesNotContain", "warnings", "nothing")
	f(false, "Description", "DoesNotContain", "warnings", "MANY")
	f(true, "AlertContext", "Contains", `"statuscode":"500"`)
	f(true, "AlertContext", "Contains", `"metricName":"ErrorRatio","metricValue":7.5`)
	f(false, "AlertContext", "Contains", "404")
	f(false, "Colour", "NotEquals", "red")
	f(false, "Severity", "Resembles", "Sev2")
}

func TestProcessingRulesAreApplied(t *testing.T) {
	at := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
	suppress := alerts.ProcessingRule{Name: "suppress", Enabled: true, Suppress: true}
	add := alerts.ProcessingRule{Name: "add", Enabled: true, AddGroups: []string{"oncall", "boss"}}
	f := func(rules []alerts.ProcessingRule, groups, suppressedBy, addedBy []string) {
		t.Helper()
		a := firedAlert()
		actions, by, from := alerts.Apply(rules, a, at)
		var names []string
		for _, action := range actions {
			names = append(names, action.ActionGroupID)
		}
		assert.Equal(t, groups, names)
		assert.Equal(t, suppressedBy, by)
		assert.Equal(t, addedBy, from)
		assert.Equal(t, firedAlert(), a, "the alert is as it was")
	}
	f(nil, []string{"oncall"}, nil, nil)
	f([]alerts.ProcessingRule{add}, []string{"oncall", "boss"}, nil, []string{"add"})
	f([]alerts.ProcessingRule{suppress, add}, nil, []string{"suppress"}, nil)
	f([]alerts.ProcessingRule{add, suppress}, nil, []string{"suppress"}, nil)
	off := suppress
	off.Enabled = false
	f([]alerts.ProcessingRule{off, add}, []string{"oncall", "boss"}, nil, []string{"add"})
	later := suppress
	later.Schedule = &alerts.Schedule{EffectiveFrom: "2026-11-28T10:00:01"}
	f([]alerts.ProcessingRule{later}, []string{"oncall"}, nil, nil)
	other := suppress
	other.Scopes = []string{"churn", "credit/green"}
	f([]alerts.ProcessingRule{other}, []string{"oncall"}, nil, nil)
	other.Scopes = []string{"churn", "credit"}
	f([]alerts.ProcessingRule{other}, nil, []string{"suppress"}, nil)
	again := add
	again.Name = "nothing new"
	f([]alerts.ProcessingRule{add, again}, []string{"oncall", "boss"}, nil, []string{"add"})
}

func TestAlertWithoutTargetIsInNoScope(t *testing.T) {
	a := firedAlert()
	a.Target = scopes.Path{}
	assert.False(t, (&alerts.ProcessingRule{Scopes: []string{"*"}}).Matches(a))
	assert.True(t, (&alerts.ProcessingRule{}).Matches(a))
}

func FuzzParseProcessingRule(f *testing.F) {
	f.Add([]byte(processingRule))
	f.Add([]byte(`{"properties":{"actions":[{"actionType":"AddActionGroups","actionGroupIds":["a"]}],"schedule":{"recurrences":[{"recurrenceType":"Monthly","daysOfMonth":[-1]}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := alerts.ParseProcessingRule(data)
		invalid := r.Validate()
		if err != nil {
			require.NotEmpty(t, alerts.FieldErrors(err))
			return
		}
		written, err := r.MarshalJSON()
		require.NoError(t, err)
		if len(written) > alerts.MaxRuleSize {
			return
		}
		again, err := alerts.ParseProcessingRule(written)
		require.NoError(t, err)
		if invalid == nil {
			require.Equal(t, r, again)
			_, _, _ = alerts.Apply([]alerts.ProcessingRule{r}, firedAlert(), time.Unix(1790000000, 0))
		}
	})
}
