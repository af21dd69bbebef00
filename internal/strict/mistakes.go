package strict

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// FieldError says that a field of a document has a value that it must not have.
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

// Mistakes collects everything that is wrong with a document, in order. The zero value is ready.
type Mistakes struct{ List []*FieldError }

// Add notes that a field is wrong. A long value is cut.
func (m *Mistakes) Add(field, value, rule string) {
	m.List = append(m.List, &FieldError{Field: field, Value: Shorten(value), Rule: rule})
}

// Addf is Add with a rule that is formatted.
func (m *Mistakes) Addf(field, value, format string, args ...any) {
	m.Add(field, value, fmt.Sprintf(format, args...))
}

// Err joins the mistakes in their order; nil for none.
func (m *Mistakes) Err() error {
	errs := make([]error, len(m.List))
	for i, e := range m.List {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// FieldErrors returns the FieldErrors that an error joins, in their order.
func FieldErrors(err error) []*FieldError {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case nil:
		return nil
	case *FieldError:
		return []*FieldError{e}
	case interface{ Unwrap() []error }:
		var list []*FieldError
		for _, one := range e.Unwrap() {
			list = append(list, FieldErrors(one)...)
		}
		return list
	}
	return FieldErrors(errors.Unwrap(err))
}

// AlsoWrong joins errors of later checks of a document to those of an earlier one, so that all its mistakes are told at once and each once: of
// a field that is wrong already, or of what stands in it, nothing more is said, and what is said to be missing is not while a part of it is
// wrong. Errors that speak of no field come first.
func AlsoWrong(told error, more ...error) error {
	list := FieldErrors(told)
	var others []error
	if list == nil && told != nil {
		others = append(others, told)
	}
	for _, err := range more {
		before := len(list)
		found := FieldErrors(err)
		if found == nil && err != nil {
			others = append(others, err)
		}
		for _, e := range found {
			if !slices.ContainsFunc(list[:before], e.follows) {
				list = append(list, e)
			}
		}
	}
	return errors.Join(append(others, (&Mistakes{List: list}).Err())...)
}

// follows says whether a mistake comes of another that has been told.
func (e *FieldError) follows(told *FieldError) bool {
	return within(e.Field, told.Field) || e.Value == "" && within(told.Field, e.Field)
}

// within says whether a field is another one or stands in it.
func within(field, in string) bool {
	rest, ok := strings.CutPrefix(field, in)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// Shorten cuts a text that is quoted in a message.
func Shorten(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
