package syntax

import (
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// number reads an integer (also 0x1F), a real (1.5, 1e10) or a timespan (1.5h). Digits with letters that are none of these make a bad
// token, such as the week of ago(1w), which the language does not have; digits with an underscore make a name (2024_logs).
func (l *lexer) number() {
	start := l.pos
	if l.byteAt(0) == '0' && (l.byteAt(1) == 'x' || l.byteAt(1) == 'X') && isHex(l.byteAt(2)) {
		l.pos += 2
		for isHex(l.byteAt(0)) {
			l.pos++
		}
		l.numberEnd(start, true)
		return
	}
	l.skipDigits()
	integer := true
	// Two dots are the range of between, not a decimal point.
	if l.byteAt(0) == '.' && l.byteAt(1) != '.' && !isLetter(l.byteAt(1)) {
		integer = false
		l.pos++
		l.skipDigits()
	}
	if c := l.byteAt(0); c == 'e' || c == 'E' {
		digits := 1
		if c := l.byteAt(1); c == '+' || c == '-' {
			digits = 2
		}
		if isDigit(l.byteAt(digits)) {
			integer = false
			l.pos += digits
			l.skipDigits()
		}
	}
	l.numberEnd(start, integer)
}

// numberEnd makes the token of a number that was read up to the letters behind it.
func (l *lexer) numberEnd(start int, integer bool) {
	digits := l.text[start:l.pos]
	l.skipName()
	t := token{Span: Span{start, l.pos}, kind: kindNumber}
	text := l.text[start:l.pos]
	switch {
	case text != digits:
		span, ok := value.ParseSpan(text)
		switch {
		case ok:
			t.val = span
		case strings.Contains(text, "_") && integer:
			t.kind = kindName
		default:
			t.kind = kindBad
			t.msg = "'" + shorten(text) + "' is neither a number nor a timespan: the units are d, h, m, s, ms, microsecond and tick"
		}
	case integer:
		n, ok := value.ParseLong(text)
		if !ok {
			t.kind, t.msg = kindBad, "the integer "+shorten(text)+" does not fit into a long (64 bits); write it as decimal("+shorten(text)+")"
		}
		t.val = n
	default:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil && f != 0 { // too great for a real; one that is too small is 0
			t.kind, t.msg = kindBad, "the number "+shorten(text)+" does not fit into a real"
		}
		t.val = f
	}
	l.add(t)
}

func (l *lexer) skipDigits() {
	for isDigit(l.byteAt(0)) {
		l.pos++
	}
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isHex(c byte) bool    { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
