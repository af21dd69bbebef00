package syntax

// The operators that aggregate.

func (p *parser) summarize(start int) Operator {
	op := &Summarize{Options: p.options()}
	if !p.byAhead() && !p.operatorEnd() {
		op.Aggs = p.items()
	}
	op.By = p.by()
	if len(op.Aggs)+len(op.By) == 0 {
		p.unexpected("an aggregate or 'by' after summarize")
	}
	op.Span = p.from(start)
	return op
}

// byAhead says whether a by clause begins here. A column may be named by: then a = follows.
func (p *parser) byAhead() bool { return p.isWord("by") && !p.ahead(1).is("=") }

// by reads an optional by clause.
func (p *parser) by() []Arg {
	if !p.byAhead() {
		return nil
	}
	p.take()
	return p.items()
}

// operatorEnd says whether the operator's text ends here.
func (p *parser) operatorEnd() bool {
	t := p.peek()
	return t.kind == kindEnd || t.is("|") || t.is(";") || t.is(")") || t.is("}")
}

func (p *parser) makeSeries(start int) Operator {
	op := &MakeSeries{Options: p.options("kind")}
	for {
		op.Aggs = append(op.Aggs, p.seriesAgg())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.expectWord("on", "before the axis of make-series")
	op.Axis = p.axis()
	if p.acceptWord("in") {
		p.seriesRange(op)
	} else {
		if p.acceptWord("from") {
			op.From = p.expr()
		}
		if p.acceptWord("to") {
			op.To = p.expr()
		}
		p.expectWord("step", "of make-series")
		op.Step = p.expr()
	}
	op.By = p.by()
	op.Span = p.from(start)
	return op
}

func (p *parser) seriesAgg() SeriesAgg {
	start := p.peek().Start
	a := SeriesAgg{Arg: p.item()}
	if p.acceptWord("default") {
		p.expectPunct("=", "after default")
		a.Default = p.expr()
	}
	a.Span = p.from(start)
	return a
}

// axis reads the axis of make-series, behind which an `in` is not the operator on values.
func (p *parser) axis() Arg {
	start := p.peek().Start
	var a Arg
	if n := p.nameLength(0); n > 0 && p.ahead(n).is("=") {
		a.Names = []Name{p.name("")}
		p.take()
	}
	a.Expr = p.binary(precSum)
	a.Span = p.from(start)
	return a
}

// seriesRange reads `range(from, to, step)`.
func (p *parser) seriesRange(op *MakeSeries) {
	p.expectWord("range", "after in")
	open := p.open("(", "after range")
	op.InRange = true
	op.From = p.expr()
	p.expectPunct(",", "after the start of the range")
	op.To = p.expr()
	p.expectPunct(",", "after the end of the range")
	op.Step = p.expr()
	p.close(open)
}

func (p *parser) topNested(start int) Operator {
	op := &TopNested{}
	for {
		op.Levels = append(op.Levels, p.nestedLevel())
		if !p.acceptPunct(",") {
			break
		}
		word, n := p.dashedAhead()
		if word != "top-nested" {
			p.unexpected("'top-nested' after ','")
		}
		p.pos += n
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) nestedLevel() NestedLevel {
	start := p.peek().Start
	var l NestedLevel
	if !p.isWord("of") {
		l.N = p.expr()
	}
	p.expectWord("of", "in top-nested")
	l.Of = p.item()
	if p.acceptWord("with") {
		p.expectWord("others", "after with")
		p.expectPunct("=", "after others")
		l.Others = p.expr()
	}
	p.expectWord("by", "before the aggregate of top-nested")
	l.By = p.item()
	l.Order = p.order()
	l.Span = p.from(start)
	return l
}

func (p *parser) topHitters(start int) Operator {
	op := &TopHitters{N: p.expr()}
	p.expectWord("of", "after the number of values of top-hitters")
	op.Of = p.expr()
	if p.acceptWord("by") {
		op.By = p.expr()
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) reduce(start int) Operator {
	op := &Reduce{Options: p.options("kind")}
	p.expectWord("by", "after reduce")
	op.Expr = p.expr()
	if p.acceptWord("with") {
		for {
			op.With = append(op.With, p.option())
			if !p.acceptPunct(",") {
				break
			}
		}
	}
	op.Span = p.from(start)
	return op
}
