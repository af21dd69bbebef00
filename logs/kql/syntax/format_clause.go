package syntax

// Clauses of operators, and the operators that have clauses of their own.

func argList(start int, word string, list []Arg) doc {
	items, at := nodesOf(list, argDoc)
	return wordList(start, word, items, at)
}

func projectItemDoc(p ProjectItem) doc {
	if p.Order == "" {
		return argDoc(p.Arg)
	}
	return cat{argDoc(p.Arg), text(" " + p.Order)}
}

func sortKeyDoc(k SortKey) doc {
	suffix := ""
	if k.Order != "" {
		suffix = " " + k.Order
	}
	if k.Nulls != "" {
		suffix += " nulls " + k.Nulls
	}
	return cat{exprDoc(k.Expr), text(suffix)}
}

// optionsDoc writes options, each with a space before it.
func optionsDoc(list []Option) doc {
	var c cat
	for _, o := range list {
		c = append(c, text(" "), optionDoc(o))
	}
	return c
}

func optionDoc(o Option) doc {
	c := cat{text(nameText(o.Name) + "="), exprDoc(o.Value)}
	for _, m := range o.More {
		c = append(c, text(", "), exprDoc(m))
	}
	return c
}

func optionListDoc(list []Option, start, end int) doc {
	items, at := nodesOf(list, optionDoc)
	return bracketDoc("(", items, at, ")", start, end)
}

func onDoc(list []Expr) doc {
	c := cat{text(" on ")}
	for i, e := range list {
		if i > 0 {
			c = append(c, text(", "))
		}
		c = append(c, exprDoc(e))
	}
	return c
}

// byDoc writes a by clause on a line of its own, where lines are broken.
func byDoc(list []Arg) doc {
	var c cat
	for i, a := range list {
		if i > 0 {
			c = append(c, text(","), place{pos: a.Start, space: true})
		}
		c = append(c, argDoc(a))
	}
	return cat{place{pos: list[0].Start, space: true}, &group{start: list[0].Start, body: cat{text("by "), nest{c}}}}
}

func summarizeDoc(op *Summarize) doc {
	items, at := nodesOf(op.Aggs, argDoc)
	body := cat{listDoc(items, at)}
	if op.By != nil {
		body = append(body, byDoc(op.By))
	}
	return cat{text("summarize"), optionsDoc(op.Options), &group{start: op.Start, body: nest{body}}}
}

func makeSeriesDoc(op *MakeSeries) doc {
	items, at := nodesOf(op.Aggs, func(a SeriesAgg) doc {
		if a.Default == nil {
			return argDoc(a.Arg)
		}
		return cat{argDoc(a.Arg), text(" default="), exprDoc(a.Default)}
	})
	axis := cat{text("on "), argDoc(op.Axis)}
	if op.InRange {
		axis = append(axis, text(" in range("), exprDoc(op.From), text(", "), exprDoc(op.To), text(", "), exprDoc(op.Step), text(")"))
	} else {
		if op.From != nil {
			axis = append(axis, text(" from "), exprDoc(op.From))
		}
		if op.To != nil {
			axis = append(axis, text(" to "), exprDoc(op.To))
		}
		axis = append(axis, text(" step "), exprDoc(op.Step))
	}
	body := cat{listDoc(items, at), place{pos: op.Axis.Start, space: true}, axis}
	if op.By != nil {
		body = append(body, byDoc(op.By))
	}
	return cat{text("make-series"), optionsDoc(op.Options), &group{start: op.Start, body: nest{body}}}
}

func expandDoc(op Operator) doc {
	switch op := op.(type) {
	case *MvExpand:
		word := "mv-expand"
		if op.Old {
			word = "mvexpand"
		}
		c := cat{text(word), optionsDoc(op.Options), mvItemsDoc(op.Start, op.Items)}
		if op.Limit != nil {
			c = append(c, text(" limit "), exprDoc(op.Limit))
		}
		return c
	case *MvApply:
		c := cat{text("mv-apply"), optionsDoc(op.Options), mvItemsDoc(op.Start, op.Items)}
		if op.Limit != nil {
			c = append(c, text(" limit "), exprDoc(op.Limit))
		}
		if op.ID != nil {
			c = append(c, text(" id "), exprDoc(op.ID))
		}
		return append(c, text(" on "), subqueryDoc(op.Sub, op.Start, op.End))
	}
	return text("")
}

func mvItemsDoc(start int, list []MvItem) doc {
	items, at := nodesOf(list, func(m MvItem) doc {
		if m.Type == nil {
			return argDoc(m.Arg)
		}
		return cat{argDoc(m.Arg), text(" to "), exprDoc(m.Type)}
	})
	return wordList(start, "", items, at)
}

func parseDoc(op *ParseOp) doc {
	head := "parse"
	if op.IsWhere {
		head = "parse-where"
	}
	if op.Kind != "" {
		head += " kind=" + op.Kind
	}
	if op.Flags != "" {
		head += " flags=" + op.Flags
	}
	var pattern cat
	for _, item := range op.Pattern {
		pattern = append(pattern, place{pos: item.Start, space: true})
		switch {
		case item.Text != nil:
			pattern = append(pattern, text(item.Text.Text))
		case item.Star:
			pattern = append(pattern, text("*"))
		case item.Typed:
			pattern = append(pattern, text(nameText(item.Column)+":"+item.Type.String()))
		default:
			pattern = append(pattern, text(nameText(item.Column)))
		}
	}
	return cat{text(head + " "), exprDoc(op.Expr), text(" with"), &group{start: op.Pattern[0].Start, body: nest{pattern}}}
}

func topNestedDoc(op *TopNested) doc {
	var c cat
	for i, l := range op.Levels {
		if i > 0 {
			c = append(c, text(","), place{pos: l.Start, space: true, hard: true})
		}
		c = append(c, text("top-nested "))
		if l.N != nil {
			c = append(c, exprDoc(l.N), text(" "))
		}
		c = append(c, text("of "), argDoc(l.Of))
		if l.Others != nil {
			c = append(c, text(" with others = "), exprDoc(l.Others))
		}
		c = append(c, text(" by "), argDoc(l.By))
		if l.Order != "" {
			c = append(c, text(" "+l.Order))
		}
	}
	return nest{c}
}

func reduceDoc(op *Reduce) doc {
	c := cat{text("reduce"), optionsDoc(op.Options), text(" by "), exprDoc(op.Expr)}
	for i, o := range op.With {
		if i == 0 {
			c = append(c, text(" with "))
		} else {
			c = append(c, text(", "))
		}
		c = append(c, optionDoc(o))
	}
	return c
}

// datatableDoc writes the values row by row.
func datatableDoc(op *Datatable) doc {
	head := cat{text("datatable"), schemaDoc(op.Columns, false), text(" ")}
	if len(op.Values) == 0 {
		return append(head, text("[]"))
	}
	width := max(1, len(op.Columns))
	var rows cat
	for i, v := range op.Values {
		switch {
		case i%width != 0:
			rows = append(rows, text(" "))
		case i == 0:
			rows = append(rows, place{pos: v.At().Start})
		default:
			rows = append(rows, place{pos: v.At().Start, space: true, hard: width > 1})
		}
		rows = append(rows, exprDoc(v))
		if i < len(op.Values)-1 {
			rows = append(rows, text(","))
		}
	}
	return append(head, &group{start: op.Start, body: cat{
		text("["), nest{rows}, place{pos: op.End - 1, closing: true}, text("]"),
	}})
}
