package tsdb

import (
	"errors"
	"fmt"

	promtsdb "github.com/prometheus/prometheus/tsdb"
)

// ErrNotReady is matched by every error that means "the store is not open yet, or is being reopened: ask again".
var ErrNotReady = errors.New("the metric store is not ready")

// ErrClosed is returned after Close.
var ErrClosed = errors.New("the metric store is closed")

// NotReadyError tells how far the replay of the write-ahead log is. Segments count from First to Last; Current is being read. It
// matches ErrNotReady.
type NotReadyError struct {
	Reason               string // what the store is doing
	First, Current, Last int    // segments of the write-ahead log; all 0 before they are counted
}

func (e *NotReadyError) Error() string {
	if e.Last == 0 {
		return fmt.Sprintf("%s: %s", ErrNotReady, e.Reason)
	}
	return fmt.Sprintf("%s: %s, write-ahead log segment %d of %d to %d", ErrNotReady, e.Reason, e.Current, e.First, e.Last)
}

// Is makes errors.Is true for ErrNotReady and for upstream's error of that meaning, which its API answers as unavailable.
func (e *NotReadyError) Is(target error) bool {
	return target == ErrNotReady || target == promtsdb.ErrNotReady
}

// UnwritableError says why the store cannot keep a write now. Reads go on. The sender should retry.
type UnwritableError struct {
	Reason string // for a person: what is wrong with the data directory, with numbers
	Err    error  // what the operating system said, may be nil
}

func (e *UnwritableError) Error() string { return "the metric store cannot write: " + e.Reason }

// Unwrap returns what the operating system said.
func (e *UnwritableError) Unwrap() error { return e.Err }
