package syntax

// exprDoc writes an expression.
func exprDoc(e Expr) doc {
	switch e := e.(type) {
	case *Literal:
		return text(e.Text)
	case *NameRef:
		return text(nameText(e.Name))
	case *Star:
		return text("*")
	case *Call:
		return callDoc(e)
	case *Member:
		dot := "."
		if lit, ok := e.X.(*Literal); ok && isDigit(lit.Text[0]) {
			dot = " ." // not a decimal point
		}
		if e.Call != nil {
			return cat{exprDoc(e.X), text(dot), callDoc(e.Call)}
		}
		return cat{exprDoc(e.X), text(dot + nameText(e.Sel))}
	case *Index:
		return cat{exprDoc(e.X), text("["), exprDoc(e.Index), text("]")}
	case *Unary:
		return cat{text(e.Op), exprDoc(e.X)}
	case *Binary:
		return binaryDoc(e)
	case *In:
		items, at := nodesOf(e.List, pipeDoc)
		return cat{exprDoc(e.X), text(" " + e.Op + " "), bracketDoc("(", items, at, ")", e.OpAt.Start, e.End)}
	case *Between:
		op := " between ("
		if e.Not {
			op = " !between ("
		}
		return cat{exprDoc(e.X), text(op), exprDoc(e.Low), text(" .. "), exprDoc(e.High), text(")")}
	case *Paren:
		return &group{start: e.Start, body: cat{
			text("("), nest{cat{place{pos: e.X.At().Start}, pipeDoc(e.X)}}, place{pos: e.End - 1, closing: true}, text(")"),
		}}
	case *TypeRef:
		if e.Columns == nil && !e.Open {
			return text("typeof(" + e.Type.String() + ")")
		}
		return cat{text("typeof"), schemaDoc(e.Columns, e.Open)}
	case *Lambda:
		return lambdaDoc(e)
	case *Pipe:
		return pipeDoc(e)
	case *Source:
		return operatorDoc(e.Op)
	}
	return text("")
}

func callDoc(c *Call) doc {
	items, at := nodesOf(c.Args, callArgDoc)
	return cat{text(nameText(c.Name)), bracketDoc("(", items, at, ")", c.Name.End, c.End)}
}

func callArgDoc(a Arg) doc {
	if len(a.Names) > 0 {
		return cat{text(nameText(a.Names[0]) + "="), pipeDoc(a.Expr)}
	}
	return pipeDoc(a.Expr)
}

// argDoc writes an element of a list such as that of extend.
func argDoc(a Arg) doc {
	if len(a.Names) == 0 {
		return exprDoc(a.Expr)
	}
	names := ""
	for i, n := range a.Names {
		if i > 0 {
			names += ", "
		}
		names += nameText(n)
	}
	if a.Parens {
		names = "(" + names + ")"
	}
	return cat{text(names + " = "), exprDoc(a.Expr)}
}

// precedenceOf is the precedence of a binary operator.
func precedenceOf(op string) int {
	switch op {
	case "or":
		return precOr
	case "and":
		return precAnd
	case "==", "!=", "<>":
		return precEquality
	case "<", "<=", ">", ">=":
		return precRelation
	case "+", "-":
		return precSum
	case "*", "/", "%":
		return precProduct
	}
	return precText
}

// binaryDoc writes operators of one precedence that follow each other as one list, with each operator at the start of its line where they do
// not fit on one. Comparisons are not broken.
func binaryDoc(e *Binary) doc {
	prec := precedenceOf(e.Op)
	var chain []*Binary // from the last to the first
	var first Expr = e
	for {
		b, ok := first.(*Binary)
		if !ok || precedenceOf(b.Op) != prec {
			break
		}
		chain = append(chain, b)
		first = b.X
	}
	breakable := prec == precOr || prec == precAnd || prec == precSum || prec == precProduct
	var rest cat
	for i := len(chain) - 1; i >= 0; i-- {
		b := chain[i]
		if breakable {
			rest = append(rest, place{pos: b.OpAt.Start, space: true}, text(b.Op+" "), exprDoc(b.Y))
		} else {
			rest = append(rest, text(" "+b.Op+" "), exprDoc(b.Y))
		}
	}
	d := cat{exprDoc(first), nest{rest}}
	if !breakable {
		return d
	}
	return &group{start: e.Start, body: d}
}

// lambdaDoc writes a function: on one line where it fits.
func lambdaDoc(l *Lambda) doc {
	view := ""
	if l.View {
		view = "view "
	}
	return cat{text(view), paramsDoc(l.Params, l.Start), text(" "), bodyDoc(l.Body, l.Start, l.End)}
}

// bodyDoc writes statements in braces; end is the position behind the closing one, start that of what the body belongs to.
func bodyDoc(list []Statement, start, end int) doc {
	var body cat
	for i, s := range list {
		body = append(body, place{pos: s.At().Start, space: true})
		if e, ok := s.(*ExpressionStatement); ok {
			body = append(body, pipeDoc(e.Expr))
		} else {
			body = append(body, statementDoc(s))
		}
		if _, isExpr := s.(*ExpressionStatement); !isExpr || i < len(list)-1 {
			body = append(body, text(";"))
		}
	}
	return &group{start: start, body: cat{text("{"), nest{body}, place{pos: end - 1, space: true, closing: true}, text("}")}}
}

// patternDoc writes a pattern, each rule on a line of its own.
func patternDoc(s *PatternStatement) doc {
	c := cat{text("declare pattern " + nameText(s.Name))}
	if s.Params == nil && s.Path == nil && s.Rules == nil {
		return c
	}
	c = append(c, text(" = "), paramsDoc(s.Params, s.Start))
	if s.Path != nil {
		c = append(c, text("["+nameText(s.Path.Name)+":"+s.Path.Type.String()+"]"))
	}
	var rules cat
	for _, r := range s.Rules {
		rules = append(rules, place{pos: r.Start, hard: true}, text("("))
		for i, v := range r.Values {
			if i > 0 {
				rules = append(rules, text(", "))
			}
			rules = append(rules, exprDoc(v))
		}
		rules = append(rules, text(")"))
		if r.Path != nil {
			rules = append(rules, text(".["), exprDoc(r.Path), text("]"))
		}
		rules = append(rules, text(" = "), bodyDoc(r.Body, r.BodyAt.Start, r.BodyAt.End), text(";"))
	}
	return append(c, text(" {"), nest{rules}, place{pos: s.End - 1, hard: true, closing: true}, text("}"))
}

// paramsDoc writes the parameters of a function, which are not broken.
func paramsDoc(params []Param, start int) doc {
	c := cat{text("(")}
	for i, p := range params {
		if i > 0 {
			c = append(c, text(", "))
		}
		c = append(c, text(nameText(p.Name)+":"))
		if p.Tabular {
			c = append(c, schemaLast(p.Columns, p.Open))
		} else {
			c = append(c, text(p.Type.String()))
		}
		if p.Default != nil {
			c = append(c, text(" = "), exprDoc(p.Default))
		}
	}
	return append(c, text(")"))
}

// schemaLast writes the columns of a table parameter, whose * comes last; schemaDoc those of a result, whose * comes first.
func schemaLast(columns []ColumnDecl, open bool) doc {
	c := columnsDoc(columns)
	if open {
		if len(columns) > 0 {
			c = append(c, text(", "))
		}
		c = append(c, text("*"))
	}
	return append(append(cat{text("(")}, c...), text(")"))
}

func schemaDoc(columns []ColumnDecl, open bool) doc {
	c := cat{text("(")}
	if open {
		c = append(c, text("*"))
		if len(columns) > 0 {
			c = append(c, text(", "))
		}
	}
	return append(append(c, columnsDoc(columns)...), text(")"))
}

// columnsDoc writes declarations of columns, which are not broken.
func columnsDoc(columns []ColumnDecl) cat {
	var c cat
	for i, d := range columns {
		if i > 0 {
			c = append(c, text(", "))
		}
		c = append(c, columnDoc(d))
	}
	return c
}

func columnDoc(d ColumnDecl) doc {
	c := cat{text(nameText(d.Name) + ":" + d.Type.String())}
	if d.Default != nil {
		c = append(c, text(" = "), exprDoc(d.Default))
	}
	return c
}
