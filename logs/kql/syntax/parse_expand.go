package syntax

// The operators that make rows of arrays and bags.

func (p *parser) mvExpand(start int, old bool) Operator {
	op := &MvExpand{Old: old, Options: p.options("bagexpansion", "kind", "with_itemindex")}
	op.Items = p.mvItems()
	if p.acceptWord("limit") {
		op.Limit = p.expr()
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) mvItems() []MvItem {
	var list []MvItem
	for {
		start := p.peek().Start
		item := MvItem{Arg: p.item()}
		if p.acceptWord("to") {
			if !p.isWord("typeof") || !p.ahead(1).is("(") {
				p.unexpected("'typeof(...)' after to", "typeof")
			}
			item.Type = p.typeRef()
		}
		item.Span = p.from(start)
		list = append(list, item)
		if !p.acceptPunct(",") {
			return list
		}
	}
}

func (p *parser) mvApply(start int) Operator {
	op := &MvApply{Options: p.options("bagexpansion", "kind", "with_itemindex")}
	op.Items = p.mvItems()
	for {
		switch {
		case p.acceptWord("limit"):
			op.Limit = p.expr()
			continue
		case p.acceptWord("id"):
			op.ID = p.expr()
			continue
		}
		break
	}
	p.expectWord("on", "before the subquery of mv-apply")
	op.Sub = p.subquery("mv-apply")
	op.Span = p.from(start)
	return op
}
