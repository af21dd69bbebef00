package config

import (
	"errors"
	"fmt"
	"strings"
)

// FieldError says that one key of a configuration holds a value that is not allowed. Key is relative to the Config
// whose Validate returned it, in the file's spelling (`out_of_order_window`); whoever nests that Config prefixes it
// with Prefix. Its message is `key: bound (got value)`.
type FieldError struct {
	Key   string // dotted path, relative to the validating Config
	Value string // as the operator wrote it
	Bound string // the rule that it breaks, such as "must be at least 2h"
}

func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s (got %s)", e.Key, e.Bound, e.Value) }

// Invalid returns a *FieldError for the value under key. Bound reads on from the key: "must be at least 2h".
func Invalid(key string, value any, bound string) error {
	return &FieldError{Key: key, Value: fmt.Sprint(value), Bound: bound}
}

// Prefix returns err with section put in front of the key of every FieldError inside it, also inside joined errors.
// It returns nil for nil and leaves other errors as they are.
func Prefix(section string, err error) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, Prefix(section, e))
		}
		return errors.Join(all...)
	}
	if fe, ok := err.(*FieldError); ok {
		return &FieldError{Key: section + "." + fe.Key, Value: fe.Value, Bound: fe.Bound}
	}
	return err
}

// Fields returns every FieldError inside err, in order.
func Fields(err error) []*FieldError {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*FieldError
		for _, e := range joined.Unwrap() {
			all = append(all, Fields(e)...)
		}
		return all
	}
	var fe *FieldError
	if errors.As(err, &fe) {
		return []*FieldError{fe}
	}
	return nil
}

// PatternError is what package regexp says about a pattern, without the pattern.
func PatternError(err error) string {
	text := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	text, _, _ = strings.Cut(text, ": `")
	return text
}
