package fn

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// conditional derives the form of an aggregate that takes a predicate as its argument number at: only rows in which the predicate is true
// count, as if the others (and those in which it is null) were not there. prefix names the result: prefix_column.
func conditional(base Aggregate, text, help, prefix string, at int) Aggregate {
	drop := func(args []Arg) []Arg {
		rest := make([]Arg, 0, len(args))
		rest = append(rest, args[:min(at, len(args))]...)
		return append(rest, args[min(at+1, len(args)):]...)
	}
	a := Aggregate{Signature: Signature{Text: text, Help: help}, DefaultName: prefixed(prefix)}
	if base.Result != nil {
		a.Result = func(args []Arg) (value.Type, error) { return base.Result(drop(args)) }
	}
	a.Make = func(c *Context, args []Arg) (func() Accumulator, error) {
		make1, err := base.Make(c, drop(args))
		if err != nil {
			return nil, err
		}
		return func() Accumulator { return &conditionalAccumulator{inner: make1(), at: at} }, nil
	}
	return a
}

type conditionalAccumulator struct {
	inner Accumulator
	at    int
	args  []value.Value
}

func (a *conditionalAccumulator) Add(args []value.Value) error {
	if yes, _ := args[a.at].(bool); !yes {
		return nil
	}
	a.args = append(a.args[:0], args[:a.at]...)
	a.args = append(a.args, args[a.at+1:]...)
	return a.inner.Add(a.args)
}

func (a *conditionalAccumulator) Result() value.Value { return a.inner.Result() }

// prefixed makes a DefaultName of the form prefix_column, which is prefix_ where there is no column.
func prefixed(prefix string) func([]Arg, string) string {
	return func(_ []Arg, column string) string { return prefix + "_" + column }
}

// accumulators makes a Make for an aggregate that needs nothing but the values.
func accumulators(make1 func() Accumulator) func(*Context, []Arg) (func() Accumulator, error) {
	return func(*Context, []Arg) (func() Accumulator, error) { return make1, nil }
}

// constLong returns argument i of a call, or missing where it is left out. It must be a constant integer of at least low.
func constLong(what string, args []Arg, i int, missing, low int64) (int64, error) {
	if i >= len(args) {
		return missing, nil
	}
	if !args[i].Const {
		return 0, fmt.Errorf("%s must be a constant", what)
	}
	n, ok := value.ToLong(args[i].Value)
	if !ok || n < low {
		return 0, fmt.Errorf("%s must be an integer of at least %d (got %s)", what, low, value.Text(args[i].Value))
	}
	return n, nil
}

// nameFragment writes a number as a part of a column name: 99.9 is 99_9.
func nameFragment(f float64) string {
	return strings.NewReplacer(".", "_", "-", "_").Replace(strconv.FormatFloat(f, 'f', -1, 64))
}

// asDynamic returns a value as an element of a dynamic value, where an int is a long.
func asDynamic(v value.Value) value.Value {
	if i, ok := v.(int32); ok {
		return int64(i)
	}
	return v
}

// sizeOf estimates the bytes that keeping a value takes.
func sizeOf(v value.Value) int {
	const word = 16
	switch v := v.(type) {
	case string:
		return word + len(v)
	case value.UUID:
		return word + len(v)
	case value.Array:
		n := 2 * word
		for _, e := range v {
			n += sizeOf(e)
		}
		return n
	case *value.Bag:
		n := 4 * word
		for i := range v.Len() {
			key, e := v.At(i)
			n += word + len(key) + sizeOf(e)
		}
		return n
	}
	return word
}
