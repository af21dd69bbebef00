package syntax

// The operators that keep, order or name rows and columns.

func (p *parser) where(start int) Operator {
	pred := p.expr()
	return &Where{Span: p.from(start), Pred: pred}
}

func (p *parser) extend(start int) Operator {
	items := p.items()
	return &Extend{Span: p.from(start), Items: items}
}

// project reads project and its kinds. Names may have stars where no column is computed.
func (p *parser) project(start int, word string) Operator {
	op := &Project{}
	if word != "project" {
		op.Kind = word[len("project-"):]
	}
	for {
		op.Items = append(op.Items, p.projectItem(op.Kind))
		if !p.acceptPunct(",") {
			break
		}
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) projectItem(kind string) ProjectItem {
	if kind == "" || kind == "rename" {
		return ProjectItem{Arg: p.item()}
	}
	start := p.peek().Start
	if t := p.peek(); kind == "by-names" && (t.kind != kindName && !t.is("*") || p.ahead(1).is("(")) {
		item := ProjectItem{Arg: Arg{Expr: p.expr()}}
		item.Span = p.from(start)
		return item
	}
	ref := p.wildcard("the name of a column")
	item := ProjectItem{Arg: Arg{Expr: ref}}
	if kind == "reorder" {
		word, n := p.dashedAhead()
		switch word {
		case "asc", "desc", "granny-asc", "granny-desc":
			item.Order = word
			p.pos += n
		}
	}
	item.Span = p.from(start)
	return item
}

func (p *parser) distinct(start int) Operator {
	op := &Distinct{Options: p.options()}
	op.Items = p.exprs()
	op.Span = p.from(start)
	return op
}

func (p *parser) sort(start int, word string) Operator {
	op := &Sort{Word: word, Options: p.options()}
	p.expectWord("by", "after "+word)
	op.Keys = p.sortKeys()
	op.Span = p.from(start)
	return op
}

func (p *parser) sortKeys() []SortKey {
	var keys []SortKey
	for {
		keys = append(keys, p.sortKey())
		if !p.acceptPunct(",") {
			return keys
		}
	}
}

func (p *parser) sortKey() SortKey {
	start := p.peek().Start
	k := SortKey{Expr: p.expr(), Order: p.order()}
	if p.acceptWord("nulls") {
		switch {
		case p.acceptWord("first"):
			k.Nulls = "first"
		case p.acceptWord("last"):
			k.Nulls = "last"
		default:
			p.unexpected("'first' or 'last' after nulls", "first", "last")
		}
	}
	k.Span = p.from(start)
	return k
}

// order reads an optional asc or desc.
func (p *parser) order() string {
	switch {
	case p.acceptWord("asc"):
		return "asc"
	case p.acceptWord("desc"):
		return "desc"
	}
	return ""
}

func (p *parser) top(start int) Operator {
	op := &Top{Options: p.options(), N: p.expr()}
	p.expectWord("by", "after the number of rows of top")
	op.Keys = p.sortKeys()
	op.Span = p.from(start)
	return op
}

func (p *parser) takeRows(start int, word string) Operator {
	n := p.expr()
	return &Take{Span: p.from(start), Word: word, N: n}
}

func (p *parser) count(start int) Operator {
	op := &Count{}
	if p.acceptWord("as") {
		op.As = p.name("the name of the count")
	}
	op.Span = p.from(start)
	return op
}

// serialize may stand without columns.
func (p *parser) serialize(start int) Operator {
	op := &Serialize{}
	p.options()
	if t := p.peek(); t.kind == kindName || p.nameAhead() || t.is("(") || t.kind == kindNumber || t.kind == kindString {
		op.Items = p.items()
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) sample(start int) Operator {
	n := p.expr()
	return &Sample{Span: p.from(start), N: n}
}

func (p *parser) sampleDistinct(start int) Operator {
	n := p.expr()
	p.expectWord("of", "after the number of values of sample-distinct")
	of := p.expr()
	return &SampleDistinct{Span: p.from(start), N: n, Of: of}
}

func (p *parser) as(start int) Operator {
	op := &As{Options: p.options()}
	op.Name = p.name("a name after as")
	op.Span = p.from(start)
	return op
}

func (p *parser) invoke(start int) Operator {
	call := p.call("the name of a function after invoke")
	return &Invoke{Span: p.from(start), Call: call}
}

func (p *parser) consume(start int) Operator {
	options := p.options(anyOption)
	return &Consume{Span: p.from(start), Options: options}
}
