package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/internal/cli"
)

const defaultServer = "http://127.0.0.1:9190"

// connection is what every query command shares: the server to ask and how to print its answer.
type connection struct {
	env     cli.Env
	server  string
	output  string
	timeout time.Duration
	http    *http.Client
}

// New returns the command `query` with its subcommands.
func New(env cli.Env) *cobra.Command {
	c := &connection{env: env, http: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}}
	cmd := &cobra.Command{
		Use: "query", Short: "Ask a running server",
		Long: "Ask a running server by PromQL, by drill-down or, of its logs, in KQL, or follow what happens now, and print the answer as a table, JSON or CSV.\n\n" +
			"Times are RFC 3339, Unix seconds, now, or a distance from now such as -1h.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.Usage(fmt.Errorf("unknown query %q: must be one of instant, range, series, labels, scopes, metrics, kql, alerts, live", args[0]))
			}
			_ = cmd.Help()
			return cli.Usage(errors.New("no query given"))
		},
		PersistentPreRunE: func(*cobra.Command, []string) error { return c.check() },
	}
	fs := cmd.PersistentFlags()
	fs.StringVar(&c.server, "server", defaultServer, "`URL` of the server.")
	fs.StringVarP(&c.output, "output", "o", "table", "Shape of the answer: table, json or csv.")
	fs.DurationVar(&c.timeout, "timeout", 2*time.Minute, "How long to wait for the answer.")
	cmd.AddCommand(c.instant(), c.rangeQuery(), c.series(), c.labels(), c.scopes(), c.metrics(), c.kql(), c.alerts(), c.live())
	return cmd
}

func (c *connection) check() error {
	u, err := url.Parse(c.server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return cli.Usage(fmt.Errorf("--server: must be a URL such as %s (got %s)", defaultServer, c.server))
	}
	c.server = strings.TrimSuffix(c.server, "/")
	switch c.output {
	case "table", "json", "csv":
		return nil
	}
	return cli.Usage(fmt.Errorf("--output: must be one of table, json, csv (got %s)", c.output))
}

// ask runs f with Prometheus's API client and the timeout, and prints what it returns.
func (c *connection) ask(ctx context.Context, f func(context.Context, promv1.API) (answer, error)) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	raw, err := api.NewClient(api.Config{Address: c.server, Client: c.http})
	if err != nil {
		return cli.Usage(err)
	}
	defer c.http.CloseIdleConnections()
	got, err := f(ctx, promv1.NewAPI(raw))
	if err != nil {
		return c.failed(err)
	}
	return c.print(got)
}

func (c *connection) warn(warnings promv1.Warnings, infos promv1.Infos) {
	for _, w := range warnings {
		fmt.Fprintln(c.env.Stderr, "warning:", w)
	}
	for _, i := range infos {
		fmt.Fprintln(c.env.Stderr, "info:", i)
	}
}

func (c *connection) instant() *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use: "instant EXPRESSION", Short: "Evaluate a PromQL expression at one time", Args: cli.Args(cobra.ExactArgs(1)),
		Example: "  endscope query instant 'sum by (endpoint) (instance_cpu_count)'",
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := parseTime("time", at)
			if err != nil {
				return err
			}
			return c.ask(cmd.Context(), func(ctx context.Context, p promv1.API) (answer, error) {
				v, w, i, err := p.Query(ctx, args[0], t)
				c.warn(w, i)
				return valueAnswer(v), err
			})
		},
	}
	cmd.Flags().StringVar(&at, "time", "now", "`Time` of the evaluation.")
	return cmd
}

func (c *connection) rangeQuery() *cobra.Command {
	var s span
	var every string
	cmd := &cobra.Command{
		Use: "range EXPRESSION", Short: "Evaluate a PromQL expression over a time range", Args: cli.Args(cobra.ExactArgs(1)),
		Example: "  endscope query range instance_cpu_utilization_ratio --start -1h --step 1m",
		RunE: func(cmd *cobra.Command, args []string) error {
			start, end, err := s.times()
			if err != nil {
				return err
			}
			step, err := model.ParseDuration(every)
			if err != nil || step <= 0 {
				return cli.Usage(fmt.Errorf("--step: must be a duration such as 15s or 1d, more than 0s (got %s)", every))
			}
			return c.ask(cmd.Context(), func(ctx context.Context, p promv1.API) (answer, error) {
				v, w, i, err := p.QueryRange(ctx, args[0], promv1.Range{Start: start, End: end, Step: time.Duration(step)})
				c.warn(w, i)
				return valueAnswer(v), err
			})
		},
	}
	s.flags(cmd, "-1h")
	cmd.Flags().StringVar(&every, "step", "1m", "`Time` between two points.")
	return cmd
}

func (c *connection) series() *cobra.Command {
	var s span
	cmd := &cobra.Command{
		Use: "series SELECTOR…", Short: "List the series that match any of the selectors", Args: cli.Args(cobra.MinimumNArgs(1)),
		Example: `  endscope query series '{endpoint="credit-default"}'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			start, end, err := s.times()
			if err != nil {
				return err
			}
			return c.ask(cmd.Context(), func(ctx context.Context, p promv1.API) (answer, error) {
				sets, w, i, err := p.Series(ctx, args, start, end)
				c.warn(w, i)
				return seriesAnswer(sets), err
			})
		},
	}
	s.flags(cmd, "-1h")
	return cmd
}

func (c *connection) labels() *cobra.Command {
	var s span
	var match []string
	cmd := &cobra.Command{
		Use: "labels [NAME]", Short: "List label names, or the values of one label", Args: cli.Args(cobra.MaximumNArgs(1)),
		Example: "  endscope query labels endpoint",
		RunE: func(cmd *cobra.Command, args []string) error {
			start, end, err := s.times()
			if err != nil {
				return err
			}
			return c.ask(cmd.Context(), func(ctx context.Context, p promv1.API) (answer, error) {
				if len(args) == 0 {
					names, w, i, err := p.LabelNames(ctx, match, start, end)
					c.warn(w, i)
					return wordsAnswer("label", names), err
				}
				values, w, i, err := p.LabelValues(ctx, args[0], match, start, end)
				c.warn(w, i)
				return wordsAnswer(args[0], values), err
			})
		},
	}
	s.flags(cmd, "-1h")
	cmd.Flags().StringArrayVar(&match, "match", nil, "Only series that match this selector; repeatable.")
	return cmd
}

// span is the --start and --end of a command.
type span struct{ start, end string }

func (s *span) flags(cmd *cobra.Command, start string) {
	cmd.Flags().StringVar(&s.start, "start", start, "First `time`.")
	cmd.Flags().StringVar(&s.end, "end", "now", "Last `time`.")
}

func (s *span) times() (start, end time.Time, err error) {
	start, errStart := parseTime("start", s.start)
	end, errEnd := parseTime("end", s.end)
	if err := errors.Join(errStart, errEnd); err != nil {
		return start, end, err
	}
	if end.Before(start) {
		return start, end, cli.Usage(fmt.Errorf("--end: must not be before --start, %s (got %s)", s.start, s.end))
	}
	return start, end, nil
}

// parseTime reads the time that a flag was given.
func parseTime(flag, text string) (time.Time, error) {
	if text == "now" {
		return time.Now(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	if back, found := strings.CutPrefix(text, "-"); found {
		if d, err := model.ParseDuration(back); err == nil {
			return time.Now().Add(-time.Duration(d)), nil
		}
	}
	var t model.Time
	if err := t.UnmarshalJSON([]byte(text)); err == nil && text != "" && text[0] != '-' {
		return t.Time(), nil
	}
	return time.Time{}, cli.Usage(fmt.Errorf("--%s: must be RFC 3339, Unix seconds, now, or a distance such as -1h (got %s)", flag, text))
}

// get fetches one of the server's own JSON answers, and turns a problem answer into an error with its detail.
func (c *connection) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	target := c.server + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	defer c.http.CloseIdleConnections()
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.failed(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, c.failed(err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, problem(resp, body)
	}
	return body, nil
}
