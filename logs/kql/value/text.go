package value

import (
	"math"
	"strconv"
)

// Text returns what tostring() gives. Null is "". Integers are decimal, reals have a fraction or an exponent ("1.0", "0.1", "1E+20", "NaN",
// "Infinity"), booleans are "true" and "false". A datetime has all seven digits of its fraction and a Z, a timespan has a fraction only when
// it is not whole. A dynamic string has no quotes; arrays and bags are JSON.
func Text(v Value) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		if x {
			return "true"
		}
		return "false"
	case int64:
		return strconv.FormatInt(x, 10)
	case int32:
		return strconv.FormatInt(int64(x), 10)
	case UUID:
		return string(x)
	}
	var buf [64]byte
	return string(AppendText(buf[:0], v))
}

// TextOf returns what tostring() gives for an expression of type from. It differs from Text for bool: the service writes a column of type
// bool as "True" and "False", and the booleans inside a dynamic as JSON does.
func TextOf(v Value, from Type) string {
	if b, ok := v.(bool); ok && from == Bool {
		if b {
			return "True"
		}
		return "False"
	}
	return Text(v)
}

// AppendText appends Text(v) to dst.
func AppendText(dst []byte, v Value) []byte {
	switch x := v.(type) {
	case nil:
		return dst
	case string:
		return append(dst, x...)
	case bool:
		return strconv.AppendBool(dst, x)
	case int64:
		return strconv.AppendInt(dst, x, 10)
	case int32:
		return strconv.AppendInt(dst, int64(x), 10)
	case float64:
		return AppendReal(dst, x)
	case Time:
		return AppendTime(dst, x)
	case Span:
		return AppendSpan(dst, x)
	case UUID:
		return append(dst, x...)
	case Dec:
		return appendDecimal(dst, x)
	}
	return AppendJSON(dst, v)
}

// TimeText returns a datetime as 2020-01-01T00:00:00.0000000Z.
func TimeText(t Time) string {
	var buf [28]byte
	return string(AppendTime(buf[:0], t))
}

// SpanText returns a timespan as [-][d.]hh:mm:ss[.fffffff], without the days and without the fraction where they are 0.
func SpanText(s Span) string {
	var buf [32]byte
	return string(AppendSpan(buf[:0], s))
}

// AppendTime appends TimeText(t) to dst.
func AppendTime(dst []byte, t Time) []byte {
	y, mo, d := t.Civil()
	h, mi, s, ticks := t.Clock()
	dst = append(dst, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-')
	dst = append(appendTwo(dst, mo), '-')
	dst = append(appendTwo(dst, d), 'T')
	dst = appendClock(dst, h, mi, s)
	return append(appendTicks(dst, ticks), 'Z')
}

// AppendSpan appends SpanText(s) to dst.
func AppendSpan(dst []byte, s Span) []byte {
	u := uint64(s)
	if s < 0 {
		dst, u = append(dst, '-'), -u // as unsigned, so that the smallest span has a magnitude too
	}
	if days := u / uint64(Day); days > 0 {
		dst = append(strconv.AppendUint(dst, days, 10), '.')
	}
	d := Span(u % uint64(Day))
	dst = appendClock(dst, int(d/Hour), int(d/Minute%60), int(d/Second%60))
	if d%Second != 0 {
		dst = appendTicks(dst, d%Second)
	}
	return dst
}

func appendClock(dst []byte, h, m, s int) []byte {
	dst = append(appendTwo(dst, h), ':')
	dst = append(appendTwo(dst, m), ':')
	return appendTwo(dst, s)
}

func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

func appendTicks(dst []byte, ticks Span) []byte {
	dst = append(dst, '.', '0', '0', '0', '0', '0', '0', '0')
	for i := len(dst) - 1; ticks > 0; i-- {
		dst[i] = byte('0' + ticks%10)
		ticks /= 10
	}
	return dst
}

// AppendReal appends a real as text: the fewest digits that read back as the same number, with ".0" when it is whole, and with an exponent
// of at least two digits from 1E+15 up and below 0.0001.
func AppendReal(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	if abs := math.Abs(f); f == 0 || abs >= 1e-4 && abs < 1e15 {
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		for _, c := range dst[start:] {
			if c == '.' {
				return dst
			}
		}
		return append(dst, ".0"...)
	}
	return strconv.AppendFloat(dst, f, 'E', -1, 64)
}

// appendDecimal writes a decimal in full, and with an exponent when that would take many zeros.
func appendDecimal(dst []byte, d Dec) []byte {
	if adjusted := int64(d.Exponent) + d.NumDigits() - 1; d.Exponent > 0 && adjusted > 40 || adjusted < -40 {
		return d.Append(dst, 'E')
	}
	return d.Append(dst, 'f')
}
