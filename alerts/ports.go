package alerts

import (
	"context"
	"time"

	"github.com/endscope/endscope/scopes"
)

// MetricQuestion asks for one metric at the instants From, From+Every … To. The value at an instant t stands for the samples in
// (t-Window, t].
type MetricQuestion struct {
	Scopes      []scopes.Pattern
	Metric      string
	Aggregation scopes.Aggregation
	Window      time.Duration
	Every       time.Duration // positive, unless From and To are equal
	From, To    time.Time     // both are instants
	Split       []string      // names of dimensions
	Filter      string        // in the language of drill-down filters
}

// Series is one answer to a question: one value for each instant, nil where there is no data. Values are finite.
type Series struct {
	Scope      scopes.Path
	Dimensions map[string]string
	Values     []*float64
}

// MetricsFunc answers a MetricQuestion. A scope or metric of which nothing is stored gives no series and no error.
type MetricsFunc func(context.Context, MetricQuestion) ([]Series, error)

// MetricFunc returns the catalogue's definition of a metric at a level, nil where there is none.
type MetricFunc func(name string, level scopes.Level) *scopes.Definition

// LogQuestion asks a KQL query over rows with From <= TimeGenerated < To that belong to the scopes; none of them means all rows.
type LogQuestion struct {
	Scopes   []scopes.Pattern
	Query    string
	From, To time.Time
}

// LogTable is the answer to a LogQuestion. Cells are nil, bool, int64, float64, string, time.Time, or what fmt.Sprint says best.
type LogTable struct {
	Columns []LogColumn
	Rows    [][]any
}

// LogColumn is a column of a LogTable; Type is KQL's name, such as long, real, datetime, string.
type LogColumn struct{ Name, Type string }

// LogsFunc answers a LogQuestion. Errors of the query itself wrap ErrQuery.
type LogsFunc func(context.Context, LogQuestion) (*LogTable, error)

// ExplainQuestion asks what changed in a metric between the time before a window and the window.
type ExplainQuestion struct {
	Metric      string
	Aggregation scopes.Aggregation
	Scope       scopes.Path
	Filter      string
	Start, End  time.Time // the window
	Baseline    time.Time // start of what it is compared with, which ends at Start
}

// The shortest spans that explain looks at: a shorter window has too few samples to tell a change from noise.
const (
	shortestExplained = 5 * time.Minute
	shortestBaseline  = 15 * time.Minute
)

// ExplainSpan returns which window explain is asked about for one that fired, and where the time begins that it is compared with: as much
// time before it.
func ExplainSpan(windowStart, windowEnd time.Time) (start, end, baseline time.Time) {
	start = windowStart
	if latest := windowEnd.Add(-shortestExplained); start.After(latest) {
		start = latest
	}
	return start, windowEnd, start.Add(-max(windowEnd.Sub(start), shortestBaseline))
}

// Finding is the first thing that explain found.
type Finding struct {
	Sentence string
	Verdict  string
	Path     []string // from the scope to the cause: "deployment=blue", "instance=blue-7"
}

// ExplainFunc answers an ExplainQuestion.
type ExplainFunc func(context.Context, ExplainQuestion) (*Finding, error)

// Sink takes what rules found. Apply is durable when it returns nil. A transition that was applied before (the same ID and condition)
// changes nothing, so that whoever is not sure applies it again. It is safe for concurrent use.
type Sink interface {
	Apply(context.Context, []Transition) error
}

// RuleState is what an evaluator remembers of a rule over restarts.
type RuleState struct {
	Rule      string
	Evaluated time.Time // end of the window of the last check
	// Series holds what is remembered of each series, by the series' key, in the evaluator's own encoding.
	Series map[string][]byte
	// Hash is that of the fields that decide what the rule's states mean; with another, the states are void.
	Hash string
}

// StateStore keeps RuleStates. It is safe for concurrent use.
type StateStore interface {
	LoadRuleStates(context.Context) (map[string]RuleState, error)
	// SaveRuleStates durably replaces, for each rule given, Evaluated and Hash, and the given series; a nil value deletes that series.
	// Series that are not given stay.
	SaveRuleStates(context.Context, []RuleState) error
	DeleteRuleState(ctx context.Context, rule string) error
}

// JournalEntry is one thing that routing must not forget over a restart: whom it notified of what, or a silence.
type JournalEntry struct {
	Key     string // unique within its kind; made of label values, so it may be long
	Data    []byte
	Expires time.Time // when it may be forgotten; zero for never
}

// Journal keeps JournalEntries. It is safe for concurrent use.
type Journal interface {
	// SaveJournal durably replaces the entries that have the same kind and key. It keeps nothing that it was given.
	SaveJournal(ctx context.Context, kind string, entries []JournalEntry) error
	// LoadJournal returns the entries of a kind that have not expired, in no order.
	LoadJournal(ctx context.Context, kind string) ([]JournalEntry, error)
}
