package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// stringAhead says whether a string literal begins here: quotes, @ and quotes, a block of three ` or ~, and each of these after h or H.
func (l *lexer) stringAhead() bool {
	i := 0
	if c := l.byteAt(0); c == 'h' || c == 'H' {
		i = 1
	}
	switch l.byteAt(i) {
	case '"', '\'':
		return true
	case '@':
		return l.byteAt(i+1) == '"' || l.byteAt(i+1) == '\''
	case '`', '~':
		c := l.byteAt(i)
		return l.byteAt(i+1) == c && l.byteAt(i+2) == c
	}
	return false
}

// stringLiteral reads one string literal.
func (l *lexer) stringLiteral() {
	start := l.pos
	if c := l.byteAt(0); c == 'h' || c == 'H' {
		l.pos++
	}
	verbatim := l.byteAt(0) == '@'
	if verbatim {
		l.pos++
	}
	var text, msg string
	switch c := l.byteAt(0); {
	case c == '`' || c == '~':
		text, msg = l.block(strings.Repeat(string(c), 3))
	case verbatim:
		text, msg = l.verbatim(c)
	default:
		text, msg = l.quoted(c)
	}
	t := token{Span: Span{start, l.pos}, kind: kindString, val: text}
	if msg != "" {
		t.kind, t.msg = kindBad, msg
	}
	l.add(t)
}

// block reads what stands between two fences, line ends included.
func (l *lexer) block(fence string) (text, msg string) {
	l.pos += len(fence)
	end := strings.Index(l.text[l.pos:], fence)
	if end < 0 {
		l.pos = len(l.text)
		return "", "the string is not closed: " + fence + " is missing"
	}
	text = l.text[l.pos : l.pos+end]
	l.pos += end + len(fence)
	return text, ""
}

// verbatim reads a string without escapes in which a doubled quote stands for one.
func (l *lexer) verbatim(quote byte) (text, msg string) {
	l.pos++
	start := l.pos
	for {
		switch c := l.byteAt(0); {
		case l.pos >= len(l.text) || c == '\n' || c == '\r':
			return "", "the string is not closed: " + string(quote) + " is missing at the end of the line"
		case c == quote && l.byteAt(1) == quote:
			l.pos += 2
		case c == quote:
			l.pos++
			return strings.ReplaceAll(l.text[start:l.pos-1], string([]byte{quote, quote}), string(quote)), ""
		default:
			l.pos++
		}
	}
}

// quoted reads a string with escapes.
func (l *lexer) quoted(quote byte) (text, msg string) {
	l.pos++
	start := l.pos
	var b []byte // nil while no escape was seen
	for {
		switch c := l.byteAt(0); {
		case l.pos >= len(l.text) || c == '\n' || c == '\r':
			return "", "the string is not closed: " + string(quote) + " is missing at the end of the line"
		case c == quote:
			text = l.text[start:l.pos]
			if b != nil {
				text = string(b)
			}
			l.pos++
			return text, msg
		case c == '\\':
			if b == nil {
				b = append(make([]byte, 0, 64), l.text[start:l.pos]...)
			}
			r, n := escape(l.text[l.pos:])
			if n == 0 {
				if msg == "" {
					_, size := utf8.DecodeRuneInString(l.text[l.pos+1:])
					msg = l.text[l.pos:l.pos+1+size] + ` is not an escape in a string: write \\ for a backslash, or @"..." for a text with backslashes`
				}
				n = 1
				if l.byteAt(1) != '\n' && l.byteAt(1) != '\r' && l.pos+1 < len(l.text) {
					n = 2
				}
			} else {
				b = utf8.AppendRune(b, r)
			}
			l.pos += n
		default:
			if b != nil {
				b = append(b, c)
			}
			l.pos++
		}
	}
}

// escape reads the escape at the start of s and returns its character and its length in bytes, 0 when it is none.
func escape(s string) (r rune, n int) {
	if len(s) < 2 {
		return 0, 0
	}
	digits := 0
	switch s[1] {
	case '\\', '\'', '"', '/':
		return rune(s[1]), 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'a':
		return '\a', 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'v':
		return '\v', 2
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return octal(s)
	}
	if len(s) < 2+digits {
		return 0, 0
	}
	u, err := strconv.ParseUint(s[2:2+digits], 16, 32)
	if err != nil || u > utf8.MaxRune {
		return 0, 0
	}
	return surrogates(rune(u), s, 2+digits)
}

// octal reads up to three octal digits.
func octal(s string) (rune, int) {
	n, r := 1, rune(0)
	for n < len(s) && n < 4 && s[n] >= '0' && s[n] <= '7' {
		r = r<<3 | rune(s[n]-'0')
		n++
	}
	if n == 1 {
		return 0, 0
	}
	return r, n
}

// surrogates joins the two halves of a character that JSON writes as two \u escapes. A half on its own becomes U+FFFD.
func surrogates(r rune, s string, n int) (rune, int) {
	if r < 0xD800 || r > 0xDFFF {
		return r, n
	}
	if r < 0xDC00 && len(s) >= n+6 && s[n] == '\\' && s[n+1] == 'u' {
		if low, err := strconv.ParseUint(s[n+2:n+6], 16, 32); err == nil && low >= 0xDC00 && low <= 0xDFFF {
			return (r-0xD800)<<10 + rune(low-0xDC00) + 0x10000, n + 6
		}
	}
	return utf8.RuneError, n
}
