package dashboards

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/endscope/endscope/internal/strict"
	"github.com/endscope/endscope/scopes"
)

var tileID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

func (d *Dashboard) checkTiles(m *strict.Mistakes) {
	if !checkMost(m, "tiles", len(d.Tiles), MaxTiles, "tiles") {
		return
	}
	q := &questions{m: m, dashboard: d, samples: d.Samples()}
	for i := range d.Tiles {
		t, at := &d.Tiles[i], indexed("tiles", i)
		switch {
		case t.ID == "":
			m.Add(at+".id", "", "is required")
		case !tileID.MatchString(t.ID):
			m.Add(at+".id", t.ID, "must be 1 to 40 letters, digits, _ and -")
		case slices.ContainsFunc(d.Tiles[:i], func(o Tile) bool { return o.ID == t.ID }):
			m.Add(at+".id", t.ID, "must not be given twice")
		}
		checkLine(m, at+".title", t.Title, maxTitle)
		checkText(m, at+".description", t.Description, maxDescription)
		if t.checkPlace(m, at) {
			for j := range d.Tiles[:i] {
				if o := &d.Tiles[j]; o.placed() && t.overlaps(o) {
					m.Addf(at, t.ID, "must not overlap the tile %s", o.ID)
					break
				}
			}
		}
		t.checkContent(m, at, q)
	}
}

// checkPlace says whether a tile lies on the grid.
func (t *Tile) checkPlace(m *strict.Mistakes, at string) bool {
	if t.W < minWidth || t.W > Columns {
		m.Addf(at+".w", fmt.Sprint(t.W), "must be from %d to %d columns", minWidth, Columns)
	} else if t.X < 0 || t.X+t.W > Columns {
		m.Addf(at+".x", fmt.Sprint(t.X), "must be from 0 to %d with a width of %d, so that the tile does not leave the grid", Columns-t.W, t.W)
	}
	if t.H < 1 || t.H > maxHeight {
		m.Addf(at+".h", fmt.Sprint(t.H), "must be from 1 to %d rows", maxHeight)
	} else if t.Y < 0 || t.Y+t.H > maxRow {
		m.Addf(at+".y", fmt.Sprint(t.Y), "must be from 0 to %d", maxRow-t.H)
	}
	return t.placed()
}

func (t *Tile) placed() bool {
	return t.W >= minWidth && t.X >= 0 && t.X+t.W <= Columns && t.H >= 1 && t.H <= maxHeight && t.Y >= 0 && t.Y+t.H <= maxRow
}

func (t *Tile) overlaps(o *Tile) bool {
	return t.X < o.X+o.W && o.X < t.X+t.W && t.Y < o.Y+o.H && o.Y < t.Y+t.H
}

// checkContent checks that a tile has what its kind says, and nothing else.
func (t *Tile) checkContent(m *strict.Mistakes, at string, q *questions) {
	kinds := []TileKind{TileChart, TileLogs, TileText}
	if !slices.Contains(kinds, t.Kind) {
		m.Add(at+".kind", string(t.Kind), "must be one of chart, logs, text")
		return
	}
	for i, has := range []bool{t.Chart != nil, t.Logs != nil, t.Text != ""} {
		field := at + "." + string(kinds[i])
		switch own := kinds[i] == t.Kind; {
		case has && !own:
			m.Addf(field, "", "must not be given for a tile of the kind %s", t.Kind)
		case own && !has && t.Kind != TileText: // a text may still have to be written
			m.Add(field, "", "is required")
		}
	}
	switch {
	case t.Kind == TileChart && t.Chart != nil:
		q.chart(at+".chart", t.Chart)
	case t.Kind == TileLogs && t.Logs != nil:
		q.logs(at+".logs", t.Logs)
	case t.Kind == TileText:
		checkText(m, at+".text", t.Text, maxText)
	}
}

// questions checks what tiles ask.
type questions struct {
	m         *strict.Mistakes
	dashboard *Dashboard
	samples   Values
}

// known says whether a text names only variables that there are. KQL has words with a dollar sign of its own.
func (q *questions) known(at, text string, kql bool) bool {
	for _, name := range references(text) {
		if _, ok := q.samples[name]; !ok && !(kql && reserved(name)) {
			rule := fmt.Sprintf("must not name $%s, which is no variable of the dashboard", name)
			if near := strict.Nearest(name, q.names()); near != "" {
				rule += "; did you mean $" + near + "?"
			}
			q.m.Add(at, text, rule+"; $$ is a dollar sign")
			return false
		}
	}
	return true
}

func (q *questions) names() (out []string) {
	for _, v := range q.dashboard.Variables {
		out = append(out, v.Name)
	}
	return out
}

func (q *questions) scopes(at string, list []string) {
	checkMost(q.m, at, len(list), maxScopes, "scopes")
	for i, text := range list {
		if q.known(indexed(at, i), text, false) {
			checkScope(q.m, indexed(at, i), text, q.samples.Plain(text))
		}
	}
}

func (q *questions) logs(at string, l *Logs) {
	checkQuery(q.m, at+".query", l.Query)
	q.known(at+".query", l.Query, true)
	q.scopes(at+".scopes", l.Scopes)
}

func (q *questions) chart(at string, c *Chart) {
	if !slices.Contains(DrawKinds(), c.Kind) {
		q.m.Addf(at+".kind", string(c.Kind), "must be one of %s", joined(DrawKinds()))
	}
	checkLine(q.m, at+".unit", c.Unit, maxTag)
	q.scopes(at+".scopes", c.Scopes)
	checkMost(q.m, at+".metrics", len(c.Metrics), maxMetrics, "metrics")
	for i, metric := range c.Metrics {
		own := indexed(at+".metrics", i)
		if metric.Name == "" {
			q.m.Add(own+".name", "", "is required")
		}
		if _, ok := scopes.ParseAggregation(metric.Aggregation); !ok && metric.Aggregation != "" {
			q.m.Add(own+".aggregation", metric.Aggregation, "must be one of Average, Minimum, Maximum, Total, Count")
		}
		if slices.Contains(c.Metrics[:i], metric) {
			q.m.Add(own, metric.Name, "must not be given twice")
		}
	}
	checkMost(q.m, at+".split", len(c.Split), maxSplit, "dimensions")
	q.known(at+".filter", c.Filter, false)
	if c.Top < 0 {
		q.m.Add(at+".top", fmt.Sprint(c.Top), "must not be below 0, which is for all")
	}
	q.promql(at+".promql", c.PromQL)
	switch {
	case len(c.PromQL) > 0:
	case len(c.Metrics) == 0:
		q.m.Add(at+".metrics", "", "is required where there is no promql")
	case len(c.Scopes) == 0:
		q.m.Add(at+".scopes", "", "is required where there is no promql")
	}
}

func (q *questions) promql(at string, list []string) {
	checkMost(q.m, at, len(list), maxPromQL, "expressions")
	for i, text := range list {
		own := indexed(at, i)
		checkQuery(q.m, own, text)
		if !q.known(own, text, false) {
			continue
		}
		for _, name := range compared(text) {
			j := slices.IndexFunc(q.dashboard.Variables, func(v Variable) bool { return v.Name == name })
			if j >= 0 && q.dashboard.Variables[j].level() > 0 {
				q.m.Addf(own, text, "must compare with $%s by =~ or !~: it may be *, of which = knows nothing", name)
				break
			}
		}
	}
}

func joined[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = string(v)
	}
	return strings.Join(texts, ", ")
}
