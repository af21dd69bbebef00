package logs

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNotReady is matched by every error that means "the store is not open yet, or is being reopened: ask again".
	ErrNotReady = errors.New("the log store is not ready")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("the log store is closed")
	// ErrOutOfRange is matched by the error of a statement that computed a number too large for its type, or could not convert a value.
	ErrOutOfRange = errors.New("a value does not fit its type")
)

// NotReadyError says what the store is doing instead of answering. It matches ErrNotReady.
type NotReadyError struct {
	Reason string
}

func (e *NotReadyError) Error() string { return fmt.Sprintf("%s: %s", ErrNotReady, e.Reason) }

// Is makes errors.Is true for ErrNotReady.
func (e *NotReadyError) Is(target error) bool { return target == ErrNotReady }

// UnwritableError says why the store cannot keep rows now. Queries go on. The sender should retry.
type UnwritableError struct {
	Reason string // for a person: what is wrong, with numbers
	Err    error  // what the operating system said, may be nil
}

func (e *UnwritableError) Error() string { return "the log store cannot write: " + e.Reason }

// Unwrap returns what the operating system said.
func (e *UnwritableError) Unwrap() error { return e.Err }

// UnknownTableError says that there is no such table.
type UnknownTableError struct {
	Name  string
	Known []string
}

func (e *UnknownTableError) Error() string {
	return fmt.Sprintf("there is no log table %q; there are %s", e.Name, strings.Join(e.Known, ", "))
}

// LimitError says which limit ended a query. The store goes on.
type LimitError struct {
	What  string // memory or time
	Limit string // as it is configured: 1GiB, 3m0s
	Key   string // of the configuration
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("the query needs more %s than %s (%s)", e.What, e.Limit, e.Key)
}

// Reason says why a row was refused.
type Reason string

const (
	ReasonNoTime     Reason = "no_time"       // TimeGenerated is missing
	ReasonTooOld     Reason = "too_old"       // older than the table's retention
	ReasonFuture     Reason = "too_far_ahead" // further in the future than max_ahead
	ReasonOutOfRange Reason = "out_of_range"  // a number does not fit its column
)

// Reasons lists every reason, for counters that exist before they count.
func Reasons() []Reason {
	return []Reason{ReasonNoTime, ReasonTooOld, ReasonFuture, ReasonOutOfRange}
}

// RowError is one row of a batch that was refused; the others were stored.
type RowError struct {
	Row     int // index in the batch
	Reason  Reason
	Message string // names the value and the limit
}

func (e RowError) Error() string { return e.Message }
