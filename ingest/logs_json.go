package ingest

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonScanner reads JSON in place, without a token of its own for anything. It is ours because rows need what no decoder gives together:
// values straight into columns, a bad row left at its line's end, and numbers as they were written. Its functions return false at the first
// byte that is not JSON; then wrong says what was expected, and i where.
type jsonScanner struct {
	s       []byte
	i       int
	wrong   string
	stack   []byte // open objects and arrays of a value that is being read
	deepest int    // how deep they went
	scratch []byte
}

func (p *jsonScanner) fail(wrong string) bool {
	p.wrong = wrong
	return false
}

// space skips white space.
func (p *jsonScanner) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

// peek returns the next byte, 0 at the end.
func (p *jsonScanner) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// special marks with its high bit the first byte of w that does not stand for itself in a string: a quote, a backslash, a control
// character, or a part of a character outside ASCII. Bits above the first may be wrong.
func special(w uint64) uint64 {
	quote, escape := w^('"'*lowBits), w^('\\'*lowBits)
	return ((quote-lowBits)&^quote | (escape-lowBits)&^escape | (w-' '*lowBits)&^w | w) & highBits
}

// text reads a string whose opening quote is next. raw is what lies between the quotes; plain says that it is the value, without escapes
// and in valid UTF-8.
func (p *jsonScanner) text() (raw []byte, plain, ok bool) {
	s, start := p.s, p.i+1
	i := start
	plain = true
	high := false
	for {
		for i+8 <= len(s) {
			m := special(binary.LittleEndian.Uint64(s[i:]))
			if m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		for i < len(s) && s[i] != '"' && s[i] != '\\' && s[i] >= ' ' && s[i] < utf8.RuneSelf {
			i++
		}
		if i >= len(s) {
			p.i = len(s)
			return nil, false, p.fail("the end comes within a string")
		}
		switch c := s[i]; {
		case c == '"':
			raw = s[start:i]
			p.i = i + 1
			return raw, plain && !(high && !utf8.Valid(raw)), true
		case c == '\\':
			n := escapeLen(s[i:])
			if n == 0 {
				p.i = i
				return nil, false, p.fail("an escape in a string is not one of JSON's")
			}
			plain = false
			i += n
		case c < ' ':
			p.i = i
			return nil, false, p.fail("a control character in a string is not escaped")
		default:
			high = true
			for i < len(s) && s[i] >= utf8.RuneSelf {
				i++
			}
		}
	}
}

// escapeLen returns the length of the escape at the start of s, 0 if it is none.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if hex4(s) >= 0 {
			return 6
		}
	}
	return 0
}

// hex4 reads the number of an escape \u at the start of s, -1 if it has none.
func hex4(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range s[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescape appends the value of a string that text has read. What is no character becomes U+FFFD, as in encoding/json.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '\\':
			c = raw[i+1]
			if c != 'u' {
				dst = append(dst, unescapes[c])
				i += 2
				continue
			}
			r := hex4(raw[i:])
			i += 6
			if utf16.IsSurrogate(r) {
				if r = utf16.DecodeRune(r, hex4(raw[i:])); r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := utf8.DecodeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	return dst
}

var unescapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// value returns the value of a string that is next; it is valid until the next call.
func (p *jsonScanner) value() ([]byte, bool) {
	raw, plain, ok := p.text()
	if ok && !plain {
		p.scratch = unescape(p.scratch[:0], raw)
		raw = p.scratch
	}
	return raw, ok
}

// number reads a number that is next and returns it as written.
func (p *jsonScanner) number() ([]byte, bool) {
	s, start := p.s, p.i
	i := start
	digits := func() bool {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i > from
	}
	if i < len(s) && s[i] == '-' {
		i++
	}
	ok := true
	if i < len(s) && s[i] == '0' {
		i++ // no digit may follow it
	} else {
		ok = digits()
	}
	if ok && i < len(s) && s[i] == '.' {
		i++
		ok = digits()
	}
	if ok && i < len(s) && s[i]|0x20 == 'e' {
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		ok = digits()
	}
	if !ok {
		return nil, p.fail("a value was expected: an object, an array, a string, a number, true, false or null")
	}
	p.i = i
	return s[start:i], true
}

// integer reads an integer of up to 18 digits behind which the value ends, as nearly all numbers are. Otherwise it reads nothing.
func (p *jsonScanner) integer() (n int64, ok bool) {
	s, i := p.s, p.i
	negative := i < len(s) && s[i] == '-'
	if negative {
		i++
	}
	first := i
	for i < len(s) && s[i]-'0' <= 9 {
		n = n*10 + int64(s[i]-'0')
		i++
	}
	if i == first || i-first > 18 || i == len(s) || s[first] == '0' && i > first+1 {
		return 0, false
	}
	switch s[i] {
	case ',', '}', ']', ' ', '\t', '\n', '\r':
	default:
		return 0, false
	}
	p.i = i
	if negative {
		n = -n
	}
	return n, true
}

// literal reads a word that is next.
func (p *jsonScanner) literal(word string) bool {
	if len(p.s)-p.i < len(word) || string(p.s[p.i:p.i+len(word)]) != word {
		return p.fail("a value was expected: an object, an array, a string, a number, true, false or null")
	}
	p.i += len(word)
	return true
}

// canon reads any value that is next and appends it without white space and with no more escapes than needed, so that equal texts are
// equal bytes. Numbers stay as written. Depth costs no stack; the caller compares deepest, which counts from 1 for a flat object, with
// its limit.
func (p *jsonScanner) canon(dst []byte) (_ []byte, ok bool) {
	p.stack, p.deepest = p.stack[:0], 0
	for {
		p.space()
		switch c := p.peek(); c {
		case '{', '[':
			p.i++
			dst = append(dst, c)
			p.stack = append(p.stack, c+2) // its closing byte
			p.deepest = max(p.deepest, len(p.stack))
			p.space()
			if p.peek() != c+2 {
				if c == '{' {
					if dst, ok = p.key(dst); !ok {
						return dst, false
					}
				}
				continue
			}
		case '"':
			if dst, ok = p.canonText(dst); !ok {
				return dst, false
			}
		case 't':
			p.literal("true") // what is wrong is looked at below
			dst = append(dst, "true"...)
		case 'f':
			p.literal("false") // what is wrong is looked at below
			dst = append(dst, "false"...)
		case 'n':
			p.literal("null") // what is wrong is looked at below
			dst = append(dst, "null"...)
		default:
			number, _ := p.number()
			dst = append(dst, number...)
		}
		if p.wrong != "" {
			return dst, false
		}
		if dst, ok = p.after(dst); !ok {
			return dst, false
		}
		if len(p.stack) == 0 {
			return dst, true
		}
	}
}

// after reads what follows a value within open objects and arrays: their ends, then a comma and the next key.
func (p *jsonScanner) after(dst []byte) ([]byte, bool) {
	for len(p.stack) > 0 {
		p.space()
		closing := p.stack[len(p.stack)-1]
		switch p.peek() {
		case closing:
			p.i++
			dst = append(dst, closing)
			p.stack = p.stack[:len(p.stack)-1]
		case ',':
			p.i++
			dst = append(dst, ',')
			if closing == '}' {
				p.space()
				return p.key(dst)
			}
			return dst, true
		default:
			if closing == '}' {
				return dst, p.fail("a comma or the object's end was expected")
			}
			return dst, p.fail("a comma or the array's end was expected")
		}
	}
	return dst, true
}

// key reads the key of a member and its colon.
func (p *jsonScanner) key(dst []byte) (_ []byte, ok bool) {
	if p.peek() != '"' {
		return dst, p.fail("the name of a field was expected, in quotes")
	}
	if dst, ok = p.canonText(dst); !ok {
		return dst, false
	}
	return append(dst, ':'), p.colon()
}

func (p *jsonScanner) colon() bool {
	p.space()
	if p.peek() != ':' {
		return p.fail("a colon was expected after the name of a field")
	}
	p.i++
	return true
}

// canonText reads a string that is next and appends it in quotes.
func (p *jsonScanner) canonText(dst []byte) ([]byte, bool) {
	raw, plain, ok := p.text()
	if !ok {
		return dst, false
	}
	if plain {
		dst = append(dst, '"')
		dst = append(dst, raw...)
		return append(dst, '"'), true
	}
	p.scratch = unescape(p.scratch[:0], raw)
	return appendJSONText(dst, p.scratch), true
}

const hexDigits = "0123456789abcdef"

// appendJSONText appends a string in quotes. What is not UTF-8 becomes U+FFFD.
func appendJSONText[S string | []byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}
