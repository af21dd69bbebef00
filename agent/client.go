package agent

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/endscope/endscope/internal/config"
)

// HTTPClientConfig says how the agent shows who it is and whom it trusts. Files are read again when they change.
type HTTPClientConfig struct {
	BearerTokenFile string            `yaml:"bearer_token_file" help:"File with the token that is sent as a bearer token."`
	BasicAuth       BasicAuthConfig   `yaml:"basic_auth"`
	TLS             TLSConfig         `yaml:"tls"`
	ProxyURL        string            `yaml:"proxy_url" help:"URL of an HTTP proxy; empty means what HTTPS_PROXY and NO_PROXY say."`
	Headers         map[string]string `yaml:"headers" help:"HTTP headers that are added to every request."`
}

// BasicAuthConfig is a user with a password in a file.
type BasicAuthConfig struct {
	Username     string `yaml:"username" help:"User name for HTTP basic authentication."`
	PasswordFile string `yaml:"password_file" help:"File with the password for HTTP basic authentication."`
}

// TLSConfig is the transport security of an https server.
type TLSConfig struct {
	CAFile             string `yaml:"ca_file" help:"File with the certificates that may sign the server's; empty means those of the system."`
	CertFile           string `yaml:"cert_file" help:"File with the agent's own certificate, for servers that ask for one."`
	KeyFile            string `yaml:"key_file" help:"File with the key of cert_file."`
	ServerName         string `yaml:"server_name" help:"Name that the server's certificate must bear; empty means the host of the URL."`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify" help:"Whether any certificate is believed; for tests only."`
}

// Validate returns a *config.FieldError for each bad key, joined. It does not read files.
func (c HTTPClientConfig) Validate() error {
	var errs []error
	if c.BearerTokenFile != "" && c.BasicAuth.Username != "" {
		errs = append(errs, config.Invalid("bearer_token_file", c.BearerTokenFile, "must be empty when basic_auth.username is set"))
	}
	if (c.BasicAuth.Username == "") != (c.BasicAuth.PasswordFile == "") {
		errs = append(errs, config.Invalid("basic_auth.password_file", quoted(c.BasicAuth.PasswordFile), "must be set together with basic_auth.username"))
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		errs = append(errs, config.Invalid("tls.key_file", quoted(c.TLS.KeyFile), "must be set together with tls.cert_file"))
	}
	if c.ProxyURL != "" {
		if u, err := url.Parse(c.ProxyURL); err != nil || u.Host == "" {
			errs = append(errs, config.Invalid("proxy_url", quoted(c.ProxyURL), "must be a URL such as http://proxy:3128"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if _, reserved := promconfig.ReservedHeaders[http.CanonicalHeaderKey(name)]; reserved {
			errs = append(errs, config.Invalid("headers", name, "must not be one that the agent sets itself"))
		}
	}
	return errors.Join(errs...)
}

// Client builds the HTTP client by which the agent speaks to the server. It fails when a file cannot be read.
func (c HTTPClientConfig) Client() (*http.Client, error) {
	return c.client(promconfig.HTTPClientConfig{ // FollowRedirects is off: a redirected POST loses its body
		EnableHTTP2: true, ProxyConfig: promconfig.ProxyConfig{ProxyFromEnvironment: true},
	})
}

// ClientForStreams builds an HTTP client as Client does that speaks HTTP/1.1 only, as an upgrade of a connection needs. It fails when a file cannot be read.
func (c HTTPClientConfig) ClientForStreams() (*http.Client, error) {
	return c.client(promconfig.HTTPClientConfig{ProxyConfig: promconfig.ProxyConfig{ProxyFromEnvironment: true}})
}

// ClientBeside builds an HTTP client for servers beside the agent, such as a page that it scrapes. It knows only the proxy that the configuration names, speaks HTTP/1.1, and follows
// redirects of a GET on one host; it takes its credentials to no other. It fails when a file cannot be read.
func (c HTTPClientConfig) ClientBeside() (*http.Client, error) {
	client, err := c.client(promconfig.HTTPClientConfig{FollowRedirects: true})
	if err != nil {
		return nil, err
	}
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) >= maxRedirects || req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return client, nil
}

const maxRedirects = 5

// client completes pc and makes the client.
func (c HTTPClientConfig) client(pc promconfig.HTTPClientConfig) (*http.Client, error) {
	if c.BearerTokenFile != "" {
		pc.Authorization = &promconfig.Authorization{Type: "Bearer", CredentialsFile: c.BearerTokenFile}
	}
	if c.BasicAuth.Username != "" {
		pc.BasicAuth = &promconfig.BasicAuth{Username: c.BasicAuth.Username, PasswordFile: c.BasicAuth.PasswordFile}
	}
	pc.TLSConfig = promconfig.TLSConfig{
		CAFile: c.TLS.CAFile, CertFile: c.TLS.CertFile, KeyFile: c.TLS.KeyFile,
		ServerName: c.TLS.ServerName, InsecureSkipVerify: c.TLS.InsecureSkipVerify,
	}
	if c.ProxyURL != "" {
		u, err := url.Parse(c.ProxyURL)
		if err != nil {
			return nil, fmt.Errorf("proxy_url: %w", err)
		}
		pc.ProxyConfig = promconfig.ProxyConfig{ProxyURL: promconfig.URL{URL: u}}
	}
	if len(c.Headers) > 0 {
		pc.HTTPHeaders = &promconfig.Headers{Headers: map[string]promconfig.Header{}}
		for name, value := range c.Headers {
			pc.HTTPHeaders.Headers[http.CanonicalHeaderKey(name)] = promconfig.Header{Values: []string{value}}
		}
	}
	client, err := promconfig.NewClientFromConfig(pc, "endscope-agent", promconfig.WithIdleConnTimeout(5*time.Minute))
	if err != nil {
		return nil, fmt.Errorf("make HTTP client: %w", err)
	}
	return client, nil
}
