package redact

import "strings"

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func (f *finder) skipBlanks(i int) int {
	for i < len(f.text) && isBlank(f.text[i]) {
		i++
	}
	return i
}

func (f *finder) isMark(i int) bool { return strings.HasPrefix(f.text[i:], Mark) }

// backslashes counts those right before i, back to from.
func (f *finder) backslashes(i, from int) int {
	n := 0
	for i-n > from && f.text[i-n-1] == '\\' && n < 64 {
		n++
	}
	return n
}

// opening looks for the quote with which a value at i begins, also that of b'…' and of SecretStr('…'). Quote is 0 where there is none.
func (f *finder) opening(i int) (from int, quote byte, level int) {
	t, k := f.text, i
	for k < len(t) && k-i < 24 && (isNameByte(t[k]) || t[k] == '.') {
		k++
	}
	switch {
	case k > i && k < len(t) && t[k] == '(':
		k++
	case k-i > 1 || k == i+1 && strings.IndexByte("bBuUrRfF", t[i]) < 0:
		return i, 0, 0
	}
	q := k
	for q < len(t) && t[q] == '\\' {
		q++
	}
	if q == len(t) || t[q] != '"' && t[q] != '\'' {
		return i, 0, 0
	}
	return q + 1, t[q], q - k
}

// closing returns where the text in quotes ends that begins at from: at its quote, or at the end of the line. Quotes with more backslashes before them than
// the opening one had are inside.
func (f *finder) closing(from int, quote byte, level int) int {
	t := f.text
	for i := from; i < len(t); i++ {
		switch t[i] {
		case '\n', '\r':
			return i
		case quote:
			n := f.backslashes(i, from)
			if level == 0 && n%2 == 0 {
				return i
			}
			if level > 0 && n <= level {
				return i - n
			}
		}
	}
	return len(t)
}

// afterQuote returns what follows the quote at i, blanks left out.
func (f *finder) afterQuote(i int, quote byte) int {
	for i < len(f.text) && f.text[i] == '\\' {
		i++
	}
	if i == len(f.text) || f.text[i] != quote {
		return len(f.text)
	}
	return f.skipBlanks(i + 1)
}

// endsPair reports whether the quote at i ends a pair: ('name', 'value').
func (f *finder) endsPair(i int, quote byte) bool {
	i = f.afterQuote(i, quote)
	return i < len(f.text) && (f.text[i] == ')' || f.text[i] == ']')
}

// plainEnd returns where a value without quotes ends, and somewhere after limit if that is not before it.
func (f *finder) plainEnd(i, limit int) int {
	t := f.text
	for i < min(limit, len(t)) {
		switch c := t[i]; {
		case c == '[' && f.isMark(i):
			i += len(Mark)
			continue
		case c <= ' ', c == '"', c == '\'', c == ',', c == ';', c == '&', c == '}', c == ')', c == ']':
			return i
		case c == '\\' && i+1 < len(t) && (t[i+1] == '"' || t[i+1] == '\'' || t[i+1] == '\\' || strings.HasPrefix(t[i+1:], "u0026")):
			return i
		}
		i++
	}
	return i
}

// lineEnd returns where the line ends, or the header in a text that writes line breaks as \r\n.
func (f *finder) lineEnd(i int) int {
	if i <= f.end {
		return f.end
	}
	end := len(f.text)
	if n := strings.IndexAny(f.text[i:], "\r\n"); n >= 0 {
		end = i + n
	}
	if n := strings.Index(f.text[i:end], `\r\n`); n >= 0 {
		end = i + n
	}
	f.end = end
	return end
}
