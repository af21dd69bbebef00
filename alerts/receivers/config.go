package receivers

import (
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config holds the server's defaults for receivers. A receiver's own field wins over the default.
type Config struct {
	Templates  []string      `yaml:"templates" help:"Files of message templates, as globs. What they define wins over the built-in templates of the same name."`
	SecretDirs []string      `yaml:"secret_dirs" help:"Folders whose files action groups may name in fields such as api_url_file. Without any, action groups may name no file: whoever may write a group could have any file of the server sent."`
	Timeout    time.Duration `yaml:"timeout" help:"How long one attempt to deliver may take."`

	EmailsPerHour     int `yaml:"emails_per_hour" help:"How many emails one address gets in an hour. What is above waits for the group's next interval and is reported as a failure."`
	WebhooksPerMinute int `yaml:"webhooks_per_minute" help:"How many calls one webhook gets in a minute."`

	SMTP SMTPConfig `yaml:"smtp" help:"How emails leave the server."`
	HTTP HTTPConfig `yaml:"http" help:"How receivers are reached over HTTP."`

	SlackAPIURL     config.Secret `yaml:"slack_api_url" help:"Slack webhook for receivers that have none. A secret: rather use slack_api_url_file."`
	SlackAPIURLFile string        `yaml:"slack_api_url_file" help:"File with the Slack webhook."`
	PagerDutyURL    string        `yaml:"pagerduty_url" help:"Address of PagerDuty's Events API v2."`
	OpsgenieAPIURL  string        `yaml:"opsgenie_api_url" help:"Address of Opsgenie's API."`
	OpsgenieKeyFile string        `yaml:"opsgenie_api_key_file" help:"File with the Opsgenie key for receivers that have none."`
	VictorOpsAPIURL string        `yaml:"victorops_api_url" help:"Address of VictorOps' (Splunk On-Call's) API."`
	VictorOpsFile   string        `yaml:"victorops_api_key_file" help:"File with the VictorOps key for receivers that have none."`
	TelegramAPIURL  string        `yaml:"telegram_api_url" help:"Address of Telegram's bot API."`
	WebexAPIURL     string        `yaml:"webex_api_url" help:"Address of Webex's messages API."`
	JiraAPIURL      string        `yaml:"jira_api_url" help:"Address of Jira's API for receivers that have none, such as https://example.atlassian.net/rest/api/3."`
	WeChatAPIURL    string        `yaml:"wechat_api_url" help:"Address of WeChat's API."`
	RocketChatURL   string        `yaml:"rocketchat_api_url" help:"Address of Rocket.Chat's API."`
}

// SMTPConfig says how emails leave the server.
type SMTPConfig struct {
	Smarthost        string        `yaml:"smarthost" help:"Mail server, host:port. Port 465 is TLS from the start, others STARTTLS. Empty: email receivers need a smarthost of their own."`
	From             string        `yaml:"from" help:"Sender of emails."`
	Hello            string        `yaml:"hello" help:"Name that the server greets the mail server with."`
	AuthUsername     string        `yaml:"auth_username" help:"User at the mail server; empty to send without one."`
	AuthPassword     config.Secret `yaml:"auth_password" help:"Its password. A secret: rather use auth_password_file."`
	AuthPasswordFile string        `yaml:"auth_password_file" help:"File with the password."`
	AuthIdentity     string        `yaml:"auth_identity" help:"Identity for PLAIN authentication, where it is another than the user."`
	AuthSecretFile   string        `yaml:"auth_secret_file" help:"File with the secret for CRAM-MD5 authentication."`
	RequireTLS       bool          `yaml:"require_tls" help:"Send only over TLS."`
	CAFile           string        `yaml:"ca_file" help:"Certificates that the mail server's is checked with; empty for the system's."`
	InsecureSkip     bool          `yaml:"insecure_skip_verify" help:"Do not check the mail server's certificate."`
}

// HTTPConfig says how HTTP receivers are reached.
type HTTPConfig struct {
	ProxyURL             config.Secret `yaml:"proxy_url" help:"HTTP proxy; empty for none."`
	NoProxy              string        `yaml:"no_proxy" help:"Hosts, domains and networks that are reached without the proxy, separated by commas."`
	ProxyFromEnvironment bool          `yaml:"proxy_from_environment" help:"Take the proxy from HTTPS_PROXY, HTTP_PROXY and NO_PROXY."`
	CAFile               string        `yaml:"ca_file" help:"Certificates that servers' are checked with; empty for the system's."`
	InsecureSkip         bool          `yaml:"insecure_skip_verify" help:"Do not check servers' certificates."`
}

// DefaultConfig returns the defaults: Azure's limits, Alertmanager's addresses.
func DefaultConfig() Config {
	return Config{
		Timeout:           10 * time.Second,
		EmailsPerHour:     100,
		WebhooksPerMinute: 1500,
		SMTP:              SMTPConfig{Hello: "localhost", RequireTLS: true},
		PagerDutyURL:      "https://events.pagerduty.com/v2/enqueue",
		OpsgenieAPIURL:    "https://api.opsgenie.com/",
		VictorOpsAPIURL:   "https://alert.victorops.com/integrations/generic/20131114/alert/",
		TelegramAPIURL:    "https://api.telegram.org",
		WebexAPIURL:       "https://webexapis.com/v1/messages",
		WeChatAPIURL:      "https://qyapi.weixin.qq.com/cgi-bin/",
		RocketChatURL:     "https://open.rocket.chat/",
	}
}

// Validate returns every key that is not allowed.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.Timeout < time.Second || c.Timeout > time.Minute {
		bad("timeout", c.Timeout, "must be from 1s to 1m")
	}
	if c.EmailsPerHour < 1 || c.EmailsPerHour > 100_000 {
		bad("emails_per_hour", c.EmailsPerHour, "must be from 1 to 100000")
	}
	if c.WebhooksPerMinute < 1 || c.WebhooksPerMinute > 100_000 {
		bad("webhooks_per_minute", c.WebhooksPerMinute, "must be from 1 to 100000")
	}
	for _, glob := range c.Templates {
		if _, err := filepath.Match(glob, ""); err != nil {
			bad("templates", glob, "must be the name of a file or a pattern such as /etc/endscope/templates/*.tmpl")
		}
	}
	for _, dir := range c.SecretDirs {
		if !filepath.IsAbs(dir) {
			bad("secret_dirs", dir, "must be an absolute path")
		}
	}
	for _, u := range []struct{ key, value string }{
		{"http.proxy_url", string(c.HTTP.ProxyURL)}, {"slack_api_url", string(c.SlackAPIURL)}, {"pagerduty_url", c.PagerDutyURL}, {"opsgenie_api_url", c.OpsgenieAPIURL},
		{"victorops_api_url", c.VictorOpsAPIURL}, {"telegram_api_url", c.TelegramAPIURL}, {"webex_api_url", c.WebexAPIURL},
		{"jira_api_url", c.JiraAPIURL}, {"wechat_api_url", c.WeChatAPIURL}, {"rocketchat_api_url", c.RocketChatURL},
	} {
		if parsed, err := url.Parse(u.value); u.value != "" && (err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https") {
			bad(u.key, "a text that is none", "must be an http or https URL")
		}
	}
	if c.HTTP.ProxyFromEnvironment && (c.HTTP.ProxyURL != "" || c.HTTP.NoProxy != "") {
		bad("http.proxy_from_environment", true, "must be false where proxy_url or no_proxy is set")
	}
	if c.HTTP.NoProxy != "" && c.HTTP.ProxyURL == "" {
		bad("http.no_proxy", c.HTTP.NoProxy, "must be empty where proxy_url is")
	}
	if c.SlackAPIURL != "" && c.SlackAPIURLFile != "" {
		bad("slack_api_url_file", c.SlackAPIURLFile, "must be empty where slack_api_url is set")
	}
	errs = append(errs, config.Prefix("smtp", c.SMTP.validate()))
	return errors.Join(errs...)
}

func (c SMTPConfig) validate() error {
	var errs []error
	if c.Smarthost != "" {
		if host, port, err := net.SplitHostPort(c.Smarthost); err != nil || host == "" || port == "" {
			errs = append(errs, config.Invalid("smarthost", c.Smarthost, "must be host:port"))
		}
		if c.From == "" {
			errs = append(errs, config.Invalid("from", `""`, "must be set where smarthost is"))
		}
	}
	if c.AuthPassword != "" && c.AuthPasswordFile != "" {
		errs = append(errs, config.Invalid("auth_password_file", c.AuthPasswordFile, "must be empty where auth_password is set"))
	}
	if strings.ContainsAny(c.Hello, " \r\n") {
		errs = append(errs, config.Invalid("hello", c.Hello, "must be a name of a host"))
	}
	return errors.Join(errs...)
}

// global returns the section `global` of an Alertmanager configuration.
func (c Config) global() map[string]any {
	m := map[string]any{"smtp_require_tls": c.SMTP.RequireTLS}
	set := func(key, value string) {
		if value != "" {
			m[key] = value
		}
	}
	set("smtp_smarthost", c.SMTP.Smarthost)
	set("smtp_from", c.SMTP.From)
	set("smtp_hello", c.SMTP.Hello)
	set("smtp_auth_username", c.SMTP.AuthUsername)
	set("smtp_auth_password", string(c.SMTP.AuthPassword))
	set("smtp_auth_password_file", c.SMTP.AuthPasswordFile)
	set("smtp_auth_identity", c.SMTP.AuthIdentity)
	set("smtp_auth_secret_file", c.SMTP.AuthSecretFile)
	set("slack_api_url", string(c.SlackAPIURL))
	set("slack_api_url_file", c.SlackAPIURLFile)
	set("pagerduty_url", c.PagerDutyURL)
	set("opsgenie_api_url", c.OpsgenieAPIURL)
	set("opsgenie_api_key_file", c.OpsgenieKeyFile)
	set("victorops_api_url", c.VictorOpsAPIURL)
	set("victorops_api_key_file", c.VictorOpsFile)
	set("telegram_api_url", c.TelegramAPIURL)
	set("webex_api_url", c.WebexAPIURL)
	set("jira_api_url", c.JiraAPIURL)
	set("wechat_api_url", c.WeChatAPIURL)
	set("rocketchat_api_url", c.RocketChatURL)
	m["smtp_tls_config"] = tlsSection(c.SMTP.CAFile, c.SMTP.InsecureSkip)
	return m
}

func tlsSection(ca string, insecure bool) map[string]any {
	m := map[string]any{"insecure_skip_verify": insecure}
	if ca != "" {
		m["ca_file"] = ca
	}
	return m
}

// section returns the section `http_config` that receivers' own ones are laid over. Redirects are not followed: an address that somebody
// checked must not lead elsewhere.
func (c HTTPConfig) section() map[string]any {
	m := map[string]any{"follow_redirects": false, "tls_config": tlsSection(c.CAFile, c.InsecureSkip)}
	if c.ProxyURL != "" {
		m["proxy_url"] = string(c.ProxyURL)
	}
	if c.NoProxy != "" {
		m["no_proxy"] = c.NoProxy
	}
	if c.ProxyFromEnvironment {
		m["proxy_from_environment"] = true
	}
	return m
}
