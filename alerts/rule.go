package alerts

import (
	"encoding/json"
	"time"

	"github.com/endscope/endscope/scopes"
)

// RuleKind is what a rule asks.
type RuleKind string

// The kinds of rules.
const (
	KindMetric     RuleKind = "metric"     // metrics of the catalogue
	KindLog        RuleKind = "log"        // a KQL query
	KindPrometheus RuleKind = "prometheus" // one group of a Prometheus rule file
)

// Rule is an alert rule. A metric rule has the fields of Azure's metricAlerts and a log rule those of scheduledQueryRules; what is ours
// beyond them says so. Read one with ParseRule.
type Rule struct {
	Name        string
	Kind        RuleKind
	Description string // at most 2,048 characters
	Severity    int    // 0 critical, 1 error, 2 warning, 3 informational, 4 verbose
	Enabled     bool
	Scopes      []scopes.Pattern // what it watches; `*` asks for every scope at that place, each alone
	// EvaluationFrequency is the time between two checks, and WindowSize what each looks back on.
	EvaluationFrequency, WindowSize time.Duration
	// QueryTimeRange is the time that a log rule's query reads, 0 for WindowSize times the number of evaluation periods.
	QueryTimeRange time.Duration
	Criteria       []Criterion // all must be met; one to five
	// AutoMitigate makes a rule stateful: it acts when it fires and when it resolves. Without, it acts at every check that is met.
	AutoMitigate        bool
	MuteActionsDuration time.Duration // after a check that fired nothing of the same series is notified for this long; 0 for never muted
	Actions             []Action
	CustomProperties    map[string]string // handed on with notifications
	Labels              map[string]string // ours: labels of its alerts beside those that identify them, for routing
	Filter              string            // ours: in the language of drill-down filters; narrows every criterion
	NoData              NoDataPolicy      // ours
	GracePeriod         time.Duration     // ours: how long after its end a window is judged; 0 for the server's default
	RunbookURL          string            // ours: absolute, or a path on this server
	// Group is the group of a rule of KindPrometheus, as its file would hold it, in JSON. All fields above but Name, Kind, Description,
	// Enabled and Actions are empty there.
	Group json.RawMessage
}

// Action says who is told.
type Action struct {
	ActionGroupID     string            // name of an action group; in JSON also as an Azure resource id, whose last segment is the name
	WebHookProperties map[string]string // handed on to webhooks as properties of the alert's context
}

// NoDataPolicy says what a check without data is.
type NoDataPolicy string

// The policies. What is told of here is a series that had data within the last day, or that the rule names without any `*` or split.
const (
	NoDataIgnore NoDataPolicy = "ignore"    // a check that is not met: nothing fires, and what fired resolves after as many as usual
	NoDataAlert  NoDataPolicy = "alert"     // a check that is met
	NoDataKeep   NoDataPolicy = "keepState" // no check at all: what fired stays so
)

// CriterionType says how a criterion's threshold comes about.
type CriterionType string

// The types, as Azure spells them. The criteria of log rules have none in JSON.
const (
	StaticThreshold  CriterionType = "StaticThresholdCriterion"
	DynamicThreshold CriterionType = "DynamicThresholdCriterion"
)

// Operator compares a value with a threshold.
type Operator string

// The operators. GreaterOrLessThan is only for dynamic thresholds: outside of the band. Log rules may also say Equal and NotEqual.
const (
	Equals             Operator = "Equals"
	NotEquals          Operator = "NotEquals"
	GreaterThan        Operator = "GreaterThan"
	GreaterThanOrEqual Operator = "GreaterThanOrEqual"
	LessThan           Operator = "LessThan"
	LessThanOrEqual    Operator = "LessThanOrEqual"
	GreaterOrLessThan  Operator = "GreaterOrLessThan"
)

// Sensitivity says how narrow a dynamic threshold's band is.
type Sensitivity string

// The sensitivities: High is the narrowest band and gives the most alerts.
const (
	SensitivityLow    Sensitivity = "Low"
	SensitivityMedium Sensitivity = "Medium"
	SensitivityHigh   Sensitivity = "High"
)

// Criterion is one condition of a rule.
type Criterion struct {
	Type            CriterionType
	Name            string // unique in the rule
	MetricName      string // of the catalogue, compared without case
	MetricNamespace string // kept and handed on; not looked at
	TimeAggregation scopes.Aggregation
	Operator        Operator
	Threshold       float64 // of a static one, in the metric's unit
	Dimensions      []Dimension
	// WindowSize is ours: another window than the rule's, for alerts that need several. 0 takes the rule's.
	WindowSize           time.Duration
	SkipMetricValidation bool

	// What follows is of dynamic thresholds; FailingPeriods also of log rules and, ours, of static ones (1 of 1 unless given).
	Sensitivity      Sensitivity
	FailingPeriods   FailingPeriods
	IgnoreDataBefore time.Time // zero for all data

	// What follows is of log rules. TimeAggregation Count counts rows; the others take MetricMeasureColumn.
	Query               string
	MetricMeasureColumn string
	ResourceIDColumn    string
}

// FailingPeriods asks for at least MinFailingPeriodsToAlert of the last NumberOfEvaluationPeriods checks to be met.
type FailingPeriods struct {
	NumberOfEvaluationPeriods, MinFailingPeriodsToAlert int
}

// DimensionOperator says which values of a dimension count.
type DimensionOperator string

// The operators of dimensions.
const (
	Include    DimensionOperator = "Include"
	Exclude    DimensionOperator = "Exclude"
	StartsWith DimensionOperator = "StartsWith"
)

// Dimension splits by a dimension of the metric (or column of a log query): each combination of values fires and resolves alone. `*` among the values
// stands for all, also those to come.
type Dimension struct {
	Name     string
	Operator DimensionOperator
	Values   []string
}

// Stored is a rule with the version of the resource that holds it.
type Stored struct {
	Rule
	Version int64 // rises with every change
}
