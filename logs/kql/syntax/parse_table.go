package syntax

// The operators that make a table from nothing, and those around plugins and charts. Their words were read.

func (p *parser) datatable(start int) Operator {
	op := &Datatable{Columns: p.closedSchema("datatable")}
	open := p.open("[", "before the values of datatable")
	for !p.isPunct("]") {
		op.Values = append(op.Values, p.expr())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.close(open)
	op.Span = p.from(start)
	return op
}

func (p *parser) externaldata(start int) Operator {
	op := &Externaldata{Columns: p.closedSchema("externaldata")}
	open := p.open("[", "before the addresses of externaldata")
	for !p.isPunct("]") {
		op.From = append(op.From, p.expr())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.close(open)
	if p.acceptWord("with") {
		op.With = p.optionList("externaldata")
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) print(start int) Operator {
	items := p.items()
	return &Print{Span: p.from(start), Items: items}
}

func (p *parser) rangeOperator(start int) Operator {
	op := &Range{Name: p.name("the column of range")}
	p.expectWord("from", "after the column of range")
	op.From = p.expr()
	p.expectWord("to", "after the start of range")
	op.To = p.expr()
	p.expectWord("step", "after the end of range")
	op.Step = p.expr()
	op.Span = p.from(start)
	return op
}

func (p *parser) evaluate(start int) Operator {
	op := &Evaluate{Options: p.options()}
	op.Call = p.call("the name of a plugin after evaluate")
	if p.acceptPunct(":") {
		op.Schema, op.Open = p.schema()
	}
	op.Span = p.from(start)
	return op
}

// render reads `render kind with (a=b, ...)`, and the old form without with and parentheses.
func (p *parser) render(start int) Operator {
	op := &Render{}
	if t := p.peek(); t.kind == kindBad && t.text == "3Dchart" {
		p.pos++
		op.Kind = Name{Span: t.Span, Text: t.text}
	} else {
		op.Kind = p.name("the kind of chart after render")
	}
	if p.acceptWord("with") {
		op.HasWith = true
		op.With = p.optionList("render")
	} else {
		for p.peek().kind == kindName && p.ahead(1).is("=") {
			op.With = append(op.With, p.listOption())
			p.acceptPunct(",")
		}
	}
	op.Span = p.from(start)
	return op
}
