package alerts

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNotFound says that there is no alert, rule or group of that name.
	ErrNotFound = errors.New("not found")
	// ErrQuery says that a rule's own query is wrong, rather than the server.
	ErrQuery = errors.New("query")
)

// FieldError says that a field of a rule, group or processing rule has a value that it must not have.
type FieldError struct {
	Field string // path as in JSON: criteria.allOf[0].threshold
	Value string // as it was given
	Rule  string // reads on from the field: "must be one of …"
}

func (e *FieldError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s: %s", e.Field, e.Rule)
	}
	return fmt.Sprintf("%s: %s (got %s)", e.Field, e.Rule, e.Value)
}

func severityOf(label string) int {
	switch strings.ToLower(label) {
	case "critical", "page", "sev0":
		return 0
	case "error", "high", "sev1":
		return 1
	case "warning", "warn", "medium", "sev2":
		return 2
	case "verbose", "debug", "none", "sev4":
		return 4
	}
	return 3
}
