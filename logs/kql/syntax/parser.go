package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// parser walks over the tokens. Its methods read what their name says and leave the position behind it; at an error they panic with an
// *Error, which Parse recovers.
type parser struct {
	text  string
	toks  []token
	pos   int
	match []int32 // of an opening bracket, the index of the token that closes it, or -1
	depth int     // levels of nesting that are open

	chained int  // binary operators and members so far
	colon   bool // `:` is an operator: in the predicate of search and find
}

// Parse reads a query. The error is an *Error; errors.Is tells ErrTooLong and ErrTooDeep.
func Parse(query string) (q *Query, err error) {
	p := &parser{text: query}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			q, err = nil, r
		default:
			panic(r) // a defect of the parser: not hidden as a syntax error
		}
	}()
	if len(query) > MaxLength {
		p.failWith(ErrTooLong, Span{MaxLength, len(query)}, "the query is longer than %d bytes (%d)", MaxLength, len(query))
	}
	if !utf8.ValidString(query) {
		at := invalidAt(query)
		p.fail(Span{at, at + 1}, "the query is not valid UTF-8")
	}
	toks, comments := lex(query)
	p.toks, p.match = toks, brackets(toks)
	statements := p.statements(endOfQuery)
	return &Query{Span: Span{0, len(query)}, Statements: statements, Comments: comments}, nil
}

// invalidAt is where the first byte stands that is not UTF-8.
func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return len(s)
}

// brackets pairs the brackets of the tokens. Of those that are open inside of a pair, and of those that close none, the parser refuses the
// first that it meets.
func brackets(toks []token) []int32 {
	match := make([]int32, len(toks))
	var open []int32
	count := make(map[string]int, 3) // of the open ones, by what closes them
	for i := range toks {
		match[i] = -1
		if toks[i].kind != kindPunct {
			continue
		}
		switch c := toks[i].text; c {
		case "(", "[", "{":
			open = append(open, int32(i))
			count[closer(c)]++
		case ")", "]", "}":
			for count[c] > 0 {
				last := open[len(open)-1]
				open = open[:len(open)-1]
				shut := closer(toks[last].text)
				count[shut]--
				if shut == c {
					match[last] = int32(i)
					break
				}
			}
		}
	}
	return match
}

func closer(open string) string {
	switch open {
	case "(":
		return ")"
	case "[":
		return "]"
	}
	return "}"
}

// fail ends the parse with an error.
func (p *parser) fail(at Span, format string, args ...any) {
	p.failWith(nil, at, format, args...)
}

func (p *parser) failWith(cause error, at Span, format string, args ...any) {
	line, col := Position(p.text, at.Start)
	panic(&Error{Message: fmt.Sprintf(format, args...), Span: at, Line: line, Column: col, cause: cause})
}

// peek is the current token; it must not be changed.
func (p *parser) peek() *token { return &p.toks[p.pos] }

// ahead is a token further on; after the last it is the last.
func (p *parser) ahead(n int) *token {
	return &p.toks[min(p.pos+n, len(p.toks)-1)]
}

// take returns the current token and goes on to the next. A token that the lexer could not read is an error here.
func (p *parser) take() *token {
	t := &p.toks[p.pos]
	if t.kind == kindBad {
		p.fail(t.Span, "%s", t.msg)
	}
	if t.kind != kindEnd {
		p.pos++
	}
	return t
}

// from is the span from a start to the end of the last token taken.
func (p *parser) from(start int) Span {
	end := start
	if p.pos > 0 {
		end = max(end, p.toks[p.pos-1].End)
	}
	return Span{start, end}
}

// unexpected fails with what stands here and what should. words are those that would fit, for a suggestion.
func (p *parser) unexpected(expected string, words ...string) {
	t := p.peek()
	if t.kind == kindBad {
		p.take()
	}
	hint := p.hint(words)
	p.fail(t.Span, "expected %s, found %s%s", expected, t.describe(), hint)
}

// hint suggests what may be meant by the token here, where one of the words would fit.
func (p *parser) hint(words []string) string {
	t := p.peek()
	meant := ""
	switch {
	case t.kind == kindName:
		meant = nearest(t.text, words)
	case t.is("=") && len(words) > 0:
		meant = "=="
	case t.is("!") && len(words) == 0:
		meant = "not(...)"
	}
	if len(words) == len(infixWords) {
		// Words of other languages between two operands.
		switch t.text {
		case "not":
			meant = "!in', '!has' or '!between"
		case "like":
			meant = "contains' or 'matches regex"
		case "is":
			meant = "isnull(...)' or 'isempty(...)"
		}
	}
	if meant == "" {
		return ""
	}
	return "; did you mean '" + meant + "'?"
}

// isPunct says whether the current token is that punctuation, isWord whether it is that word.
func (p *parser) isPunct(s string) bool { return p.peek().is(s) }
func (p *parser) isWord(s string) bool  { return p.peek().word(s) }

// acceptPunct takes the punctuation if it is there; acceptWord a word.
func (p *parser) acceptPunct(s string) bool {
	if p.isPunct(s) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) acceptWord(s string) bool {
	if p.isWord(s) {
		p.pos++
		return true
	}
	return false
}

// expectPunct takes the punctuation or fails; where says behind or before what it must stand.
func (p *parser) expectPunct(s, where string) {
	if !p.acceptPunct(s) {
		p.unexpected("'" + s + "' " + where)
	}
}

func (p *parser) expectWord(s, where string) {
	if !p.acceptWord(s) {
		p.unexpected("'"+s+"' "+where, s)
	}
}

// close takes the bracket that closes the one at token index open.
func (p *parser) close(open int) {
	o := &p.toks[open]
	if c := closer(o.text); !p.acceptPunct(c) {
		line, col := Position(p.text, o.Start)
		p.unexpected(fmt.Sprintf("'%s' for the '%s' of line %d, column %d", c, o.text, line, col), infixWords...)
	}
}

// open takes an opening bracket and returns its token index for close.
func (p *parser) open(s, where string) int {
	at := p.pos
	p.expectPunct(s, where)
	return at
}

// enter counts one more level of nesting; leave ends it.
func (p *parser) enter() {
	if p.depth++; p.depth > MaxDepth {
		p.failWith(ErrTooDeep, p.peek().Span, "the query is nested deeper than %d levels", MaxDepth)
	}
}

func (p *parser) leave() { p.depth-- }

// chain counts one more binary operator or member.
func (p *parser) chain() {
	if p.chained++; p.chained > MaxChain {
		p.failWith(ErrTooDeep, p.peek().Span, "the query has more than %d operators and members; a long `or` is better written with in (...)", MaxChain)
	}
}

// touching says whether the token n ahead follows the one before it without a space.
func (p *parser) touching(n int) bool {
	return p.ahead(n).Start == p.ahead(n-1).End
}
