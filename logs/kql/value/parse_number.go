package value

import (
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// decimals is the arithmetic of decimals: 34 digits, the range of IEEE 754 decimal128. It traps nothing; results are looked at. It is only
// read, and apd does not change it.
var decimals = apd.Context{Precision: 34, MaxExponent: 6144, MinExponent: -6143, Rounding: apd.RoundHalfEven}

// ParseLong reads a whole number, decimal or hexadecimal with 0x, with a sign and with blanks around it. Hexadecimal digits may fill all 64
// bits, so 0xffffffffffffffff is -1. It is false for anything else and for what does not fit.
func ParseLong(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	digits, neg := strings.CutPrefix(s, "-")
	if len(digits) < 3 || digits[0] != '0' || digits[1]|0x20 != 'x' {
		return 0, false
	}
	u, err := strconv.ParseUint(digits[2:], 16, 64)
	if err != nil {
		return 0, false
	}
	if neg {
		return -int64(u), true
	}
	return int64(u), true
}

// ParseReal reads a decimal number with an optional exponent, or nan, inf or infinity in any case, with blanks around it. It is false for
// anything else and for what is beyond the range of a real.
func ParseReal(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	for i := range len(s) {
		if s[i] == '_' || s[i]|0x20 == 'x' || s[i]|0x20 == 'p' { // Go's own forms
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// ParseDecimal reads a decimal number with an optional exponent, with blanks around it, rounded half to even to 34 digits.
func ParseDecimal(s string) (Dec, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 10_000 {
		return nil, false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '+', c == '-', c == '.', c|0x20 == 'e':
		default:
			return nil, false // nan, inf and what else apd knows
		}
	}
	d, cond, err := decimals.NewFromString(s)
	if err != nil || cond.Overflow() || d.Form != apd.Finite {
		return nil, false
	}
	return d, true
}

// ParseBool reads true or false in any case, or a whole number, of which 0 is false; with blanks around it.
func ParseBool(s string) (b, ok bool) {
	s = strings.TrimSpace(s)
	switch {
	case EqualFold(s, "true"):
		return true, true
	case EqualFold(s, "false"):
		return false, true
	}
	n, ok := ParseLong(s)
	return n != 0, ok
}

// ParseUUID reads a guid: 32 hexadecimal digits in any case, with or without each of the four hyphens, in braces or parentheses or without.
// What follows the last digit is ignored, as the language has it.
func ParseUUID(s string) (UUID, bool) {
	s = strings.TrimSpace(s)
	if n := len(s); n > 2 && (s[0] == '{' && s[n-1] == '}' || s[0] == '(' && s[n-1] == ')') {
		s = s[1 : n-1]
	}
	var buf [36]byte
	n, digits, hyphen := 0, 0, false
	for i := range len(s) {
		if digits == 32 {
			break
		}
		c := s[i]
		if c == '-' {
			if hyphen || digits != 8 && digits != 12 && digits != 16 && digits != 20 {
				return "", false
			}
			hyphen = true
			continue
		}
		d := hexDigit(c)
		if d < 0 {
			return "", false
		}
		if digits == 8 || digits == 12 || digits == 16 || digits == 20 {
			buf[n] = '-'
			n++
		}
		buf[n] = "0123456789abcdef"[d]
		n, digits, hyphen = n+1, digits+1, false
	}
	if digits != 32 {
		return "", false
	}
	return UUID(buf[:]), true
}
