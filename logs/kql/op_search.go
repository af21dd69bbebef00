package kql

import (
	"regexp"
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// sourceTable is the column of search that names the table of each row.
const sourceTable = "$table"

// search binds `search in (tables) pred`, as a source or after a pipe. In the predicate a text alone is a term that any column may have.
func (b *binder) search(in node, op *syntax.Search, names *env) (node, error) {
	s := &searcher{b: b, names: names, word: "search"}
	switch kind, ok := option(op.Options, "kind"); {
	case !ok, kind == "case_insensitive":
	case kind == "case_sensitive":
		s.cs = true
	default:
		return nil, errAt(op.At(), "'search' operator: There is no kind '%s'; there are case_insensitive and case_sensitive.", kind)
	}
	tables, err := s.tables(in, op.In, op.At())
	if err != nil {
		return nil, err
	}
	if tables, err = s.matching(tables, op.Pred); err != nil {
		return nil, err
	}
	return unionOf(tables, false, sourceTable), nil
}

// searcher looks over tables, of which each may have other columns.
type searcher struct {
	b     *binder
	names *env
	word  string
	cs    bool     // terms are case-sensitive
	known []Column // the columns of all tables
}

// tables binds the tables to look over: the input, those that are named, or all.
func (s *searcher) tables(in node, named []syntax.Expr, at syntax.Span) ([]namedTable, error) {
	var out []namedTable
	switch {
	case in != nil:
		out = append(out, namedTable{nameOf(in), in})
	case len(named) > 0:
		for _, e := range named {
			more, err := s.b.tablesNamed(e, s.names, len(out))
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
	default:
		var err error
		if out, err = s.b.allTables(s.names, at, func(string) bool { return true }); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, errAt(at, "'%s' operator: There is no table to look over.", s.word)
	}
	for _, t := range out {
		s.known = append(s.known, t.root.columns()...)
	}
	return out, nil
}

// nameOf is the name of the table that a node reads, as far as it is just that.
func nameOf(n node) string {
	for {
		switch t := n.(type) {
		case *tableScan:
			return t.decl.Name
		case *filter:
			n = t.in
		default:
			return "union_arg0"
		}
	}
}

// matching puts the predicate before every table, and leaves out tables that cannot satisfy it, unless these are all.
func (s *searcher) matching(tables []namedTable, pred syntax.Expr) ([]namedTable, error) {
	var some, all []namedTable
	for _, t := range tables {
		cond, err := s.condition(pred, &scope{env: s.names, cols: t.root.columns(), op: s.word})
		if err != nil {
			return nil, err
		}
		made := namedTable{t.name, &filter{in: t.root, cond: cond}}
		all = append(all, made)
		if c, ok := cond.(*constant); !ok || c.v == true {
			some = append(some, made)
		}
	}
	if len(some) == 0 {
		return all, nil
	}
	return some, nil
}

// condition binds the predicate for one table.
func (s *searcher) condition(e syntax.Expr, sc *scope) (expr, error) {
	never := &constant{value.Bool, false}
	switch e := e.(type) {
	case *syntax.Paren:
		return s.condition(e.X, sc)
	case *syntax.Star:
		return &constant{value.Bool, true}, nil
	case *syntax.Literal:
		if text, ok := e.Value.(string); ok {
			return s.anywhere(text, e.At(), sc)
		}
		if value.Numeric(e.Type) {
			return s.anywhere(e.Text, e.At(), sc)
		}
	case *syntax.NameRef:
		if e.Wildcard {
			return &constant{value.Bool, true}, nil
		}
	case *syntax.Call:
		if e.Name.Text == "not" && len(e.Args) == 1 {
			x, err := s.condition(e.Args[0].Expr, sc)
			if err != nil {
				return nil, err
			}
			return s.b.callNamed("not", []expr{x}, e.At())
		}
	case *syntax.Binary:
		switch e.Op {
		case "and", "or":
			x, err := s.condition(e.X, sc)
			if err != nil {
				return nil, err
			}
			y, err := s.condition(e.Y, sc)
			if err != nil {
				return nil, err
			}
			return fold(&logic{e.Op == "and", x, y}), nil
		case ":":
			if s.missing(e.X, sc) {
				return never, nil
			}
			if l, ok := unparen(e.Y).(*syntax.Literal); ok {
				x, err := s.b.expr(e.X, sc)
				if err != nil {
					return nil, err
				}
				text, ok := l.Value.(string)
				if !ok {
					return s.b.comparison("==", x, &constant{l.Type, l.Value}, l.At())
				}
				return s.term(x, text, l.At())
			}
		}
	}
	if s.missing(e, sc) {
		return never, nil
	}
	x, err := s.b.expr(e, sc)
	if err != nil {
		return nil, err
	}
	return s.b.condition(x, e.At())
}

// missing says whether an expression names a column that this table does not have and another has. Such a table has no rows for it.
func (s *searcher) missing(e syntax.Expr, sc *scope) bool {
	missing := false
	eachName(e, func(name string) {
		if _, ok := s.names.find(name); !ok && findColumn(sc.cols, name) < 0 && findColumn(s.known, name) >= 0 {
			missing = true
		}
	})
	return missing
}

// eachName calls f for every name in a scalar expression.
func eachName(e syntax.Expr, f func(name string)) {
	switch e := e.(type) {
	case *syntax.NameRef:
		f(e.Name.Text)
	case *syntax.Paren:
		eachName(e.X, f)
	case *syntax.Unary:
		eachName(e.X, f)
	case *syntax.Binary:
		eachName(e.X, f)
		eachName(e.Y, f)
	case *syntax.Between:
		eachName(e.X, f)
		eachName(e.Low, f)
		eachName(e.High, f)
	case *syntax.In:
		eachName(e.X, f)
		for _, x := range e.List {
			eachName(x, f)
		}
	case *syntax.Member:
		eachName(e.X, f)
	case *syntax.Index:
		eachName(e.X, f)
		eachName(e.Index, f)
	case *syntax.Call:
		for _, a := range e.Args {
			eachName(a.Expr, f)
		}
	}
}

// anywhere is a term in any column.
func (s *searcher) anywhere(text string, at syntax.Span, sc *scope) (expr, error) {
	var out expr = &constant{value.Bool, false}
	for i, c := range sc.cols {
		x, err := s.term(&column{i, c.Name, c.Type}, text, at)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			out = x
		} else {
			out = &logic{false, out, x}
		}
	}
	return out, nil
}

// term binds a text to look for, in which a star stands for any letters: at its end the beginning of a term, and so on.
func (s *searcher) term(x expr, text string, at syntax.Span) (expr, error) {
	x = toText(x)
	inner := strings.Trim(text, "*")
	op := "has"
	before, after := strings.HasPrefix(text, "*"), strings.HasSuffix(text, "*")
	switch {
	case inner == "":
		return &constant{value.Bool, true}, nil
	case strings.Contains(inner, "*"):
		pattern := strings.ReplaceAll(regexp.QuoteMeta(inner), `\*`, ".*")
		if !before {
			pattern = `\b` + pattern
		}
		if !after {
			pattern += `\b`
		}
		if !s.cs {
			pattern = "(?i)" + pattern
		}
		if _, err := compileRegex(pattern); err != nil {
			return nil, errAt(at, "'%s' operator: The text '%s' cannot be looked for: %s", s.word, text, err)
		}
		return fold(&regex{x, pattern}), nil
	case before && after:
		op = "contains"
	case before:
		op = "hassuffix"
	case after:
		op = "hasprefix"
	}
	return fold(&match{op, s.cs, false, x, &constant{value.String, inner}}), nil
}
