package syntax

// pipe reads an expression of either sort: a scalar one, a table, or a table with operators behind it.
func (p *parser) pipe() Expr {
	start := p.peek().Start
	x := p.source()
	if !p.isPunct("|") {
		return x
	}
	ops := p.operators()
	return &Pipe{Span: p.from(start), Source: x, Ops: ops}
}

// operators reads `| op | op ...`.
func (p *parser) operators() []Operator {
	colon := p.colon
	p.colon = false
	var ops []Operator
	for p.acceptPunct("|") {
		ops = append(ops, p.operator())
	}
	p.colon = colon
	return ops
}

// subquery reads `( op | op ... )`, which has the rows around it as its source.
func (p *parser) subquery(of string) []Operator {
	p.enter()
	defer p.leave()
	open := p.open("(", "before the subquery of "+of)
	p.acceptPunct("|")
	colon := p.colon
	p.colon = false
	ops := append([]Operator{p.operator()}, p.operators()...)
	p.colon = colon
	p.close(open)
	return ops
}

// source reads what begins a pipe: a tabular operator without input, or an expression.
func (p *parser) source() Expr {
	if p.isPunct("|") {
		p.unexpected("a table before the first '|'")
	}
	switch p.sourceWord() {
	case "print":
		return p.sourceOf(p.print)
	case "range":
		return p.sourceOf(p.rangeOperator)
	case "union":
		return p.sourceOf(p.union)
	case "search":
		return p.sourceOf(p.search)
	case "find":
		return p.sourceOf(p.find)
	case "evaluate":
		return p.sourceOf(p.evaluate)
	case "graph", "macro-expand":
		start := p.peek().Start
		word, n := p.dashedAhead()
		p.pos += n
		op := p.unsupported(start, word)
		return &Source{Span: op.Span, Op: op}
	}
	if n := p.wildcardAhead(); n > 1 && (p.ahead(n).is(")") || p.ahead(n).is("|")) {
		return p.wildcard("a table") // as in union (T*), (U* | where x > 1)
	}
	return p.expr()
}

// sourceWord returns the word of the source operator that begins here, or "" where the word is a name: what follows it decides.
func (p *parser) sourceWord() string {
	t, next := p.peek(), p.ahead(1)
	if t.kind != kindName {
		return ""
	}
	switch t.text {
	case "range":
		if n := p.nameLength(1); n > 0 && p.ahead(1+n).word("from") {
			return t.text
		}
	case "print":
		switch {
		case next.kind == kindEnd, next.is("|"), next.is(";"), next.is(","), next.is(")"), next.is("}"), next.is("."), next.is("="):
			return ""
		case next.kind == kindPunct && !next.is("(") && !next.is("[") && !next.is("-") && !next.is("+"):
			return ""
		}
		return t.text
	case "union":
		if next.kind == kindName || next.is("(") || next.is("*") || p.nameLength(1) > 0 {
			return t.text
		}
	case "search":
		if next.kind == kindString || next.is("(") || next.is("*") || next.kind == kindNumber || next.kind == kindBad {
			return t.text
		}
		if p.nameLength(1) > 0 {
			p.pos++
			_, n, _ := p.infix()
			p.pos--
			if n == 0 || next.word("in") {
				return t.text
			}
		}
	case "find":
		if next.kind == kindName || next.kind == kindString || next.is("(") || next.is("*") {
			return t.text
		}
	case "evaluate":
		if next.kind == kindName {
			return t.text
		}
	case "graph":
		if next.is("(") {
			return t.text
		}
	case "macro":
		if w, _ := p.dashedAhead(); w == "macro-expand" {
			return w
		}
	}
	return ""
}

// sourceOf wraps an operator that begins a pipe.
func (p *parser) sourceOf(read func(start int) Operator) Expr {
	p.enter()
	defer p.leave()
	start := p.take().Start
	op := read(start)
	return &Source{Span: p.from(start), Op: op}
}
