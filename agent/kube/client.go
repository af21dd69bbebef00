package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// AccountDir is where Kubernetes mounts the token, the certificates and the namespace of a pod's service account.
const AccountDir = "/var/run/secrets/kubernetes.io/serviceaccount"

const (
	maxToken = 64 << 10  // a service account's token has about 1 KiB
	maxCerts = 1 << 20   // certificates of the cluster
	maxBody  = 8 << 20   // one answer; a pod may have at most 1.5 MiB in the cluster's store
	maxError = 256 << 10 // an answer that is an error
)

// ErrNotInCluster says that the agent does not run in a pod that may ask its cluster: there is no address, or no token. Its text says which.
var ErrNotInCluster = errors.New("not in a Kubernetes pod with a service account")

// ClientSettings is what code passes to InCluster. The zero value is right outside tests.
type ClientSettings struct {
	AccountDir string                   // folder of token, ca.crt and namespace; AccountDir when empty
	Getenv     func(name string) string // os.Getenv when nil
	Timeout    time.Duration            // of one request; 5 s when 0
}

// Client asks the API of the cluster around the agent. It sends its token to that API only: it uses no proxy and follows no redirect.
type Client struct {
	base    string // https://host:port
	dir     string
	timeout time.Duration

	mu    sync.Mutex
	certs []byte       // of ca.crt, from which http was made
	http  *http.Client // nil before the first request
}

// InCluster returns a client for the cluster that the agent runs in; it makes no request. Token and certificates are read again for every
// request, since Kubernetes replaces both while a pod runs. Errors: ErrNotInCluster; an address that is none.
func InCluster(set ClientSettings) (*Client, error) {
	if set.AccountDir == "" {
		set.AccountDir = AccountDir
	}
	if set.Getenv == nil {
		set.Getenv = os.Getenv
	}
	if set.Timeout == 0 {
		set.Timeout = 5 * time.Second
	}
	host, port := set.Getenv("KUBERNETES_SERVICE_HOST"), set.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, fmt.Errorf("%w: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set", ErrNotInCluster)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, fmt.Errorf("KUBERNETES_SERVICE_PORT is %q, which is no port", port)
	}
	if strings.ContainsAny(host, "/@?#[] ") {
		return nil, fmt.Errorf("KUBERNETES_SERVICE_HOST is %q, which is no host", host)
	}
	if _, err := os.Stat(filepath.Join(set.AccountDir, "token")); err != nil {
		return nil, fmt.Errorf("%w: no token in %s; is automountServiceAccountToken false?", ErrNotInCluster, set.AccountDir)
	}
	return &Client{base: "https://" + net.JoinHostPort(host, port), dir: set.AccountDir, timeout: set.Timeout}, nil
}

// Server returns the address of the cluster's API.
func (c *Client) Server() string { return c.base }

// Namespace returns the namespace of the service account, which is that of the pod, and "" when it cannot be read.
func (c *Client) Namespace() string {
	text, err := readBounded(filepath.Join(c.dir, "namespace"), maxToken)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// Close drops idle connections.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
	return nil
}

// connection returns an HTTP client that believes the certificates that are in the file now.
func (c *Client) connection() (*http.Client, error) {
	certs, err := readBounded(filepath.Join(c.dir, "ca.crt"), maxCerts)
	if err != nil {
		return nil, fmt.Errorf("certificates of the cluster: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.http != nil && bytes.Equal(certs, c.certs) {
		return c.http, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(certs) {
		return nil, fmt.Errorf("certificates of the cluster: %s holds none", filepath.Join(c.dir, "ca.crt"))
	}
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
	c.certs = certs
	c.http = &http.Client{
		Transport: &http.Transport{
			TLSClientConfig:        &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			DialContext:            (&net.Dialer{Timeout: c.timeout}).DialContext,
			TLSHandshakeTimeout:    c.timeout,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        2 * time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c.http, nil
}

// what is a request as a Role would have to allow it, and as an error names it.
type what struct{ verb, resource, namespace, name string }

// get asks for path and decodes the answer into out. Errors: *APIError for an answer other than 200.
func (c *Client) get(ctx context.Context, of what, path string, query url.Values, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	client, err := c.connection()
	if err != nil {
		return fmt.Errorf("%s: %w", of, err)
	}
	token, err := readBounded(filepath.Join(c.dir, "token"), maxToken)
	if err != nil {
		return fmt.Errorf("%s: token of the service account: %w", of, err)
	}
	bearer := strings.TrimSpace(string(token))
	if bearer == "" || strings.ContainsAny(bearer, "\r\n\x00") {
		return fmt.Errorf("%s: %s holds no token", of, filepath.Join(c.dir, "token"))
	}
	u := c.base + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", of, err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "endscope-agent")
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %s does not answer: %w", of, c.base, plain(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if err := ctx.Err(); err != nil { // what a server says while we hang up is no answer
		return fmt.Errorf("%s: %s does not answer: %w", of, c.base, err)
	}
	if resp.StatusCode != http.StatusOK {
		return newAPIError(of, resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: the answer broke off: %w", of, plain(err))
	}
	if len(body) > maxBody {
		return fmt.Errorf("%s: the answer is larger than %d bytes", of, maxBody)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s: the answer is not what Kubernetes says: %w", of, err)
	}
	return nil
}

// plain drops the method and the long address that net/http puts in front.
func plain(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return text, nil
}
