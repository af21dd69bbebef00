package kql

import (
	"errors"
	"fmt"

	"github.com/endscope/endscope/logs/kql/syntax"
)

// SemanticError says that a query can be read and means nothing: an unknown name, a type that does not fit. Line and Column begin at 1;
// they are 0 when no place is to blame.
type SemanticError struct {
	Message      string
	Span         syntax.Span
	Line, Column int

	noTable bool // a table is named that is not there, which union isfuzzy=true passes over
}

func (e *SemanticError) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%s (line %d, column %d)", e.Message, e.Line, e.Column)
}

// LimitError says that a query asked for more than it may have. What is a limit of this package: "rows", "bytes", "memory", "time".
type LimitError struct {
	What  string
	Limit string // with its unit
	Hint  string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("the query exceeds its limit of %s: %s; %s", e.What, e.Limit, e.Hint)
}

// ErrOutOfRange is what a SQLSource returns for arithmetic that left the range of its types. The query is then computed without SQL,
// where the language's own rules hold.
var ErrOutOfRange = errors.New("a value left the range of its type")

// errAt makes a SemanticError; the binder fills in line and column.
func errAt(at syntax.Span, format string, args ...any) error {
	return &SemanticError{Message: fmt.Sprintf(format, args...), Span: at}
}

// noTable makes a SemanticError about a table that is not there.
func noTable(at syntax.Span, format string, args ...any) error {
	return &SemanticError{Message: fmt.Sprintf(format, args...), Span: at, noTable: true}
}

// place fills in line and column of an error, when it has a place.
func place(err error, text string) error {
	var sem *SemanticError
	if errors.As(err, &sem) && sem.Line == 0 {
		sem.Line, sem.Column = syntax.Position(text, sem.Span.Start)
	}
	return err
}
