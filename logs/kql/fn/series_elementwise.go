package fn

import (
	"cmp"
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// seriesElementFunctions work element by element. Where an element is missing (of series of different lengths) or is no number, the result
// has a null. A number in place of one of two series stands for a series of that number.
func seriesElementFunctions() []Scalar {
	const unary, binary = "(series: dynamic): dynamic", "(series1: dynamic|number, series2: dynamic|number): dynamic"
	one := func(name, help string, f func(float64) float64) Scalar {
		return mapSeries(name+unary, help, func(v value.Value) value.Value {
			if x, ok := number(v); ok {
				return f(x)
			}
			return nil
		})
	}
	arithmetic := func(name, help string, whole func(a, b int64) int64, f func(a, b float64) float64) Scalar {
		return zipSeries(name+binary, help, func(v, w value.Value) value.Value {
			x, ok1 := number(v)
			y, ok2 := number(w)
			if !ok1 || !ok2 {
				return nil
			}
			z := f(x, y)
			i, isLong1 := v.(int64)
			j, isLong2 := w.(int64)
			// Whole numbers stay whole while the result is far from the ends of 64 bits.
			if whole != nil && isLong1 && isLong2 && math.Abs(z) < 1<<62 {
				return whole(i, j)
			}
			return z
		})
	}
	compare := func(name, help string, holds func(order int) bool) Scalar {
		return zipSeries(name+binary, help, func(v, w value.Value) value.Value {
			x, ok1 := number(v)
			y, ok2 := number(w)
			if !ok1 || !ok2 {
				return nil
			}
			if math.IsNaN(x) || math.IsNaN(y) {
				return !holds(0) && holds(1) && holds(-1) // only "not equal" holds for what has no order
			}
			i, isLong1 := v.(int64)
			j, isLong2 := w.(int64)
			if isLong1 && isLong2 {
				return holds(cmp.Compare(i, j))
			}
			return holds(cmp.Compare(x, y))
		})
	}
	logic := func(name, help string, f func(a, b bool) bool) Scalar {
		return zipSeries(name+"(series1: dynamic|bool, series2: dynamic|bool): dynamic", help, func(v, w value.Value) value.Value {
			x, ok1 := v.(bool)
			y, ok2 := w.(bool)
			if !ok1 || !ok2 {
				return nil
			}
			return f(x, y)
		})
	}
	return []Scalar{
		mapSeries("series_abs"+unary, "Returns the absolute value of every element.", func(v value.Value) value.Value {
			x, ok := number(v)
			switch i, isLong := v.(int64); {
			case !ok:
				return nil
			case isLong && i != math.MinInt64:
				return max(i, -i)
			}
			return math.Abs(x)
		}),
		mapSeries("series_sign"+unary, "Returns the sign of every element: -1, 0 or 1.", func(v value.Value) value.Value {
			x, ok := number(v)
			switch {
			case !ok || math.IsNaN(x):
				return nil
			case x > 0:
				return int64(1)
			case x < 0:
				return int64(-1)
			}
			return int64(0)
		}),
		mapSeries("series_not"+unary, "Negates every element of a series of bools.", func(v value.Value) value.Value {
			if b, ok := v.(bool); ok {
				return !b
			}
			return nil
		}),
		one("series_ceiling", "Rounds every element up.", math.Ceil),
		one("series_floor", "Rounds every element down.", math.Floor),
		one("series_exp", "Raises e to every element.", math.Exp),
		one("series_log", "Returns the natural logarithm of every element.", math.Log),
		one("series_sin", "Returns the sine of every element.", math.Sin),
		one("series_cos", "Returns the cosine of every element.", math.Cos),
		one("series_tan", "Returns the tangent of every element.", math.Tan),
		one("series_asin", "Returns the angle whose sine every element is.", math.Asin),
		one("series_acos", "Returns the angle whose cosine every element is.", math.Acos),
		one("series_atan", "Returns the angle whose tangent every element is.", math.Atan),
		arithmetic("series_add", "Adds two series.", func(a, b int64) int64 { return a + b }, func(a, b float64) float64 { return a + b }),
		arithmetic("series_subtract", "Subtracts the second series from the first.", func(a, b int64) int64 { return a - b }, func(a, b float64) float64 { return a - b }),
		arithmetic("series_multiply", "Multiplies two series.", func(a, b int64) int64 { return a * b }, func(a, b float64) float64 { return a * b }),
		arithmetic("series_divide", "Divides the first series by the second.", nil, func(a, b float64) float64 { return a / b }),
		arithmetic("series_pow", "Raises the first series to the second.", nil, math.Pow),
		compare("series_equals", "Says where two series are equal.", func(o int) bool { return o == 0 }),
		compare("series_not_equals", "Says where two series differ.", func(o int) bool { return o != 0 }),
		compare("series_greater", "Says where the first series is above the second.", func(o int) bool { return o > 0 }),
		compare("series_greater_equals", "Says where the first series is not below the second.", func(o int) bool { return o >= 0 }),
		compare("series_less", "Says where the first series is below the second.", func(o int) bool { return o < 0 }),
		compare("series_less_equals", "Says where the first series is not above the second.", func(o int) bool { return o <= 0 }),
		logic("series_and", "Says where both of two series of bools are true.", func(a, b bool) bool { return a && b }),
		logic("series_or", "Says where one of two series of bools is true.", func(a, b bool) bool { return a || b }),
	}
}

// mapSeries makes a function that maps every element of a series.
func mapSeries(text, help string, f func(value.Value) value.Value) Scalar {
	return Scalar{Signature: Signature{Text: text, Help: help}, Make: simple(func(a []value.Value) value.Value {
		in, ok := a[0].(value.Array)
		if !ok {
			return nil
		}
		out := make(value.Array, len(in))
		for i, v := range in {
			out[i] = f(v)
		}
		return out
	})}
}

// zipSeries makes a function that maps the pairs of elements of two series.
func zipSeries(text, help string, f func(v, w value.Value) value.Value) Scalar {
	return Scalar{Signature: Signature{Text: text, Help: help}, Make: simple(func(a []value.Value) value.Value {
		x, isArray1 := a[0].(value.Array)
		y, isArray2 := a[1].(value.Array)
		if !isArray1 && !isArray2 {
			return nil
		}
		out := make(value.Array, max(len(x), len(y)))
		for i := range out {
			v, w := asDynamic(a[0]), asDynamic(a[1])
			if isArray1 {
				if v = nil; i < len(x) {
					v = x[i]
				}
			}
			if isArray2 {
				if w = nil; i < len(y) {
					w = y[i]
				}
			}
			if v != nil && w != nil {
				out[i] = f(v, w)
			}
		}
		return out
	})}
}
