package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/endscope/endscope/logs/kql/value"
)

// kind says what a token is.
type kind uint8

const (
	kindEnd    kind = iota // the end of the query
	kindName               // a name or a word of the language: which one, the parser decides by the place
	kindString             // val is its text, without quotes and escapes
	kindNumber             // val is an int64, float64 or value.Span
	kindPunct              // operators, brackets, separators
	kindBad                // msg says what is wrong. It is an error only where the parser uses it: inside datetime(...) much is allowed
)

// token is a piece of the text. text is as it was written.
type token struct {
	Span
	kind kind
	text string
	val  value.Value
	msg  string
}

// is says whether the token is that punctuation.
func (t *token) is(punct string) bool { return t.kind == kindPunct && t.text == punct }

// word says whether the token is that word. Words are case-sensitive.
func (t *token) word(w string) bool { return t.kind == kindName && t.text == w }

// describe names a token for a message.
func (t *token) describe() string {
	switch {
	case t.kind == kindEnd:
		return "the end of the query"
	case t.kind == kindString:
		return "the string " + shorten(t.text)
	case t.kind == kindNumber:
		return shorten(t.text)
	}
	return "'" + shorten(t.text) + "'"
}

// shorten cuts a text so that it does not fill a message.
func shorten(s string) string {
	const most = 40
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i] + "..."
	}
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s... (%d characters)", s[:cut], utf8.RuneCountInString(s))
}
