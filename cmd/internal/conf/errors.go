package conf

import (
	"fmt"
	"strings"
)

// Error is one thing that is wrong with a configuration: where it was written, which key, and which rule it breaks.
// Its message is `endscope.yaml:7: storage.retention: must be at least 2h (got 1m)`, or `--storage.retention: must be at least
// 2h (got 1m)` when a flag gave the value.
type Error struct {
	File   string // empty when no file gave the value
	Line   int    // 1-based; 0 when File is empty
	Column int    // 1-based, of the value; 0 when File is empty
	Flag   string // without dashes; empty when no flag gave the value
	Key    string // dotted; empty when the file as a whole is at fault
	Value  string // as written; empty when the message has no use for it
	Bound  string // the rule: "must be at least 2h", "unknown key"
}

func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.Flag != "":
		fmt.Fprintf(&b, "--%s: ", e.Flag)
	case e.File != "" && e.Key != "":
		fmt.Fprintf(&b, "%s:%d: %s: ", e.File, e.Line, e.Key)
	case e.File != "":
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	case e.Key != "":
		fmt.Fprintf(&b, "%s: ", e.Key)
	}
	b.WriteString(e.Bound)
	if e.Value != "" {
		fmt.Fprintf(&b, " (got %s)", e.Value)
	}
	return b.String()
}

// Errors is everything that is wrong with one configuration, in the order of the file and then of the flags.
type Errors []error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find each of them.
func (e Errors) Unwrap() []error { return e }
