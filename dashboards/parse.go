package dashboards

import (
	"slices"

	"github.com/endscope/endscope/internal/strict"
	"github.com/endscope/endscope/scopes"
)

// ParseDashboard reads a dashboard from JSON, fills in defaults and checks it. Errors: strict.FieldErrors, all at once; with them it
// returns what could be read.
func ParseDashboard(text []byte) (Dashboard, error) {
	var d Dashboard
	err := strict.Decode(text, &d)
	d.fill()
	m := &strict.Mistakes{}
	d.check(m)
	return d, strict.AlsoWrong(err, m.Err())
}

// ParseSavedQuery reads a saved query from JSON and checks it. Errors as those of ParseDashboard.
func ParseSavedQuery(text []byte) (SavedQuery, error) {
	var q SavedQuery
	err := strict.Decode(text, &q)
	m := &strict.Mistakes{}
	q.check(m)
	return q, strict.AlsoWrong(err, m.Err())
}

// JSON returns the dashboard in its canonical form, in which equal dashboards have equal bytes.
func (d *Dashboard) JSON() ([]byte, error) { return strict.Encode(d) }

// JSON returns the query in its canonical form, in which equal queries have equal bytes.
func (q *SavedQuery) JSON() ([]byte, error) { return strict.Encode(q) }

// fill gives fields that are not there the value that they have then.
func (d *Dashboard) fill() {
	if d.Tiles == nil {
		d.Tiles = []Tile{}
	}
	if d.Time != nil && *d.Time == (Time{}) {
		d.Time = nil
	}
	for i := range d.Variables {
		if v := &d.Variables[i]; v.Default == "" && v.level() > 0 {
			v.Default = Any
		}
	}
	for i := range d.Tiles {
		c := d.Tiles[i].Chart
		if c == nil {
			continue
		}
		if c.Kind == "" {
			c.Kind = DrawKinds()[0]
		}
		for j := range c.Metrics {
			if a, ok := scopes.ParseAggregation(c.Metrics[j].Aggregation); ok {
				c.Metrics[j].Aggregation = string(a)
			}
		}
	}
}

// level is the depth of the scopes that a variable is chosen from, from 1; 0 for a text.
func (v *Variable) level() int {
	return 1 + slices.Index([]VariableKind{KindEndpoint, KindDeployment, KindInstance}, v.Kind)
}
