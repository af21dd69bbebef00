package syntax

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

const typeLong = value.Long

// primary reads an operand without signs and path.
func (p *parser) primary() Expr {
	t := p.peek()
	switch {
	case t.kind == kindNumber:
		p.take()
		return &Literal{Span: t.Span, Type: value.TypeOf(t.val), Value: t.val, Text: t.text}
	case t.kind == kindString:
		return p.stringLiteral()
	case t.is("("):
		return p.paren()
	case t.is("*") && p.starFits():
		p.take()
		return &Star{Span: t.Span}
	case t.kind == kindName:
		// A parenthesis behind a bool is not of it: `isfuzzy=true (T)`.
		if b, ok := boolWord(t.text); ok {
			p.take()
			return &Literal{Span: t.Span, Type: value.Bool, Value: b, Text: t.text}
		}
		if p.ahead(1).is("(") {
			return p.callOrLiteral()
		}
		if t.text == "and" || t.text == "or" {
			break
		}
		fallthrough
	case p.nameAhead():
		n := p.name("")
		return &NameRef{Span: n.Span, Name: n}
	}
	p.unexpected("an expression")
	return nil
}

func boolWord(s string) (b, ok bool) {
	switch s {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	return false, false
}

// starFits says whether the * here can be an operand: it is an argument of its own, or has a text operator behind it (`* has "x"`).
func (p *parser) starFits() bool {
	next := p.ahead(1)
	if next.kind == kindEnd || next.is(",") || next.is(")") || next.is("|") || next.is(";") || next.is("}") {
		return true
	}
	p.pos++
	_, _, prec := p.infix()
	p.pos--
	return prec == precText || prec == precEquality || prec == precAnd && p.colon // search * and "x"
}

// stringLiteral reads a string, or several that follow each other and are one.
func (p *parser) stringLiteral() *Literal {
	t := p.take()
	text, _ := t.val.(string)
	lit := &Literal{Span: t.Span, Type: value.String, Value: text, Text: t.text}
	if p.peek().kind != kindString {
		return lit
	}
	var val, written strings.Builder
	val.WriteString(text)
	written.WriteString(t.text)
	for p.peek().kind == kindString {
		t := p.take()
		text, _ := t.val.(string)
		val.WriteString(text)
		written.WriteString(" " + t.text)
	}
	lit.Value, lit.Text, lit.Span = val.String(), written.String(), p.from(lit.Start)
	return lit
}

// paren reads `(x)`, in which a whole pipe may stand.
func (p *parser) paren() Expr {
	p.enter()
	defer p.leave()
	start := p.peek().Start
	open := p.open("(", "")
	x := p.pipe()
	p.close(open)
	return &Paren{Span: p.from(start), X: x}
}

// callOrLiteral reads what begins with a word and a parenthesis.
func (p *parser) callOrLiteral() Expr {
	t := p.peek()
	switch t.text {
	case "typeof":
		return p.typeRef()
	case "datatable":
		return p.sourceOf(p.datatable)
	case "externaldata":
		return p.sourceOf(p.externaldata)
	}
	if _, ok := value.TypeByName(t.text); ok && t.text != "string" {
		if lit := p.typedLiteral(); lit != nil {
			return lit
		}
	}
	name := p.name("")
	return p.callArgs(name)
}

// call reads `f(args)` where nothing else may stand.
func (p *parser) call(what string) *Call {
	if !p.nameAhead() {
		p.unexpected(what)
	}
	name := p.name(what)
	if !p.isPunct("(") {
		p.unexpected("'(' after " + name.Text)
	}
	return p.callArgs(name)
}

// callArgs reads the arguments of a call whose name was read.
func (p *parser) callArgs(name Name) *Call {
	p.enter()
	defer p.leave()
	open := p.open("(", "")
	colon := p.colon
	p.colon = false
	c := &Call{Name: name}
	for !p.isPunct(")") || len(c.Args) > 0 { // no comma before the parenthesis
		start := p.peek().Start
		var a Arg
		if n := p.nameLength(0); n > 0 && p.ahead(n).is("=") {
			a.Names = []Name{p.name("")}
			p.take()
		}
		a.Expr = p.pipe()
		a.Span = p.from(start)
		c.Args = append(c.Args, a)
		if !p.acceptPunct(",") {
			break
		}
	}
	p.colon = colon
	p.close(open)
	c.Span = p.from(name.Start)
	return c
}

// item reads one element of a list such as that of extend: `x`, `a = x` or `(a, b) = x`.
func (p *parser) item() Arg {
	start := p.peek().Start
	var a Arg
	switch n := p.nameLength(0); {
	case n > 0 && p.ahead(n).is("="):
		a.Names = []Name{p.name("")}
		p.take()
	case p.isPunct("(") && p.namesAhead():
		a.Parens = true
		open := p.open("(", "")
		for {
			a.Names = append(a.Names, p.name("a name"))
			if !p.acceptPunct(",") {
				break
			}
		}
		p.close(open)
		p.take()
	}
	a.Expr = p.expr()
	a.Span = p.from(start)
	return a
}

// namesAhead says whether the parentheses here hold names only and have a = behind them.
func (p *parser) namesAhead() bool {
	n := 1
	for {
		l := p.nameLength(n)
		if l == 0 {
			return false
		}
		n += l
		switch {
		case p.ahead(n).is(","):
			n++
		default:
			return p.ahead(n).is(")") && p.ahead(n+1).is("=")
		}
	}
}

// items reads a list of elements.
func (p *parser) items() []Arg {
	var list []Arg
	for {
		list = append(list, p.item())
		if !p.acceptPunct(",") {
			return list
		}
	}
}

// exprs reads a list of expressions.
func (p *parser) exprs() []Expr {
	var list []Expr
	for {
		list = append(list, p.expr())
		if !p.acceptPunct(",") {
			return list
		}
	}
}
