package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The reasons for refusing a log row. They are values of the label `reason` of endscope_ingest_log_refused_total, beside those that
// samples share with rows: format, invalid_identity, outside_scope and too_far_ahead.
const (
	ReasonType       Reason = "wrong_type"  // a value is none of its column's type
	ReasonFieldLimit Reason = "field_limit" // a value or name is too long or too deep, or Properties has too many members
	ReasonRowLimit   Reason = "row_limit"   // the row is too large
	ReasonEmpty      Reason = "empty_row"   // the row has no field
)

// LogReasons lists every reason for refusing a row.
func LogReasons() []Reason {
	return []Reason{ReasonFormat, ReasonType, ReasonFieldLimit, ReasonRowLimit, ReasonEmpty, ReasonIdentity, ReasonScope, ReasonFuture, ReasonTooOld, ReasonStorage}
}

// RefusedRow is one row that was not stored.
type RefusedRow struct {
	Line    int    `json:"line,omitempty"`  // of newline-delimited JSON, from 1
	Index   *int   `json:"index,omitempty"` // in an array, from 0
	Reason  Reason `json:"reason"`
	Message string `json:"message"`
}

// LogsResult says what became of a push of log rows that was read.
type LogsResult struct {
	Rows     int          // stored
	Repeated bool         // a push with the same key had stored them before
	Dropped  int          // streams' rows that relabelling dropped on purpose
	Bad      []RefusedRow // the first of those that were refused, in their order, where rows have places
	refused  refusals
}

// Refused returns how many rows were refused in all.
func (r *LogsResult) Refused() int {
	n := 0
	for _, x := range r.refused {
		n += x.Count
	}
	return n
}

// Refusals returns what was refused, one entry per reason, in the order in which the reasons came up.
func (r *LogsResult) Refusals() []Refusal { return r.refused }

// Err returns nil if nothing was refused, otherwise an error for a person that lists each reason with count and first example. The
// other rows were stored, and sending the refused ones again is of no use.
func (r *LogsResult) Err() error {
	if len(r.refused) == 0 {
		return nil
	}
	var b strings.Builder
	rows := "rows"
	if r.Refused() == 1 {
		rows = "row"
	}
	fmt.Fprintf(&b, "%d %s refused, %d stored", r.Refused(), rows, r.Rows)
	for _, x := range r.refused {
		fmt.Fprintf(&b, "; %s: %d, such as %s", x.Reason, x.Count, x.Example)
	}
	return errors.New(b.String())
}

// place is where in a request a row stands.
type place struct {
	line, index int // from 1; 0 for none
}

func (p place) String() string {
	switch {
	case p.line > 0:
		return fmt.Sprintf("line %d: ", p.line)
	case p.index > 0:
		return fmt.Sprintf("row %d of the array: ", p.index-1)
	default:
		return ""
	}
}

// fault is what is wrong with a row. Its text is made only when somebody reads it.
type fault struct {
	reason Reason
	column string // or the name of a field; "" for the row
	value  []byte // what was given, nil where the rule alone says it
	rule   string // reads on from the value: "must be …"
}

func (f *fault) text() string {
	var b strings.Builder
	if f.column != "" {
		fmt.Fprintf(&b, "%s: ", clip([]byte(f.column)))
	}
	if f.value != nil {
		fmt.Fprintf(&b, "%q ", clip(f.value))
	}
	b.WriteString(f.rule)
	return b.String()
}

// refuse counts rows that are not stored.
func (r *LogsResult) refuse(at place, f *fault, n int) {
	if at != (place{}) && len(r.Bad) < maxRefusedLines {
		r.Bad = append(r.Bad, refusedRow(at, f))
	}
	r.refused.add(f.reason, n, func() string { return at.String() + f.text() })
}

// refuseStored counts rows that the store refused, and puts them into their place among the first of the refused ones.
func (r *LogsResult) refuseStored(refused []LogRowError, at func(row int) place) {
	for _, x := range refused {
		f := fault{reason: x.Reason, rule: x.Message}
		where := at(x.Row)
		if where != (place{}) {
			i, _ := slices.BinarySearchFunc(r.Bad, where, func(bad RefusedRow, p place) int {
				if p.index > 0 {
					return *bad.Index + 1 - p.index
				}
				return bad.Line - p.line
			})
			if i < maxRefusedLines {
				r.Bad = slices.Insert(r.Bad, i, refusedRow(where, &f))[:min(len(r.Bad)+1, maxRefusedLines)]
			}
		}
		r.refused.add(x.Reason, 1, func() string { return where.String() + f.text() })
	}
}

func refusedRow(at place, f *fault) RefusedRow {
	row := RefusedRow{Line: at.line, Reason: f.reason, Message: f.text()}
	if at.index > 0 {
		index := at.index - 1
		row.Index = &index
	}
	return row
}
