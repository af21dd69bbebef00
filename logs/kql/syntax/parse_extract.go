package syntax

import "github.com/endscope/endscope/logs/kql/value"

// The operators that take columns out of a text.

func (p *parser) parseOperator(start int, isWhere bool) Operator {
	op := &ParseOp{IsWhere: isWhere}
	for p.peek().kind == kindName && p.ahead(1).is("=") {
		option := p.option()
		ref, ok := option.Value.(*NameRef)
		switch name := option.Name.Text; {
		case name == "kind" && ok && (ref.Name.Text == "simple" || ref.Name.Text == "relaxed" || ref.Name.Text == "regex"):
			op.Kind = ref.Name.Text
		case name == "kind":
			p.fail(option.Value.At(), "the kind of parse is simple, relaxed or regex")
		case name == "flags" && ok:
			op.Flags = ref.Name.Text
		case name == "flags":
			p.fail(option.Value.At(), "the flags of parse are letters, such as flags=Ui")
		default:
			p.fail(option.Name.Span, "parse has no option '%s', only kind and flags", name)
		}
	}
	op.Expr = p.expr()
	p.expectWord("with", "after the text to parse")
	for !p.operatorEnd() {
		op.Pattern = append(op.Pattern, p.parseItem())
	}
	if len(op.Pattern) == 0 {
		p.unexpected("a pattern after with")
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) parseItem() ParseItem {
	t := p.peek()
	item := ParseItem{Type: value.String}
	switch {
	case t.kind == kindString:
		item.Text = p.stringLiteral()
	case p.acceptPunct("*"):
		item.Star = true
	case p.nameAhead():
		item.Column = p.name("")
		if p.acceptPunct(":") {
			item.Typed = true
			item.Type, _ = p.typeName()
		}
	default:
		p.unexpected("a text in quotes, a column or '*' in the pattern of parse")
	}
	item.Span = p.from(t.Start)
	return item
}

func (p *parser) parseKV(start int) Operator {
	op := &ParseKV{Expr: p.expr()}
	p.expectWord("as", "after the text of parse-kv")
	op.Columns = p.closedSchema("parse-kv")
	if p.acceptWord("with") {
		op.Options = p.optionList("parse-kv")
	}
	op.Span = p.from(start)
	return op
}
