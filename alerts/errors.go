package alerts

import (
	"errors"
	"strings"

	"github.com/endscope/endscope/internal/strict"
)

var (
	// ErrNotFound says that there is no alert, rule or group of that name.
	ErrNotFound = errors.New("not found")
	// ErrQuery says that a rule's own query is wrong, rather than the server.
	ErrQuery = errors.New("query")
)

// FieldError says that a field of a rule, group or processing rule has a value that it must not have.
type FieldError = strict.FieldError

// FieldErrors returns the FieldErrors that an error of this package joins, in their order.
func FieldErrors(err error) []*FieldError { return strict.FieldErrors(err) }

// AlsoWrong joins errors of later checks of a document to those of an earlier one, as strict.AlsoWrong does.
func AlsoWrong(told error, more ...error) error { return strict.AlsoWrong(told, more...) }

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
