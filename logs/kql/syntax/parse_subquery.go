package syntax

// The operators that run subqueries over parts of their input.

// scan reads its clauses in any order, as the service does.
func (p *parser) scan(start int) Operator {
	op := &Scan{Options: p.options("with_match_id", "with_step_name")}
	for {
		switch {
		case p.isWord("partition") && p.ahead(1).word("by"):
			p.pos += 2
			op.PartitionBy = p.exprs()
			continue
		case p.isWord("order") && p.ahead(1).word("by"):
			p.pos += 2
			op.OrderBy = p.sortKeys()
			continue
		case p.acceptWord("declare"):
			op.Declare = p.scanDeclare()
			continue
		}
		break
	}
	p.expectWord("with", "before the steps of scan")
	open := p.open("(", "before the steps of scan")
	for !p.isPunct(")") {
		op.Steps = append(op.Steps, p.scanStep())
		if !p.acceptPunct(";") {
			break
		}
	}
	if len(op.Steps) == 0 {
		p.unexpected("'step'", "step")
	}
	p.close(open)
	op.Span = p.from(start)
	return op
}

func (p *parser) scanDeclare() []ColumnDecl {
	open := p.open("(", "after declare")
	var list []ColumnDecl
	for !p.isPunct(")") {
		list = append(list, p.columnDecl(true))
		if !p.acceptPunct(",") {
			break
		}
	}
	p.close(open)
	return list
}

func (p *parser) scanStep() ScanStep {
	start := p.peek().Start
	p.expectWord("step", "before the name of a step")
	s := ScanStep{Name: p.name("the name of the step")}
	s.Optional = p.acceptWord("optional")
	if p.isWord("output") {
		p.take()
		p.expectPunct("=", "after output")
		switch {
		case p.isWord("all"), p.isWord("last"), p.isWord("none"):
			s.Output = p.take().text
		default:
			p.unexpected("all, last or none after output=", "all", "last", "none")
		}
	}
	p.expectPunct(":", "before the condition of the step")
	s.Cond = p.expr()
	if p.acceptPunct("=>") {
		s.Assign = p.items()
	}
	s.Span = p.from(start)
	return s
}

func (p *parser) partition(start int) Operator {
	op := &Partition{Options: p.options(anyOption)}
	p.expectWord("by", "after partition")
	op.By = p.path("the column of partition")
	op.Options = append(op.Options, p.options(anyOption)...)
	if p.isPunct("{") {
		p.enter()
		open := p.open("{", "")
		op.Body = p.pipe()
		p.acceptPunct(";")
		p.close(open)
		p.leave()
	} else {
		op.Sub = p.subquery("partition")
	}
	op.Span = p.from(start)
	return op
}

// path reads a name with members, behind which a parenthesis is no call.
func (p *parser) path(what string) Expr {
	n := p.name(what)
	var x Expr = &NameRef{Span: n.Span, Name: n}
	for p.acceptPunct(".") {
		p.chain()
		sel := p.name("the name of a member after '.'")
		x = &Member{Span: p.from(n.Start), X: x, Sel: sel}
	}
	return x
}

func (p *parser) fork(start int) Operator {
	op := &Fork{}
	for p.isPunct("(") || p.nameLength(0) > 0 && p.ahead(p.nameLength(0)).is("=") {
		at := p.peek().Start
		var prong Prong
		if !p.isPunct("(") {
			prong.Name = p.name("")
			p.take()
		}
		prong.Sub = p.subquery("fork")
		prong.Span = p.from(at)
		op.Prongs = append(op.Prongs, prong)
	}
	if len(op.Prongs) == 0 {
		p.unexpected("'(' before the first subquery of fork")
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) facet(start int) Operator {
	op := &Facet{}
	p.expectWord("by", "after facet")
	op.By = p.exprs()
	if p.acceptWord("with") {
		if p.isPunct("(") {
			op.Sub = p.subquery("facet")
		} else {
			op.Sub = []Operator{p.operator()}
		}
	}
	op.Span = p.from(start)
	return op
}
