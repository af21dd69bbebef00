package fn

import (
	"fmt"
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/endscope/endscope/logs/kql/value"
)

// mathBasicFunctions round, take powers and logarithms, and ask whether a number is one.
func mathBasicFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{Text: "abs(x: any): any", Help: "Returns the magnitude of a number or timespan."},
			Result: func(args []Arg) (value.Type, error) {
				switch t := args[0].Type; t {
				case value.Int, value.Long:
					return value.Long, nil
				case value.Dynamic:
					return value.Real, nil
				case value.Real, value.Decimal, value.Timespan:
					return t, nil
				default:
					return 0, fmt.Errorf("expected a number or a timespan, got %s", t)
				}
			},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				t := args[0].Type
				return func(a []value.Value) (value.Value, error) { return absolute(a[0], t), nil }, nil
			},
		},
		{
			Signature: Signature{Text: "ceiling(x: number): any", Help: "Returns the smallest whole number that is not less than x."},
			Result:    numericType,
			Make: simple(func(a []value.Value) value.Value {
				switch x := a[0].(type) {
				case float64:
					return math.Ceil(x)
				case value.Dec:
					return roundDecimal(x, 0, apd.RoundCeiling)
				}
				return a[0]
			}),
		},
		{
			Signature: Signature{
				Text: "round(x: number, [digits: long]): any",
				Help: "Rounds x to a number of digits after the point, 0 by default; less than 0 rounds to tens, hundreds and so on. Halves go away from zero.",
			},
			Result: numericType,
			Make: simple(func(a []value.Value) value.Value {
				digits := int64(0)
				if len(a) > 1 {
					digits = max(min(a[1].(int64), 400), -400) // beyond the digits that a number can have
				}
				switch x := a[0].(type) {
				case float64:
					return roundReal(x, int(digits))
				case value.Dec:
					return roundDecimal(x, int32(digits), apd.RoundHalfUp)
				case int32:
					return int32(roundLong(int64(x), int(digits)))
				case int64:
					return roundLong(x, int(digits))
				}
				return nil
			}),
		},
		{
			Signature: Signature{Text: "sign(x: number): real", Help: "Returns 1, 0 or -1 as x is positive, zero or negative."},
			Make: simple(func(a []value.Value) value.Value {
				x, ok := value.ToFloat(a[0])
				switch {
				case !ok:
					return nil
				case x > 0:
					return 1.0
				case x < 0:
					return -1.0
				}
				return x // zero, or NaN
			}),
		},
		{
			Signature: Signature{Text: "pi(): real", Help: "Returns the ratio of a circle's circumference to its diameter."},
			Make:      simple(func([]value.Value) value.Value { return math.Pi }),
		},
		{
			Signature: Signature{Text: "pow(base: number, exponent: number): real", Help: "Returns base to the power of exponent."},
			Make:      simple(real2(math.Pow)),
		},
		realFunction("sqrt", "Returns the square root; null for a negative number.", nonNegative(math.Sqrt)),
		realFunction("exp", "Returns e to the power of x.", always(math.Exp)),
		realFunction("exp2", "Returns 2 to the power of x.", always(math.Exp2)),
		realFunction("exp10", "Returns 10 to the power of x.", always(func(x float64) float64 { return math.Pow(10, x) })),
		realFunction("log", "Returns the natural logarithm; null for a negative number.", nonNegative(math.Log)),
		realFunction("log2", "Returns the logarithm to base 2; null for a negative number.", nonNegative(math.Log2)),
		realFunction("log10", "Returns the logarithm to base 10; null for a negative number.", nonNegative(math.Log10)),
		realTest("isnan", "Says whether x is no number (NaN).", math.IsNaN),
		realTest("isinf", "Says whether x is infinite.", func(x float64) bool { return math.IsInf(x, 0) }),
		realTest("isfinite", "Says whether x is neither infinite nor NaN.", func(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }),
	}
}

// numericType is the result of functions that keep the type of a number. A dynamic number is a real.
func numericType(args []Arg) (value.Type, error) {
	if args[0].Type == value.Dynamic {
		return value.Real, nil
	}
	return args[0].Type, nil
}

// realFunction declares a function of one number with a real result. f is false where the result is null.
func realFunction(name, help string, f func(float64) (float64, bool)) Scalar {
	return Scalar{
		Signature: Signature{Text: name + "(x: number): real", Help: help},
		Make: simple(func(a []value.Value) value.Value {
			x, ok := value.ToFloat(a[0])
			if !ok {
				return nil
			}
			y, ok := f(x)
			if !ok {
				return nil
			}
			return y
		}),
	}
}

func realTest(name, help string, f func(float64) bool) Scalar {
	return Scalar{
		Signature: Signature{Text: name + "(x: number): bool", Help: help},
		Make: simple(func(a []value.Value) value.Value {
			x, ok := value.ToFloat(a[0])
			if !ok {
				return nil
			}
			return f(x)
		}),
	}
}

// always makes a function that has a result for every number.
func always(f func(float64) float64) func(float64) (float64, bool) {
	return func(x float64) (float64, bool) { return f(x), true }
}

// nonNegative makes a function that is null for numbers below 0.
func nonNegative(f func(float64) float64) func(float64) (float64, bool) {
	return func(x float64) (float64, bool) { return f(x), !(x < 0) }
}

func real2(f func(x, y float64) float64) func([]value.Value) value.Value {
	return func(a []value.Value) value.Value {
		x, ok := value.ToFloat(a[0])
		y, ok2 := value.ToFloat(a[1])
		if !ok || !ok2 {
			return nil
		}
		return f(x, y)
	}
}

func absolute(v value.Value, t value.Type) value.Value {
	switch x := v.(type) {
	case value.Span:
		if x < 0 {
			x = -x
		}
		if x < 0 {
			return nil // the smallest timespan has no magnitude that is one
		}
		return x
	case value.Dec:
		if t == value.Decimal {
			return new(apd.Decimal).Abs(x)
		}
	}
	if n, ok := wholeNumber(v); ok && t != value.Dynamic {
		if n < 0 {
			n = -n
		}
		return n
	}
	f, ok := value.ToFloat(v)
	if !ok {
		return nil
	}
	return math.Abs(f)
}

// roundReal rounds to digits after the point, halves away from zero.
func roundReal(x float64, digits int) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	if digits < 0 {
		unit := math.Pow(10, float64(-digits))
		if math.IsInf(unit, 0) {
			return 0
		}
		return math.Round(x/unit) * unit
	}
	unit := math.Pow(10, float64(digits))
	scaled := x * unit
	if math.IsInf(scaled, 0) || math.Abs(scaled) >= 1<<52 {
		return x // it has no digits there
	}
	return math.Round(scaled) / unit
}

// roundLong rounds a whole number to tens, hundreds and so on where digits is negative.
func roundLong(n int64, digits int) int64 {
	if digits >= 0 {
		return n
	}
	if digits < -18 {
		return 0
	}
	unit := int64(1)
	for ; digits < 0; digits++ {
		unit *= 10
	}
	rest := n % unit
	n -= rest
	switch {
	case rest >= unit-rest && n <= math.MaxInt64-unit:
		n += unit
	case -rest >= unit+rest && n >= math.MinInt64+unit:
		n -= unit
	}
	return n
}

func roundDecimal(x value.Dec, digits int32, rounding apd.Rounder) value.Value {
	if x.Form != apd.Finite || x.Exponent >= -digits && digits >= 0 {
		return x // it has no digits there
	}
	ctx := apd.BaseContext.WithPrecision(60)
	ctx.Rounding = rounding
	out := new(apd.Decimal)
	if _, err := ctx.Quantize(out, x, -digits); err != nil {
		return nil
	}
	return out
}
