package value

import (
	"fmt"
	"math"

	"github.com/cockroachdb/apd/v3"
)

// ArithType returns the type of a op b for + - * / and %. Whole numbers give long, a real makes real, a decimal makes decimal. With a dynamic
// the result is dynamic and follows what it holds. The error says which types the operator does not take.
func ArithType(op string, a, b Type) (Type, error) {
	switch {
	case Numeric(a) && Numeric(b):
		switch {
		case a == Decimal || b == Decimal:
			return Decimal, nil
		case a == Real || b == Real:
			return Real, nil
		}
		return Long, nil
	case a == Dynamic && (b == Dynamic || Numeric(b) || b == Datetime || b == Timespan),
		b == Dynamic && (Numeric(a) || a == Datetime || a == Timespan):
		return Dynamic, nil
	}
	bad := fmt.Errorf("operator %s does not take %s and %s", op, a, b)
	switch op {
	case "+":
		switch {
		case a == Timespan && b == Timespan:
			return Timespan, nil
		case a == Datetime && b == Timespan, a == Timespan && b == Datetime:
			return Datetime, nil
		}
	case "-":
		switch {
		case a == Timespan && b == Timespan, a == Datetime && b == Datetime:
			return Timespan, nil
		case a == Datetime && b == Timespan:
			return Datetime, nil
		}
	case "*":
		if a == Timespan && Numeric(b) || b == Timespan && Numeric(a) {
			return Timespan, nil
		}
	case "/":
		switch {
		case (a == Timespan || a == Datetime) && b == Timespan, a == Datetime && b == Datetime:
			return Real, nil
		case a == Timespan && Numeric(b):
			return Timespan, nil
		}
	case "%":
		if (a == Timespan || a == Datetime) && b == Timespan || a == Datetime && b == Datetime {
			return Timespan, nil
		}
	}
	return Dynamic, bad
}

// Arith returns a op b for + - * / and %, computed by the Go types of the values as ArithType says. Null on either side gives null, and so do
// operands that the operator does not take, which only a dynamic can bring. Whole numbers wrap around; their division cuts towards zero,
// and by 0 gives null. The rest of a division is never negative. A datetime, a timespan or a decimal out of its range is null.
func Arith(op string, a, b Value) Value {
	switch x := a.(type) {
	case int64:
		switch y := b.(type) {
		case int64:
			return arithLong(op, x, y)
		case int32:
			return arithLong(op, x, int64(y))
		case float64:
			return arithReal(op, float64(x), y)
		}
	case int32:
		switch y := b.(type) {
		case int32:
			return arithLong(op, int64(x), int64(y))
		case int64:
			return arithLong(op, int64(x), y)
		case float64:
			return arithReal(op, float64(x), y)
		}
	case float64:
		switch y := b.(type) {
		case float64:
			return arithReal(op, x, y)
		case int64:
			return arithReal(op, x, float64(y))
		case int32:
			return arithReal(op, x, float64(y))
		}
	case Time:
		return arithTime(op, x, b)
	case Span:
		return arithSpan(op, x, b)
	}
	switch y := b.(type) {
	case Span:
		if op == "*" {
			return scaleSpan(y, a)
		}
		return nil
	case Time:
		return nil
	}
	if kindOf(a) != kindNumber || kindOf(b) != kindNumber {
		return nil
	}
	x, okx := toDecimal(a)
	y, oky := toDecimal(b)
	if !okx || !oky {
		return nil // NaN and infinities are no decimals
	}
	return arithDecimal(op, x, y)
}

func arithLong(op string, a, b int64) Value {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		if b == 0 {
			return nil
		}
		return a / b
	case "%":
		if b == 0 {
			return nil
		}
		return modLong(a, b)
	}
	return nil
}

// modLong returns the rest of a division, in [0, |b|).
func modLong(a, b int64) int64 {
	r := a % b
	if r < 0 {
		if b < 0 {
			return r - b
		}
		return r + b
	}
	return r
}

func arithReal(op string, a, b float64) Value {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	case "%":
		r := math.Mod(a, b)
		if r < 0 {
			r += math.Abs(b)
		}
		return r
	}
	return nil
}

func arithDecimal(op string, a, b Dec) Value {
	d := new(apd.Decimal)
	var cond apd.Condition
	var err error
	switch op {
	case "+":
		cond, err = decimals.Add(d, a, b)
	case "-":
		cond, err = decimals.Sub(d, a, b)
	case "*":
		cond, err = decimals.Mul(d, a, b)
	case "/":
		if cond, err = decimals.Quo(d, a, b); d.Form == apd.Finite {
			d.Reduce(d) // Quo fills all 34 digits
		}
	case "%":
		cond, err = decimals.Rem(d, a, b)
		if err == nil && d.Form == apd.Finite && d.Negative && !d.IsZero() {
			var abs apd.Decimal
			_, err = decimals.Add(d, d, abs.Abs(b))
		}
	default:
		return nil
	}
	if err != nil || cond.Overflow() || d.Form != apd.Finite {
		return nil
	}
	return d
}

func arithTime(op string, t Time, b Value) Value {
	switch y := b.(type) {
	case Time:
		switch {
		case op == "-":
			return Span(t - y)
		case op == "/":
			return float64(t) / float64(y)
		case op == "%" && y != 0:
			return Span(t % y)
		}
	case Span:
		switch op {
		case "+":
			if u, ok := t.Add(y); ok {
				return u
			}
		case "-":
			if y == math.MinInt64 {
				return nil
			}
			if u, ok := t.Add(-y); ok {
				return u
			}
		case "/":
			return float64(t) / float64(y)
		case "%":
			if y != 0 {
				return Span(modLong(int64(t), int64(y)))
			}
		}
	}
	return nil
}

func arithSpan(op string, s Span, b Value) Value {
	switch y := b.(type) {
	case Time:
		if op == "+" {
			if u, ok := y.Add(s); ok {
				return u
			}
		}
	case Span:
		switch op {
		case "+":
			if sum := s + y; (sum > s) == (y > 0) {
				return sum
			}
		case "-":
			if diff := s - y; (diff < s) == (y > 0) {
				return diff
			}
		case "/":
			return float64(s) / float64(y)
		case "%":
			if y != 0 {
				return Span(modLong(int64(s), int64(y)))
			}
		}
	default:
		switch op {
		case "*":
			return scaleSpan(s, b)
		case "/":
			return divideSpan(s, b)
		}
	}
	return nil
}

// scaleSpan multiplies a timespan by a number, cut to a tick.
func scaleSpan(s Span, by Value) Value {
	switch n := by.(type) {
	case int32:
		return scaleSpan(s, int64(n))
	case int64:
		p := int64(s) * n
		if s != 0 && (p/int64(s) != n || s == -1 && n == math.MinInt64) {
			return nil
		}
		return Span(p)
	}
	f, ok := ToFloat(by)
	if !ok {
		return nil
	}
	return realSpan(float64(s) * f)
}

func divideSpan(s Span, by Value) Value {
	if n, ok := wholeOf(by); ok {
		if n == 0 || n == -1 && s == math.MinInt64 {
			return nil
		}
		return Span(int64(s) / n)
	}
	f, ok := ToFloat(by)
	if !ok {
		return nil
	}
	return realSpan(float64(s) / f)
}

func realSpan(ticks float64) Value {
	if n, ok := ToLong(ticks); ok {
		return Span(n)
	}
	return nil
}

// Neg returns -v for numbers and timespans, and null for everything else. An int becomes a long.
func Neg(v Value) Value {
	switch x := v.(type) {
	case int64:
		return -x
	case int32:
		return -int64(x)
	case float64:
		return -x
	case Span:
		if x == math.MinInt64 {
			return nil
		}
		return -x
	case Dec:
		return new(apd.Decimal).Neg(x)
	}
	return nil
}

// NegType returns the type of -v.
func NegType(t Type) (Type, error) {
	switch t {
	case Int, Long:
		return Long, nil
	case Real, Decimal, Timespan, Dynamic:
		return t, nil
	}
	return Dynamic, fmt.Errorf("operator - does not take %s", t)
}
