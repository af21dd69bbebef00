package resource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/resources"
)

const (
	defaultServer = "http://127.0.0.1:9190"
	maxAnswer     = 64 << 20 // bytes
)

// New returns the commands `apply` and `export`.
func New(env cli.Env) []*cobra.Command { return []*cobra.Command{NewApply(env), NewExport(env)} }

// connection is what both commands share: the server to ask.
type connection struct {
	env     cli.Env
	server  string
	timeout time.Duration
	http    *http.Client
}

func newConnection(env cli.Env) *connection {
	return &connection{env: env, http: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}}
}

func (c *connection) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.server, "server", defaultServer, "`URL` of the server.")
	cmd.Flags().DurationVar(&c.timeout, "timeout", time.Minute, "How long to wait for the answer.")
}

func (c *connection) check() error {
	u, err := url.Parse(c.server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return cli.Usage(fmt.Errorf("--server: must be a URL such as %s (got %s)", defaultServer, c.server))
	}
	c.server = strings.TrimSuffix(c.server, "/")
	return nil
}

// ask sends a request and returns the body of a successful answer, or an error with what the server said.
func (c *connection) ask(ctx context.Context, method, path string, query url.Values, body io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	target := c.server + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	defer c.http.CloseIdleConnections()
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.failed(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, c.failed(err)
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("the answer of %s has more than %d bytes", c.server, maxAnswer)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusal(resp, answer)
	}
	return answer, nil
}

// failed says why an answer did not come: in the words of the command where it was its timeout or an interrupt that ended the wait.
func (c *connection) failed(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("ask %s: no whole answer within %s (--timeout)", c.server, c.timeout)
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	}
	return fmt.Errorf("ask %s: %w", c.server, err)
}

// problem is an answer that is not a success.
type problem struct {
	Status string `json:"-"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// Errors are of single documents.
	Errors []resources.DocumentProblem `json:"errors"`
}

func (p *problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if text == "" {
		return "the server answered " + p.Status
	}
	return fmt.Sprintf("the server answered %s: %s", p.Status, text)
}

func refusal(resp *http.Response, body []byte) error {
	p := &problem{}
	if json.Unmarshal(body, p) != nil {
		p = &problem{}
	}
	p.Status = resp.Status
	return p
}
