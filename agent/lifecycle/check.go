package lifecycle

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const (
	maxBody   = 10 << 10 // what a probe reads of an answer, in bytes
	maxDetail = 300      // what a row tells of it
)

// checker does one probe. Its error says why the probe failed, in one line for people.
type checker interface {
	check(ctx context.Context) error
	close()
}

// answered is the error of a probe whose target is there but does not say that all is well: the port is open.
type answered struct{ detail string }

func (e *answered) Error() string { return e.detail }

func (c ProbeConfig) checker() (checker, error) {
	switch {
	case c.HTTP != "":
		return newHTTPCheck(c)
	case c.TCP != "":
		return tcpCheck(c.TCP), nil
	case len(c.Exec) > 0:
		return execCheck(c.Exec), nil
	}
	return nil, nil
}

// httpCheck asks as a kubelet does: no proxy, a new connection each time, certificates not verified, redirects followed on the same host only.
type httpCheck struct {
	client *http.Client
	url    string
	shown  string // without credentials and query
	header http.Header
}

func newHTTPCheck(c ProbeConfig) (*httpCheck, error) {
	u, err := url.Parse(c.HTTP)
	if err != nil {
		return nil, err
	}
	shown := *u
	shown.User, shown.RawQuery, shown.Fragment = nil, "", ""
	h := http.Header{"User-Agent": {"endscope-agent"}, "Accept": {"*/*"}}
	for name, value := range c.Headers {
		h.Set(name, value)
	}
	return &httpCheck{
		url: c.HTTP, shown: shown.String(), header: h,
		client: &http.Client{
			Transport: &http.Transport{
				DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, // the server on this machine, under a name that is none of its certificate's
			},
			CheckRedirect: func(req *http.Request, via []*http.Request) error {
				if req.URL.Hostname() != via[0].URL.Hostname() {
					return http.ErrUseLastResponse // the redirect itself is the answer, and a good one
				}
				if len(via) >= 10 {
					return errors.New("more than 10 redirects")
				}
				return nil
			},
		},
	}, nil
}

func (c *httpCheck) close() { c.client.CloseIdleConnections() }

func (c *httpCheck) check(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return fmt.Errorf("%s: not a request", c.shown)
	}
	req.Header = c.header.Clone()
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
		req.Header.Del("Host")
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("GET %s: %w", c.shown, plain(ctx, err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if resp.StatusCode >= 200 && resp.StatusCode < 400 {
		if err != nil && ctx.Err() != nil {
			return &answered{fmt.Sprintf("GET %s answered %s and did not end in time", c.shown, resp.Status)}
		}
		return nil
	}
	detail := fmt.Sprintf("GET %s answered %s", c.shown, resp.Status)
	if text := oneLine(string(body)); text != "" {
		detail += ": " + text
	}
	return &answered{detail}
}

// tcpCheck opens a connection.
type tcpCheck string

func (c tcpCheck) close() {}

func (c tcpCheck) check(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", string(c))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", string(c), plain(ctx, err))
	}
	return conn.Close()
}

// plain returns the part of a network's error that tells something.
func plain(ctx context.Context, err error) error {
	var dns *net.DNSError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errors.New("no answer in time")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("connection refused")
	case errors.As(err, &dns):
		return fmt.Errorf("no address for %s", dns.Name)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection was closed without an answer")
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // without the URL and what it may hold
	}
	return errors.New(oneLine(err.Error()))
}

// oneLine returns a text as valid UTF-8 in one line of at most maxDetail bytes.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "") + "…"
	}
	return text
}

// took rounds for messages.
func took(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
