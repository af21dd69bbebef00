package alerts

import (
	"encoding/json"
	"time"

	"github.com/endscope/endscope/scopes"
)

// Condition is what the system says of an alert.
type Condition string

// The conditions.
const (
	Fired    Condition = "Fired"
	Resolved Condition = "Resolved"
)

// UserState is what people say of an alert. It changes only by hand.
type UserState string

// The states.
const (
	New          UserState = "New"
	Acknowledged UserState = "Acknowledged"
	Closed       UserState = "Closed"
)

// Labels of alerts, as the routing and Alertmanager's clients see them, beside endpoint, deployment, instance and one for each split
// dimension. Names of dimensions that are no label names have every other character replaced by `_`.
const (
	LabelAlertName = "alertname" // the rule's name; for Prometheus rules the alert's
	LabelSeverity  = "severity"  // critical, error, warning, info, verbose for severities 0 to 4; Prometheus rules set their own
	// LabelActionGroups holds the names of the action groups that are told, sorted, each between commas: ",oncall,team,". Rules of
	// Prometheus may set it to name action groups without the outer commas. Alerts that name none go where the policy's routes say.
	LabelActionGroups = "action_groups"
	// PolicyGroup stands among the names of LabelActionGroups where the policy's routes are asked beside the groups: for an alert that names
	// none itself, and to which a processing rule adds some.
	PolicyGroup = "*"
	// LabelFired tells the alerts of a stateless rule apart: it is their id, and alerts of stateful rules do not have it.
	LabelFired = "alert_id"
)

// SeverityName returns the value of LabelSeverity for a severity from 0 to 4.
func SeverityName(severity int) string {
	if severity < 0 || severity > 4 {
		return ""
	}
	return [...]string{"critical", "error", "warning", "info", "verbose"}[severity]
}

// SeverityOf returns the severity that a value of LabelSeverity names, also as page, high, medium, low, notice, information,
// informational, debug, none and Sev0 to Sev4, without regard to case; 3 where it is something else.
func SeverityOf(label string) int { return severityOf(label) }

// Alert is one alert: from the check that fired to the one that resolved.
type Alert struct {
	// ID is made of the rule's name, the series and FiredAt: whoever evaluates the same check twice makes the same alert.
	ID          string
	Rule        string   // name of the resource; for Prometheus rule files "file;group;alert"
	SeriesKey   string   // names the series within the rule: with Rule, what is the same for every alert of one series
	RuleKind    RuleKind // empty for alerts that others posted
	Severity    int
	Stateless   bool // of a rule without autoMitigate: it never resolves
	Labels      map[string]string
	Annotations map[string]string // summary and description, and what Prometheus rules have
	Target      scopes.Path       // zero where none is known
	Dimensions  map[string]string // split values, by the catalogue's spelling
	Condition   Condition
	FiredAt     time.Time // end of the window of the check that fired
	ResolvedAt  time.Time // end of the window of the check that resolved; zero until then
	// Values are those of the check that fired and, once resolved, of the check that resolved: one for each criterion.
	Values           []CriterionValue
	WindowStart      time.Time
	WindowEnd        time.Time
	Actions          []Action // as the rule has them, before processing rules
	CustomProperties map[string]string
	RunbookURL       string
	Description      string
	// GeneratorURL is a link of whoever made the alert; empty for metric and log rules, whose links the hub makes.
	GeneratorURL string
	// Filter is the filter of the rule that fired, in the language of drill-down filters, for links and explain; empty for none.
	Filter string
	// ExpiresAt is when an alert that others posted resolves unless they post it again; zero for the alerts of rules.
	ExpiresAt time.Time
	// ResolveReason says why an alert resolved other than by its checks, such as "rule deleted"; empty otherwise.
	ResolveReason string
}

// CriterionValue is what one criterion saw.
type CriterionValue struct {
	Criterion    Criterion
	Value        *float64 // nil where there was no data
	Threshold    *float64 // the static one, or the bound that was crossed; nil where a dynamic one is not known
	Lower, Upper *float64 // the band of a dynamic one
}

// Transition is a change of an alert's condition.
type Transition struct {
	Alert Alert
	// Test says that nothing happened: somebody tries an action group.
	Test bool
}

// TimelineEntry is one thing that happened to an alert.
type TimelineEntry struct {
	At   time.Time
	Kind string          // fired, resolved, notified, notify_failed, suppressed, groups_added, muted, released, no_groups, given_up, state, comment, finding
	By   string          // who, for what people did
	Text string          // a sentence
	Data json.RawMessage // details; nil for none
}
