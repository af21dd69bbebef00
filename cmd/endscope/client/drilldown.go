package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/internal/cli"
)

// node is a scope as GET /api/v1/scopes answers it.
type node struct {
	Scope      string    `json:"scope"`
	Level      string    `json:"level"`
	State      string    `json:"state"`
	LastSample time.Time `json:"last_sample"`
	Ready      int       `json:"ready"`
	Missing    int       `json:"missing"`
	GPUs       int       `json:"gpus"`
	Children   []node    `json:"children"`
}

func (n node) rows() [][]string {
	age := "-"
	if !n.LastSample.IsZero() {
		age = n.LastSample.UTC().Format(time.RFC3339)
	}
	rows := [][]string{{n.Scope, n.Level, n.State, strconv.Itoa(n.Ready), strconv.Itoa(n.Missing), strconv.Itoa(n.GPUs), age}}
	for _, c := range n.Children {
		rows = append(rows, c.rows()...)
	}
	return rows
}

func (c *connection) scopes() *cobra.Command {
	return &cobra.Command{
		Use: "scopes [SCOPE]", Short: "List endpoints, deployments and instances with their state", Args: cli.Args(cobra.MaximumNArgs(1)),
		Example: "  endscope query scopes credit-default/blue",
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "/api/v1/scopes"
			if len(args) == 1 {
				for _, name := range strings.Split(args[0], "/") {
					path += "/" + url.PathEscape(name)
				}
			}
			body, err := c.get(cmd.Context(), path, nil)
			if err != nil {
				return err
			}
			var got struct {
				node
				Scopes []node `json:"scopes"`
			}
			if err := json.Unmarshal(body, &got); err != nil {
				return fmt.Errorf("read the answer of %s: %w", c.server, err)
			}
			a := answer{
				header: []string{"scope", "level", "state", "ready", "missing", "gpus", "last_sample"},
				raw:    json.RawMessage(body), empty: "no scopes yet: nothing with the labels endpoint, deployment and instance was pushed",
			}
			if got.Scope != "" {
				a.rows = got.rows()
			}
			for _, n := range got.Scopes {
				a.rows = append(a.rows, n.rows()...)
			}
			return c.print(a)
		},
	}
}

// definition is a metric as GET /api/v1/metric-definitions answers it.
type definition struct {
	Name         string   `json:"name"`
	Unit         string   `json:"unit"`
	Levels       []string `json:"levels"`
	Aggregations []string `json:"aggregations"`
	Dimensions   []string `json:"dimensions"`
	Description  string   `json:"description"`
}

// drillDown is the answer of GET /api/v1/metrics.
type drillDown struct {
	Timestamps []int64 `json:"timestamps"`
	Series     []struct {
		Scope       string            `json:"scope"`
		Metric      string            `json:"metric"`
		Aggregation string            `json:"aggregation"`
		Unit        string            `json:"unit"`
		Dimensions  map[string]string `json:"dimensions"`
		Values      []*float64        `json:"values"`
		Compare     *struct {
			Values     []*float64 `json:"values"`
			Difference []*float64 `json:"difference"`
		} `json:"compare"`
	} `json:"series"`
	Truncated *struct{ Shown, Total int } `json:"truncated"`
	Warnings  []string                    `json:"warnings"`
	Compare   *struct{ Start, End string }
	Plan      []struct{ Expr string }
}

func (c *connection) metrics() *cobra.Command {
	var s span
	var scopes, metrics, aggregations, split []string
	var interval, filter, orderBy, compare string
	var top int
	var plan bool
	cmd := &cobra.Command{
		Use: "metrics", Short: "Ask for a metric at a scope, or list the metrics that there are", Args: cli.Args(cobra.NoArgs),
		Long: "Ask for a metric of the catalogue at a scope, by aggregation, interval, filter and split. Without --metric, the metrics that can be\n" +
			"asked for are listed: those of --scope, or all.",
		Example: "  endscope query metrics --scope credit-default/blue\n" +
			"  endscope query metrics --scope credit-default --metric RequestLatency --aggregation Average --split deployment\n" +
			"  endscope query metrics --scope credit-default --metric RequestLatency_P99 --split instanceId --top 3 --filter \"statusCodeClass eq '2xx'\" --compare 1d",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(metrics) == 0 {
				return c.definitions(cmd, strings.Join(scopes, ","))
			}
			if len(scopes) == 0 {
				return cli.Usage(errors.New("--scope: must be given together with --metric: endpoint[/deployment[/instance]]"))
			}
			start, end, err := s.times()
			if err != nil {
				return err
			}
			q := url.Values{
				"scope": scopes, "metric": metrics,
				"start": {start.UTC().Format(time.RFC3339Nano)}, "end": {end.UTC().Format(time.RFC3339Nano)},
			}
			for name, values := range map[string][]string{"aggregation": aggregations, "split": split} {
				if len(values) > 0 {
					q[name] = values
				}
			}
			if top != 0 {
				q.Set("top", strconv.Itoa(top))
			}
			if plan {
				q.Set("explain", "plan")
			}
			for name, value := range map[string]string{"interval": interval, "filter": filter, "orderBy": orderBy, "compare": compare} {
				if value != "" {
					q.Set(name, value)
				}
			}
			body, err := c.get(cmd.Context(), "/api/v1/metrics", q)
			if err != nil {
				return err
			}
			return c.printDrillDown(body)
		},
	}
	s.flags(cmd, "-1h")
	fs := cmd.Flags()
	fs.StringArrayVar(&scopes, "scope", nil, "`Scope`: endpoint[/deployment[/instance]]; * stands for every name; repeatable.")
	fs.StringArrayVar(&metrics, "metric", nil, "Name of a metric definition; repeatable.")
	fs.StringArrayVar(&aggregations, "aggregation", nil, "Average, Minimum, Maximum, Total or Count; repeatable; the metric's own when not given.")
	fs.StringVar(&interval, "interval", "", "Length of a window, such as PT1M or 5m.")
	fs.StringArrayVar(&split, "split", nil, "Dimension to split by; repeatable.")
	fs.StringVar(&filter, "filter", "", "Only what meets these conditions on dimensions, such as \"deployment eq 'blue'\".")
	fs.IntVar(&top, "top", 0, "Series to keep of each metric and entry of scope; the rest is folded into one.")
	fs.StringVar(&orderBy, "order-by", "", "What --top ranks by: an aggregation over the whole time, and asc or desc.")
	fs.StringVar(&compare, "compare", "", "Past to compare with: an offset such as 1d, previous, or a start.")
	fs.BoolVar(&plan, "plan", false, "Say by which PromQL expressions the answer was computed, on standard error.")
	return cmd
}

func (c *connection) definitions(cmd *cobra.Command, scope string) error {
	q := url.Values{}
	if scope != "" {
		q.Set("scope", scope)
	}
	body, err := c.get(cmd.Context(), "/api/v1/metric-definitions", q)
	if err != nil {
		return err
	}
	var got struct{ Definitions []definition }
	if err := json.Unmarshal(body, &got); err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.server, err)
	}
	a := answer{header: []string{"metric", "levels", "unit", "aggregations", "dimensions"}, raw: json.RawMessage(body), empty: "no metrics at this scope"}
	for _, d := range got.Definitions {
		a.rows = append(a.rows, []string{d.Name, strings.Join(d.Levels, ","), d.Unit, strings.Join(d.Aggregations, ","), strings.Join(d.Dimensions, ",")})
	}
	return c.print(a)
}

func (c *connection) printDrillDown(body []byte) error {
	var got drillDown
	if err := json.Unmarshal(body, &got); err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.server, err)
	}
	for _, w := range got.Warnings {
		fmt.Fprintln(c.env.Stderr, "warning:", w)
	}
	if t := got.Truncated; t != nil {
		fmt.Fprintf(c.env.Stderr, "showing %d of %d series\n", t.Shown, t.Total)
	}
	var dimensions []string
	for _, s := range got.Series {
		for name := range s.Dimensions {
			if !slices.Contains(dimensions, name) {
				dimensions = append(dimensions, name)
			}
		}
	}
	slices.Sort(dimensions)
	for _, step := range got.Plan {
		fmt.Fprintln(c.env.Stderr, "plan:", step.Expr)
	}
	columns := []string{"value", "unit"}
	if got.Compare != nil {
		columns = []string{"value", "compared", "difference", "unit"}
	}
	a := answer{
		header: slices.Concat([]string{"time", "scope", "metric", "aggregation"}, dimensions, columns),
		raw:    json.RawMessage(body), empty: "no data in this time range",
	}
	for _, s := range got.Series {
		for i, v := range s.Values {
			compared := s.Compare != nil && i < len(s.Compare.Values) && i < len(s.Compare.Difference)
			if i >= len(got.Timestamps) || v == nil && (!compared || s.Compare.Values[i] == nil) {
				continue
			}
			row := []string{time.UnixMilli(got.Timestamps[i]).UTC().Format(time.RFC3339), s.Scope, s.Metric, s.Aggregation}
			for _, name := range dimensions {
				row = append(row, s.Dimensions[name])
			}
			row = append(row, number(v))
			if compared {
				row = append(row, number(s.Compare.Values[i]), number(s.Compare.Difference[i]))
			}
			a.rows = append(a.rows, append(row, s.Unit))
		}
	}
	return c.print(a)
}

// number is a value in a table; nothing where there is none.
func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
