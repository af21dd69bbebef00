package syntax

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexer cuts the text into tokens. It never fails: what it cannot read becomes a token of kindBad.
type lexer struct {
	text     string
	pos      int
	tokens   []token
	comments []Comment
}

// lex returns the tokens, the last of kindEnd, and the comments. The text must be valid UTF-8.
func lex(text string) ([]token, []Comment) {
	l := &lexer{text: text, tokens: make([]token, 0, len(text)/4+1)}
	lineStart := true // nothing but spaces was seen on this line
	for l.pos < len(text) {
		r, size := utf8.DecodeRuneInString(text[l.pos:])
		switch {
		case r == '\n' || r == '\r':
			l.pos++
			lineStart = true
		case isSpace(r):
			l.pos += size
		case l.has("//"):
			l.comment(lineStart)
		default:
			l.next(r, size)
			lineStart = false
		}
	}
	l.tokens = append(l.tokens, token{Span: Span{len(text), len(text)}, kind: kindEnd})
	return l.tokens, l.comments
}

// has says whether the text goes on with s.
func (l *lexer) has(s string) bool {
	return len(l.text)-l.pos >= len(s) && l.text[l.pos:l.pos+len(s)] == s
}

// byteAt returns a byte ahead, or 0 after the end.
func (l *lexer) byteAt(ahead int) byte {
	if l.pos+ahead < len(l.text) {
		return l.text[l.pos+ahead]
	}
	return 0
}

func (l *lexer) comment(ownLine bool) {
	start := l.pos
	for l.pos < len(l.text) && l.text[l.pos] != '\n' && l.text[l.pos] != '\r' {
		l.pos++
	}
	text := strings.TrimRightFunc(l.text[start:l.pos], isSpace)
	l.comments = append(l.comments, Comment{Span: Span{start, start + len(text)}, Text: text, OwnLine: ownLine})
}

// next reads one token, which starts with r.
func (l *lexer) next(r rune, size int) {
	start := l.pos
	switch {
	case l.stringAhead():
		l.stringLiteral()
	case r >= '0' && r <= '9':
		l.number()
	case isNameStart(r):
		l.pos += size
		l.skipName()
		l.add(token{Span: Span{start, l.pos}, kind: kindName})
	default:
		if n := punctuation(l.text[l.pos:]); n > 0 {
			l.pos += n
			l.add(token{Span: Span{start, l.pos}, kind: kindPunct})
			return
		}
		l.pos += size
		l.add(token{Span: Span{start, l.pos}, kind: kindBad, msg: badCharacter(r)})
	}
}

// add appends a token with its text.
func (l *lexer) add(t token) {
	t.text = l.text[t.Start:t.End]
	l.tokens = append(l.tokens, t)
}

func (l *lexer) skipName() {
	for l.pos < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		if !isNamePart(r) {
			return
		}
		l.pos += size
	}
}

// punctuation returns the length of the operator or separator at the start of the text, 0 for none.
func punctuation(s string) int {
	if len(s) >= 2 {
		switch s[:2] {
		case "==", "=~", "=>", "!=", "!~", "<=", "<>", ">=", "..":
			return 2
		}
	}
	switch s[0] {
	case '(', ')', '[', ']', '{', '}', ',', ';', ':', '|', '.', '=', '<', '>', '+', '-', '*', '/', '%', '!', '~':
		return 1
	}
	return 0
}

// badCharacter says that a character has no place in a query. Quotes and dashes that a word processor made are common in pasted queries.
func badCharacter(r rune) string {
	switch r {
	case '“', '”', '„':
		return fmt.Sprintf("the quote %c is not one of the language, did you mean \"?", r)
	case '‘', '’', '‚', '´', '`':
		return fmt.Sprintf("the quote %c is not one of the language, did you mean '?", r)
	case '–', '—', '−':
		return fmt.Sprintf("the dash %c is not one of the language, did you mean -?", r)
	case '&':
		return "the character & is not part of the language, did you mean 'and'?"
	}
	return fmt.Sprintf("the character %q is not part of the language", r)
}

// isSpace says whether r separates tokens. Text from web pages comes with no-break and zero-width spaces and byte order marks.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff'
}

func isNameStart(r rune) bool {
	return r == '_' || r == '$' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf && unicode.IsLetter(r)
}

func isNamePart(r rune) bool {
	return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}
