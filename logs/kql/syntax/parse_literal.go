package syntax

import (
	"math"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// longestLiteral is the greatest length of the content of a typed literal, in bytes. It keeps int(int(int(...))) from being read again
// and again.
const longestLiteral = 1000

// typedLiteral reads a literal such as datetime(2020-01-01) or long(-1), from the word on. It returns nil, and reads nothing, when the
// content is no literal of the type: then it is a call that converts, such as long(x).
func (p *parser) typedLiteral() *Literal {
	word := p.peek()
	end := p.match[p.pos+1]
	if end < 0 {
		return nil
	}
	typ, _ := value.TypeByName(word.text)
	if typ == value.Dynamic {
		return p.dynamicLiteral(int(end))
	}
	content := Span{p.ahead(1).End, p.toks[end].Start}
	if content.End-content.Start > longestLiteral {
		return nil
	}
	raw := contentText(p.toks[p.pos+2 : end])
	v, ok := literalValue(typ, raw)
	if !ok && int(end) == p.pos+3 && p.ahead(2).kind == kindString {
		// Only for types whose literals are texts of their own.
		if s, _ := p.ahead(2).val.(string); typ == value.Datetime || typ == value.Timespan || typ == value.GUID {
			v, ok = literalValue(typ, s)
		}
	}
	if !ok {
		if looksLike(typ, raw) {
			p.fail(content, "%s is not a %s", shorten(raw), typ)
		}
		return nil
	}
	at := Span{word.Start, p.toks[end].End}
	p.pos = int(end) + 1
	return &Literal{Span: at, Type: typ, Value: v, Text: word.text + "(" + raw + ")"}
}

// contentText is the text of tokens as it was written, with one space for spaces and comments, and none behind a sign at the start.
func contentText(toks []token) string {
	var b strings.Builder
	for i := range toks {
		if sign := i == 1 && (toks[0].is("-") || toks[0].is("+")); i > 0 && toks[i].Start > toks[i-1].End && !sign {
			b.WriteByte(' ')
		}
		b.WriteString(toks[i].text)
	}
	return b.String()
}

// literalValue is the value of the content of a typed literal.
func literalValue(typ value.Type, raw string) (v value.Value, ok bool) {
	if raw == "null" {
		return nil, true
	}
	switch typ {
	case value.Bool:
		if b, ok := boolWord(raw); ok {
			return b, true
		}
		v, ok = parsed(value.ParseBool(raw))
	case value.Int:
		var n int64
		if n, ok = value.ParseLong(raw); ok && n >= math.MinInt32 && n <= math.MaxInt32 {
			return int32(n), true
		}
		return nil, false
	case value.Long:
		v, ok = parsed(value.ParseLong(raw))
	case value.Real:
		v, ok = parsed(value.ParseReal(raw))
	case value.Decimal:
		v, ok = parsed(value.ParseDecimal(raw))
	case value.Datetime:
		v, ok = parsed(value.ParseTime(raw))
	case value.Timespan:
		v, ok = parsed(value.ParseSpan(raw))
	case value.GUID:
		v, ok = parsed(value.ParseUUID(raw))
	}
	return v, ok
}

// parsed makes one Value of a typed one.
func parsed[T any](v T, ok bool) (value.Value, bool) {
	if !ok {
		return nil, false
	}
	return v, true
}

// looksLike says whether a content that is not a literal was meant as one, so that datetime(2020-13-45) is refused and not computed.
func looksLike(typ value.Type, raw string) bool {
	switch typ {
	case value.Datetime:
		return raw != "" && isDigit(raw[0])
	case value.Timespan:
		return raw != "" && isDigit(raw[0]) && strings.Contains(raw, ":")
	case value.GUID:
		return strings.Contains(raw, "-") && strings.Trim(raw, "0123456789abcdefABCDEF-{}") == ""
	}
	return false
}

// optionValue reads the value of an option: a word, or a literal. A parenthesis behind a word is not of it: `kind=inner (T)`.
func (p *parser) optionValue() Expr {
	word := p.peek()
	_, isBool := boolWord(word.text)
	_, isType := value.TypeByName(word.text)
	if p.nameAhead() && !isBool && !(isType && p.ahead(1).is("(")) {
		n := p.name("")
		return &NameRef{Span: n.Span, Name: n}
	}
	return p.unary()
}
