package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/endscope/endscope/internal/config"
)

const (
	continueTimeout   = time.Second      // how long the model's 100 is waited for before a body is sent that expects one
	maxAnswerHeader   = 1 << 20          // bytes
	pingAfter         = 15 * time.Second // of silence, and for the answer: an HTTP/2 connection that is dead would take all requests with it
	targetConnBuffers = 8 << 10          // bytes, in each direction
)

// target is the model server: where it is, and the ways to speak to it.
type target struct {
	url  *url.URL // scheme http or https
	host string   // of the header Host; empty keeps the client's

	main    *http.Transport
	upgrade *http.Transport // HTTP/1.1 only, which can switch protocols
	grpc    *http.Transport // HTTP/2 only
}

// targetError says what is wrong with a target's URL.
type targetError struct{ value, bound string }

// parseTarget reads a target's URL. The result's scheme is as written.
func parseTarget(text string) (*url.URL, *targetError) {
	const want = "must be a URL such as http://127.0.0.1:8000, https://host, h2c://127.0.0.1:8001 or unix:///run/model.sock"
	u, err := url.Parse(text)
	if err != nil {
		return nil, &targetError{quoted(redacted(text)), want}
	}
	switch u.Scheme {
	case "http", "https", "h2c":
		if u.Hostname() == "" {
			return nil, &targetError{quoted(u.Redacted()), want}
		}
	case "unix":
		if u.Host != "" || len(u.Path) < 2 {
			return nil, &targetError{quoted(u.Redacted()), want}
		}
	default:
		return nil, &targetError{quoted(u.Redacted()), want}
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return nil, &targetError{u.Redacted(), "must have neither user, query nor fragment"}
	}
	return u, nil
}

// redacted drops what may be a password from a URL that cannot be parsed.
func redacted(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		return "…" + text[i:]
	}
	return text
}

func newTarget(cfg Config) (*target, error) {
	u, bad := parseTarget(cfg.Target)
	if bad != nil {
		return nil, config.Invalid("target", bad.value, bad.bound)
	}
	dialer := &net.Dialer{Timeout: cfg.ConnectTimeout}
	dial := dialer.DialContext
	scheme, socket := u.Scheme, ""
	switch u.Scheme {
	case "h2c":
		u.Scheme = "http"
	case "unix":
		socket = u.Path
		u = &url.URL{Scheme: "http", Host: "localhost"}
		dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		}
	}
	t := &target{url: u}
	if cfg.RewriteHost {
		t.host = u.Host
	}
	secure := &tls.Config{ServerName: cfg.TargetTLS.ServerName, InsecureSkipVerify: cfg.TargetTLS.InsecureSkipVerify, MinVersion: tls.VersionTLS12}
	if f := cfg.TargetTLS.CAFile; f != "" {
		pem, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("target_tls.ca_file: %w", err)
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(pem) {
			return nil, config.Invalid("target_tls.ca_file", f, "must hold certificates as PEM")
		}
	}
	make := func(protocols ...func(*http.Protocols, bool)) *http.Transport {
		p := &http.Protocols{}
		for _, set := range protocols {
			set(p, true)
		}
		return &http.Transport{
			DialContext: dial, TLSClientConfig: secure.Clone(), TLSHandshakeTimeout: cfg.ConnectTimeout, ResponseHeaderTimeout: cfg.HeaderTimeout,
			DisableCompression: true, MaxIdleConnsPerHost: 1024, IdleConnTimeout: cfg.TargetIdleTimeout, ExpectContinueTimeout: continueTimeout,
			MaxResponseHeaderBytes: maxAnswerHeader, WriteBufferSize: targetConnBuffers, ReadBufferSize: targetConnBuffers, Protocols: p,
			HTTP2: &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
		}
	}
	http1, http2, clear2 := (*http.Protocols).SetHTTP1, (*http.Protocols).SetHTTP2, (*http.Protocols).SetUnencryptedHTTP2
	t.upgrade = make(http1)
	switch scheme {
	case "https":
		t.main, t.grpc = make(http1, http2), make(http2)
	case "h2c":
		t.main = make(clear2)
		t.grpc = t.main
	default:
		t.main, t.grpc = make(http1), make(clear2)
	}
	return t, nil
}

// direct points u, a client's URL, at the target.
func (t *target) direct(u *url.URL) {
	u.Scheme, u.Host = t.url.Scheme, t.url.Host
	if base := strings.TrimSuffix(t.url.Path, "/"); base != "" && u.Path != "*" {
		u.RawPath = strings.TrimSuffix(t.url.EscapedPath(), "/") + u.EscapedPath()
		u.Path = base + u.Path
	}
}

// RoundTrip sends r by the protocol that it needs, whatever the target's scheme says: gRPC cannot go over HTTP/1.1, nor an upgrade over HTTP/2.
func (t *target) RoundTrip(r *http.Request) (*http.Response, error) {
	transport := t.main
	switch {
	case r.Header.Get("Upgrade") != "" && httpguts.HeaderValuesContainsToken(r.Header["Connection"], "upgrade"):
		transport = t.upgrade
	case isGRPC(r.ProtoMajor, r.Header):
		transport = t.grpc
	}
	return transport.RoundTrip(r)
}

func (t *target) close() {
	for _, c := range []*http.Transport{t.main, t.upgrade, t.grpc} {
		c.CloseIdleConnections()
	}
}
