package syntax

// endOfQuery and endOfBody say what ends a list of statements.
const (
	endOfQuery = ""
	endOfBody  = "}"
)

// statements reads statements divided by semicolons up to the end of the query, or to the } of a lambda, which it leaves. Statements
// may be empty.
func (p *parser) statements(end string) []Statement {
	var list []Statement
	for {
		for p.acceptPunct(";") {
		}
		if p.atEnd(end) {
			return list
		}
		list = append(list, p.statement())
		if !p.atEnd(end) && !p.isPunct(";") {
			expected := "'|', ';' or the end of the query"
			if end != endOfQuery {
				expected = "'|', ';' or '" + end + "'"
			} else if t := p.peek(); t.is(")") || t.is("]") || t.is("}") {
				expected += " (no bracket is open)"
			}
			p.unexpected(expected, infixWords...)
		}
	}
}

func (p *parser) atEnd(end string) bool {
	if end == endOfQuery {
		return p.peek().kind == kindEnd
	}
	return p.isPunct(end)
}

func (p *parser) statement() Statement {
	start := p.peek().Start
	switch t, next := p.peek(), p.ahead(1); {
	case t.word("let") && p.nameLength(1) > 0 && p.ahead(1+p.nameLength(1)).is("="):
		p.take()
		name := p.name("a name")
		p.take()
		v := p.letValue()
		return &LetStatement{Span: p.from(start), Name: name, Value: v}
	case t.is(".") && next.kind == kindName:
		p.fail(p.from(t.Start), "commands that begin with a dot (.%s) are not part of the query language", next.text)
	case t.word("let") && (p.nameLength(1) > 0 || next.kind == kindNumber || next.kind == kindEnd || next.is(";") || next.is("=")):
		p.take()
		p.name("the name that let declares")
		p.unexpected("'=' after the name that let declares")
	case t.word("set") && next.kind == kindName:
		return p.setStatement()
	case t.word("alias") && next.word("database"):
		p.pos += 2
		name := p.name("the name of the alias")
		p.expectPunct("=", "after the name of the alias")
		v := p.expr()
		return &AliasStatement{Span: p.from(start), Name: name, Value: v}
	case t.word("declare") && next.word("query_parameters"):
		p.pos += 2
		params := p.params()
		return &DeclareStatement{Span: p.from(start), Params: params}
	case t.word("declare") && next.word("pattern"):
		return p.pattern()
	case t.word("restrict") && next.word("access"):
		p.pos += 2
		op := p.unsupported(start, t.text+" "+next.text)
		return &ExpressionStatement{Span: op.Span, Expr: &Source{Span: op.Span, Op: op}}
	}
	e := p.pipe()
	return &ExpressionStatement{Span: p.from(start), Expr: e}
}

func (p *parser) setStatement() Statement {
	start := p.take().Start
	s := &SetStatement{Name: p.dotted("the name of the option")}
	if p.acceptPunct("=") {
		s.Value = p.expr()
	}
	s.Span = p.from(start)
	return s
}

// letValue reads what a let statement declares: a lambda, or an expression of either sort.
func (p *parser) letValue() Expr {
	if p.isWord("view") && p.lambdaAhead(1) || p.lambdaAhead(0) {
		return p.lambda()
	}
	return p.pipe()
}

// lambdaAhead says whether n tokens ahead parentheses begin which are followed by a body.
func (p *parser) lambdaAhead(n int) bool {
	if !p.ahead(n).is("(") {
		return false
	}
	end := p.match[p.pos+n]
	return end >= 0 && p.toks[end+1].is("{")
}

func (p *parser) lambda() Expr {
	p.enter()
	defer p.leave()
	start := p.peek().Start
	l := &Lambda{View: p.acceptWord("view")}
	l.Params = p.params()
	open := p.open("{", "before the body of a function")
	colon := p.colon
	p.colon = false
	l.Body = p.statements(endOfBody)
	p.colon = colon
	p.close(open)
	l.Span = p.from(start)
	if len(l.Body) == 0 {
		p.fail(l.Span, "the body of a function needs an expression")
	}
	return l
}

// params reads the parameters of a lambda, with their parentheses.
func (p *parser) params() []Param {
	open := p.open("(", "before parameters")
	var list []Param
	for !p.isPunct(")") {
		list = append(list, p.param())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.close(open)
	return list
}

func (p *parser) param() Param {
	start := p.peek().Start
	q := Param{Name: p.name("the name of a parameter")}
	p.expectPunct(":", "and a type after the parameter "+q.Name.Text)
	if p.isPunct("(") {
		q.Tabular = true
		q.Columns, q.Open = p.schema()
	} else {
		q.Type, _ = p.typeName()
	}
	if p.acceptPunct("=") {
		q.Default = p.expr()
	}
	q.Span = p.from(start)
	return q
}
