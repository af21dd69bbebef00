package grafana

// The parts of Grafana's dashboard model that we use, in schema version 42 (Grafana 12 and newer; older ones read it too).

// Dashboard is one file of dashboards/.
type Dashboard struct {
	UID           string     `json:"uid"`
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	Tags          []string   `json:"tags"`
	SchemaVersion int        `json:"schemaVersion"`
	Version       int        `json:"version"`
	Editable      bool       `json:"editable"`
	GraphTooltip  int        `json:"graphTooltip"` // 1: one crosshair for all panels
	Refresh       string     `json:"refresh"`
	Time          TimeRange  `json:"time"`
	Timezone      string     `json:"timezone"`
	Links         []Link     `json:"links"`
	Templating    Templating `json:"templating"`
	Annotations   struct {
		List []any `json:"list"`
	} `json:"annotations"`
	Panels []Panel `json:"panels"`
}

// TimeRange is what a dashboard shows when it is opened.
type TimeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Link leads to another dashboard.
type Link struct {
	Title       string   `json:"title"`
	Type        string   `json:"type,omitempty"`
	URL         string   `json:"url"`
	Tooltip     string   `json:"tooltip,omitempty"`
	TargetBlank bool     `json:"targetBlank"`
	Tags        []string `json:"tags,omitempty"`
}

// Templating holds the variables.
type Templating struct {
	List []Variable `json:"list"`
}

// Variable is a choice at the top of a dashboard. Query is a string for type datasource and a VariableQuery for type query.
type Variable struct {
	Name        string         `json:"name"`
	Label       string         `json:"label"`
	Description string         `json:"description"`
	Type        string         `json:"type"`
	Query       any            `json:"query"`
	Definition  string         `json:"definition,omitempty"`
	Datasource  *DatasourceRef `json:"datasource,omitempty"`
	Refresh     int            `json:"refresh"` // 1: when the dashboard is opened; 2: also when the time range changes
	Sort        int            `json:"sort,omitempty"`
	Regex       string         `json:"regex"`
	Multi       bool           `json:"multi"`
	IncludeAll  bool           `json:"includeAll"`
	Current     struct{}       `json:"current"`
	Options     []any          `json:"options"`
	Hide        int            `json:"hide"`
}

// VariableQuery asks for the values of a label.
type VariableQuery struct {
	QueryType int    `json:"qryType"` // 1: label values
	Query     string `json:"query"`
	RefID     string `json:"refId"`
}

// DatasourceRef names a data source; its UID is always the variable.
type DatasourceRef struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Panel is a chart, or a row above charts.
type Panel struct {
	ID          int            `json:"id"`
	Type        string         `json:"type"`
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	Datasource  *DatasourceRef `json:"datasource,omitempty"`
	GridPos     GridPos        `json:"gridPos"`
	Targets     []Target       `json:"targets,omitempty"`
	FieldConfig *FieldConfig   `json:"fieldConfig,omitempty"`
	Options     map[string]any `json:"options,omitempty"`
	Collapsed   *bool          `json:"collapsed,omitempty"`
	Panels      []Panel        `json:"panels,omitempty"`
}

// GridPos places a panel on the grid, which is 24 wide.
type GridPos struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Target is one query of a panel.
type Target struct {
	RefID        string        `json:"refId"`
	Datasource   DatasourceRef `json:"datasource"`
	Expr         string        `json:"expr"`
	LegendFormat string        `json:"legendFormat"`
	Format       string        `json:"format"`
	Instant      bool          `json:"instant"`
	Range        bool          `json:"range"`
	Exemplar     bool          `json:"exemplar,omitempty"`
	EditorMode   string        `json:"editorMode"`
}

// FieldConfig says how values are written and drawn.
type FieldConfig struct {
	Defaults  FieldDefaults `json:"defaults"`
	Overrides []any         `json:"overrides"`
}

// FieldDefaults holds for every series of a panel.
type FieldDefaults struct {
	Unit       string         `json:"unit"`
	Decimals   *int           `json:"decimals,omitempty"`
	Min        *float64       `json:"min,omitempty"`
	Max        *float64       `json:"max,omitempty"`
	NoValue    string         `json:"noValue,omitempty"`
	Color      map[string]any `json:"color"`
	Thresholds map[string]any `json:"thresholds"`
	Custom     map[string]any `json:"custom,omitempty"`
	Links      []Link         `json:"links,omitempty"`
}
