package web

import (
	"strings"

	"github.com/endscope/endscope/logs/kql"
)

// renderJSON is the chart that a query asks for, in the service's shape: what the query does not say is null.
type renderJSON struct {
	Visualization  string `json:"visualization"`
	Title          any    `json:"title"`
	XColumn        any    `json:"xColumn"`
	YColumns       any    `json:"yColumns"`
	Series         any    `json:"series"`
	AnomalyColumns any    `json:"anomalyColumns"`
	Kind           any    `json:"kind"`
	Legend         any    `json:"legend"`
	XTitle         any    `json:"xTitle"`
	YTitle         any    `json:"yTitle"`
	XAxis          any    `json:"xAxis"`
	YAxis          any    `json:"yAxis"`
	YSplit         any    `json:"ySplit"`
	YMin           any    `json:"yMin"`
	YMax           any    `json:"yMax"`
	Accumulate     any    `json:"accumulate"`
	IsQuerySorted  bool   `json:"isQuerySorted"`
}

// logsRender returns the chart of an answer, nil where it is not asked for or the query has none.
func logsRender(a *kql.Answer, shown logsShown) any {
	if !shown.render || a.Render == nil {
		return nil
	}
	out := renderJSON{Visualization: a.Render.Kind, Accumulate: false, YMin: "NaN", YMax: "NaN"}
	fields := map[string]*any{
		"title": &out.Title, "xcolumn": &out.XColumn, "ycolumns": &out.YColumns, "series": &out.Series, "anomalycolumns": &out.AnomalyColumns,
		"kind": &out.Kind, "legend": &out.Legend, "xtitle": &out.XTitle, "ytitle": &out.YTitle, "xaxis": &out.XAxis, "yaxis": &out.YAxis,
		"ysplit": &out.YSplit, "ymin": &out.YMin, "ymax": &out.YMax, "accumulate": &out.Accumulate,
	}
	for _, p := range a.Render.Properties {
		if field, ok := fields[strings.ToLower(p.Name)]; ok {
			*field = p.Value
		}
	}
	for _, list := range []*any{&out.YColumns, &out.Series, &out.AnomalyColumns} { // lists also where the query names one column
		if _, isList := (*list).([]any); !isList && *list != nil {
			*list = []any{*list}
		}
	}
	return out
}
