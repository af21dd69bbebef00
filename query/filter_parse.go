package query

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxFilterLength = 8 << 10 // bytes: enough for some hundred names
	maxFilterDepth  = 20      // of parentheses
)

// ParseFilter reads a filter; an empty text is the zero Filter. Its error is a *ParamError that says at which character
// what was found, and what is allowed there.
func ParseFilter(text string) (Filter, error) {
	p := &filterParser{text: text}
	switch {
	case len(text) > maxFilterLength:
		return Filter{}, &ParamError{Name: "filter", Value: text, Rule: fmt.Sprintf("must be at most %d bytes (got %d)", maxFilterLength, len(text))}
	case !utf8.ValidString(text):
		return Filter{}, &ParamError{Name: "filter", Value: text, Rule: "must be UTF-8"}
	}
	if err := p.next(); err != nil {
		return Filter{}, err
	}
	if p.token.kind == tokenEnd {
		return Filter{}, nil
	}
	groups, err := p.groups(0)
	if err != nil {
		return Filter{}, err
	}
	if p.token.kind != tokenEnd {
		return Filter{}, p.expected("and, or, or the end")
	}
	return Filter{Groups: groups}, nil
}

type tokenKind int

const (
	tokenEnd   tokenKind = iota
	tokenWord            // a keyword or a dimension
	tokenValue           // in quotes
	tokenSign            // ( ) ,
)

// token is a word of a filter; at is the byte where it begins.
type token struct {
	kind tokenKind
	text string // of a value, without its quotes
	at   int
}

// filterParser reads one token ahead.
type filterParser struct {
	text  string
	at    int
	token token
}

// fail returns an error about the byte at.
func (p *filterParser) fail(at int, format string, args ...any) error {
	return &ParamError{Name: "filter", Value: p.text,
		Rule: fmt.Sprintf("at character %d: ", utf8.RuneCountInString(p.text[:at])+1) + fmt.Sprintf(format, args...)}
}

// expected says what is allowed in place of the current token.
func (p *filterParser) expected(allowed string) error {
	found := map[tokenKind]string{tokenEnd: "the end", tokenWord: fmt.Sprintf("%q", p.token.text), tokenValue: fmt.Sprintf("the value '%s'", p.token.text),
		tokenSign: fmt.Sprintf("%q", p.token.text)}[p.token.kind]
	return p.fail(p.token.at, "found %s where %s must come", found, allowed)
}

func wordRune(r rune) bool {
	return r == '_' || r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func (p *filterParser) next() error {
	p.at += len(p.text[p.at:]) - len(strings.TrimLeftFunc(p.text[p.at:], unicode.IsSpace))
	begin, rest := p.at, p.text[p.at:]
	if rest == "" {
		p.token = token{tokenEnd, "", begin}
		return nil
	}
	switch r, size := utf8.DecodeRuneInString(rest); {
	case r == '(' || r == ')' || r == ',':
		p.at += size
		p.token = token{tokenSign, rest[:size], begin}
	case r == '\'':
		var value strings.Builder
		p.at++
		for {
			i := strings.IndexByte(p.text[p.at:], '\'')
			if i < 0 {
				return p.fail(begin, "the value that begins here has no quote at its end")
			}
			value.WriteString(p.text[p.at : p.at+i])
			p.at += i + 1
			if !strings.HasPrefix(p.text[p.at:], "'") {
				break
			}
			value.WriteByte('\'')
			p.at++
		}
		p.token = token{tokenValue, value.String(), begin}
	case wordRune(r):
		end := strings.IndexFunc(rest, func(r rune) bool { return !wordRune(r) })
		if end < 0 {
			end = len(rest)
		}
		p.at += end
		p.token = token{tokenWord, rest[:end], begin}
	default:
		return p.fail(begin, "found %q where a dimension, a keyword or a value in single quotes must come", r)
	}
	return nil
}

func (p *filterParser) is(kind tokenKind, text string) bool {
	return p.token.kind == kind && strings.EqualFold(p.token.text, text)
}

func (p *filterParser) groups(depth int) ([]FilterGroup, error) {
	var out []FilterGroup
	for {
		groups, err := p.group(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, groups...)
		if !p.is(tokenWord, "and") {
			return out, nil
		}
		if err := p.next(); err != nil {
			return nil, err
		}
	}
}

// group reads terms of one dimension that are joined by `or`, or whatever a single pair of parentheses holds.
func (p *filterParser) group(depth int) ([]FilterGroup, error) {
	first, err := p.operand(depth)
	for err == nil && p.is(tokenWord, "or") {
		or := p.token.at
		if err := p.next(); err != nil {
			return nil, err
		}
		at := p.token.at
		var more []FilterGroup
		if more, err = p.operand(depth); err != nil {
			return nil, err
		}
		switch {
		case len(first) > 1 || len(more) > 1:
			return nil, p.fail(or, "or may not join what has an and in it: or joins the values of one dimension, and joins dimensions")
		case !strings.EqualFold(first[0].Dimension, more[0].Dimension):
			return nil, p.fail(at, "or may not join two dimensions, %s and %s: join them by and, or ask twice", first[0].Dimension, more[0].Dimension)
		}
		first[0].Terms = append(first[0].Terms, more[0].Terms...)
	}
	return first, err
}

func (p *filterParser) operand(depth int) ([]FilterGroup, error) {
	if !p.is(tokenSign, "(") {
		dimension, term, err := p.term()
		return []FilterGroup{{Dimension: dimension, Terms: []FilterTerm{term}}}, err
	}
	if depth == maxFilterDepth {
		return nil, p.fail(p.token.at, "parentheses may be %d deep", maxFilterDepth)
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	inner, err := p.groups(depth + 1)
	if err != nil {
		return nil, err
	}
	if !p.is(tokenSign, ")") {
		return nil, p.expected("and, or, or )")
	}
	return inner, p.next()
}

// comparisons are the keywords that are followed by one value.
var comparisons = [...]FilterOp{FilterEqual, FilterNotEqual, FilterStarts, FilterContains, FilterMatches}

const comparisonRule = "eq, ne, sw, contains, matches, in or not in"

func (p *filterParser) term() (dimension string, t FilterTerm, err error) {
	if p.token.kind != tokenWord {
		return "", t, p.expected("a dimension")
	}
	dimension = p.token.text
	if err := p.next(); err != nil {
		return "", t, err
	}
	if p.token.kind != tokenWord {
		return "", t, p.expected(comparisonRule)
	}
	switch t.Op = FilterOp(strings.ToLower(p.token.text)); {
	case t.Op == "not":
		if err := p.next(); err != nil {
			return "", t, err
		}
		if !p.is(tokenWord, "in") {
			return "", t, p.expected("in")
		}
		t.Op = FilterNotIn
	case t.Op != FilterIn && !slices.Contains(comparisons[:], t.Op):
		return "", t, p.expected(comparisonRule)
	}
	if err := p.next(); err != nil {
		return "", t, err
	}
	if t.Op == FilterIn || t.Op == FilterNotIn {
		t.Values, err = p.list()
		return dimension, t, err
	}
	if p.token.kind != tokenValue {
		return "", t, p.expected("a value in single quotes")
	}
	value := p.token
	t.Values = []string{value.text}
	switch {
	case t.Op == FilterNotEqual && value.text == anyValue:
		return "", t, p.fail(value.at, "ne '*' would leave nothing; '*' goes with eq")
	case t.Op == FilterMatches:
		if _, err = regexp.Compile(value.text); err == nil { // by itself: no parenthesis of it may end ours
			t.regexp, err = regexp.Compile("^(?is:" + value.text + ")$")
		}
		if err != nil {
			return "", t, p.fail(value.at, "'%s' must be a regular expression (RE2): %v", value.text, err)
		}
	}
	return dimension, t, p.next()
}

// list reads values in parentheses.
func (p *filterParser) list() ([]string, error) {
	if !p.is(tokenSign, "(") {
		return nil, p.expected("( and values")
	}
	var out []string
	for {
		if err := p.next(); err != nil {
			return nil, err
		}
		if p.token.kind != tokenValue {
			return nil, p.expected("a value in single quotes")
		}
		out = append(out, p.token.text)
		if err := p.next(); err != nil {
			return nil, err
		}
		switch {
		case p.is(tokenSign, ")"):
			return out, p.next()
		case !p.is(tokenSign, ","):
			return nil, p.expected(", or )")
		}
	}
}
