package syntax

// The operators that bring tables together.

func (p *parser) join(start int) Operator {
	op := &Join{Options: p.options(anyOption)}
	op.Right = p.joined("join")
	op.Options = append(op.Options, p.options(anyOption)...)
	if p.isWord("where") {
		p.take()
		op.Where = p.expr()
	} else {
		op.On = p.joinOn("join")
		if p.acceptWord("where") {
			op.Where = p.expr()
		}
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) lookup(start int) Operator {
	op := &Lookup{Options: p.options(anyOption)}
	op.Right = p.joined("lookup")
	op.On = p.joinOn("lookup")
	op.Span = p.from(start)
	return op
}

// joined reads the right side of a join: one operand, since what follows it is not of it.
func (p *parser) joined(word string) Expr {
	if p.isWord("on") && !p.ahead(1).word("on") {
		p.unexpected("a table after " + word)
	}
	return p.postfix()
}

// joinOn reads `on a, $left.x == $right.y`.
func (p *parser) joinOn(word string) []Expr {
	p.expectWord("on", "after the table of "+word)
	return p.exprs()
}

// union reads union as a source and as an operator.
func (p *parser) union(start int) Operator {
	op := &Union{Options: p.options(anyOption)}
	op.Tables = p.tables()
	op.Span = p.from(start)
	return op
}

// tables reads a list of tables, of which each may be a name with stars.
func (p *parser) tables() []Expr {
	var list []Expr
	for {
		if p.wildcardAhead() > 0 {
			list = append(list, p.wildcard("a table"))
		} else {
			list = append(list, p.postfix())
		}
		if !p.acceptPunct(",") {
			return list
		}
	}
}

// tablesInParens reads `(A, B*)` of search and find.
func (p *parser) tablesInParens(of string) []Expr {
	open := p.open("(", "before the tables of "+of)
	list := p.tables()
	p.close(open)
	return list
}
