package syntax

import (
	"math"
	"slices"
	"strings"
)

// Format writes a query in its canonical layout: one operator a line, lists that are too long with one element a line, comments kept and
// literals as they were written. The result has no line end at its end, parses to the same tree, and formats to itself. The tree must be
// one that Parse returned.
func Format(q *Query) string {
	l := &layout{comments: slices.Clone(q.Comments)}
	d := statementsDoc(q.Statements)
	l.prepare(d)
	if len(q.Statements) > 0 {
		if l.flush(0, q.Statements[0].At().Start); l.out.Len() > 0 {
			l.newline(0)
		}
	}
	l.write(d)
	l.flush(0, math.MaxInt)
	return l.out.String()
}

// statementsDoc writes statements line by line. A semicolon divides them, and also follows one that is no expression.
func statementsDoc(list []Statement) doc {
	var c cat
	for i, s := range list {
		if i > 0 {
			c = append(c, place{pos: s.At().Start, hard: true})
		}
		c = append(c, statementDoc(s))
		if _, isExpr := s.(*ExpressionStatement); !isExpr || i < len(list)-1 {
			c = append(c, text(";"))
		}
	}
	return c
}

func statementDoc(s Statement) doc {
	switch s := s.(type) {
	case *LetStatement:
		return cat{text("let " + nameText(s.Name) + " = "), topDoc(s.Value, true)}
	case *SetStatement:
		if s.Value == nil {
			return text("set " + nameText(s.Name))
		}
		return cat{text("set " + nameText(s.Name) + " = "), exprDoc(s.Value)}
	case *AliasStatement:
		return cat{text("alias database " + nameText(s.Name) + " = "), exprDoc(s.Value)}
	case *DeclareStatement:
		return cat{text("declare query_parameters"), paramsDoc(s.Params, s.Start)}
	case *PatternStatement:
		return patternDoc(s)
	case *ExpressionStatement:
		return topDoc(s.Expr, false)
	}
	return text("")
}

// topDoc writes an expression that a statement consists of: each of its operators has a line of its own.
func topDoc(e Expr, indent bool) doc {
	p, ok := e.(*Pipe)
	if !ok {
		return exprDoc(e)
	}
	var ops cat
	for _, op := range p.Ops {
		ops = append(ops, place{pos: op.At().Start, hard: true}, text("| "), operatorDoc(op))
	}
	if indent {
		return cat{exprDoc(p.Source), nest{ops}}
	}
	return cat{exprDoc(p.Source), ops}
}

// pipeDoc writes an expression inside of brackets: its operators are on one line or each on its own, as the brackets around it are.
func pipeDoc(e Expr) doc {
	p, ok := e.(*Pipe)
	if !ok {
		return exprDoc(e)
	}
	c := cat{exprDoc(p.Source)}
	for _, op := range p.Ops {
		c = append(c, place{pos: op.At().Start, space: true}, text("| "), operatorDoc(op))
	}
	return c
}

// subqueryDoc writes `(op | op)`; end is the position behind the closing parenthesis, start that of the operator around it.
func subqueryDoc(ops []Operator, start, end int) doc {
	var c cat
	for i, op := range ops {
		if i == 0 {
			c = append(c, place{pos: op.At().Start}, operatorDoc(op))
		} else {
			c = append(c, place{pos: op.At().Start, space: true}, text("| "), operatorDoc(op))
		}
	}
	return &group{start: start, body: cat{text("("), nest{c}, place{pos: end - 1, closing: true}, text(")")}}
}

// bracketDoc writes a list in brackets, which has its own lines where it is too long. end is the position behind the closing bracket.
func bracketDoc(open string, items []doc, at []int, shut string, start, end int) doc {
	if len(items) == 0 {
		return text(open + shut)
	}
	var c cat
	for i, d := range items {
		c = append(c, place{pos: at[i], space: i > 0}, d)
		if i < len(items)-1 {
			c = append(c, text(","))
		}
	}
	return &group{start: start, body: cat{text(open), nest{c}, place{pos: end - 1, closing: true}, text(shut)}}
}

// wordList writes a word and a list behind it, on one line or with each element on its own.
func wordList(start int, word string, items []doc, at []int) doc {
	return &group{start: start, body: cat{text(word), nest{listDoc(items, at)}}}
}

// listDoc writes the elements of a list, each behind a place.
func listDoc(items []doc, at []int) doc {
	var c cat
	for i, d := range items {
		c = append(c, place{pos: at[i], space: true}, d)
		if i < len(items)-1 {
			c = append(c, text(","))
		}
	}
	return c
}

// nodesOf makes docs of a list of nodes, and their positions.
func nodesOf[T Node](list []T, write func(T) doc) (docs []doc, at []int) {
	for _, n := range list {
		docs, at = append(docs, write(n)), append(at, n.At().Start)
	}
	return docs, at
}

// nameText is a name as it is written: in brackets where it was, or where it could not stand without.
func nameText(n Name) string {
	if !n.Quoted {
		return n.Text
	}
	return "[" + quoteText(n.Text) + "]"
}

// quoteText writes a text as a string literal in single quotes.
func quoteText(s string) string {
	r := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	return "'" + r.Replace(s) + "'"
}
