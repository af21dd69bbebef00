package syntax

// pattern reads a `declare pattern` statement.
func (p *parser) pattern() Statement {
	start := p.peek().Start
	p.pos += 2
	s := &PatternStatement{Name: p.name("the name of the pattern")}
	if p.acceptPunct("=") {
		s.Params = p.params()
		if p.isPunct("[") {
			open := p.open("[", "before the path of a pattern")
			at := p.peek().Start
			path := Param{Name: p.name("the name of the path")}
			p.expectPunct(":", "and a type after the path "+path.Name.Text)
			path.Type, _ = p.typeName()
			path.Span = p.from(at)
			s.Path = &path
			p.close(open)
		}
		open := p.open("{", "before the rules of a pattern")
		for !p.isPunct("}") {
			s.Rules = append(s.Rules, p.patternRule())
			if !p.acceptPunct(";") {
				break
			}
		}
		p.close(open)
	}
	s.Span = p.from(start)
	return s
}

// patternRule reads `("x").["y"] = { statements; table }`.
func (p *parser) patternRule() PatternRule {
	p.enter()
	defer p.leave()
	start := p.peek().Start
	var r PatternRule
	open := p.open("(", "before the values of a rule")
	r.Values = p.exprs()
	p.close(open)
	if p.acceptPunct(".") {
		open = p.open("[", "before the path of a rule")
		r.Path = p.expr()
		p.close(open)
	}
	p.expectPunct("=", "after the values of a rule")
	body := p.peek().Start
	open = p.open("{", "before the table of a rule")
	r.Body = p.statements(endOfBody)
	p.close(open)
	r.BodyAt = p.from(body)
	r.Span = p.from(start)
	if len(r.Body) == 0 {
		p.fail(r.Span, "the rule of a pattern needs a table")
	}
	return r
}
