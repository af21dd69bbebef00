package duck

import (
	"errors"
	"strings"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// Kind is the part of DuckDB's classes of errors that callers tell apart.
type Kind uint8

const (
	Other       Kind = iota // a statement that is wrong
	OutOfRange              // a value that does not fit its type, or cannot be converted to it
	OutOfMemory             // memory_limit or max_temp_directory_size is reached; the database goes on
	Interrupted             // Interrupt, which is how a context ends a statement
	IO                      // the operating system refused, or a block's checksum is wrong
	Fatal                   // the whole DB refuses every further statement; it has to be closed and opened again
)

// Error is what DuckDB said, in its own words.
type Error struct {
	Kind    Kind
	Message string
}

func (e *Error) Error() string { return e.Message }

// KindOf returns the kind of the *Error inside err, Other when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Other
}

// classes are the beginnings of DuckDB's messages, which name the class. Most of the interface in C gives nothing but the message.
var classes = []struct {
	prefix string
	kind   Kind
}{
	{"Out of Range Error", OutOfRange},
	{"Conversion Error", OutOfRange},
	{"Out of Memory Error", OutOfMemory},
	{"INTERRUPT Error", Interrupted},
	{"IO Error", IO},
	{"Serialization Error", IO}, // the catalogue of a damaged file
	{"FATAL Error", Fatal},
	{"INTERNAL Error", Fatal}, // DuckDB invalidates the database after one
}

func newError(message string) error {
	e := &Error{Message: message}
	for _, c := range classes {
		if strings.HasPrefix(message, c.prefix) {
			e.Kind = c.kind
			return e
		}
	}
	return e
}

func resultError(res *bindings.Result) error {
	if message := bindings.ResultError(res); message != "" {
		return newError(message)
	}
	return nil
}
