package syntax

// Operators with subqueries or steps, and those that look over tables.

func scanDoc(op *Scan) doc {
	c := cat{text("scan"), optionsDoc(op.Options)}
	if op.PartitionBy != nil {
		c = append(c, text(" partition by "))
		for i, e := range op.PartitionBy {
			if i > 0 {
				c = append(c, text(", "))
			}
			c = append(c, exprDoc(e))
		}
	}
	if op.OrderBy != nil {
		c = append(c, text(" order by "))
		for i, k := range op.OrderBy {
			if i > 0 {
				c = append(c, text(", "))
			}
			c = append(c, sortKeyDoc(k))
		}
	}
	if op.Declare != nil {
		c = append(c, text(" declare "), schemaDoc(op.Declare, false))
	}
	var steps cat
	for _, s := range op.Steps {
		head := "step " + nameText(s.Name)
		if s.Optional {
			head += " optional"
		}
		if s.Output != "" {
			head += " output=" + s.Output
		}
		steps = append(steps, place{pos: s.Start, hard: true}, text(head+": "), exprDoc(s.Cond))
		for i, a := range s.Assign {
			if i == 0 {
				steps = append(steps, text(" => "), argDoc(a))
			} else {
				steps = append(steps, text(", "), argDoc(a))
			}
		}
		steps = append(steps, text(";"))
	}
	return append(c, text(" with ("), nest{steps}, place{pos: op.End - 1, hard: true, closing: true}, text(")"))
}

func partitionDoc(op *Partition) doc {
	c := cat{text("partition"), optionsDoc(op.Options), text(" by "), exprDoc(op.By), text(" ")}
	if op.Body == nil {
		return append(c, subqueryDoc(op.Sub, op.Start, op.End))
	}
	return append(c, &group{start: op.Start, body: cat{
		text("{"), nest{cat{place{pos: op.Body.At().Start, space: true}, pipeDoc(op.Body)}},
		place{pos: op.End - 1, space: true, closing: true}, text("}"),
	}})
}

func branchesDoc(op Operator) doc {
	switch op := op.(type) {
	case *Fork:
		c := cat{text("fork")}
		for _, p := range op.Prongs {
			c = append(c, place{pos: p.Start, hard: true})
			if p.Name.Text != "" || p.Name.Quoted {
				c = append(c, text(nameText(p.Name)+" = "))
			}
			c = append(c, subqueryDoc(p.Sub, p.Start, p.End))
		}
		return nest{c}
	case *Facet:
		c := cat{text("facet by ")}
		for i, e := range op.By {
			if i > 0 {
				c = append(c, text(", "))
			}
			c = append(c, exprDoc(e))
		}
		if op.Sub != nil {
			c = append(c, text(" with "), subqueryDoc(op.Sub, op.Start, op.End))
		}
		return c
	}
	return text("")
}

func searchDoc(op *Search) doc {
	c := cat{text("search"), optionsDoc(op.Options)}
	if op.In != nil {
		c = append(c, text(" in "), tableListDoc(op.In))
	}
	return append(c, text(" "), exprDoc(op.Pred))
}

// tableListDoc writes the tables of search and find, which are not broken.
func tableListDoc(list []Expr) doc {
	c := cat{text("(")}
	for i, e := range list {
		if i > 0 {
			c = append(c, text(", "))
		}
		c = append(c, exprDoc(e))
	}
	return append(c, text(")"))
}

func findDoc(op *Find) doc {
	c := cat{text("find"), optionsDoc(op.Options)}
	if op.In != nil {
		c = append(c, text(" in "), tableListDoc(op.In))
	}
	c = append(c, text(" where "), exprDoc(op.Pred))
	if op.Smart {
		c = append(c, text(" project-smart"))
	}
	var columns []string
	for _, f := range op.Project {
		s := nameText(f.Name)
		if f.Typed {
			s += ":" + f.Type.String()
		}
		columns = append(columns, s)
	}
	if op.Pack {
		columns = append(columns, "pack(*)")
	}
	c = append(c, clauseDoc(" project ", columns))
	var away []string
	for _, e := range op.Away {
		if ref, ok := e.(*NameRef); ok {
			away = append(away, nameText(ref.Name))
		}
	}
	return append(c, clauseDoc(" project-away ", away))
}

// clauseDoc writes a word and a list of texts, or nothing for an empty list.
func clauseDoc(word string, list []string) doc {
	if len(list) == 0 {
		return text("")
	}
	s := word
	for i, e := range list {
		if i > 0 {
			s += ", "
		}
		s += e
	}
	return text(s)
}
