package syntax

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// dynamicLiteral reads `dynamic(...)`, from the word on; end is the token index of the closing parenthesis. It returns nil where the content
// begins with a name, so that the binder can say that a column cannot stand here.
func (p *parser) dynamicLiteral(end int) *Literal {
	first := p.ahead(2)
	if _, isBool := boolWord(first.text); first.kind == kindName && !isBool && first.text != "null" {
		if _, typed := value.TypeByName(first.text); !typed || !p.ahead(3).is("(") {
			return nil
		}
	}
	begin := p.pos
	start := p.take().Start
	p.take()
	v := p.dynamicValue()
	if p.pos != end {
		p.unexpected("')' after the value of dynamic")
	}
	p.take()
	return &Literal{Span: p.from(start), Type: value.Dynamic, Value: v, Text: dynamicText(p.toks[begin:p.pos])}
}

// dynamicText is the text of a dynamic literal on one line: strings and numbers as written, without comments, with a space after commas
// and colons, but the content of a datetime(...) and the like as that is written.
func dynamicText(toks []token) string {
	var b strings.Builder
	for i := 0; i < len(toks); i++ {
		if i > 0 && spaced(toks, i) {
			b.WriteByte(' ')
		}
		b.WriteString(toks[i].text)
		if toks[i].kind != kindName || i == 0 || !toks[i+1].is("(") {
			continue
		}
		if typ, ok := value.TypeByName(toks[i].text); ok && typ != value.Dynamic {
			end := i + 2
			for !toks[end].is(")") {
				end++
			}
			b.WriteString("(" + contentText(toks[i+2:end]))
			i = end - 1
		}
	}
	return b.String()
}

// spaced says whether a space stands before token i: after a comma or colon, and between strings.
func spaced(toks []token, i int) bool {
	last := &toks[i-1]
	return last.is(",") || last.is(":") || last.kind == kindString && toks[i].kind == kindString
}

// dynamicValue reads one value of JSON, which may also have strings in single quotes and typed literals.
func (p *parser) dynamicValue() value.Value {
	p.enter()
	defer p.leave()
	t := p.peek()
	switch {
	case t.kind == kindString:
		return p.stringLiteral().Value
	case t.kind == kindNumber:
		return p.take().val
	case t.kind == kindBad && isBigInteger(t.text):
		p.pos++
		f, _ := value.ParseReal(t.text)
		return f
	case t.is("-"), t.is("+"):
		return p.dynamicNumber()
	case t.is("["):
		return p.dynamicArray()
	case t.is("{"):
		return p.dynamicBag()
	case t.word("null"):
		p.pos++
		return nil
	case t.kind == kindName && p.ahead(1).is("("):
		if _, ok := value.TypeByName(t.text); ok {
			if lit := p.typedLiteral(); lit != nil {
				return dynamicOf(lit.Value)
			}
		}
	case t.kind == kindName:
		if b, ok := boolWord(t.text); ok {
			p.pos++
			return b
		}
	}
	p.unexpected("a value of JSON in dynamic(...)", "null", "true", "false")
	return nil
}

// dynamicOf is a value as a dynamic holds it: integers are long.
func dynamicOf(v value.Value) value.Value {
	if n, ok := v.(int32); ok {
		return int64(n)
	}
	return v
}

// isBigInteger says whether a token is an integer that does not fit into a long. JSON has such numbers, as reals.
func isBigInteger(s string) bool { return strings.Trim(s, "0123456789") == "" }

func (p *parser) dynamicNumber() value.Value {
	minus := p.take().is("-")
	v := p.dynamicValue()
	switch n := v.(type) {
	case int64:
		if minus {
			return -n
		}
		return n
	case float64:
		if minus {
			return -n
		}
		return n
	case value.Span:
		if minus {
			return -n
		}
		return n
	}
	t := &p.toks[p.pos-1]
	p.fail(t.Span, "expected a number after a sign, found %s", t.describe())
	return nil
}

func (p *parser) dynamicArray() value.Value {
	open := p.open("[", "")
	a := value.Array{}
	for !p.isPunct("]") {
		a = append(a, p.dynamicValue())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.close(open)
	return a
}

func (p *parser) dynamicBag() value.Value {
	open := p.open("{", "")
	b := &value.Bag{}
	for !p.isPunct("}") {
		if p.peek().kind != kindString {
			p.unexpected("a key in quotes")
		}
		key, _ := p.stringLiteral().Value.(string)
		p.expectPunct(":", "after the key "+shorten(key))
		b.Set(key, p.dynamicValue())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.close(open)
	return b
}
