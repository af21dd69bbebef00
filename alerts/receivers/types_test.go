package receivers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// stored reads testdata/receivers/<name>.json with its addresses at base.
func stored(t *testing.T, name, base string) *alerts.ActionGroup {
	t.Helper()
	text, err := os.ReadFile("testdata/receivers/" + name + ".json")
	require.NoError(t, err)
	g, err := alerts.ParseActionGroup([]byte(strings.ReplaceAll(string(text), "$URL", base)))
	require.NoError(t, err)
	require.NoError(t, g.Validate())
	return &g
}

// storedNames lists testdata/receivers.
func storedNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/receivers/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".json"))
	}
	return names
}

// serve answers as the services do where all is well.
func serve(w http.ResponseWriter, c call, _ int) {
	switch {
	case strings.HasSuffix(c.Path, "/gettoken"):
		fmt.Fprint(w, `{"errcode":0,"access_token":"token-1"}`)
	case strings.HasSuffix(c.Path, "/message/send"):
		fmt.Fprint(w, `{"errcode":0,"errmsg":"ok"}`)
	case strings.HasPrefix(c.Path, "/services/"):
		fmt.Fprint(w, "ok")
	case strings.HasSuffix(c.Path, "/sendMessage"):
		fmt.Fprint(w, `{"ok":true,"result":{"message_id":1,"chat":{"id":-100123}}}`)
	case strings.HasSuffix(c.Path, "/search"):
		fmt.Fprint(w, `{"issues":[]}`)
	case strings.HasSuffix(c.Path, "/issue"):
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"key":"OPS-1"}`)
	case strings.HasSuffix(c.Path, "/chat.postMessage"):
		fmt.Fprint(w, `{"success":true}`)
	case strings.Contains(string(c.Body), "Action=Publish"):
		fmt.Fprint(w, `<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`)
	case strings.HasPrefix(c.Path, "/v2/enqueue"), strings.HasPrefix(c.Path, "/v2/alerts"), strings.HasPrefix(c.Path, "/v2/alert_events"):
		w.WriteHeader(http.StatusAccepted)
	}
}

// form returns the fields of a form as a payload.
func form(t *testing.T, text string) map[string]any {
	t.Helper()
	q, err := url.ParseQuery(text)
	require.NoError(t, err)
	m := map[string]any{}
	for k := range q {
		if q.Get(k) != "" && !strings.HasPrefix(k, "MessageAttributes") {
			m[k] = q.Get(k)
		}
	}
	return m
}

func TestEveryTypeSendsWhatItsServiceDocuments(t *testing.T) {
	for name, want := range map[string][]struct{ method, path, fields string }{
		"slack":          {{"POST", "/services/T0/hunter2-slack", "slack"}},
		"teams":          {{"POST", "/workflows/hunter2-teams", "teams"}},
		"pagerduty":      {{"POST", "/v2/enqueue", "pagerduty"}},
		"opsgenie":       {{"POST", "/v2/alerts", "opsgenie"}},
		"discord":        {{"POST", "/api/webhooks/1/hunter2-discord", "discord"}},
		"telegram":       {{"POST", "/bot123:hunter2-telegram/sendMessage", "telegram"}},
		"webex":          {{"POST", "/v1/messages", "webex"}},
		"jira":           {{"POST", "/rest/api/2/search", "jira-search"}, {"POST", "/rest/api/2/issue", "jira-v2"}},
		"jira-v3":        {{"POST", "/rest/api/3/search", "jira-search"}, {"POST", "/rest/api/3/issue", "jira-v3"}},
		"sns":            {{"POST", "/", "sns"}},
		"victorops":      {{"POST", "/alert/hunter2-victorops/ml", "victorops"}},
		"wechat":         {{"GET", "/cgi-bin/gettoken", ""}, {"POST", "/cgi-bin/message/send", "wechat"}},
		"rocketchat":     {{"POST", "/api/v1/chat.postMessage", "rocketchat"}},
		"mattermost":     {{"POST", "/hooks/hunter2-mattermost", "mattermost"}},
		"incidentio":     {{"POST", "/v2/alert_events/alertmanager/1", "incidentio"}},
		"webhook":        {{"POST", "/hook/hunter2-hook", "webhook-v4"}},
		"webhook-common": {{"POST", "/hook/hunter2-hook", "common-prometheus"}},
		"logicapp":       {{"POST", "/logic/hunter2-logic", "common-prometheus"}},
		"azurefunction":  {{"POST", "/api/f", "common-prometheus"}},
		"runbook":        {{"POST", "/webhooks", "common-prometheus"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, serve)
			k := newKit(t)
			i := k.one(t, stored(t, name, l.URL))
			require.True(t, i.SendResolved())
			for _, as := range [][]*alert.Alert{{example()}, {resolved()}} {
				before := len(l.got())
				retry, err := i.Notify(about(t, as...), as...)
				require.NoError(t, err)
				require.False(t, retry)
				calls := l.got()[before:]
				if name == "wechat" && before > 0 {
					want = want[1:] // the token is kept
				}
				if strings.HasPrefix(name, "jira") && before > 0 {
					want = want[:1] // nothing to close
				}
				require.Len(t, calls, len(want))
				for n, w := range want {
					c := calls[n]
					require.Equal(t, w.method, c.Method)
					if name == "opsgenie" && before > 0 {
						require.Regexp(t, `^/v2/alerts/[0-9a-f]{64}/close$`, c.Path)
						w.fields = "opsgenie-close"
					} else {
						require.Equal(t, w.path, c.Path)
					}
					if w.fields == "" {
						continue
					}
					var payload map[string]any
					if c.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
						payload = form(t, string(c.Body))
					} else {
						payload = c.json(t)
					}
					checkFields(t, w.fields, payload)
					if !strings.HasPrefix(name, "webhook") && w.fields != "jira-search" {
						text, _ := json.Marshal(payload)
						require.NotContains(t, string(text), "action_groups", "what routes messages is not for people")
					}
				}
			}
		})
	}
}

func TestEveryTypeAuthorizes(t *testing.T) {
	for name, want := range map[string][2]string{
		"opsgenie":       {"Authorization", "GenieKey hunter2-opsgenie"},
		"webex":          {"Authorization", "Bearer hunter2-webex"},
		"jira":           {"Authorization", "Basic Ym90Omh1bnRlcjItamlyYQ=="},
		"rocketchat":     {"X-Auth-Token", "hunter2-rocket"},
		"incidentio":     {"Authorization", "Bearer hunter2-incidentio"},
		"webhook":        {"X-Key", "hunter2-header"},
		"webhook-common": {"Authorization", "Bearer hunter2-bearer"},
	} {
		l := listen(t, serve)
		i := newKit(t).one(t, stored(t, name, l.URL))
		_, err := i.Notify(about(t, example()), example())
		require.NoError(t, err)
		require.Equal(t, want[1], l.got()[0].Header.Get(want[0]), name)
	}
	l := listen(t, serve)
	i := newKit(t).one(t, stored(t, "sns", l.URL))
	_, err := i.Notify(about(t, example()), example())
	require.NoError(t, err)
	require.Regexp(t, `^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/eu-west-1/sns/aws4_request, SignedHeaders=[a-z0-9;-]*host;[a-z0-9;-]*, Signature=[0-9a-f]{64}$`,
		l.got()[0].Header.Get("Authorization"))
}

func TestMessagesSayWhatSomebodyOnCallNeeds(t *testing.T) {
	said := func(name string) string {
		l := listen(t, serve)
		i := newKit(t).one(t, stored(t, name, l.URL))
		_, err := i.Notify(about(t, example()), example())
		require.NoError(t, err)
		all := l.got()
		body := all[len(all)-1].Body
		if strings.HasPrefix(string(body), "{") {
			var v any
			require.NoError(t, json.Unmarshal(body, &v))
			return fmt.Sprint(v)
		}
		text, err := url.QueryUnescape(string(body))
		require.NoError(t, err)
		return text
	}
	for _, name := range []string{"slack", "teams", "pagerduty", "opsgenie", "discord", "telegram", "webex", "jira", "jira-v3", "sns", "victorops", "wechat", "rocketchat", "mattermost", "incidentio"} {
		text := said(name)
		for _, part := range []string{"High latency", "is slow", "instance blue-7 has 80% of it", "https://endscope.example/runbooks/latency"} {
			require.Contains(t, text, part, name)
		}
		if name != "incidentio" {
			require.NotContains(t, text, "action_groups", name)
		}
	}
	require.Contains(t, said("slack"), "credit/blue is slow &lt;now&gt; &amp; later")
	require.Contains(t, said("slack"), "<https://endscope.example/chart/1|Chart>")
	require.Contains(t, said("telegram"), "credit/blue is slow &lt;now&gt; &amp; later")
	require.Contains(t, said("pagerduty"), "severity:critical")
	require.Contains(t, said("opsgenie"), "priority:P1")
}

func TestManyAlertsFitIntoTheLimitsOfTheServices(t *testing.T) {
	var as []*alert.Alert
	for n := range 60 {
		a := example()
		if n%3 == 0 {
			a = resolved()
		}
		a.Labels["instance"] = model.LabelValue(fmt.Sprintf("i%d", n))
		a.Labels["alertname"] = model.LabelValue(strings.Repeat("N&", 60))
		for _, name := range []model.LabelName{"summary", "description", "finding"} {
			a.Annotations[name] = model.LabelValue(strings.Repeat("<&ä> ", 500))
		}
		for _, name := range []model.LabelName{"link", "chart_url", "drilldown_url", "explain_url"} {
			a.Annotations[name] = model.LabelValue("https://endscope.example/?a=1&b=2&q=" + strings.Repeat("x", 100+n*20))
		}
		as = append(as, a)
	}
	for name, most := range map[string]int{"telegram": 0, "discord": 0, "webex": 0, "slack": 0, "opsgenie": 0, "pagerduty": 512 << 10, "teams": 28 << 10, "victorops": 0, "jira": 0, "jira-v3": 0, "mattermost": 0, "rocketchat": 0, "wechat": 0} {
		l := listen(t, serve)
		i := newKit(t).one(t, stored(t, name, l.URL))
		_, err := i.Notify(about(t, as...), as...)
		require.NoError(t, err, name)
		calls := l.got()
		c := calls[len(calls)-1]
		table := map[string]string{"jira": "jira-v2"}[name]
		if table == "" {
			table = name
		}
		checkFields(t, table, c.json(t))
		require.NotContains(t, string(c.Body), "could not be sent", name)
		if most > 0 {
			require.LessOrEqual(t, len(c.Body), most, name)
		}
	}
}
