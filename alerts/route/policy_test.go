package route

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	rules "github.com/endscope/endscope/internal/config"
)

const wholePolicy = `
route:
  receiver: oncall
  group_by: [alertname, endpoint]
  group_wait: 10s
  group_interval: 2m
  repeat_interval: 1d
  routes:
  - matchers: ['severity="critical"', 'team=~"a|b"']
    receiver: team
    group_by: ['...']
    continue: true
    mute_time_intervals: [night]
  - matchers: [severity=~".+"]
    group_by: []
    active_time_intervals: [night, day]
    routes:
    - receiver: none
inhibit_rules:
- name: one
  source_matchers: [severity = critical]
  target_matchers: [severity != critical]
  equal: [endpoint]
time_intervals:
- name: night
  time_intervals:
  - times: [{start_time: "22:00", end_time: "24:00"}]
    weekdays: ['monday:friday', sunday]
    days_of_month: ['1:5', '-3:-1']
    months: [january, '3:5']
    years: ['2026:2030']
    location: Europe/Berlin
- name: day
  time_intervals: []
`

func TestAPolicyIsReadAsItIsWritten(t *testing.T) {
	p, err := ParsePolicy([]byte(wholePolicy))
	require.NoError(t, err)
	require.Equal(t, Duration(24*time.Hour), *p.Route.RepeatInterval)
	require.NotNil(t, p.Route.Routes[1].GroupBy, "no label at all is not the same as not said")
	text, err := p.JSON()
	require.NoError(t, err)
	again, err := ParsePolicy(text)
	require.NoError(t, err)
	require.Equal(t, p, again)
	require.Contains(t, string(text), `"group_by":[]`)
	require.NoError(t, p.Check([]alerts.ActionGroup{group("oncall"), group("team")}))

	for _, empty := range []string{"", "{}", "route: {}", "null"} {
		p, err := ParsePolicy([]byte(empty))
		require.NoError(t, err, empty)
		require.Equal(t, DefaultPolicy(), p)
	}
}

func TestWhatAPolicyMustNotHold(t *testing.T) {
	for _, c := range []struct{ text, field, rule string }{
		{`{"routes":[]}`, "routes", "is no field here"},
		{`[]`, "body", "must be an object"},
		{`{`, "body", "must be JSON or YAML"},
		{"\xff", "body", "must be UTF-8"},
		{strings.Repeat(" ", maxPolicySize+1), "body", "must have at most 1048576 bytes"},
		{"route:\n  receiver: a\n  receiver: b\n", "body", "must be JSON or YAML"},
		{`{"route":{"receiver":"a","receiver":"b"}}`, "body", "the name \"receiver\" is there twice"},
		{"route: &a {}\ninhibit_rules: *a\n", "body", "line 1: anchors"},
		{strings.Repeat("[", 100_000), "body", "nested deeper"},
		{strings.Repeat("- ", 100_000), "body", "nested deeper"},
		{`{"route":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "body", "nested deeper"},
		{`{"route":{"group_wait":30}}`, "route.group_wait", "must be a duration such as 30s, 5m or 4h"},
		{`{"route":{"group_interval":"0s"}}`, "route.group_interval", "must be more than 0s"},
		{`{"route":{"repeat_interval":"500d"}}`, "route.repeat_interval", "at most 366d"},
		{`{"route":{"receiver":7}}`, "route.receiver", "must be a string"},
		{`{"route":{"receiver":""}}`, "route.receiver", "must have between 1 and 256 bytes"},
		{`{"route":{"matchers":["a=b"]}}`, "route.matchers", "must not be on the root route"},
		{`{"route":{"continue":true}}`, "route.continue", "must not be on the root route"},
		{`{"route":{"mute_time_intervals":["x"]}}`, "route.mute_time_intervals", "must not be on the root route"},
		{`{"route":{"group_by":["...","a"]}}`, "route.group_by", "must stand alone"},
		{`{"route":{"group_by":["a","a"]}}`, "route.group_by[1]", "must not be there twice"},
		{`{"route":{"routes":{}}}`, "route.routes", "must be an array"},
		{`{"route":{"routes":[{"match":{"a":"b"}}]}}`, "route.routes[0].match", "write matchers"},
		{`{"route":{"routes":[{},{"matchers":["a=~\"(\""]}]}}`, "route.routes[1].matchers[0]", "must be a matcher"},
		{`{"route":{"routes":[{"continue":"yes"}]}}`, "route.routes[0].continue", "must be true or false"},
		{`{"inhibit_rules":[{"source_matchers":["a=b"]}]}`, "inhibit_rules[0].target_matchers", "at least one"},
		{`{"inhibit_rules":[{"target_matchers":["a=b"]}]}`, "inhibit_rules[0].source_matchers", "at least one"},
		{`{"time_intervals":[{"time_intervals":[]}]}`, "time_intervals[0].name", "must be given"},
		{`{"time_intervals":[{"name":"a"},{"name":"a"}]}`, "time_intervals[1].name", "must not be there twice"},
		{`{"time_intervals":[{"name":"a","time_intervals":[{"hours":[]}]}]}`, "time_intervals[0].time_intervals[0].hours", "is no field here"},
		{`{"time_intervals":[{"name":"a","time_intervals":[{"location":"Nowhere/City"}]}]}`, "time_intervals[0].time_intervals[0]", "unknown time zone"},
		{`{"time_intervals":[{"name":"a","time_intervals":[{"times":[{"start_time":"25:00","end_time":"26:00"}]}]}]}`, "time_intervals[0].time_intervals[0]", "must be a time interval"},
		{`{"route":` + strings.Repeat(`{"routes":[`, 20) + `{}` + strings.Repeat(`]}`, 20) + `}`, "route" + strings.Repeat(".routes[0]", 17), "nested at most 16 deep"},
		{`{"route":{"routes":[` + strings.Repeat(`{},`, 2000) + `{}]}}`, "route.routes", "must have at most 2000 entries"},
	} {
		_, err := ParsePolicy([]byte(c.text))
		var fe *alerts.FieldError
		require.ErrorAs(t, err, &fe, c.text)
		require.Equal(t, c.field, fe.Field, c.text)
		require.Contains(t, fe.Error(), c.rule, c.text)
		require.Less(t, len(fe.Value), 1000)
	}
}

func TestAllMistakesOfAPolicyAreToldAtOnce(t *testing.T) {
	_, err := ParsePolicy([]byte(`{"global":{},"route":{"receiver":5,"matchers":["x"],"routes":[{"match":{"a":"b"},"group_wait":"soon"},"y"]},
		"inhibit_rules":[1,{"equal":["a"]}],"time_intervals":[{"time_intervals":[{"weekdays":["someday"]},{"foo":1}]}]}`))
	var fields []string
	for _, e := range alerts.FieldErrors(err) {
		fields = append(fields, e.Field)
	}
	require.Equal(t, []string{
		"global", "inhibit_rules[0]", "inhibit_rules[1].source_matchers", "inhibit_rules[1].target_matchers", "route.matchers", "route.matchers[0]",
		"route.receiver", "route.routes[0].group_wait", "route.routes[0].match", "route.routes[1]", "time_intervals[0].time_intervals[0]",
		"time_intervals[0].time_intervals[1].foo", "time_intervals[0].name",
	}, fields)
	_, err = ParsePolicy([]byte(`{"inhibit_rules":[` + strings.Repeat(`1,`, 500) + `1]}`))
	require.Len(t, alerts.FieldErrors(err), maxMistakes)
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(wholePolicy)
	f.Add(`{"route":{"receiver":"oncall","routes":[{"matchers":["a=\"b\"",1],"routes":[null]}]}}`)
	f.Add("a: &a [1]\nb: [*a,*a]")
	f.Add(`{"time_intervals":[{"name":"a","time_intervals":[{"times":[{"start_time":"25:00"}],"location":null}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy([]byte(text))
		if err != nil {
			var fe *alerts.FieldError
			if !errors.As(err, &fe) || fe.Field == "" {
				t.Fatalf("%v names no field", err)
			}
			return
		}
		written, err := p.JSON()
		require.NoError(t, err)
		again, err := ParsePolicy(written)
		require.NoError(t, err, string(written))
		twice, err := again.JSON()
		require.NoError(t, err)
		require.Equal(t, string(written), string(twice))
		// What was read can be routed by.
		tree, err := makeTree(p, []alerts.ActionGroup{group("oncall")}, func(string) (bool, bool) { return true, true })
		require.NoError(t, err)
		_, err = tree.export(nil)
		require.NoError(t, err)
	})
}

func TestExportIsAConfigurationOfAlertmanager(t *testing.T) {
	receiver := func(kind alerts.ReceiverType, fields string) alerts.Receiver {
		return alerts.Receiver{Type: kind, Name: string(kind), Config: json.RawMessage(fields)}
	}
	oncall := alerts.ActionGroup{Name: "oncall", Enabled: true, GroupWait: time.Minute, MuteTimeIntervals: []string{"night"}, Receivers: []alerts.Receiver{
		receiver(alerts.ReceiverEmail, `{"emailAddress":"a@example.org"}`),
		receiver(alerts.ReceiverWebhook, `{"serviceUri":"https://hooks.example/SECRET"}`),
		receiver(alerts.ReceiverLogicApp, `{"callbackUrl":"https://hooks.example/SECRET?sig=SECRET"}`),
		receiver(alerts.ReceiverAzureFunction, `{"httpTriggerUrlFile":"/etc/x"}`),
		receiver(alerts.ReceiverSlack, `{"channel":"#a"}`),
		receiver(alerts.ReceiverTeams, `{"webhook_url":"https://teams.example/SECRET"}`),
		receiver(alerts.ReceiverPagerDuty, `{"routing_key":"SECRET"}`),
		receiver(alerts.ReceiverOpsgenie, `{}`),
		receiver(alerts.ReceiverDiscord, `{"webhook_url":"https://discord.example/SECRET"}`),
		receiver(alerts.ReceiverTelegram, `{"bot_token":"SECRET","chat_id":5}`),
		receiver(alerts.ReceiverWebex, `{"room_id":"r","http_config":{"authorization":{"credentials":"SECRET"}}}`),
		receiver(alerts.ReceiverJira, `{"api_url":"https://jira.example","project":"P","issue_type":"Bug"}`),
		receiver(alerts.ReceiverSNS, `{"topic_arn":"arn:x","sigv4":{"region":"eu"}}`),
		receiver(alerts.ReceiverPushover, `{"user_key":"SECRET","token":"SECRET"}`),
		receiver(alerts.ReceiverVictorOps, `{"routing_key":"r"}`),
		receiver(alerts.ReceiverWeChat, `{}`),
		receiver(alerts.ReceiverRocketChat, `{"channel":"#a","token":"SECRET","token_id":"SECRET"}`),
		receiver(alerts.ReceiverMattermost, `{"webhook_url":"https://mm.example/SECRET"}`),
		receiver(alerts.ReceiverIncidentio, `{"url":"https://incident.example/","alert_source_token":"SECRET"}`),
	}}
	each := alerts.ActionGroup{Name: "team", Enabled: true, Receivers: []alerts.Receiver{{Type: alerts.ReceiverWebhook, Name: "x", UseCommonAlertSchema: true, Config: json.RawMessage(`{"serviceUri":"https://hooks.example/SECRET"}`)}}}
	text, err := Export(policyOf(t, wholePolicy), []alerts.ActionGroup{oncall, each, {Name: "off"}})
	require.NoError(t, err)
	require.NotContains(t, string(text), "SECRET")
	require.NotContains(t, string(text), "off")
	conf, err := config.Load(string(text))
	require.NoError(t, err, string(text))
	require.Len(t, conf.Receivers, 3)
	for _, r := range conf.Receivers {
		if r.Name == "oncall" {
			require.Len(t, r.WebhookConfigs, 3)
			require.Len(t, r.IncidentioConfigs, 1)
		}
	}
	_, err = Export(DefaultPolicy(), []alerts.ActionGroup{oncall})
	require.ErrorContains(t, err, "night", "what does not fit together is not exported")
}

func TestConfig(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	for _, c := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.MaxAlerts = 0 }, "max_alerts: must be between 1 and 1000000 (got 0)"},
		{func(c *Config) { c.MaxSilences = -1 }, "max_silences: must be between 1 and 100000 (got -1)"},
		{func(c *Config) { c.MaxSilenceSize = 5 }, "max_silence_size: must be between 1KiB and 1MiB (got 5B)"},
		{func(c *Config) { c.ResolveTimeout = 0 }, "resolve_timeout: must be between 1s and 24h0m0s (got 0s)"},
		{func(c *Config) { c.UnhealthyAfter = time.Second }, "unhealthy_after: must be between 1m0s and 24h0m0s (got 1s)"},
		{func(c *Config) { c.StopGrace = time.Hour }, "stop_grace: must be between 0s and 5m0s (got 1h0m0s)"},
		{func(c *Config) { c.Cluster.ListenAddress = "10.0.0.1:9194" }, "cluster.listen_address: must be on loopback, or have cluster.tls_config_file, or cluster.allow_unauthenticated: true"},
		{func(c *Config) { c.Cluster.ListenAddress = ":9194" }, "cluster.listen_address: must be on loopback"},
		{func(c *Config) { c.Cluster.ListenAddress = "here" }, "cluster.listen_address: must be an address"},
		{func(c *Config) { c.Cluster.Peers = []string{"10.0.0.1:9194"} }, "cluster.peers: needs listen_address"},
		{func(c *Config) { c.Cluster.ListenAddress, c.Cluster.Peers = "127.0.0.1:9194", []string{"x"} }, "cluster.peers: must be an address"},
		{func(c *Config) { c.Cluster.PeerTimeout = 0 }, "cluster.peer_timeout: must be between"},
		{func(c *Config) { c.External.URLs = []string{"http://me:pass@x"} }, "external.urls: must be an http or https address without user"},
		{func(c *Config) { c.External.URLs = []string{"ftp://x"} }, "external.urls: must be an http or https address"},
		{func(c *Config) { c.External.Timeout = 0 }, "external.timeout: must be between"},
		{func(c *Config) { c.Cluster.ListenAddress, c.External.URLs = "127.0.0.1:9194", []string{"http://x"} }, "cluster.listen_address: must be empty with external.urls"},
	} {
		cfg := DefaultConfig()
		c.change(&cfg)
		err := cfg.Validate()
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "pass@")
		require.NotEmpty(t, rules.Fields(err))
		_, err = New(t.Context(), cfg, Settings{})
		require.Error(t, err)
	}
	cfg := DefaultConfig()
	cfg.Cluster.ListenAddress, cfg.Cluster.AllowUnauthenticated = "10.0.0.1:9194", true
	require.NoError(t, cfg.Validate())
	cfg = DefaultConfig()
	cfg.External.URLs, cfg.External.HTTPConfigFile = []string{"http://x"}, "/not/there"
	_, err := New(t.Context(), cfg, Settings{})
	require.ErrorContains(t, err, "external.http_config_file: must be an http_config of Prometheus")
	cfg = DefaultConfig()
	cfg.Cluster.ListenAddress, cfg.Cluster.TLSConfigFile = "127.0.0.1:9194", "/not/there"
	_, err = New(t.Context(), cfg, Settings{})
	require.ErrorContains(t, err, "tls_config_file")
}
