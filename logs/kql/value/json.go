package value

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends v as compact JSON. Null is null. Reals always have a fraction or an exponent, so that they are told from integers;
// NaN and infinities are strings, as are datetimes, timespans, guids and decimals (in the form of Text). Bytes that are not UTF-8 become
// U+FFFD.
func AppendJSON(dst []byte, v Value) []byte {
	switch x := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, x)
	case int32:
		return strconv.AppendInt(dst, int64(x), 10)
	case int64:
		return strconv.AppendInt(dst, x, 10)
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return append(AppendReal(append(dst, '"'), x), '"')
		}
		return AppendReal(dst, x)
	case string:
		return appendJSONString(dst, x)
	case Time:
		return append(AppendTime(append(dst, '"'), x), '"')
	case Span:
		return append(AppendSpan(append(dst, '"'), x), '"')
	case UUID:
		return append(append(append(dst, '"'), x...), '"')
	case Dec:
		return append(appendDecimal(append(dst, '"'), x), '"')
	case Array:
		dst = append(dst, '[')
		for i, e := range x {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, e)
		}
		return append(dst, ']')
	case *Bag:
		dst = append(dst, '{')
		for i := range x.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			k, e := x.At(i)
			dst = AppendJSON(append(appendJSONString(dst, k), ':'), e)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...) // no other Go type is a Value
}

func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(append(dst, s[start:i]...), '\\')
			switch c {
			case '"', '\\':
				dst = append(dst, c)
			case '\n':
				dst = append(dst, 'n')
			case '\r':
				dst = append(dst, 'r')
			case '\t':
				dst = append(dst, 't')
			case '\b':
				dst = append(dst, 'b')
			case '\f':
				dst = append(dst, 'f')
			default:
				const hex = "0123456789abcdef"
				dst = append(dst, 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(append(dst, s[start:i]...), "\uFFFD"...)
			start = i + 1
		}
		i += n
	}
	return append(append(dst, s[start:]...), '"')
}
