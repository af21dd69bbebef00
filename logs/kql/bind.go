package kql

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/endscope/endscope/internal/spelling"
	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// binder gives the names of one query their meaning.
type binder struct {
	engine  *Engine
	req     Request
	context *fn.Context
	render  *Render
	run     *run // reads what must be known of the rows before the query is bound
	depth   int  // of calls of functions that the query declares
	parts   int  // of the query that were bound: tables and scalars, each as often as it is used
	tables  int  // tables inside of scalars around what is bound: toscalar(), in (...)
	sizes   map[expr]int
}

// maxParts bounds what a query may expand to: functions and let statements that use each other twice double with each level.
const maxParts = 200_000

// countPart counts one part that is bound.
func (b *binder) countPart(at syntax.Span) error {
	if b.parts++; b.parts > maxParts {
		return tooLarge(at)
	}
	return nil
}

func tooLarge(at syntax.Span) error {
	return errAt(at, "The query expands to more than %d parts: its functions and let statements use each other too often. materialize() keeps a table's result.", maxParts)
}

// checkSize returns an error when an expression, written out, has more parts than a query may have. Shared parts are counted each time.
func (b *binder) checkSize(x expr, at syntax.Span) error {
	if b.sizes == nil {
		b.sizes = map[expr]int{}
	}
	if b.sizeOf(x) > maxParts {
		return tooLarge(at)
	}
	return nil
}

func (b *binder) sizeOf(x expr) int {
	if n, ok := b.sizes[x]; ok {
		return n
	}
	n := 1
	for _, c := range children(x) {
		if n += b.sizeOf(c); n > maxParts {
			break
		}
	}
	b.sizes[x] = n
	return n
}

// env is what names outside of rows mean: let statements, parameters, and what `as` named. Inner ones hide outer ones.
type env struct {
	parent *env
	name   string
	entry  entry
}

// entry is one meaning: exactly one of scalar, table, lambda and rules is set.
type entry struct {
	scalar expr
	table  func() (node, error) // bound anew for every use
	lambda *syntax.Lambda
	rules  *syntax.PatternStatement
	env    *env // where the lambda was declared
	tables int  // binder.tables where the scalar was bound, whose columns mean another row inside of a further table
}

func (e *env) with(name string, entry entry) *env { return &env{e, name, entry} }

func (e *env) find(name string) (entry, bool) {
	for ; e != nil; e = e.parent {
		if e.name == name {
			return e.entry, true
		}
	}
	return entry{}, false
}

// names returns the names that are known, for suggestions.
func (e *env) names() []string {
	var all []string
	for ; e != nil; e = e.parent {
		all = append(all, e.name)
	}
	return all
}

// query binds every statement and returns the tables that it answers.
func (b *binder) query(q *syntax.Query) ([]tableResult, error) {
	var out []tableResult
	var names *env
	for _, s := range q.Statements {
		switch s := s.(type) {
		case *syntax.ExpressionStatement:
			tables, err := b.answer(s.Expr, names)
			if err != nil {
				return nil, err
			}
			out = append(out, tables...)
		default:
			var err error
			if names, err = b.declare(s, names); err != nil {
				return nil, err
			}
		}
	}
	if len(out) == 0 {
		return nil, errAt(q.At(), "The query has no tabular expression to answer: it only declares names.")
	}
	for i := range out {
		if out[i].name == "" {
			out[i].name = "PrimaryResult"
			if i > 0 {
				out[i].name = fmt.Sprintf("PrimaryResult%d", i)
			}
		}
	}
	return out, nil
}

// answer binds an expression that the query answers. A scalar becomes a table of one cell.
func (b *binder) answer(e syntax.Expr, names *env) ([]tableResult, error) {
	ref, isName := unparen(e).(*syntax.NameRef)
	if isName { // of nothing that is known: people mean a table
		_, known := names.find(ref.Name.Text)
		isName = !known
	}
	if !isName && !b.isTabular(e, names) {
		x, err := b.expr(e, &scope{env: names, op: "print"})
		if err != nil {
			return nil, err
		}
		return []tableResult{{root: &project{in: oneRow(), cols: []Column{{Name: "print_0", Type: x.typ()}}, exprs: []expr{x}}}}, nil
	}
	root, err := b.table(e, names)
	if err != nil {
		return nil, err
	}
	if m, ok := root.(*branches); ok {
		return m.tables, nil
	}
	return []tableResult{{root: root}}, nil
}

// declare binds a statement that gives a name a meaning.
func (b *binder) declare(s syntax.Statement, names *env) (*env, error) {
	switch s := s.(type) {
	case *syntax.LetStatement:
		e, err := b.letEntry(s, names)
		if err != nil {
			return nil, err
		}
		return names.with(s.Name.Text, e), nil
	case *syntax.SetStatement:
		// Options of the service's own have no meaning here, but functions may ask for them.
		if s.Value == nil {
			return names, nil
		}
		x, err := b.expr(s.Value, &scope{env: names, op: "set"})
		if err != nil {
			return nil, err
		}
		return names.with(setPrefix+s.Name.Text, entry{scalar: x}), nil
	case *syntax.AliasStatement:
		return names, nil // there is one database
	case *syntax.PatternStatement:
		return names.with(s.Name.Text, entry{rules: s, env: names}), nil
	case *syntax.DeclareStatement:
		for _, p := range s.Params {
			if p.Default == nil {
				return nil, errAt(p.At(), "The query parameter '%s' has no value: give it a default.", p.Name.Text)
			}
			x, err := b.expr(p.Default, &scope{env: names, op: "declare"})
			if err != nil {
				return nil, err
			}
			if x, err = b.coerce(x, p.Type, p.At()); err != nil {
				return nil, err
			}
			names = names.with(p.Name.Text, entry{scalar: x})
		}
		return names, nil
	}
	return nil, errAt(s.At(), "This statement is not supported.")
}

// setPrefix begins the names of options that a set statement gives; no name of a query has a blank unless it is quoted.
const setPrefix = "set "

func (b *binder) letEntry(s *syntax.LetStatement, names *env) (entry, error) {
	if l, ok := unparen(s.Value).(*syntax.Lambda); ok {
		return entry{lambda: l, env: names}, nil
	}
	if b.isTabular(s.Value, names) {
		return b.tableEntry(s.Value, names)
	}
	x, err := b.expr(s.Value, &scope{env: names, op: "let"})
	if err != nil {
		return entry{}, err
	}
	return entry{scalar: x, tables: b.tables}, b.checkSize(x, s.At())
}

// tableEntry binds a table for its errors, and again for every use. What is materialized keeps one result for all uses.
func (b *binder) tableEntry(e syntax.Expr, names *env) (entry, error) {
	first, err := b.table(e, names)
	if err != nil {
		return entry{}, err
	}
	if s, ok := first.(*sharedNode); ok {
		return entry{table: func() (node, error) { return &sharedNode{s.of}, nil }}, nil
	}
	used := false
	return entry{table: func() (node, error) {
		if !used {
			used = true
			return first, nil
		}
		return b.table(e, names)
	}}, nil
}

func unparen(e syntax.Expr) syntax.Expr {
	for {
		p, ok := e.(*syntax.Paren)
		if !ok {
			return e
		}
		e = p.X
	}
}

// isTabular says whether an expression is a table, as far as its form and the known names tell.
func (b *binder) isTabular(e syntax.Expr, names *env) bool {
	switch e := unparen(e).(type) {
	case *syntax.Pipe, *syntax.Source:
		return true
	case *syntax.NameRef:
		if e.Wildcard {
			return true
		}
		if n, ok := names.find(e.Name.Text); ok {
			return n.table != nil || n.lambda != nil && b.lambdaIsTabular(n, names)
		}
		_, ok := b.engine.catalog.Table(e.Name.Text)
		return ok
	case *syntax.Call:
		switch e.Name.Text {
		case "materialize", "table", "union", "view", "workspace", "app", "database", "cluster", "resource", "external_table", "externaldata":
			return true
		}
		if n, ok := names.find(e.Name.Text); ok && n.lambda != nil {
			return b.lambdaIsTabular(n, names)
		} else if ok {
			return n.rules != nil
		}
		return false
	case *syntax.Member:
		return isQualifier(e.X) || patternCall(e.X, names) != nil
	}
	return false
}

// isQualifier says whether e names a database or workspace, as in database("x").Table.
func isQualifier(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Call:
		switch e.Name.Text {
		case "database", "cluster", "workspace", "app", "resource":
			return true
		}
	case *syntax.Member:
		return isQualifier(e.X)
	}
	return false
}

func (b *binder) lambdaIsTabular(n entry, names *env) bool {
	inner := n.env
	for _, p := range n.lambda.Params {
		if p.Tabular {
			inner = inner.with(p.Name.Text, entry{table: func() (node, error) { return oneRow(), nil }})
		} else {
			inner = inner.with(p.Name.Text, entry{scalar: &constant{p.Type, nil}})
		}
	}
	if len(n.lambda.Body) == 0 {
		return false
	}
	for _, s := range n.lambda.Body[:len(n.lambda.Body)-1] {
		if let, ok := s.(*syntax.LetStatement); ok {
			if l, ok := unparen(let.Value).(*syntax.Lambda); ok {
				inner = inner.with(let.Name.Text, entry{lambda: l, env: inner})
			} else if b.isTabular(let.Value, inner) {
				inner = inner.with(let.Name.Text, entry{table: func() (node, error) { return oneRow(), nil }})
			} else {
				inner = inner.with(let.Name.Text, entry{scalar: &constant{value.Dynamic, nil}})
			}
		}
	}
	last, ok := n.lambda.Body[len(n.lambda.Body)-1].(*syntax.ExpressionStatement)
	return ok && b.isTabular(last.Expr, inner)
}

// maxCallDepth bounds how deep functions that a query declares may call each other.
const maxCallDepth = 64

// callLambda binds the body of a declared function for one call. Arguments are bound in the caller's scope.
func (b *binder) callLambda(n entry, name string, at syntax.Span, args []syntax.Arg, sc *scope) (*env, []syntax.Statement, error) {
	params := n.lambda.Params
	given := make([]*syntax.Arg, len(params))
	next := 0
	for i := range args {
		a := &args[i]
		k := next
		if len(a.Names) == 1 {
			k = slices.IndexFunc(params, func(p syntax.Param) bool { return p.Name.Text == a.Names[0].Text })
			if k < 0 {
				return nil, nil, errAt(a.At(), "The function '%s' has no parameter named '%s'.", name, a.Names[0].Text)
			}
		} else {
			next++
		}
		if k >= len(params) {
			return nil, nil, errAt(at, "The function '%s' takes %s, and %d were given.", name, plural(len(params), "argument"), len(args))
		}
		given[k] = a
	}
	inner := n.env
	for i, p := range params {
		switch {
		case p.Tabular:
			if given[i] == nil {
				return nil, nil, errAt(at, "The function '%s' needs a table for its parameter '%s'.", name, p.Name.Text)
			}
			e, err := b.tableArgument(given[i].Expr, &p, sc)
			if err != nil {
				return nil, nil, err
			}
			inner = inner.with(p.Name.Text, e)
		case given[i] != nil:
			x, err := b.expr(given[i].Expr, sc)
			if err != nil {
				return nil, nil, err
			}
			if x, err = b.coerce(x, p.Type, given[i].At()); err != nil {
				return nil, nil, err
			}
			inner = inner.with(p.Name.Text, entry{scalar: x, tables: b.tables})
		case p.Default != nil:
			x, err := b.expr(p.Default, &scope{env: n.env, op: name})
			if err != nil {
				return nil, nil, err
			}
			if x, err = b.coerce(x, p.Type, p.At()); err != nil {
				return nil, nil, err
			}
			inner = inner.with(p.Name.Text, entry{scalar: x})
		default:
			return nil, nil, errAt(at, "The function '%s' needs a value for its parameter '%s'.", name, p.Name.Text)
		}
	}
	return inner, n.lambda.Body, nil
}

// tableArgument binds a table that is given to a function, and checks that it has the columns that the parameter asks for.
func (b *binder) tableArgument(e syntax.Expr, p *syntax.Param, sc *scope) (entry, error) {
	t, err := b.tableEntry(e, sc.env)
	if err != nil {
		return entry{}, err
	}
	bound, err := t.table()
	if err != nil {
		return entry{}, err
	}
	for _, want := range p.Columns {
		i := findColumn(bound.columns(), want.Name.Text)
		if i < 0 || want.Type != bound.columns()[i].Type {
			return entry{}, errAt(e.At(), "The table given for '%s' has no column '%s' of type %s.", p.Name.Text, want.Name.Text, want.Type)
		}
	}
	return b.tableEntry(e, sc.env)
}

// inFunction binds the statements of a function's body but the last, and hands the last to f.
func (b *binder) inFunction(inner *env, body []syntax.Statement, at syntax.Span, f func(last syntax.Expr, names *env) error) error {
	if b.depth++; b.depth > maxCallDepth {
		return errAt(at, "Functions call each other more than %d levels deep.", maxCallDepth)
	}
	defer func() { b.depth-- }()
	if len(body) == 0 {
		return errAt(at, "The function has no result.")
	}
	var err error
	for _, s := range body[:len(body)-1] {
		if inner, err = b.declare(s, inner); err != nil {
			return err
		}
	}
	last, ok := body[len(body)-1].(*syntax.ExpressionStatement)
	if !ok {
		return errAt(at, "The function has no result.")
	}
	return f(last.Expr, inner)
}

func findColumn(cols []Column, name string) int {
	return slices.IndexFunc(cols, func(c Column) bool { return c.Name == name })
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// didYouMean ends a message with the nearest of names, when one is near.
func didYouMean(name string, names []string) string {
	best, bestD := "", len(name)/3+1 // one letter in three to five, two from six on
	sort.Strings(names)
	for _, n := range names {
		// Of names that are as near, the longer one: more is typed too little than too much.
		if d := spelling.Distance(strings.ToLower(name), strings.ToLower(n)); d < bestD || d == bestD && best != "" && len(n) > len(best) {
			best, bestD = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean '%s'?", best)
}
