package resources

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var (
	// ErrNotFound says that there is no resource of that kind and name, or no such version of it.
	ErrNotFound = errors.New("not found")
	// ErrUnknownKind says that no kind of that name is registered.
	ErrUnknownKind = errors.New("unknown kind")
)

// NameError says that a name is not allowed.
type NameError struct {
	Name string // as it was given
	Rule string // reads on from "name": "must not hold /"
}

func (e *NameError) Error() string { return fmt.Sprintf("name: %s (got %s)", e.Rule, shown(e.Name)) }

// shown returns a text from outside as a message may show it: quoted, and cut where it is long.
func shown(text string) string {
	const most = 300
	if len(text) > most {
		return strconv.Quote(text[:most]) + "…"
	}
	return strconv.Quote(text)
}

// ConflictError says that a resource is not what the change took it for.
type ConflictError struct {
	Key
	// Current is the entity tag that the resource has, empty where there is none.
	Current string
	Given   string // the condition that failed
}

func (e *ConflictError) Error() string {
	switch {
	case e.Current == "":
		return fmt.Sprintf("%s does not exist (any more), and the change expects %s", e.Key, shown(e.Given))
	case e.Given == "*":
		return fmt.Sprintf("%s exists already, with the entity tag %s", e.Key, e.Current)
	}
	return fmt.Sprintf("%s has changed: its entity tag is %s, and the change expects %s", e.Key, e.Current, shown(e.Given))
}

// ReadOnlyError says that a resource is provisioned, so that only its source may change it.
type ReadOnlyError struct {
	Key
	Source string // the source that provides it
}

func (e *ReadOnlyError) Error() string {
	return fmt.Sprintf("%s is provisioned by the source %q and can be changed only there", e.Key, e.Source)
}

// LimitError says that a resource is too large, or that there would be too many.
type LimitError struct {
	Kind  string
	Unit  string // "bytes", of one spec, or "resources"
	Limit int64
	Got   int64
}

func (e *LimitError) Error() string {
	if e.Unit == UnitBytes {
		return fmt.Sprintf("%s: its spec may have at most %d bytes (got %d)", e.Kind, e.Limit, e.Got)
	}
	return fmt.Sprintf("%s: there may be at most %d of them (got %d)", e.Kind, e.Limit, e.Got)
}

// The units of a LimitError.
const (
	UnitBytes     = "bytes"
	UnitResources = "resources"
)

// SpecError says that a kind's own functions refused a spec; it wraps what they said.
type SpecError struct {
	Key
	Err error
}

func (e *SpecError) Error() string { return fmt.Sprintf("%s: %v", e.Key, e.Err) }

// Unwrap returns what the kind said.
func (e *SpecError) Unwrap() error { return e.Err }

// UnfitError says that what is stored would not fit together any more; it wraps what Settings.Fit said.
type UnfitError struct{ Err error }

func (e *UnfitError) Error() string { return e.Err.Error() }

// Unwrap returns what does not fit.
func (e *UnfitError) Unwrap() error { return e.Err }

// InUseError says that what is to be deleted is named elsewhere.
type InUseError struct {
	Key
	By []string // what names it
}

func (e *InUseError) Error() string {
	const most = 10
	text := fmt.Sprintf("%s is named by %s", e.Key, strings.Join(e.By[:min(len(e.By), most)], ", "))
	if more := len(e.By) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + ": nobody would be told any more; change them first"
}

// DamagedError says that the database file cannot be used as it is.
type DamagedError struct {
	Path   string
	Detail string // what SQLite says
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is damaged (%s): move it away together with %[1]s-wal and %[1]s-shm, then put a backup in its place, or start without and apply the documents again", e.Path, e.Detail)
}
