package syntax

// Precedences, from the loosest. String operators bind tighter than arithmetic, as the service has it.
const (
	precOr = iota + 1
	precAnd
	precEquality
	precRelation
	precSum
	precProduct
	precText
)

// infixWords are the words between operands, for suggestions.
var infixWords = []string{
	"and", "or", "in", "between", "has", "has_cs", "has_any", "has_all", "contains", "contains_cs", "startswith", "startswith_cs",
	"endswith", "endswith_cs", "hasprefix", "hasprefix_cs", "hassuffix", "hassuffix_cs", "matches",
}

// infix returns the binary operator that stands here, its number of tokens and its precedence; 0 tokens when there is none.
func (p *parser) infix() (op string, n, prec int) {
	t := p.peek()
	switch t.kind {
	case kindName:
		return p.infixWord(t.text, 0)
	case kindPunct:
		switch t.text {
		case "==", "!=", "<>":
			return t.text, 1, precEquality
		case "<", "<=", ">", ">=":
			return t.text, 1, precRelation
		case "+", "-":
			return t.text, 1, precSum
		case "*", "/", "%":
			return t.text, 1, precProduct
		case "=~", "!~":
			return t.text, 1, precText
		case ":":
			if p.colon {
				return t.text, 1, precText
			}
		case "!":
			if p.ahead(1).kind == kindName && p.touching(1) {
				return p.infixWord(p.ahead(1).text, 1)
			}
		}
	}
	return "", 0, 0
}

// infixWord is infix for a word that stands n tokens ahead; with n of 1 a ! stands before it.
func (p *parser) infixWord(word string, n int) (string, int, int) {
	not := ""
	if n == 1 {
		not = "!"
	}
	switch word {
	case "or", "and", "has_any", "has_all":
		if not != "" {
			return "", 0, 0
		}
		switch word {
		case "or":
			return word, 1, precOr
		case "and":
			return word, 1, precAnd
		}
		return word, 1, precEquality
	case "in":
		if p.ahead(n+1).is("~") && p.touching(n+1) {
			return not + "in~", n + 2, precEquality
		}
		return not + word, n + 1, precEquality
	case "between":
		return not + word, n + 1, precEquality
	case "notcontains", "containscs", "notcontainscs": // old spellings
		switch {
		case not != "":
			return "", 0, 0
		case word == "notcontains":
			return "!contains", 1, precText
		case word == "containscs":
			return "contains_cs", 1, precText
		}
		return "!contains_cs", 1, precText
	case "matches":
		if not == "" && p.ahead(1).word("regex") {
			return "matches regex", 2, precText
		}
	case "has", "has_cs", "contains", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs", "hasprefix", "hasprefix_cs",
		"hassuffix", "hassuffix_cs":
		return not + word, n + 1, precText
	}
	return "", 0, 0
}

// expr reads a scalar expression; a tabular one can stand in it in parentheses only, see pipe.
func (p *parser) expr() Expr { return p.binary(precOr) }

// binary reads operands with operators of at least that precedence between them. All operators associate to the left.
func (p *parser) binary(least int) Expr {
	x := p.unary()
	for {
		op, n, prec := p.infix()
		if n == 0 || prec < least {
			return x
		}
		p.chain()
		at := Span{p.peek().Start, p.ahead(n - 1).End}
		p.pos += n
		start := x.At().Start
		switch op {
		case "in", "!in", "in~", "!in~", "has_any", "has_all":
			list := p.inList(op)
			x = &In{Span: p.from(start), Op: op, OpAt: at, X: x, List: list}
		case "between", "!between":
			low, high := p.bounds(op)
			x = &Between{Span: p.from(start), Not: op[0] == '!', X: x, Low: low, High: high}
		default:
			y := p.binary(prec + 1)
			x = &Binary{Span: p.from(start), Op: op, OpAt: at, X: x, Y: y}
		}
	}
}

// inList reads the list after in, has_any and the like: expressions, of which one may be tabular.
func (p *parser) inList(op string) []Expr {
	p.enter()
	defer p.leave()
	open := p.open("(", "before the list of "+op)
	var list []Expr
	for !p.isPunct(")") {
		list = append(list, p.pipe())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.close(open)
	return list
}

// bounds reads `(low .. high)`.
func (p *parser) bounds(op string) (low, high Expr) {
	p.enter()
	defer p.leave()
	open := p.open("(", "before the bounds of "+op)
	low = p.expr()
	p.expectPunct("..", "between the bounds of "+op)
	high = p.expr()
	p.close(open)
	return low, high
}

// unary reads signs and what they stand before.
func (p *parser) unary() Expr {
	t := p.peek()
	if !t.is("-") && !t.is("+") {
		return p.postfix()
	}
	// The least long has no positive counterpart that fits.
	if next := p.ahead(1); t.is("-") && next.kind == kindBad && next.text == "9223372036854775808" {
		p.pos += 2
		return &Literal{Span: p.from(t.Start), Type: typeLong, Value: int64(-1 << 63), Text: "-" + next.text}
	}
	p.enter()
	defer p.leave()
	p.take()
	x := p.unary()
	return &Unary{Span: p.from(t.Start), Op: t.text, X: x}
}

// postfix reads a primary expression and the path behind it: members, indexes, calls on it.
func (p *parser) postfix() Expr {
	x := p.primary()
	for {
		start := x.At().Start
		switch {
		case p.isPunct(".") && p.ahead(1).is("[") && p.nameLength(1) == 0: // an old form of x[0]
			p.take()
		case p.isPunct("."):
			p.chain()
			p.take()
			m := &Member{X: x}
			if isDatabase(x) && p.wildcardAhead() > 0 {
				ref := p.wildcard("a name")
				m.Sel, m.Wildcard = ref.Name, true
			} else {
				m.Sel = p.name("the name of a member after '.'")
				if !m.Sel.Quoted && p.isPunct("(") {
					m.Call = p.callArgs(m.Sel)
				}
			}
			m.Span = p.from(start)
			x = m
		case p.isPunct("["):
			p.chain()
			p.enter()
			open := p.open("[", "")
			i := p.expr()
			p.close(open)
			p.leave()
			x = &Index{Span: p.from(start), X: x, Index: i}
		default:
			return x
		}
	}
}

// isDatabase says whether an expression is one whose members are tables, which may be named with stars: elsewhere `a.b*c` is a product.
func isDatabase(x Expr) bool {
	name := ""
	switch x := x.(type) {
	case *Call:
		name = x.Name.Text
	case *Member:
		if x.Call != nil {
			name = x.Sel.Text
		}
	}
	switch name {
	case "database", "workspace", "app", "resource":
		return true
	}
	return false
}
