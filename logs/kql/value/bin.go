package value

import (
	"fmt"
	"math"

	"github.com/cockroachdb/apd/v3"
)

// BinType returns the type of bin(v, size): that of v for datetimes and timespans, whose size is a timespan, and the wider of the two for
// numbers. The error says what bin does not take.
func BinType(v, size Type) (Type, error) {
	switch {
	case (v == Datetime || v == Timespan) && (size == Timespan || size == Dynamic):
		return v, nil
	case Numeric(v) && Numeric(size):
		if v == Int && size == Int {
			return Int, nil
		}
		return ArithType("+", v, size)
	case v == Dynamic || size == Dynamic && Numeric(v):
		return Dynamic, nil
	}
	return Dynamic, fmt.Errorf("bin does not take %s and %s", v, size)
}

// Bin returns the largest multiple of size that is not above v. Datetimes count from 0001-01-01, all else from 0. Null, and a size that is not
// above 0, give null.
func Bin(v, size Value) Value {
	switch x := v.(type) {
	case Time:
		if s, ok := size.(Span); ok && s > 0 {
			return x - x%Time(s) // never negative
		}
	case Span:
		if s, ok := size.(Span); ok && s > 0 {
			if n, ok := floorTo(int64(x), int64(s)); ok {
				return Span(n)
			}
		}
	case int64:
		if s, ok := wholeOf(size); ok {
			if s <= 0 {
				return nil
			}
			if n, ok := floorTo(x, s); ok {
				return n
			}
			return nil
		}
		return binNumber(v, size)
	case int32:
		if s, ok := size.(int32); ok {
			if s <= 0 {
				return nil
			}
			if n, _ := floorTo(int64(x), int64(s)); n >= math.MinInt32 {
				return int32(n)
			}
			return nil
		}
		return Bin(int64(x), size)
	case float64, Dec:
		return binNumber(v, size)
	}
	return nil
}

// floorTo rounds down towards minus infinity. It is false where the multiple is below the range of 64 bits.
func floorTo(n, size int64) (int64, bool) {
	rest := modLong(n, size)
	return n - rest, n >= 0 || n-math.MinInt64 >= rest
}

// binNumber bins where a real or a decimal is on one side.
func binNumber(v, size Value) Value {
	_, decV := v.(Dec)
	_, decS := size.(Dec)
	if decV || decS {
		x, okx := toDecimal(v)
		s, oks := toDecimal(size)
		if !okx || !oks || s.Sign() <= 0 {
			return nil
		}
		return floorDecimal(x, s)
	}
	x, _ := ToFloat(v)
	s, ok := ToFloat(size)
	if !ok || !(s > 0) || math.IsInf(s, 1) {
		return nil
	}
	return floorReal(x, s)
}

// floorReal rounds down to a multiple of size as reals do it, floor(x / size) * size, which is also how it is said in SQL. Where size is no
// sum of powers of two (0.1), a value on a border may fall to either side: bin(0.58, 0.01) is 57 * 0.01.
func floorReal(x, size float64) float64 {
	if q := math.Floor(x / size); !math.IsInf(q, 0) {
		return q * size
	}
	return x // infinite, or so large that the multiples of size lie closer than reals do
}

// floorDecimal rounds down to a multiple of size. Where the multiple has more digits than a decimal, the multiples lie closer than decimals
// do, and x stays as it is.
func floorDecimal(x, size Dec) Value {
	rest := arithDecimal("%", x, size)
	if rest == nil {
		return nil
	}
	d := new(apd.Decimal)
	cond, err := decimals.Sub(d, x, rest.(Dec))
	if err != nil {
		return nil
	}
	if cond.Inexact() {
		return x
	}
	return d
}

// BinAt returns the largest origin + k*size, for a whole k, that is not above v. Null, and a size that is not above 0, give null; so does a
// datetime out of range.
func BinAt(v, size, origin Value) Value {
	if v == nil || size == nil || origin == nil {
		return nil
	}
	switch x := v.(type) {
	case Time:
		o, ok := origin.(Time)
		s, isSpan := size.(Span)
		if !ok || !isSpan || s <= 0 {
			return nil
		}
		n, fits := floorTo(int64(x-o), int64(s)) // v and origin are not negative, so the difference fits
		t := o + Time(n)
		if !fits || n < 0 && t > o || !t.Valid() {
			return nil
		}
		return t
	case Span:
		if o, ok := origin.(Span); ok {
			if down := Bin(Arith("-", x, o), size); down != nil {
				return Arith("+", down, o)
			}
		}
		return nil
	}
	down := Bin(Arith("-", v, origin), size)
	if down == nil {
		return nil
	}
	return Arith("+", down, origin)
}
