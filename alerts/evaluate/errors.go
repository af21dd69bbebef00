package evaluate

import (
	"errors"
	"fmt"
)

// ErrUnsupported says that a rule is of a kind that is not evaluated here.
var ErrUnsupported = errors.New("the kind of rule is not evaluated here")

// LimitError says that a rule or a preview is beyond a limit.
type LimitError struct {
	Name  string // what is limited: "series of a rule"
	Got   int64
	Limit int64
	Unit  string // of both: "series", "bytes", "hours"
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: %d %s are more than the limit of %d", e.Name, e.Got, e.Unit, e.Limit)
}

// RangeError says that the range of a preview is no range.
type RangeError struct{ Reason string }

func (e *RangeError) Error() string { return "range: " + e.Reason }
