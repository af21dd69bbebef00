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
			return Span(floorTo(int64(x), int64(s)))
		}
	case int64:
		if s, ok := wholeOf(size); ok {
			if s <= 0 {
				return nil
			}
			return floorTo(x, s)
		}
		return binNumber(v, size)
	case int32:
		if s, ok := size.(int32); ok {
			if s <= 0 {
				return nil
			}
			return int32(floorTo(int64(x), int64(s)))
		}
		return Bin(int64(x), size)
	case float64, Dec:
		return binNumber(v, size)
	}
	return nil
}

// floorTo rounds down towards minus infinity. Below the lowest multiple that fits it wraps, as whole numbers do.
func floorTo(n, size int64) int64 { return n - modLong(n, size) }

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
	if !ok || !(s > 0) {
		return nil
	}
	return floorReal(x, s)
}

// floorReal rounds down to a multiple of size. Division may round a quotient up to the next whole number or down below one, so the result
// is corrected to be a multiple that bins to itself.
func floorReal(x, size float64) float64 {
	q := math.Floor(x / size)
	if (q+1)*size <= x {
		q++
	}
	return q * size
}

func floorDecimal(x, size Dec) Value {
	rest := arithDecimal("%", x, size)
	if rest == nil {
		return nil
	}
	d := new(apd.Decimal)
	if _, err := decimals.Sub(d, x, rest.(Dec)); err != nil {
		return nil
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
		t := o + Time(floorTo(int64(x-o), int64(s)))
		if !t.Valid() {
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
