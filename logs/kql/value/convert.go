package value

import (
	"math"

	"github.com/cockroachdb/apd/v3"
)

// Convert is the conversion functions: toint(), tostring(), todatetime() and so on for each type. A value that cannot be converted, or does
// not fit, gives null ("" for String). Reals and decimals are cut towards zero when they become whole. Datetimes and timespans are counted
// in ticks as numbers, both ways. To Dynamic, a string is read as JSON, and stays a string when it is none. A dynamic converts by what it holds.
func Convert(v Value, to Type) Value {
	switch to {
	case String:
		if s, ok := v.(string); ok {
			return s
		}
		return Text(v)
	case Long:
		if n, ok := toLong(v); ok {
			return n
		}
	case Int:
		if n, ok := v.(int32); ok {
			return n
		}
		if n, ok := toLong(v); ok && n >= math.MinInt32 && n <= math.MaxInt32 {
			return int32(n)
		}
	case Real:
		if f, ok := toReal(v); ok {
			return f
		}
	case Decimal:
		if d, ok := toDecimal(v); ok {
			return d
		}
	case Bool:
		if b, ok := toBool(v); ok {
			return b
		}
	case Datetime:
		if t, ok := toTime(v); ok {
			return t
		}
	case Timespan:
		if s, ok := toSpan(v); ok {
			return s
		}
	case GUID:
		switch x := v.(type) {
		case UUID:
			return x
		case string:
			if u, ok := ParseUUID(x); ok {
				return u
			}
		}
	case Dynamic:
		if s, ok := v.(string); ok {
			if j, ok := ParseJSON(s); ok {
				return j
			}
			return s
		}
		return Widen(v, Dynamic)
	}
	return nil
}

// Widen is the conversion that the language does by itself, of an argument or an operand. It is Convert, except that a string becomes a
// dynamic string unread.
func Widen(v Value, to Type) Value {
	if to != Dynamic {
		return Convert(v, to)
	}
	if n, ok := v.(int32); ok {
		return int64(n)
	}
	return v
}

// ToFloat returns a number of any type as a real. It is false for what is no number.
func ToFloat(v Value) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case int64:
		return float64(x), true
	case int32:
		return float64(x), true
	case Dec:
		f, err := x.Float64()
		return f, err == nil
	}
	return 0, false
}

// ToLong returns a number of any type as a whole number, cut towards zero. It is false for what is no number or does not fit.
func ToLong(v Value) (int64, bool) {
	switch x := v.(type) {
	case int64:
		return x, true
	case int32:
		return int64(x), true
	case float64:
		// -2^63 is a real, 2^63-1 is not; NaN fails both comparisons.
		if x >= -1<<63 && x < 1<<63 {
			return int64(x), true
		}
	case Dec:
		return decimalLong(x)
	}
	return 0, false
}

// decimalLong cuts a decimal towards zero.
func decimalLong(d Dec) (int64, bool) {
	if adjusted := int64(d.Exponent) + d.NumDigits(); adjusted > 19 {
		return 0, d.IsZero()
	} else if adjusted <= 0 {
		return 0, true
	}
	var whole, frac apd.Decimal
	d.Modf(&whole, &frac)
	n, err := whole.Int64()
	return n, err == nil
}

func toLong(v Value) (int64, bool) {
	switch x := v.(type) {
	case string:
		return ParseLong(x)
	case bool:
		if x {
			return 1, true
		}
		return 0, true
	case Time:
		return int64(x), true
	case Span:
		return int64(x), true
	}
	return ToLong(v)
}

func toReal(v Value) (float64, bool) {
	switch x := v.(type) {
	case string:
		return ParseReal(x)
	case bool:
		if x {
			return 1, true
		}
		return 0, true
	case Time:
		return float64(x), true
	case Span:
		return float64(x), true
	}
	return ToFloat(v)
}

func toDecimal(v Value) (Dec, bool) {
	switch x := v.(type) {
	case Dec:
		return x, true
	case string:
		return ParseDecimal(x)
	case float64:
		return realDecimal(x)
	}
	if n, ok := toLong(v); ok {
		return apd.New(n, 0), true
	}
	return nil, false
}

// realDecimal returns the decimal with the fewest digits that reads back as f. It is false for NaN and infinities.
func realDecimal(f float64) (Dec, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, false
	}
	d := new(apd.Decimal)
	if _, err := d.SetFloat64(f); err != nil {
		return nil, false
	}
	return d, true
}

func toBool(v Value) (b, ok bool) {
	switch x := v.(type) {
	case bool:
		return x, true
	case string:
		return ParseBool(x)
	case float64:
		return x != 0, !math.IsNaN(x)
	case Dec:
		return !x.IsZero(), true
	case int32:
		return x != 0, true
	case int64:
		return x != 0, true
	}
	return false, false
}

func toTime(v Value) (Time, bool) {
	switch x := v.(type) {
	case Time:
		return x, true
	case string:
		return ParseTime(x)
	}
	n, ok := ToLong(v)
	t := Time(n)
	return t, ok && t.Valid()
}

func toSpan(v Value) (Span, bool) {
	switch x := v.(type) {
	case Span:
		return x, true
	case string:
		return ParseSpan(x)
	}
	n, ok := ToLong(v)
	return Span(n), ok
}
