package fn

import (
	"fmt"
	"sort"
	"time"

	"github.com/endscope/endscope/logs/kql/value"
)

// Arg is one argument of a call as far as it is known before any row is read.
type Arg struct {
	Type  value.Type
	Const bool        // Value is the value of the argument in every row
	Value value.Value // when Const
	Name  string      // of a plain column: its name, for pack() and the like
}

// Context is what a call may know of the query around it.
type Context struct {
	Now value.Time // one instant for the whole query
	// Budget returns an error when n more bytes are too many for the query. It is never nil.
	Budget func(n int) error
}

// Eval computes a call for one row. The slice is reused by the caller after it returned. An error ends the query, so it is only for limits
// and for misuse that the language reports; a value that does not fit gives null.
type Eval func(args []value.Value) (value.Value, error)

// LazyEval computes a call for one row and asks for the arguments that it needs, null ones too.
type LazyEval func(arg func(i int) (value.Value, error)) (value.Value, error)

// Scalar is one scalar function.
type Scalar struct {
	Signature
	// Result returns the type of the result where it depends on the arguments. Nil: Signature.Returns. An error is a semantic error.
	Result func(args []Arg) (value.Type, error)
	// Columns returns the default names and types of the results where there are several; the value is then an array of them. Nil, or no
	// columns: one result.
	Columns func(args []Arg) ([]AggColumn, error)
	// Make returns the implementation for one call site. Arguments that Signature types are converted already. An error is a semantic error,
	// such as a regular expression that does not parse. It does not name the function.
	Make func(c *Context, args []Arg) (Eval, error)
	// Lazy is Make for a function that does not need all its arguments in every row, so that an error in one that it leaves out is none. Nil:
	// all are evaluated. Make is then eager(Lazy), for callers that hold the values.
	Lazy func(c *Context, args []Arg) (LazyEval, error)
	// TakesNull: the implementation is called although an argument is null. Otherwise a null argument makes the result null ("" for strings).
	TakesNull bool
	// Volatile: equal arguments may give different results (rand, new_guid), so that it is never folded.
	Volatile bool
}

// Aggregate is one aggregate of summarize and make-series.
type Aggregate struct {
	Signature
	// Result is as in Scalar.
	Result func(args []Arg) (value.Type, error)
	// Columns returns the default names and types of the results where there are several: percentiles, arg_max. Nil: one column, named by
	// DefaultName with the type of Result.
	Columns func(args []Arg) ([]AggColumn, error)
	// DefaultName returns the default name of the result given the name of the first column argument ("" when it is none). Nil: name_column.
	DefaultName func(args []Arg, column string) string
	// Make returns a constructor of accumulators for one call site.
	Make func(c *Context, args []Arg) (func() Accumulator, error)
}

// AggColumn is one result of an aggregate that has several.
type AggColumn struct {
	Name string
	Type value.Type
}

// Accumulator folds rows into one result. It belongs to one goroutine.
type Accumulator interface {
	// Add takes the argument values of one row. The slice is reused by the caller.
	Add(args []value.Value) error
	// Result returns the result; an aggregate with several columns implements Results instead.
	Result() value.Value
}

// MultiAccumulator is an Accumulator with several result columns, in the order of Aggregate.Columns.
type MultiAccumulator interface {
	Accumulator
	Results() []value.Value
}

// Library is every function by name.
type Library struct {
	scalars    map[string]*Scalar
	aggregates map[string]*Aggregate
}

// NewLibrary builds the library. It fails only when the tables contradict themselves, which a test finds.
func NewLibrary() (*Library, error) {
	l := &Library{scalars: map[string]*Scalar{}, aggregates: map[string]*Aggregate{}}
	for _, table := range scalarTables() {
		for i := range table {
			s := &table[i]
			if err := s.parse(); err != nil {
				return nil, err
			}
			for _, name := range append([]string{s.Name}, s.Aliases...) {
				if l.scalars[name] != nil {
					return nil, fmt.Errorf("function %s is declared twice", name)
				}
				l.scalars[name] = s
			}
		}
	}
	for _, table := range aggregateTables() {
		for i := range table {
			a := &table[i]
			if err := a.parse(); err != nil {
				return nil, err
			}
			for _, name := range append([]string{a.Name}, a.Aliases...) {
				if l.aggregates[name] != nil {
					return nil, fmt.Errorf("aggregate %s is declared twice", name)
				}
				l.aggregates[name] = a
			}
		}
	}
	return l, nil
}

// Scalar returns the scalar function with that name, which is case-sensitive.
func (l *Library) Scalar(name string) (*Scalar, bool) { s, ok := l.scalars[name]; return s, ok }

// Aggregate returns the aggregate with that name, which is case-sensitive.
func (l *Library) Aggregate(name string) (*Aggregate, bool) {
	a, ok := l.aggregates[name]
	return a, ok
}

// ScalarNames returns the names of all scalar functions, sorted.
func (l *Library) ScalarNames() []string { return sortedKeys(l.scalars) }

// AggregateNames returns the names of all aggregates, sorted.
func (l *Library) AggregateNames() []string { return sortedKeys(l.aggregates) }

func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// simple makes a Make for an implementation that needs nothing but the values and cannot fail.
func simple(f func(a []value.Value) value.Value) func(*Context, []Arg) (Eval, error) {
	return func(*Context, []Arg) (Eval, error) {
		return func(a []value.Value) (value.Value, error) { return f(a), nil }, nil
	}
}

// eager makes a Make of a Lazy.
func eager(lazy func(*Context, []Arg) (LazyEval, error)) func(*Context, []Arg) (Eval, error) {
	return func(c *Context, args []Arg) (Eval, error) {
		eval, err := lazy(c, args)
		if err != nil {
			return nil, err
		}
		return func(a []value.Value) (value.Value, error) {
			return eval(func(i int) (value.Value, error) { return a[i], nil })
		}, nil
	}
}

// TimeOf returns a Go time as a datetime.
func TimeOf(t time.Time) value.Time {
	u := t.UTC()
	return value.Time(u.Unix()*int64(value.Second)+int64(u.Nanosecond())/100) + 719162*value.Time(value.Day)
}
