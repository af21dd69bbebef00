package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/dashboards"
	"github.com/endscope/endscope/internal/strict"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
)

// The kinds of resources that are looked at.
const (
	kindDashboard  = "dashboard"
	kindSavedQuery = "saved-query"
)

// dashboardChecker says whether dashboards and saved queries may be stored: also what they ask has to be something that is answered.
type dashboardChecker struct {
	catalogue *scopes.Catalogue
	parser    parser.Parser
	language  *kql.Engine
	limits    kql.Limits
}

// kinds describes to the store of resources what is kept there.
func (c *dashboardChecker) kinds() []resources.Kind {
	return []resources.Kind{
		{Name: kindDashboard, Validate: c.dashboard, MaxCount: 2000, MaxSpec: dashboards.MaxSpec},
		{Name: kindSavedQuery, Validate: c.savedQuery, MaxCount: 5000},
	}
}

func (c *dashboardChecker) dashboard(name string, spec json.RawMessage) (json.RawMessage, error) {
	named, err := withName(spec, name)
	if err != nil {
		return nil, err
	}
	d, err := dashboards.ParseDashboard(named)
	if err := strict.AlsoWrong(err, c.asked(&d)); err != nil {
		return nil, err
	}
	return d.JSON()
}

func (c *dashboardChecker) savedQuery(name string, spec json.RawMessage) (json.RawMessage, error) {
	named, err := withName(spec, name)
	if err != nil {
		return nil, err
	}
	q, err := dashboards.ParseSavedQuery(named)
	m := &strict.Mistakes{}
	c.kql(m, "query", q.Query)
	if err := strict.AlsoWrong(err, m.Err()); err != nil {
		return nil, err
	}
	return q.JSON()
}

// asked checks what the tiles of a dashboard ask, with samples for its variables, as far as they could be read.
func (c *dashboardChecker) asked(d *dashboards.Dashboard) error {
	if len(d.Tiles) > dashboards.MaxTiles {
		return nil // that is told already, and so many questions are not worth their while
	}
	m, samples := &strict.Mistakes{}, d.Samples()
	for i, t := range d.Tiles {
		at := fmt.Sprintf("tiles[%d].", i)
		if t.Chart != nil {
			c.chart(m, at+"chart", t.Chart, samples)
		}
		if t.Logs != nil {
			c.kql(m, at+"logs.query", t.Logs.Expand(samples).Query)
		}
	}
	return m.Err()
}

func (c *dashboardChecker) kql(m *strict.Mistakes, at, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if _, err := c.language.Prepare(context.Background(), kql.Request{Query: text, Limits: c.limits}); err != nil {
		m.Add(at, "", err.Error()) // it quotes the place
	}
}

func (c *dashboardChecker) chart(m *strict.Mistakes, at string, given *dashboards.Chart, samples dashboards.Values) {
	chart := given.Expand(samples)
	if _, err := query.ParseInterval(chart.Interval); err != nil {
		param(m, at, err, chart.Interval)
	}
	if len(chart.PromQL) > 0 {
		for i, text := range chart.PromQL {
			if _, err := c.parser.ParseExpr(text); err != nil {
				m.Add(fmt.Sprintf("%s.promql[%d]", at, i), given.PromQL[i], err.Error())
			}
		}
		return
	}
	if _, err := query.ParseFilter(chart.Filter); err != nil {
		m.Add(at+".filter", given.Filter, strings.TrimPrefix(err.Error(), fmt.Sprintf("filter %q: ", chart.Filter)))
		return
	}
	asked, err := question(&chart)
	if err != nil {
		param(m, at, err, chart.OrderBy)
		return
	}
	if len(asked.Scopes) == 0 {
		return // nothing that can be asked about
	}
	for i, metric := range chart.Metrics {
		one := asked
		one.Metrics = []string{metric.Name}
		if a, ok := scopes.ParseAggregation(metric.Aggregation); ok {
			one.Aggregations = []scopes.Aggregation{a}
		}
		var wrong *query.ParamError
		err := query.Check(c.catalogue, one)
		switch {
		case metric.Name == "" || err == nil:
		case errors.As(err, &wrong) && wrong.Name == "metric":
			m.Add(fmt.Sprintf("%s.metrics[%d].name", at, i), metric.Name, wrong.Rule)
		case errors.As(err, &wrong) && wrong.Name == "aggregation":
			m.Add(fmt.Sprintf("%s.metrics[%d].aggregation", at, i), metric.Aggregation, wrong.Rule)
		default:
			param(m, at, err, "")
		}
	}
}

// param notes what the planner says of one of a chart's fields.
func param(m *strict.Mistakes, at string, err error, value string) {
	var wrong *query.ParamError
	if errors.As(err, &wrong) {
		field := wrong.Name
		if field == "scope" {
			field = "scopes"
		}
		m.Add(at+"."+field, wrong.Value, wrong.Rule)
		return
	}
	m.Add(at, value, err.Error())
}

// question returns what a chart whose variables are replaced asks of all its metrics. As pages do, it asks for a top only where something
// makes several series.
func question(c *dashboards.Chart) (query.Request, error) {
	r := query.Request{Split: c.Split, Filter: c.Filter}
	by, err := query.ParseOrderBy(c.OrderBy)
	if err != nil {
		return r, err
	}
	several := len(c.Split) > 0
	for _, text := range c.Scopes {
		scope, err := scopes.ParsePattern(text)
		if err != nil {
			continue // it is told already
		}
		r.Scopes = append(r.Scopes, scope)
		several = several || len(scope.Wildcards()) > 0
	}
	if several && c.Top > 0 {
		r.Top, r.OrderBy = c.Top, by
	}
	return r, nil
}
