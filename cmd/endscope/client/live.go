package client

import (
	"bufio"
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
)

// live returns the command that follows what happens now.
func (c *connection) live() *cobra.Command {
	var (
		filter, by    string
		least, length time.Duration
		failing       bool
	)
	cmd := &cobra.Command{
		Use: "live [SCOPE]", Short: "Follow what happens now, a line each second",
		Long: "Follow what the instances of a scope do, a line each second, until Ctrl-C or the end of --for. Without a scope all are followed.\n\n" +
			"The table has what ended in that second alone: of few requests, percentiles say little. JSON has one event a line, as GET /api/v1/live tells it. " +
			"A second that is noted as again takes the place of the line before, as late frames have come. What nobody told of is -.",
		Example: "  endscope query live credit-default --by children\n" +
			"  endscope query live credit-default/blue --filter \"statusCodeClass eq '5xx'\" --failing\n" +
			"  endscope query live --for 30s -o json",
		Args: cli.Args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			v := url.Values{"scope": {"*"}}
			if len(args) == 1 {
				v.Set("scope", args[0])
			}
			if filter != "" {
				v.Set("filter", filter)
			}
			if least != 0 {
				v.Set("min_duration", least.String())
			}
			if length < 0 {
				return cli.Usage(fmt.Errorf("--for: must not be below 0s (got %s)", length))
			}
			out := &secondPrinter{c: c, by: by, failing: failing}
			switch by {
			case "total", "children", "instances":
			default:
				return cli.Usage(fmt.Errorf("--by: must be one of total, children, instances (got %s)", by))
			}
			if failing && c.output == "csv" {
				return cli.Usage(errors.New("--failing: must not come together with --output csv"))
			}
			return c.follow(cmd.Context(), v, length, out.print)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&filter, "filter", "", "Which requests count: a `filter` as for metrics, by method, path, statusCode, statusCodeClass, modelStatusCode, model, streaming, streamError.")
	fs.DurationVar(&least, "min-duration", 0, "Only requests that last at least so long, such as 500ms.")
	fs.DurationVar(&length, "for", 0, "How long to follow; 0s is until Ctrl-C.")
	fs.StringVar(&by, "by", "total", "What has a line: total, children (the scopes one level below) or instances.")
	fs.BoolVar(&failing, "failing", false, "Also print the sample of failing requests of each second.")
	return cmd
}

// Why following ends.
var (
	errEnough = errors.New("enough")
	errQuiet  = errors.New("quiet")
)

// follow prints the seconds of the stream. An interrupt and the end of the time are no errors; that the stream breaks is one.
func (c *connection) follow(ctx context.Context, question url.Values, length time.Duration, print func([]byte) error) error {
	interrupted := ctx.Err
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if length > 0 {
		defer time.AfterFunc(length, func() { cancel(errEnough) }).Stop()
	}
	quiet := time.AfterFunc(c.timeout, func() { cancel(errQuiet) }) // the server says every few seconds that it is there
	defer quiet.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server+"/api/v1/live?"+question.Encode(), nil)
	if err != nil {
		return err
	}
	defer c.http.CloseIdleConnections()
	err = c.followEvents(req, func() { quiet.Reset(c.timeout) }, print)
	switch {
	case interrupted() != nil || errors.Is(context.Cause(ctx), errEnough):
		return nil
	case errors.Is(context.Cause(ctx), errQuiet):
		return c.failed(context.DeadlineExceeded)
	}
	return err
}

// followEvents reads the stream until it ends, and says why it did. It calls alive with all that comes.
func (c *connection) followEvents(req *http.Request, alive func(), print func([]byte) error) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return c.failed(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return c.failed(err)
		}
		return problem(resp, body)
	}
	lines := bufio.NewReader(resp.Body)
	var name string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return fmt.Errorf("the stream of %s broke: %w", c.server, err)
		}
		alive()
		line = strings.TrimRight(line, "\r\n")
		field, value, _ := strings.Cut(line, ": ")
		switch {
		case field == "event":
			name = value
		case field == "data" && name == "second":
			if err := print([]byte(value)); err != nil {
				return err
			}
		case field == "data" && name == "dropped":
			var dropped struct{ Seconds int }
			if err := json.Unmarshal([]byte(value), &dropped); err == nil {
				fmt.Fprintf(c.env.Stderr, "warning: %d seconds were left out, because this reader was too slow\n", dropped.Seconds)
			}
		case field == "data" && name == "end":
			var end struct{ Reason string }
			_ = json.Unmarshal([]byte(value), &end)
			return fmt.Errorf("the stream of %s ended: %s", c.server, end.Reason)
		}
	}
}
