package receivers

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestReceiversThatAreRefused(t *testing.T) {
	k := newKit(t)
	f := func(array, receiver string, want ...string) {
		t.Helper()
		g, err := alerts.ParseActionGroup([]byte(`{"name":"oncall","` + array + `":[` + receiver + `]}`))
		require.NoError(t, err)
		var told []string
		for _, e := range alerts.FieldErrors(k.Validate(&g)) {
			told = append(told, e.Error())
		}
		require.Equal(t, want, told, receiver)
		if _, _, err = k.Integrations(&g); want != nil && !strings.Contains(want[0], "template") {
			require.Error(t, err)
		}
	}
	f("slackReceivers", `{"name":"x","api_url":"https://a.b/c","chanel":"#x"}`, "slackReceivers[0].chanel: is no field of this receiver")
	f("slackReceivers", `{"name":"x"}`, "slackReceivers[0]: no Slack API URL nor App token set either inline or in a file")
	f("slackReceivers", `{"name":"x","update_message":true}`, "slackReceivers[0]: is not complete: a field that others need is missing")
	f("slackReceivers", `{"name":"x","api_url":"hunter2"}`, `slackReceivers[0]: unsupported scheme "" for URL`)
	f("slackReceivers", `{"name":"x","api_url":"https://a.b/c","link_names":"hunter2"}`, "slackReceivers[0]: has a field of type str that must be bool")
	f("slackReceivers", `{"name":"x","api_url":"https://a.b/c","title":"{{ .Alerts.Fireing }}"}`,
		"slackReceivers[0].title: must be a template that runs: template: :1:10: executing \"\" at <.Alerts.Fireing>: can't evaluate field Fireing in type template.Alerts")
	f("slackReceivers", `{"name":"x","api_url_file":"/etc/shadow"}`,
		"slackReceivers[0].api_url_file: must be an absolute path below one of the server's alerts.receivers.secret_dirs (got /etc/shadow)")
	f("slackReceivers", `{"name":"x","api_url":"https://a.b/c","http_config":{"tls_config":{"ca_file":"/etc/shadow"},"http_headers":{"X":{"files":["/etc/shadow"]}}}}`,
		"slackReceivers[0].http_config.http_headers.X.files: must be an absolute path below one of the server's alerts.receivers.secret_dirs (got /etc/shadow)",
		"slackReceivers[0].http_config.tls_config.ca_file: must be an absolute path below one of the server's alerts.receivers.secret_dirs (got /etc/shadow)")
	f("slackReceivers", `{"name":"x","api_url":"https://a.b/<secret>"}`, "slackReceivers[0].api_url: must be given in full: <secret> stands for a secret that is not stored")
	f("pagerDutyReceivers", `{"name":"x"}`, "pagerDutyReceivers[0]: missing service or routing key in PagerDuty config")
	f("webexReceivers", `{"name":"x","room_id":"r"}`, "webexReceivers[0]: missing webex_configs.http_config.authorization")
	f("emailReceivers", `{"name":"x","emailAddress":"a@b.c"}`, "emailReceivers[0]: no global SMTP smarthost set")
	f("emailReceivers", `{"name":"x","emailAddress":"a@b.c","to":"d@e.f"}`, "emailReceivers[0].to: must not be set: use emailAddress")
	f("webhookReceivers", `{"name":"x","serviceUri":"https://a.b","useCommonAlertSchema":true,"payload":{"a":"b"}}`,
		"webhookReceivers[0].payload: must not be set together with the common alert schema, which says what is sent")
	f("webhookReceivers", `{"name":"x","serviceUri":"https://a.b","bearerToken":"t0ken","http_config":{"authorization":{"credentials":"o"}}}`,
		"webhookReceivers[0].bearerToken: must not be set together with http_config.authorization")
	f("webhookReceivers", `{"name":"x","serviceUri":"https://a.b","http_config":{"basic_auth":{"password_ref":"p"}}}`,
		"webhookReceivers[0].http_config.basic_auth.password_ref: must not be set: there is no manager of secrets; use the field that ends in _file")
	f("webhookReceivers", `{"name":"x","serviceUri":"https://a.b","format":"alertmanager","payload":{"text":"{{ .Status }}"},"timeout":"5s","max_alerts":3}`)
	f("jiraReceivers", `{"name":"x","project":"P","issue_type":"Bug"}`, "jiraReceivers[0]: no global Jira Cloud URL set")
}

func TestSecretsAreReadFromFilesOfTheAllowedFolder(t *testing.T) {
	dir := t.TempDir()
	l := listen(t, serve)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "url"), []byte(l.URL+"/services/hunter2-file\n"), 0o600))
	allow := func(c *Config, _ *Settings) { c.SecretDirs = []string{dir} }
	k := newKit(t, allow)
	for _, g := range []*alerts.ActionGroup{
		group(t, "slackReceivers", `{"name":"x","api_url_file":"`+dir+`/url"}`),
		group(t, "webhookReceivers", `{"name":"x","serviceUriFile":"`+dir+`/url"}`),
	} {
		i := k.one(t, g)
		_, err := i.Notify(about(t, example()), example())
		require.NoError(t, err)
		require.NoError(t, k.Validate(g))
	}
	require.Len(t, l.got(), 2)
	g := group(t, "slackReceivers", `{"name":"x","api_url_file":"`+dir+`/../url"}`)
	require.ErrorContains(t, k.Validate(g), "secret_dirs")
	failing := listen(t, func(w http.ResponseWriter, c call, _ int) { http.Error(w, c.Path, http.StatusBadRequest) })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "url"), []byte(failing.URL+"/services/hunter2-file\n"), 0o600))
	i := k.one(t, group(t, "slackReceivers", `{"name":"x","api_url_file":"`+dir+`/url"}`))
	_, err := i.Notify(about(t, example()), example())
	require.Error(t, err)
	noSecret(t, err.Error(), "what a file holds is a secret")
}

func TestLinksLeadNowhereElse(t *testing.T) {
	root := t.TempDir()
	dir, other := filepath.Join(root, "secrets"), filepath.Join(root, "other")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "..data"), 0o700))
	require.NoError(t, os.Mkdir(other, 0o700))
	for _, file := range []string{filepath.Join(dir, "..data", "url"), filepath.Join(other, "key")} {
		require.NoError(t, os.WriteFile(file, []byte("https://example.com/x"), 0o600))
	}
	for link, to := range map[string]string{
		filepath.Join(dir, "url"):      filepath.Join("..data", "url"), // as Kubernetes mounts secrets
		filepath.Join(dir, "out"):      filepath.Join(other, "key"),
		filepath.Join(dir, "folder"):   other,
		filepath.Join(dir, "dangling"): filepath.Join(other, "none"),
		filepath.Join(root, "linked"):  dir,
	} {
		require.NoError(t, os.Symlink(to, link))
	}
	for _, c := range []struct {
		dir, file string
		allowed   bool
	}{
		{dir, "secrets/url", true},
		{dir, "secrets/not-yet", true},
		{filepath.Join(root, "linked"), "linked/url", true},
		{filepath.Join(root, "not-yet"), "not-yet/url", true},
		{dir, "secrets/out", false},
		{dir, "secrets/folder/key", false},
		{dir, "secrets/folder/none", false},
		{dir, "secrets/dangling", false},
		{dir, "secrets/dangling/x", false},
		{dir, "other/key", false},
		{dir, "secrets", false},
	} {
		b := newKit(t, func(cfg *Config, _ *Settings) { cfg.SecretDirs = []string{c.dir} })
		err := b.Validate(group(t, "slackReceivers", `{"name":"x","api_url_file":"`+filepath.Join(root, c.file)+`"}`))
		if c.allowed {
			require.NoError(t, err, c.file)
		} else {
			require.ErrorContains(t, err, "secret_dirs", c.file)
		}
	}
}

func TestAnIntegrationKeepsItsIndexWhenOthersComeAndGo(t *testing.T) {
	k := newKit(t)
	both, err := alerts.ParseActionGroup([]byte(`{"name":"oncall","slackReceivers":[{"name":"a","api_url":"https://a.b/c"},{"name":"b","api_url":"https://a.b/d"}],
		"webhookReceivers":[{"name":"w","serviceUri":"https://a.b","useCommonAlertSchema":true}]}`))
	require.NoError(t, err)
	grouped, single, err := k.Integrations(&both)
	require.NoError(t, err)
	require.Len(t, grouped, 2)
	require.Len(t, single, 1)
	name, ok := ReceiverName(&both, "slack", grouped[1].Index())
	require.True(t, ok)
	require.Equal(t, "b", name)
	last := group(t, "slackReceivers", `{"name":"b","api_url":"https://a.b/d"}`)
	i := k.one(t, last)
	require.Equal(t, grouped[1].Index(), i.Index())
	require.Equal(t, "slack", i.Name())
	_, ok = ReceiverName(last, "slack", grouped[0].Index())
	require.False(t, ok)
}

func TestTheConfigurationIsChecked(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	c := DefaultConfig()
	c.Timeout, c.EmailsPerHour, c.WebhooksPerMinute = time.Hour, 0, -1
	c.SecretDirs, c.Templates = []string{"secrets"}, []string{"["}
	c.PagerDutyURL, c.SMTP.Smarthost, c.HTTP.NoProxy = "hunter2", "mail", "x"
	err := c.Validate()
	for _, part := range []string{"timeout: must be from 1s to 1m (got 1h0m0s)", "emails_per_hour: must be from 1 to 100000 (got 0)", "webhooks_per_minute:",
		"secret_dirs: must be an absolute path (got secrets)", "templates:", "pagerduty_url: must be an http or https URL", "smtp.smarthost: must be host:port (got mail)",
		"smtp.from: must be set where smarthost is", "http.no_proxy:"} {
		require.ErrorContains(t, err, part)
	}
	require.NotContains(t, err.Error(), "hunter2")
}

func TestOperatorsTemplatesWin(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "our.tmpl"), []byte(`{{ define "slack.default.title" }}OUR {{ .CommonLabels.alertname }}{{ end }}`), 0o600))
	l := listen(t, serve)
	k := newKit(t, func(c *Config, _ *Settings) { c.Templates = []string{filepath.Join(dir, "*.tmpl")} })
	i := k.one(t, stored(t, "slack", l.URL))
	_, err := i.Notify(about(t, example()), example())
	require.NoError(t, err)
	require.Contains(t, string(l.got()[0].Body), `"title":"OUR High latency"`)

	c := DefaultConfig()
	c.Templates = []string{filepath.Join(dir, "nothing-*.tmpl")}
	_, err = New(c, Settings{})
	require.ErrorContains(t, err, "there is no file")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.tmpl"), []byte(`{{ define "x" }}{{ end`), 0o600))
	c.Templates = []string{filepath.Join(dir, "bad.tmpl")}
	_, err = New(c, Settings{})
	require.ErrorContains(t, err, "bad.tmpl")
}
