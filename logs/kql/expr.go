package kql

import (
	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/value"
)

// expr is a bound scalar expression: names are columns by index, every part has its type.
type expr interface{ typ() value.Type }

type (
	// constant is the same in every row.
	constant struct {
		t value.Type
		v value.Value
	}
	// column is a cell of the row.
	column struct {
		i    int
		name string
		t    value.Type
	}
	// call is a function of the library.
	call struct {
		fn   *fn.Scalar
		name string
		args []expr
		t    value.Type
		eval fn.Eval
		lazy fn.LazyEval    // in place of eval, of functions that do not need all arguments
		cols []fn.AggColumn // of a function with several results, whose value is an array of them
	}
	// arith is x op y with one of + - * / %.
	arith struct {
		op   string
		x, y expr
		t    value.Type
	}
	// neg is -x.
	neg struct{ x expr }
	// compare is x op y with one of == != < <= > >= =~ !~; both sides have one type, or are numbers, or one is dynamic.
	compare struct {
		op   string
		x, y expr
	}
	// match is a string operator; both sides are strings.
	match struct {
		op   string // has contains startswith endswith hasprefix hassuffix
		cs   bool   // case-sensitive
		not  bool
		x, y expr
	}
	// regex is x matches regex with a constant pattern.
	regex struct {
		x       expr
		pattern string
	}
	// logic is x and y, x or y.
	logic struct {
		and  bool
		x, y expr
	}
	// in is x in (list): constants and rows of a subquery are a set; other elements are compared one by one.
	in struct {
		x    expr
		fold bool // case-insensitive
		not  bool
		list []expr    // constants already converted to x's type, or expressions
		sub  *subquery // nil: none
	}
	// inTerms is x has_any (list) or has_all.
	inTerms struct {
		x    expr
		all  bool
		list []expr
		sub  *subquery
	}
	// path is x.key.
	path struct {
		x   expr
		key string
	}
	// element is x[i] with an index or a key.
	element struct{ x, i expr }
	// tuplePart is one result of a function that has several.
	tuplePart struct {
		x expr
		i int
		t value.Type
	}
	// scalarOf is toscalar(table): the first cell of the first row, computed once for the query.
	scalarOf struct {
		sub *subquery
		t   value.Type
	}
	// variable is the same in every row while one part of a subquery runs: the key of a partition.
	variable struct {
		slot *keySlot
		t    value.Type
	}
	// window is a function over the rows around: prev, next, row_number and their kin.
	window struct {
		name string
		args []expr
		t    value.Type
		slot *windowSlot
	}
	// convert is the conversion that the language does by itself.
	convert struct {
		x expr
		t value.Type
	}
)

func (e *constant) typ() value.Type  { return e.t }
func (e *column) typ() value.Type    { return e.t }
func (e *call) typ() value.Type      { return e.t }
func (e *arith) typ() value.Type     { return e.t }
func (e *neg) typ() value.Type       { return e.x.typ() }
func (e *compare) typ() value.Type   { return value.Bool }
func (e *match) typ() value.Type     { return value.Bool }
func (e *regex) typ() value.Type     { return value.Bool }
func (e *logic) typ() value.Type     { return value.Bool }
func (e *in) typ() value.Type        { return value.Bool }
func (e *inTerms) typ() value.Type   { return value.Bool }
func (e *path) typ() value.Type      { return value.Dynamic }
func (e *element) typ() value.Type   { return value.Dynamic }
func (e *tuplePart) typ() value.Type { return e.t }
func (e *scalarOf) typ() value.Type  { return e.t }
func (e *variable) typ() value.Type  { return e.t }
func (e *window) typ() value.Type    { return e.t }
func (e *convert) typ() value.Type   { return e.t }

// children returns the direct parts of an expression.
func children(e expr) []expr {
	switch e := e.(type) {
	case *call:
		return e.args
	case *arith:
		return []expr{e.x, e.y}
	case *neg:
		return []expr{e.x}
	case *compare:
		return []expr{e.x, e.y}
	case *match:
		return []expr{e.x, e.y}
	case *regex:
		return []expr{e.x}
	case *logic:
		return []expr{e.x, e.y}
	case *in:
		return append([]expr{e.x}, e.list...)
	case *inTerms:
		return append([]expr{e.x}, e.list...)
	case *path:
		return []expr{e.x}
	case *element:
		return []expr{e.x, e.i}
	case *tuplePart:
		return []expr{e.x}
	case *window:
		return e.args
	case *convert:
		return []expr{e.x}
	}
	return nil
}

// walk calls f for e and everything below it until f returns false for a part.
func walk(e expr, f func(expr) bool) {
	if e == nil || !f(e) {
		return
	}
	for _, c := range children(e) {
		walk(c, f)
	}
}

// anyPart says whether f holds for a part of e.
func anyPart(e expr, f func(expr) bool) bool {
	found := false
	walk(e, func(e expr) bool {
		found = found || f(e)
		return !found
	})
	return found
}

// mapColumns returns e with every column replaced by what f gives; parts that do not change are shared.
func mapColumns(e expr, f func(*column) expr) expr {
	all := func(list []expr) []expr {
		out := make([]expr, len(list))
		for i := range list {
			out[i] = mapColumns(list[i], f)
		}
		return out
	}
	switch e := e.(type) {
	case *column:
		return f(e)
	case *call:
		c := *e
		c.args = all(e.args)
		return &c
	case *arith:
		return &arith{e.op, mapColumns(e.x, f), mapColumns(e.y, f), e.t}
	case *neg:
		return &neg{mapColumns(e.x, f)}
	case *compare:
		return &compare{e.op, mapColumns(e.x, f), mapColumns(e.y, f)}
	case *match:
		return &match{e.op, e.cs, e.not, mapColumns(e.x, f), mapColumns(e.y, f)}
	case *regex:
		return &regex{mapColumns(e.x, f), e.pattern}
	case *logic:
		return &logic{e.and, mapColumns(e.x, f), mapColumns(e.y, f)}
	case *in:
		c := *e
		c.x, c.list = mapColumns(e.x, f), all(e.list)
		return &c
	case *inTerms:
		c := *e
		c.x, c.list = mapColumns(e.x, f), all(e.list)
		return &c
	case *path:
		return &path{mapColumns(e.x, f), e.key}
	case *element:
		return &element{mapColumns(e.x, f), mapColumns(e.i, f)}
	case *tuplePart:
		return &tuplePart{mapColumns(e.x, f), e.i, e.t}
	case *window:
		c := *e
		c.args = all(e.args)
		return &c
	case *convert:
		return &convert{mapColumns(e.x, f), e.t}
	}
	return e
}
