package fn

import (
	"strings"
	"unicode/utf8"

	"github.com/endscope/endscope/logs/kql/value"
)

// Positions and lengths of text count characters (code points). The service counts UTF-16 units, in which a character beyond U+FFFF, such as
// an emoji, counts twice; what is cut out of a text here is always whole characters.

// types keeps the types of the arguments of a call, because a bool is written by its type.
type types []value.Type

func typesOf(args []Arg) types {
	t := make(types, len(args))
	for i, a := range args {
		t[i] = a.Type
	}
	return t
}

// text returns the i-th argument as tostring() gives it.
func (t types) text(a []value.Value, i int) string {
	if s, ok := a[i].(string); ok {
		return s
	}
	return value.TextOf(a[i], t[i])
}

// texts makes a Make for an implementation that takes arguments as text, whatever their types.
func texts(f func(text func(i int) string, n int) value.Value) func(*Context, []Arg) (Eval, error) {
	return func(_ *Context, args []Arg) (Eval, error) {
		t := typesOf(args)
		return func(a []value.Value) (value.Value, error) {
			return f(func(i int) string { return t.text(a, i) }, len(a)), nil
		}, nil
	}
}

// textFunction declares a function of one text.
func textFunction(signature, help string, f func(s string) value.Value, aliases ...string) Scalar {
	return Scalar{
		Signature: Signature{Text: signature, Help: help, Aliases: aliases},
		Make:      simple(func(a []value.Value) value.Value { return f(a[0].(string)) }),
	}
}

// charCount returns the number of characters of s.
func charCount(s string) int64 { return int64(utf8.RuneCountInString(s)) }

// charOffset returns the byte at which the n-th character of s begins, or len(s) when there are no more than n.
func charOffset(s string, n int64) int {
	if n <= 0 {
		return 0
	}
	if n >= int64(len(s)) {
		return len(s)
	}
	i := 0
	for ; n > 0 && i < len(s); n-- {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

// cutChars returns the part of s from a character on; a negative start counts from the end. A negative length means to the end.
func cutChars(s string, start, length int64) string {
	if start < 0 {
		start = max(start+charCount(s), 0)
	}
	s = s[charOffset(s, start):]
	if length < 0 {
		return s
	}
	return s[:charOffset(s, length)]
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// asText returns what is text in a dynamic array as such, and everything else written out.
func asText(v value.Value) string {
	if s, ok := v.(string); ok {
		return s
	}
	return value.Text(v)
}

func reverseText(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for len(s) > 0 {
		_, n := utf8.DecodeLastRuneInString(s)
		b.WriteString(s[len(s)-n:])
		s = s[:len(s)-n]
	}
	return b.String()
}
