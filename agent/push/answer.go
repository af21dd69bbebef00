package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/common/version"
)

// Answer is what a server said to one request.
type Answer struct {
	Status     int
	Header     http.Header
	Body       []byte        // at most Request.MaxAnswer bytes of it
	RetryAfter time.Duration // the shortest wait that it asks for; 0 when it asks for none
}

// Permanent says whether the answer refuses this very request, so that sending it again cannot help. The other refusals speak of the way to the
// server (credentials, address, load), which an operator can mend while the spool waits.
func (a Answer) Permanent() bool {
	switch a.Status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired,
		http.StatusRequestTimeout, http.StatusMisdirectedRequest, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return a.Status/100 == 4
}

// Stored says whether the answer is a success.
func (a Answer) Stored() bool { return a.Status/100 == 2 }

// Message is the beginning of the body, for a log.
func (a Answer) Message() string {
	const longest = 2048
	return strings.ToValidUTF8(strings.TrimSpace(string(a.Body[:min(len(a.Body), longest)])), "\uFFFD")
}

// Err describes an answer that is no success.
func (a Answer) Err() error {
	if m := a.Message(); m != "" {
		return fmt.Errorf("server answered %d: %s", a.Status, m)
	}
	return fmt.Errorf("server answered %d %s", a.Status, http.StatusText(a.Status))
}

// Request is one POST.
type Request struct {
	URL       string
	Header    http.Header // Content-Type and the like; User-Agent is set
	Body      []byte
	Timeout   time.Duration
	MaxAnswer int64 // bytes of the answer's body that are kept; the rest is thrown away
}

// UserAgent is how the agent calls itself.
func UserAgent() string {
	v := version.Version
	if v == "" {
		v = "dev"
	}
	return "endscope-agent/" + v
}

// Post sends r once. The error is nil whenever there was an answer, whatever it says.
func Post(ctx context.Context, client *http.Client, r Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, err
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", UserAgent())
	resp, err := client.Do(req)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return Answer{}, fmt.Errorf("no answer in %s: %w", r.Timeout, err)
		}
		return Answer{}, err
	}
	defer resp.Body.Close()
	head, _ := io.ReadAll(io.LimitReader(resp.Body, r.MaxAnswer))
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 256<<10)) // so that the connection can be used again
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: head, RetryAfter: retryAfter(resp.Header, time.Now())}, nil
}
