package syntax

import "github.com/endscope/endscope/logs/kql/value"

// The operators that look over tables and columns for a text.

func (p *parser) search(start int) Operator {
	op := &Search{Options: p.options("kind")}
	if p.isWord("in") && p.ahead(1).is("(") {
		p.take()
		op.In = p.tablesInParens("search")
		op.Options = append(op.Options, p.options("kind")...)
	}
	op.Pred = p.searchPredicate()
	op.Span = p.from(start)
	return op
}

// searchPredicate reads an expression in which `:` is an operator.
func (p *parser) searchPredicate() Expr {
	colon := p.colon
	p.colon = true
	x := p.expr()
	p.colon = colon
	return x
}

func (p *parser) find(start int) Operator {
	op := &Find{Options: p.options(anyOption)}
	if p.isWord("in") && p.ahead(1).is("(") {
		p.take()
		op.In = p.tablesInParens("find")
	}
	p.acceptWord("where")
	op.Pred = p.searchPredicate()
	word, n := p.dashedAhead()
	switch word {
	case "project-smart":
		p.pos += n
		op.Smart = true
	case "project":
		p.pos += n
		p.findColumns(op)
	}
	if word, n := p.dashedAhead(); word == "project-away" {
		p.pos += n
		for {
			op.Away = append(op.Away, p.wildcard("the name of a column"))
			if !p.acceptPunct(",") {
				break
			}
		}
	}
	op.Span = p.from(start)
	return op
}

// findColumns reads `a, b:string, pack(*)`.
func (p *parser) findColumns(op *Find) {
	for {
		start := p.peek().Start
		if (p.isWord("pack") || p.isWord("pack_all")) && p.ahead(1).is("(") {
			p.take()
			open := p.open("(", "")
			p.acceptPunct("*")
			p.close(open)
			op.Pack = true
		} else {
			c := FindColumn{Name: p.name("the name of a column"), Type: value.Dynamic}
			if p.acceptPunct(":") {
				c.Typed = true
				c.Type, _ = p.typeName()
			}
			c.Span = p.from(start)
			op.Project = append(op.Project, c)
		}
		if !p.acceptPunct(",") {
			return
		}
	}
}
