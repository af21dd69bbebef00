package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// number returns what a numeric element of a series is worth. Datetimes count as ticks since 1970 and timespans as ticks; all else, and null,
// is no number.
func number(v value.Value) (float64, bool) {
	switch v := v.(type) {
	case value.Time:
		return float64(v - unixEpoch), true
	case value.Span:
		return float64(v), true
	}
	return value.ToFloat(v)
}

// floats returns the numbers of a series, with NaN for elements that are none. False means that v is no array.
func floats(v value.Value) ([]float64, bool) {
	a, ok := v.(value.Array)
	if !ok {
		return nil, false
	}
	xs := make([]float64, len(a))
	for i, e := range a {
		if xs[i], ok = number(e); !ok {
			xs[i] = math.NaN()
		}
	}
	return xs, true
}

// finite returns the numbers of a series if all its elements are finite numbers and there is one.
func finite(v value.Value) ([]float64, bool) {
	xs, ok := floats(v)
	for _, x := range xs {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, false
		}
	}
	return xs, ok && len(xs) > 0
}

// numbersOnly returns the numbers of a series and leaves out the other elements. False means that v is no array.
func numbersOnly(v value.Value) ([]float64, bool) {
	a, ok := v.(value.Array)
	var xs []float64
	for _, e := range a {
		if x, isNumber := number(e); isNumber {
			xs = append(xs, x)
		}
	}
	return xs, ok
}

// series makes an array of numbers, with null for NaN.
func series(xs []float64) value.Array {
	a := make(value.Array, len(xs))
	for i, x := range xs {
		if !math.IsNaN(x) {
			a[i] = x
		}
	}
	return a
}

// seriesColumns makes the Columns of a function whose results are named function_series_part for the first argument. parts are pairs of a
// name and a type.
func seriesColumns(function string, parts ...AggColumn) func([]Arg) ([]AggColumn, error) {
	return func(args []Arg) ([]AggColumn, error) {
		cols := make([]AggColumn, len(parts))
		for i, p := range parts {
			cols[i] = AggColumn{Name: function + "_" + args[0].Name + "_" + p.Name, Type: p.Type}
		}
		return cols, nil
	}
}

func realColumn(name string) AggColumn    { return AggColumn{name, value.Real} }
func longColumn(name string) AggColumn    { return AggColumn{name, value.Long} }
func dynamicColumn(name string) AggColumn { return AggColumn{name, value.Dynamic} }

// seriesFunction makes a scalar function over the series that is its first argument. The others may be null.
func seriesFunction(text, help string, f func(a []value.Value) (value.Value, error)) Scalar {
	return Scalar{
		Signature: Signature{Text: text, Help: help},
		TakesNull: true,
		Make: func(*Context, []Arg) (Eval, error) {
			return func(a []value.Value) (value.Value, error) {
				if _, ok := a[0].(value.Array); !ok {
					return nil, nil
				}
				return f(a)
			}, nil
		},
	}
}
