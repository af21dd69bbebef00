package client

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/internal/cli"
)

// alert is one alert as GET /api/v1/alerts answers it.
type alert struct {
	ID         string            `json:"id"`
	Rule       string            `json:"alertRule"`
	Severity   int               `json:"severity"`
	Condition  string            `json:"monitorCondition"`
	State      string            `json:"alertState"`
	Fired      string            `json:"firedDateTime"`
	Scope      string            `json:"scope"`
	Dimensions map[string]string `json:"dimensions"`
	Labels     map[string]string `json:"labels"`
	Values     []struct {
		Metric   string   `json:"metricName"`
		Operator string   `json:"operator"`
		Value    *float64 `json:"value"`
		Limit    *float64 `json:"threshold"`
	} `json:"values"`
	Annotations map[string]string `json:"annotations"`
}

// saw is what the first criterion of the rule saw.
func (a alert) saw() string {
	if len(a.Values) == 0 || a.Values[0].Value == nil {
		return "no data"
	}
	v := a.Values[0]
	text := strconv.FormatFloat(*v.Value, 'g', 4, 64)
	if v.Limit != nil && v.Operator != "" {
		text += " " + v.Operator + " " + strconv.FormatFloat(*v.Limit, 'g', 4, 64)
	}
	return text
}

// of is what the alert is about: its scope, or what it has for one.
func (a alert) of() string {
	if a.Scope != "" {
		return a.Scope
	}
	for _, name := range []string{"instance", "job"} {
		if v := a.Labels[name]; v != "" {
			return v
		}
	}
	return "-"
}

func (c *connection) alerts() *cobra.Command {
	var (
		all           bool
		scope, rule   string
		severity, top int
	)
	cmd := &cobra.Command{
		Use: "alerts [ID]", Short: "List the alerts that fire, or show one with its timeline", Args: cli.Args(cobra.MaximumNArgs(1)),
		Example: "  endscope query alerts --scope credit-default --severity 1\n  endscope query alerts 5c1122db-762c-5dff-b023-8296632162e1",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return c.oneAlert(cmd, args[0])
			}
			v := url.Values{"limit": {strconv.Itoa(top)}}
			if !all {
				v.Set("monitorCondition", "Fired")
			}
			if scope != "" {
				v.Set("scope", scope)
			}
			if rule != "" {
				v.Set("alertRule", rule)
			}
			if severity >= 0 {
				v.Set("severity", strconv.Itoa(severity))
			}
			body, err := c.get(cmd.Context(), "/api/v1/alerts", v)
			if err != nil {
				return err
			}
			var got struct {
				Value    []alert `json:"value"`
				NextLink string  `json:"nextLink"`
			}
			if err := json.Unmarshal(body, &got); err != nil {
				return fmt.Errorf("read the answer of %s: %w", c.server, err)
			}
			out := answer{
				header: []string{"fired", "severity", "condition", "state", "rule", "of", "saw", "id"},
				raw:    json.RawMessage(body), empty: "no alerts fire",
			}
			if all {
				out.empty = "no alerts"
			}
			for _, a := range got.Value {
				out.rows = append(out.rows, []string{a.Fired, strconv.Itoa(a.Severity), a.Condition, a.State, a.Rule, a.of(), a.saw(), a.ID})
			}
			if err := c.print(out); err != nil {
				return err
			}
			if got.NextLink != "" {
				fmt.Fprintf(c.env.Stderr, "the first %d are shown; --limit shows more\n", len(got.Value))
			}
			return nil
		},
	}
	fs := cmd.Flags()
	fs.BoolVar(&all, "all", false, "Also those that have resolved.")
	fs.StringVar(&scope, "scope", "", "Only those at or below this `scope`.")
	fs.StringVar(&rule, "rule", "", "Only those of the rule of this `name`.")
	fs.IntVar(&severity, "severity", -1, "Only those of this severity, `0` (critical) to 4.")
	fs.IntVar(&top, "limit", 100, "Most alerts to list.")
	return cmd
}

// oneAlert shows an alert and what happened to it.
func (c *connection) oneAlert(cmd *cobra.Command, id string) error {
	body, err := c.get(cmd.Context(), "/api/v1/alerts/"+url.PathEscape(id), nil)
	if err != nil {
		return err
	}
	var got struct {
		alert
		Timeline []struct {
			At   string `json:"at"`
			Kind string `json:"kind"`
			By   string `json:"by"`
			Text string `json:"text"`
		} `json:"timeline"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.server, err)
	}
	out := answer{header: []string{"time", "what", "by", "text"}, raw: json.RawMessage(body), empty: "nothing happened to it"}
	for _, e := range got.Timeline {
		out.rows = append(out.rows, []string{e.At, e.Kind, e.By, strings.ReplaceAll(e.Text, "\n", " ")})
	}
	if c.output == "table" {
		fmt.Fprintf(c.env.Stdout, "%s of %s: severity %d, %s, %s; saw %s\n", got.Rule, got.of(), got.Severity, got.Condition, got.State, got.saw())
		for _, name := range []string{"finding", "link", "chart_url", "drilldown_url", "explain_url", "runbook_url"} {
			if text := got.Annotations[name]; text != "" {
				fmt.Fprintf(c.env.Stdout, "  %s  %s\n", name, text)
			}
		}
	}
	return c.print(out)
}
