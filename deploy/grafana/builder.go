package grafana

// builder lays panels out in rows, left to right and top to bottom.
type builder struct {
	level  level
	panels []Panel
	x, y   int
	height int // of the line of panels that is being filled
}

// row begins a row with a title.
func (b *builder) row(title string) {
	b.newline()
	open := false
	b.panels = append(b.panels, Panel{ID: len(b.panels) + 1, Type: "row", Title: title, GridPos: GridPos{0, b.y, 24, 1}, Collapsed: &open})
	b.y++
}

func (b *builder) newline() {
	b.y += b.height
	b.x, b.height = 0, 0
}

// chart is what one panel shows.
type chart struct {
	title, description string
	unit               string
	width              int
	queries            []query
	stacked            bool
	share              bool // values are from 0 to 1
	noLinks            bool // series are not those of the level below
}

// query is one expression of a chart and how its series are named.
type query struct{ expr, legend string }

func (b *builder) add(p Panel, width, height int, c chart, instant bool, format string) {
	if b.x+width > 24 {
		b.newline()
	}
	p.ID, p.Title, p.Description, p.Datasource = len(b.panels)+1, c.title, c.description, &source
	p.GridPos = GridPos{b.x, b.y, width, height}
	for i, q := range c.queries {
		p.Targets = append(p.Targets, Target{
			RefID: string(rune('A' + i)), Datasource: source, Expr: q.expr, LegendFormat: q.legend, Format: format, Instant: instant, Range: !instant, EditorMode: "code",
		})
	}
	b.panels = append(b.panels, p)
	b.x += width
	b.height = max(b.height, height)
}

func (b *builder) fields(c chart, color map[string]any) *FieldConfig {
	zero, one := 0.0, 1.0
	f := &FieldConfig{Overrides: []any{}, Defaults: FieldDefaults{
		Unit: c.unit, Min: &zero, Color: color,
		Thresholds: map[string]any{"mode": "absolute", "steps": []any{map[string]any{"color": "green", "value": nil}}},
	}}
	if c.share {
		f.Defaults.Max = &one
	}
	if !c.noLinks {
		f.Defaults.Links = b.level.down()
	}
	return f
}

// lines adds a chart over time. A gap stays a gap.
func (b *builder) lines(c chart) {
	f := b.fields(c, map[string]any{"mode": "palette-classic-by-name"})
	stacking := "none"
	fill := 8
	if c.stacked {
		stacking, fill = "normal", 40
	}
	f.Defaults.Custom = map[string]any{
		"drawStyle": "line", "lineWidth": 1, "fillOpacity": fill, "showPoints": "auto", "spanNulls": false,
		"stacking": map[string]any{"mode": stacking, "group": "A"},
	}
	b.add(Panel{Type: "timeseries", FieldConfig: f, Options: map[string]any{
		"legend":  map[string]any{"displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": []string{"lastNotNull", "min", "mean", "max"}},
		"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
	}}, c.width, 8, c, false, "time_series")
}

// stat adds one number: how it is now, with its course behind it.
func (b *builder) stat(c chart) {
	c.noLinks = true
	f := b.fields(c, map[string]any{"mode": "fixed", "fixedColor": "text"})
	f.Defaults.NoValue = "no data"
	b.add(Panel{Type: "stat", FieldConfig: f, Options: map[string]any{
		"graphMode": "area", "colorMode": "value", "textMode": "value", "justifyMode": "auto", "wideLayout": true,
		"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
	}}, c.width, 4, c, false, "time_series")
}

// bars adds bars, one for each instance: how it is now.
func (b *builder) bars(c chart) {
	f := b.fields(c, map[string]any{"mode": "continuous-BlPu"})
	f.Defaults.Links = toInstance()
	b.add(Panel{Type: "bargauge", FieldConfig: f, Options: map[string]any{
		"displayMode": "basic", "orientation": "horizontal", "valueMode": "color", "showUnfilled": true, "minVizHeight": 10,
		"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
	}}, c.width, 8, c, true, "time_series")
}

// heat adds a heat map of a native histogram.
func (b *builder) heat(c chart) {
	c.noLinks = true
	f := b.fields(c, map[string]any{"mode": "palette-classic"})
	f.Defaults.Min = nil // the y axis is logarithmic
	b.add(Panel{Type: "heatmap", FieldConfig: f, Options: map[string]any{
		"calculate": false, "cellGap": 0, "filterValues": map[string]any{"le": 1e-9},
		"color":   map[string]any{"mode": "scheme", "scheme": "Blues", "exponent": 0.5, "steps": 64, "reverse": false},
		"yAxis":   map[string]any{"axisPlacement": "left", "unit": c.unit, "reverse": false},
		"tooltip": map[string]any{"mode": "single", "yHistogram": true, "showColorScale": true},
		"legend":  map[string]any{"show": true},
	}}, c.width, 8, c, false, "heatmap")
}
