package dashboards

// The limits of a dashboard.
const (
	Columns        = 12 // of the grid; its rows are 80 px high
	MaxTiles       = 60
	MaxVariables   = 10
	MaxSpec        = 1 << 20 // bytes of a dashboard as JSON
	maxRow         = 2000    // first row below the grid
	maxHeight      = 40
	minWidth       = 2
	maxTitle       = 120 // characters
	maxDescription = 1000
	maxText        = 10_000
	maxTags        = 20
	maxTag         = 40
	maxQuery       = 64 << 10 // bytes of one expression or query
	maxScopes      = 50
	maxMetrics     = 20
	maxSplit       = 10
	maxPromQL      = 10
	maxOptions     = 100
	maxValue       = 200 // characters of a variable's value
)

// Dashboard is a page of tiles. In its titles, texts and questions variables may stand; see Values.
type Dashboard struct {
	Name        string     `json:"name,omitempty"`
	Title       string     `json:"title,omitempty"`       // up to 120 characters; empty means the name
	Description string     `json:"description,omitempty"` // plain text of up to 1,000 characters
	Tags        []string   `json:"tags,omitempty"`        // up to 20 of up to 40 characters
	Variables   []Variable `json:"variables,omitempty"`   // up to 10, in the order of their choosers
	Time        *Time      `json:"time,omitempty"`        // what it opens with
	Tiles       []Tile     `json:"tiles"`                 // up to 60, without overlap
}

// Time is what a dashboard opens with. Both are durations such as 30s, 1h30m or 7d; empty takes what every page has.
type Time struct {
	Last    string `json:"last,omitempty"`    // how far back it looks
	Refresh string `json:"refresh,omitempty"` // how often it asks again, or off
}

// VariableKind is what a variable is chosen from.
type VariableKind string

// The kinds of variables. A scope's name may be `*`, which stands for all.
const (
	KindEndpoint   VariableKind = "endpoint"
	KindDeployment VariableKind = "deployment"
	KindInstance   VariableKind = "instance"
	KindText       VariableKind = "text"
)

// Variable is a value that whoever looks at a dashboard chooses.
type Variable struct {
	Name    string       `json:"name"`            // a letter, then letters, digits and _, up to 40; not left or right, which KQL has
	Label   string       `json:"label,omitempty"` // what people read; empty means the name
	Kind    VariableKind `json:"kind"`
	Of      string       `json:"of,omitempty"`      // an earlier variable of a level above, whose value narrows the choice
	Options []string     `json:"options,omitempty"` // the choice of a text; none for any text
	Default string       `json:"default,omitempty"` // `*` where the kind is a level of scopes and nothing is given
}

// TileKind is what a tile holds.
type TileKind string

// The kinds of tiles.
const (
	TileChart TileKind = "chart"
	TileLogs  TileKind = "logs"
	TileText  TileKind = "text"
)

// Tile is a rectangle of a dashboard. It has the one of Chart, Logs and Text that its kind names.
type Tile struct {
	ID          string   `json:"id"` // 1 to 40 letters, digits, _ and -, unique on the dashboard
	Kind        TileKind `json:"kind"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	X           int      `json:"x"` // first column, from 0
	Y           int      `json:"y"` // first row, from 0
	W           int      `json:"w"` // columns, from 2
	H           int      `json:"h"` // rows, from 1 to 40
	Chart       *Chart   `json:"chart,omitempty"`
	Logs        *Logs    `json:"logs,omitempty"`
	Text        string   `json:"text,omitempty"` // Markdown without HTML, up to 10,000 characters
}

// Chart is what a chart asks, in the words of /api/v1/metrics, and how it is drawn. With PromQL only that is asked, and of the other
// fields Interval, Kind and Unit count.
type Chart struct {
	Scopes   []string `json:"scopes,omitempty"`
	Metrics  []Metric `json:"metrics,omitempty"`
	Filter   string   `json:"filter,omitempty"`
	Split    []string `json:"split,omitempty"`
	Top      int      `json:"top,omitempty"` // series to keep of each metric and scope; 0 for all
	OrderBy  string   `json:"orderBy,omitempty"`
	Interval string   `json:"interval,omitempty"` // empty for one that fits the time
	Kind     DrawKind `json:"kind,omitempty"`     // line where nothing is given
	PromQL   []string `json:"promql,omitempty"`
	Unit     string   `json:"unit,omitempty"` // of what the expressions give
}

// Metric is one line of a chart.
type Metric struct {
	Name        string `json:"name"`
	Aggregation string `json:"aggregation,omitempty"` // empty for the metric's own first one
}

// DrawKind is how a chart is drawn.
type DrawKind string

// DrawKinds returns all ways in which a chart can be drawn.
func DrawKinds() []DrawKind {
	return []DrawKind{"line", "area", "stack", "bar", "scatter", "heat", "distribution", "grid"}
}

// Logs is what a tile asks the logs. It is drawn as the query's render says, and as a table without one.
type Logs struct {
	Query  string   `json:"query"`            // KQL
	Scopes []string `json:"scopes,omitempty"` // whose rows are seen; none for all
}

// SavedQuery is a query of the logs that people keep under a name.
type SavedQuery struct {
	Name        string   `json:"name,omitempty"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Query       string   `json:"query"` // KQL
	Scopes      []string `json:"scopes,omitempty"`
	Tags        []string `json:"tags,omitempty"`
}
