package alerts

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const wholeGroup = `{
  "id": "/subscriptions/1/resourceGroups/ml/providers/microsoft.insights/actionGroups/oncall", "type": "Microsoft.Insights/ActionGroups",
  "name": "oncall", "location": "Global", "tags": {},
  "properties": {
    "groupShortName": "oncall", "enabled": true, "groupBy": ["alertname"], "groupWait": "PT30S", "groupInterval": "PT5M", "repeatInterval": "PT4H",
    "muteTimeIntervals": ["weekends"],
    "emailReceivers": [{"name": "mail", "emailAddress": "oncall@example.com", "useCommonAlertSchema": true, "status": "Enabled"}],
    "smsReceivers": [], "voiceReceivers": null, "armRoleReceivers": [],
    "webhookReceivers": [
      {"name": "hook", "serviceUri": "https://hooks.example.com/in/abc?code=s3cret", "useCommonAlertSchema": true, "useAadAuth": false, "objectId": null},
      {"name": "am", "serviceUri": "https://am.example.com/hook", "format": "alertmanager", "httpHeaders": {"Authorization": "Key k3y-value"}}],
    "logicAppReceivers": [{"name": "flow", "resourceId": "/subscriptions/1", "callbackUrl": "https://logic.example.com/x?sig=s1g"}],
    "slackReceivers": [{"name": "chat", "api_url": "https://hooks.slack.com/services/T/B/xyz", "channel": "#ml"}]
  }
}`

func TestAGroupInTheEnvelopeOfAzureIsRead(t *testing.T) {
	g, err := ParseActionGroup([]byte(wholeGroup))
	require.NoError(t, err)
	require.NoError(t, g.Validate())
	require.Equal(t, "oncall", g.Name)
	require.Equal(t, "oncall", g.ShortName)
	require.Equal(t, []time.Duration{30 * time.Second, 5 * time.Minute, 4 * time.Hour}, []time.Duration{g.GroupWait, g.GroupInterval, g.RepeatInterval})
	var told []string
	for _, r := range g.Receivers {
		told = append(told, fmt.Sprintf("%s %s %v %s", r.Type, r.Name, r.Single(), r.Config))
	}
	require.Equal(t, []string{
		`email mail true {"emailAddress":"oncall@example.com"}`,
		`webhook hook true {"serviceUri":"https://hooks.example.com/in/abc?code=s3cret"}`,
		`webhook am false {"serviceUri":"https://am.example.com/hook","httpHeaders":{"Authorization":"Key k3y-value"}}`,
		`logicApp flow true {"callbackUrl":"https://logic.example.com/x?sig=s1g"}`,
		`slack chat false {"api_url":"https://hooks.slack.com/services/T/B/xyz","channel":"#ml"}`,
	}, told)

	text, err := json.Marshal(g)
	require.NoError(t, err)
	var again ActionGroup
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, g, again)
}

func TestGroupsThatAreRefused(t *testing.T) {
	f := func(group string, want ...string) {
		t.Helper()
		g, err := ParseActionGroup([]byte(group))
		var told []string
		for _, e := range FieldErrors(err) {
			told = append(told, e.Error())
		}
		for _, e := range FieldErrors(g.Validate()) {
			told = append(told, e.Error())
		}
		require.Equal(t, want, told, group)
	}
	f(`{"name":"a","groupShortName":"thirteen-chars"}`, "groupShortName: must have at most 12 characters (got 14)")
	f(`{"name":"a,b"}`, "name: must not have a comma (got a,b)")
	f(`{"name":"a","smsReceivers":[{"name":"x"}],"itsmReceivers":[{}]}`,
		"itsmReceivers: cannot be sent without Azure: use jiraReceivers, or webhookReceivers to the ticket system",
		"smsReceivers: cannot be sent without Azure: use snsReceivers with phone_number, or pagerDutyReceivers")
	f(`{"name":"a","slackReceiver":[]}`, "slackReceiver: is no field; did you mean slackReceivers?")
	f(`{"name":"a","slackReceivers":[{"name":"x"}],"teamsReceivers":[{"name":"X"}]}`,
		"teamsReceivers[0].name: must be another name than that of any other receiver of the group (got X)")
	f(`{"name":"a","emailReceivers":[{"name":"x","emailAddress":"a@b.c, d@e.f"}]}`,
		"emailReceivers[0].emailAddress: must be one address such as oncall@example.com (got a@b.c, d@e.f)")
	f(`{"name":"a","webhookReceivers":[{"name":"x","serviceUri":"ftp://s3cret"},{"name":"y"}]}`,
		"webhookReceivers[0].serviceUri: must be an http or https URL", "webhookReceivers[1].serviceUri: is required")
	f(`{"name":"a","webhookReceivers":[{"name":"x","serviceUri":"https://a.b","useCommonAlertSchema":true,"format":"alertmanager"}]}`,
		"webhookReceivers[0].format: must agree with useCommonAlertSchema, which is true (got alertmanager)")
	f(`{"name":"a","webhookReceivers":[{"name":"x","serviceUri":"https://a.b","useAadAuth":true}]}`,
		"webhookReceivers[0].useAadAuth: cannot be used without Azure: use http_config.oauth2, bearerToken or basicAuth (got true)")
	f(`{"name":"a","logicAppReceivers":[{"name":"x","callbackUrl":"https://a.b","useCommonAlertSchema":false}]}`,
		"logicAppReceivers[0].useCommonAlertSchema: must be true or left out: these receivers are sent the common alert schema only (got false)")
	f(`{"name":"a","groupBy":["...","x"],"groupInterval":"PT1S","repeatInterval":"PT1M","groupWait":"30s"}`,
		"groupWait: must be an ISO 8601 duration such as PT5M, PT1H30M or P1D, of at most 100 years (got \"30s\")",
		"groupBy[0]: must stand alone: it groups by all labels (got ...)",
		"groupInterval: must be at least PT10S, or be left out for the policy's (got PT1S)")
	f(`{"name":"a","repeatInterval":"PT5M","groupInterval":"PT10M"}`, "repeatInterval: must not be below groupInterval, PT10M (got PT5M)")
	many := make([]string, 11)
	for i := range many {
		many[i] = fmt.Sprintf(`{"name":"r%d"}`, i)
	}
	f(`{"name":"a","slackReceivers":[`+strings.Join(many, ",")+`]}`, "slackReceivers: must have at most 10 receivers (got 11)")
	f(`{"name":"a","name":"b"}`, "name: is given twice", "name: is required")
}

func TestNoMessageTellsASecret(t *testing.T) {
	for _, group := range []string{
		`{"name":"a","webhookReceivers":[{"name":"x","serviceUri":"hunter2://hunter2"}]}`,
		`{"name":"a","webhookReceivers":[{"name":"x","serviceUri":["hunter2"]}]}`,
		`{"name":"a","slackReceivers":[{"name":"x","api_url":"hunter2"}],"smsReceivers":[{"name":"hunter2"}]}`,
		`{"name":"a","slackReceivers":["hunter2"]}`,
		`{"name":"a","slackReceivers":"hunter2"}`,
	} {
		g, err := ParseActionGroup([]byte(group))
		require.NotContains(t, fmt.Sprint(err, g.Validate(), g, g.Receivers, fmt.Sprintf("%#v %+v", g, g.Receivers)), "hunter2", group)
	}
}

func TestRedactedGroupsShowSchemeAndHost(t *testing.T) {
	g, err := ParseActionGroup([]byte(wholeGroup))
	require.NoError(t, err)
	text, err := g.Redacted().MarshalJSON()
	require.NoError(t, err)
	for _, secret := range []string{"s3cret", "k3y-value", "s1g", "xyz", "/in/abc"} {
		require.NotContains(t, string(text), secret)
	}
	for _, shown := range []string{`"https://hooks.slack.com/<secret>"`, `"https://hooks.example.com/<secret>"`, `"#ml"`, `"oncall@example.com"`, `{"Authorization":"<secret>"}`} {
		require.Contains(t, string(text), shown)
	}
	original, err := json.Marshal(g)
	require.NoError(t, err)
	require.Contains(t, string(original), "s3cret", "the group itself must stay as it was")
}

func TestSecretsOfTheStoredGroupArePutBack(t *testing.T) {
	old, err := ParseActionGroup([]byte(wholeGroup))
	require.NoError(t, err)
	sent := old.Redacted()
	sent.ShortName = "new"
	merged, err := sent.MergeSecrets(old)
	require.NoError(t, err)
	old.ShortName = "new"
	require.Equal(t, old, merged)
}

func TestSecretsThatCannotBePutBack(t *testing.T) {
	f := func(old, sent string, want ...string) {
		t.Helper()
		before, err := ParseActionGroup([]byte(old))
		require.NoError(t, err)
		after, err := ParseActionGroup([]byte(sent))
		require.NoError(t, err)
		merged, err := after.MergeSecrets(before)
		var told []string
		for _, e := range FieldErrors(err) {
			told = append(told, e.Error())
		}
		require.Equal(t, want, told)
		if want != nil {
			text, _ := json.Marshal(merged)
			require.NotContains(t, string(text), "hunter2", "a secret must not go where it was not sent before")
		}
	}
	old := `{"name":"a","pagerDutyReceivers":[{"name":"p","routing_key":"hunter2","url":"https://events.pagerduty.com/v2/enqueue"}]}`
	f(old, `{"name":"a","pagerDutyReceivers":[{"name":"p","routing_key":"<secret>","url":"https://events.pagerduty.com/v2/enqueue","class":"x"}]}`)
	f(old, `{"name":"a","pagerDutyReceivers":[{"name":"q","routing_key":"<secret>"}]}`,
		"pagerDutyReceivers[0].routing_key: must be given in full: there is no stored secret for it")
	f(old, `{"name":"a","pagerDutyReceivers":[{"name":"p","routing_key":"<secret>","url":"https://evil.example"}]}`,
		"pagerDutyReceivers[0].routing_key: must be given in full, because url has changed")
	f(old, `{"name":"a","pagerDutyReceivers":[{"name":"p","routing_key":"<secret>","url":"https://events.pagerduty.com/v2/enqueue","http_config":{"proxy_url":"http://evil.example"}}]}`,
		"pagerDutyReceivers[0].routing_key: must be given in full, because http_config.proxy_url has changed")
	f(`{"name":"a","slackReceivers":[{"name":"p","api_url":"https://hooks.slack.com/hunter2"}]}`,
		`{"name":"a","slackReceivers":[{"name":"p","api_url":"https://evil.example/<secret>"}]}`,
		"slackReceivers[0].api_url: must be given in full: there is no stored secret for it")
	f(`{"name":"a","emailReceivers":[{"name":"p","emailAddress":"a@b.c","smarthost":"mail:25","auth_password":"hunter2"}]}`,
		`{"name":"a","emailReceivers":[{"name":"p","emailAddress":"a@b.c","smarthost":"evil:25","auth_password":"<secret>"}]}`,
		"emailReceivers[0].auth_password: must be given in full, because smarthost has changed")
}

func FuzzParseActionGroup(f *testing.F) {
	f.Add([]byte(wholeGroup))
	examples, err := filepath.Glob("receivers/testdata/receivers/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range examples {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := ParseActionGroup(data)
		if err != nil {
			return
		}
		_ = g.Validate()
		text, err := json.Marshal(g)
		require.NoError(t, err)
		again, err := ParseActionGroup(text)
		require.NoError(t, err, string(text))
		require.Equal(t, g, again)
		hidden := g.Redacted()
		if !strings.Contains(string(text), Secret) {
			merged, err := hidden.MergeSecrets(g)
			if err == nil {
				a, _ := json.Marshal(merged)
				b, _ := json.Marshal(g)
				require.JSONEq(t, string(b), string(a))
			}
		}
		twice := hidden.Redacted()
		a, _ := json.Marshal(hidden)
		b, _ := json.Marshal(twice)
		require.Equal(t, string(a), string(b), "hiding twice is hiding once")
	})
}
