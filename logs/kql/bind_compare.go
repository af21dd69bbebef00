package kql

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

func (b *binder) logic(e *syntax.Binary, sc *scope) (expr, error) {
	x, err := b.expr(e.X, sc)
	if err != nil {
		return nil, err
	}
	y, err := b.expr(e.Y, sc)
	if err != nil {
		return nil, err
	}
	if x, err = b.condition(x, e.X.At()); err != nil {
		return nil, err
	}
	if y, err = b.condition(y, e.Y.At()); err != nil {
		return nil, err
	}
	if e.Op == "or" && !b.req.Naive {
		if list := equalToOneOf(x, y); list != nil {
			return list, nil
		}
	}
	return fold(&logic{e.Op == "and", x, y}), nil
}

// equalToOneOf makes `a in (1, 2)` of `a == 1 or a == 2`, which is looked up instead of compared one by one; nil where it is no such condition.
func equalToOneOf(x, y expr) expr {
	left, a := equalsOf(x)
	right, b := equalsOf(y)
	if left == nil || right == nil || left.i != right.i {
		return nil
	}
	return &in{x: left, list: append(append(make([]expr, 0, len(a)+len(b)), a...), b...)}
}

// equalsOf returns the column and the constants of `column == constant` or `column in (constants)`.
func equalsOf(e expr) (*column, []expr) {
	switch e := e.(type) {
	case *compare:
		x, y := e.x, e.y
		if isConst(x) {
			x, y = y, x
		}
		col, ok := x.(*column)
		c, isConstant := y.(*constant)
		if !ok || !isConstant || e.op != "==" || c.v == nil || isNaN(c.v) || col.t == value.Dynamic || c.t != col.t && !(col.t == value.Int && c.t == value.Long) {
			return nil, nil
		}
		return col, []expr{c}
	case *in:
		col, ok := e.x.(*column)
		if !ok || e.not || e.fold || e.sub != nil || col.t == value.Dynamic {
			return nil, nil
		}
		for _, c := range e.list {
			if !isConst(c) {
				return nil, nil
			}
		}
		return col, e.list
	}
	return nil, nil
}

// condition makes a bool of x.
func (b *binder) condition(x expr, at syntax.Span) (expr, error) {
	switch t := x.typ(); {
	case t == value.Bool:
		return x, nil
	case t == value.Dynamic || value.Numeric(t):
		return fold(&convert{x, value.Bool}), nil
	default:
		return nil, errAt(at, "A condition is expected, and this is a %s.", t)
	}
}

// comparison binds x op y, bringing both sides to types that can be compared.
func (b *binder) comparison(op string, x, y expr, at syntax.Span) (expr, error) {
	if op == "<>" {
		op = "!="
	}
	if op == "=~" || op == "!~" {
		return fold(&compare{op, toText(x), toText(y)}), nil
	}
	tx, ty := x.typ(), y.typ()
	var err error
	switch {
	case tx == ty, value.Numeric(tx) && value.Numeric(ty):
	case isConst(x) && x.(*constant).v == nil:
		x = &constant{ty, value.Zero(ty)}
	case isConst(y) && y.(*constant).v == nil:
		y = &constant{tx, value.Zero(tx)}
	case tx == value.Dynamic:
		x = dynamicSide(x, ty)
	case ty == value.Dynamic:
		y = dynamicSide(y, tx)
	default:
		if _, ok := constText(y); ok {
			y, err = b.coerce(y, tx, at)
		} else if _, ok := constText(x); ok {
			x, err = b.coerce(x, ty, at)
		} else {
			err = errAt(at, "Cannot compare values of types %s and %s; convert one of them.", tx, ty)
		}
	}
	if err != nil {
		return nil, err
	}
	return fold(&compare{op, x, y}), nil
}

// dynamicSide makes a dynamic comparable with a value of type t: numbers, bools and texts compare by what the dynamic holds.
func dynamicSide(x expr, t value.Type) expr {
	switch t {
	case value.Datetime, value.Timespan, value.GUID, value.String:
		return &convert{x, t}
	}
	return x
}

// between is low <= x <= high; after a datetime, a timespan is added to it.
func (b *binder) between(e *syntax.Between, sc *scope) (expr, error) {
	x, err := b.expr(e.X, sc)
	if err != nil {
		return nil, err
	}
	low, err := b.expr(e.Low, sc)
	if err != nil {
		return nil, err
	}
	high, err := b.expr(e.High, sc)
	if err != nil {
		return nil, err
	}
	if x.typ() == value.Datetime && high.typ() == value.Timespan {
		if low, err = b.coerce(low, value.Datetime, e.Low.At()); err != nil {
			return nil, err
		}
		high = fold(&arith{"+", low, high, value.Datetime})
	}
	above, err := b.comparison(">=", x, low, e.Low.At())
	if err != nil {
		return nil, err
	}
	below, err := b.comparison("<=", x, high, e.High.At())
	if err != nil {
		return nil, err
	}
	both := fold(&logic{true, above, below})
	if !e.Not {
		return both, nil
	}
	return b.callNamed("not", []expr{both}, e.At())
}

// in binds `x in (...)`, has_any and has_all.
func (b *binder) in(e *syntax.In, sc *scope) (expr, error) {
	op, not := strings.CutPrefix(e.Op, "!")
	op, foldCase := strings.CutSuffix(op, "~")
	var x expr
	var err error
	if _, ok := e.X.(*syntax.Star); ok {
		return b.anyIn(e, sc)
	}
	if x, err = b.expr(e.X, sc); err != nil {
		return nil, err
	}
	var list []expr
	var sub *subquery
	for _, item := range e.List {
		if b.isTabular(item, sc.env) {
			root, err := b.inner(item, sc.env)
			if err != nil {
				return nil, err
			}
			sub = b.subquery(root)
			continue
		}
		y, err := b.expr(item, sc)
		if err != nil {
			return nil, err
		}
		list = append(list, y)
	}
	if op == "has_any" || op == "has_all" {
		return fold(&inTerms{toText(x), op == "has_all", list, sub}), nil
	}
	var out []expr
	for i, y := range list {
		more, err := b.inItem(x, y, e.List[min(i, len(e.List)-1)].At())
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return fold(&in{x, foldCase, not, out, sub}), nil
}

// inItem brings an element of an in list to the type of x. A constant array is its elements.
func (b *binder) inItem(x, y expr, at syntax.Span) ([]expr, error) {
	if c, ok := y.(*constant); ok {
		if a, ok := c.v.(value.Array); ok {
			var out []expr
			for _, v := range a {
				if x.typ() != value.Dynamic && v != nil {
					if s, ok := v.(string); ok && x.typ() != value.String {
						v = value.Convert(s, x.typ())
					}
				}
				if v != nil {
					out = append(out, &constant{value.TypeOf(v), v})
				}
			}
			return out, nil
		}
	}
	tx, ty := x.typ(), y.typ()
	if tx == ty || tx == value.Dynamic || ty == value.Dynamic || value.Numeric(tx) && value.Numeric(ty) {
		return []expr{y}, nil
	}
	if tx == value.String && isConst(y) {
		return nil, errAt(at, "The list holds a %s and is searched for a string; convert one of them.", ty)
	}
	y, err := b.coerce(y, tx, at)
	if err != nil {
		return nil, err
	}
	return []expr{y}, nil
}

// anyIn is `* in (...)`: any column.
func (b *binder) anyIn(e *syntax.In, sc *scope) (expr, error) {
	var out expr
	for _, c := range sc.cols {
		one := *e
		one.X = &syntax.NameRef{Span: e.X.At(), Name: syntax.Name{Span: e.X.At(), Text: c.Name}}
		x, err := b.in(&one, sc)
		if err != nil {
			continue
		}
		if out == nil {
			out = x
		} else {
			out = &logic{false, out, x}
		}
	}
	if out == nil {
		return &constant{value.Bool, false}, nil
	}
	return out, nil
}
