package value

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth bounds how deep arrays and objects nest in text that ParseJSON takes, so that hostile text cannot exhaust the stack.
const maxJSONDepth = 1000

// ParseJSON reads JSON text into dynamic values: integers that fit 64 bits become int64, other numbers float64, objects a *Bag in the order
// of the text, in which the last of several equal keys wins. It is false when s is not exactly one JSON value, nests deeper than 1,000
// levels, or has a number beyond the range of a real. The strings of the result may share memory with s.
func ParseJSON(s string) (Value, bool) {
	p := jsonParser{s: s}
	p.space()
	v, ok := p.value(0)
	if !ok {
		return nil, false
	}
	p.space()
	return v, p.i == len(p.s)
}

type jsonParser struct {
	s string
	i int
}

func (p *jsonParser) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *jsonParser) take(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *jsonParser) word(w string) bool {
	if len(p.s)-p.i >= len(w) && p.s[p.i:p.i+len(w)] == w {
		p.i += len(w)
		return true
	}
	return false
}

func (p *jsonParser) value(depth int) (Value, bool) {
	if p.i >= len(p.s) {
		return nil, false
	}
	switch p.s[p.i] {
	case '{':
		return p.object(depth + 1)
	case '[':
		return p.array(depth + 1)
	case '"':
		return p.text()
	case 't':
		return true, p.word("true")
	case 'f':
		return false, p.word("false")
	case 'n':
		return nil, p.word("null")
	}
	return p.number()
}

func (p *jsonParser) array(depth int) (Value, bool) {
	p.i++
	if depth > maxJSONDepth {
		return nil, false
	}
	a := Array{}
	p.space()
	if p.take(']') {
		return a, true
	}
	a = make(Array, 0, 4)
	for {
		p.space()
		v, ok := p.value(depth)
		if !ok {
			return nil, false
		}
		a = append(a, v)
		p.space()
		if p.take(']') {
			return a, true
		}
		if !p.take(',') {
			return nil, false
		}
	}
}

func (p *jsonParser) object(depth int) (Value, bool) {
	p.i++
	if depth > maxJSONDepth {
		return nil, false
	}
	b := &Bag{}
	p.space()
	if p.take('}') {
		return b, true
	}
	b.keys, b.vals = make([]string, 0, 4), make([]Value, 0, 4)
	for {
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != '"' {
			return nil, false
		}
		k, ok := p.string()
		if !ok {
			return nil, false
		}
		p.space()
		if !p.take(':') {
			return nil, false
		}
		p.space()
		v, ok := p.value(depth)
		if !ok {
			return nil, false
		}
		b.Set(k, v)
		p.space()
		if p.take('}') {
			return b, true
		}
		if !p.take(',') {
			return nil, false
		}
	}
}

func (p *jsonParser) digits() bool {
	start := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	return p.i > start
}

func (p *jsonParser) number() (Value, bool) {
	start, whole := p.i, true
	p.take('-')
	if !p.take('0') && !p.digits() {
		return nil, false
	}
	if p.take('.') {
		whole = false
		if !p.digits() {
			return nil, false
		}
	}
	if p.take('e') || p.take('E') {
		whole = false
		if !p.take('+') {
			p.take('-')
		}
		if !p.digits() {
			return nil, false
		}
	}
	text := p.s[start:p.i]
	if whole {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, true
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

func (p *jsonParser) text() (Value, bool) {
	s, ok := p.string()
	return s, ok
}

// string reads a string at its opening quote.
func (p *jsonParser) string() (string, bool) {
	p.i++
	start := p.i
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			s := p.s[start:p.i]
			p.i++
			return s, true
		case c == '\\' || c >= utf8.RuneSelf:
			return p.escaped(start)
		case c < ' ':
			return "", false
		}
		p.i++
	}
	return "", false
}

// escaped reads the rest of a string that needs more than a slice of the text.
func (p *jsonParser) escaped(start int) (string, bool) {
	var buf []byte // nil while the string is a slice of the text
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == '"':
			tail := p.s[start:p.i]
			p.i++
			if buf == nil {
				return tail, true
			}
			return string(append(buf, tail...)), true
		case c == '\\':
			buf = append(buf, p.s[start:p.i]...)
			var ok bool
			if buf, ok = p.escape(buf); !ok {
				return "", false
			}
			start = p.i
		case c < ' ':
			return "", false
		case c < utf8.RuneSelf:
			p.i++
		default:
			r, n := utf8.DecodeRuneInString(p.s[p.i:])
			if r == utf8.RuneError && n == 1 {
				buf = append(append(buf, p.s[start:p.i]...), "\uFFFD"...)
				start = p.i + 1
			}
			p.i += n
		}
	}
	return "", false
}

func (p *jsonParser) escape(buf []byte) ([]byte, bool) {
	p.i++
	if p.i >= len(p.s) {
		return nil, false
	}
	c := p.s[p.i]
	p.i++
	switch c {
	case '"', '\\', '/':
		return append(buf, c), true
	case 'n':
		return append(buf, '\n'), true
	case 't':
		return append(buf, '\t'), true
	case 'r':
		return append(buf, '\r'), true
	case 'b':
		return append(buf, '\b'), true
	case 'f':
		return append(buf, '\f'), true
	case 'u':
		r, ok := p.hex4()
		if !ok {
			return nil, false
		}
		if utf16.IsSurrogate(r) {
			// A pair makes one character; half a pair makes U+FFFD, and what follows it is read on its own.
			mark := p.i
			if p.word(`\u`) {
				if low, ok := p.hex4(); ok {
					if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
						return utf8.AppendRune(buf, full), true
					}
				}
			}
			p.i, r = mark, utf8.RuneError
		}
		return utf8.AppendRune(buf, r), true
	}
	return nil, false
}

func (p *jsonParser) hex4() (rune, bool) {
	if len(p.s)-p.i < 4 {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.s[p.i : p.i+4]) {
		d := hexDigit(c)
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	p.i += 4
	return r, true
}

// hexDigit returns the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
