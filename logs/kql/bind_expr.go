package kql

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// scope is where a scalar expression stands.
type scope struct {
	env     *env
	cols    []Column
	right   []Column    // of a join's other side: the names behind $right; cols are then behind $left too
	op      string      // the operator's word, for messages
	aggs    *aggregates // where aggregates may be called: it collects them
	windows node        // where functions over the rows around may be called: the rows
	steps   *scanScope  // inside scan: the columns of steps
}

// expr binds a scalar expression.
func (b *binder) expr(e syntax.Expr, sc *scope) (expr, error) {
	if err := b.countPart(e.At()); err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *syntax.Literal:
		return &constant{e.Type, e.Value}, nil
	case *syntax.Paren:
		return b.expr(e.X, sc)
	case *syntax.NameRef:
		return b.name(e, sc)
	case *syntax.Unary:
		return b.unary(e, sc)
	case *syntax.Binary:
		return b.binary(e, sc)
	case *syntax.Between:
		return b.between(e, sc)
	case *syntax.In:
		return b.in(e, sc)
	case *syntax.Member:
		return b.member(e, sc)
	case *syntax.Index:
		return b.index(e, sc)
	case *syntax.Call:
		return b.call(e, sc)
	case *syntax.Star:
		return nil, errAt(e.At(), "'*' cannot stand here.")
	case *syntax.TypeRef:
		if e.Columns == nil {
			return &constant{value.String, e.Type.String()}, nil
		}
		return nil, errAt(e.At(), "A row schema cannot stand here.")
	}
	return nil, errAt(e.At(), "A tabular expression stands where a scalar is expected; toscalar() makes one of a table.")
}

// name binds a name: a column, else what a let statement or a parameter says.
func (b *binder) name(e *syntax.NameRef, sc *scope) (expr, error) {
	name := e.Name.Text
	if sc.steps != nil {
		if x, ok := sc.steps.column(name); ok {
			return x, nil
		}
	}
	if i := findColumn(sc.cols, name); i >= 0 {
		return &column{i, name, sc.cols[i].Type}, nil
	}
	if n, ok := sc.env.find(name); ok {
		switch {
		case n.scalar != nil && n.tables != b.tables && !constantOver(n.scalar):
			return nil, errAt(e.At(), "'%s' is computed from the columns of a row, and a table inside of an expression, as in toscalar() or in (...), cannot depend on the row.", name)
		case n.scalar != nil:
			return n.scalar, nil
		case n.lambda != nil && len(n.lambda.Params) == 0:
			return b.scalarLambda(n, name, e.At(), nil, sc)
		case n.table != nil:
			return nil, errAt(e.At(), "'%s' is a table, and a scalar is expected here; toscalar(%s) makes one of it.", name, name)
		}
		return nil, errAt(e.At(), "'%s' is a function and needs its arguments.", name)
	}
	if sc.aggs != nil && findColumn(sc.aggs.in, name) >= 0 {
		return nil, errAt(e.At(), "'%s' operator: An aggregate is expected around '%s', since the operator does not group by that column.", sc.op, name)
	}
	if b.isFunction(name) {
		return nil, errAt(e.At(), "'%s' operator: Failed to resolve column or scalar expression named '%s'. The function of that name is called as %s().", sc.op, name, name)
	}
	if name == "null" {
		return nil, errAt(e.At(), "'null' is no value by itself: isnull(x) asks for it, and int(null), dynamic(null) and so on are one.")
	}
	known := sc.env.names()
	for _, c := range sc.cols {
		known = append(known, c.Name)
	}
	return nil, errAt(e.At(), "'%s' operator: Failed to resolve column or scalar expression named '%s'.%s", sc.op, name, didYouMean(name, known))
}

// isFunction says whether the library has a function of that name.
func (b *binder) isFunction(name string) bool {
	_, scalar := b.engine.lib.Scalar(name)
	_, aggregate := b.engine.lib.Aggregate(name)
	return scalar || aggregate
}

// coerce converts x to t where the language does that by itself; otherwise the types do not fit.
func (b *binder) coerce(x expr, t value.Type, at syntax.Span) (expr, error) {
	from := x.typ()
	if from == t {
		return x, nil
	}
	c, isConst := x.(*constant)
	if isConst && c.v == nil {
		return &constant{t, value.Zero(t)}, nil
	}
	if s, ok := constText(x); ok && t != value.Dynamic {
		v := value.Convert(s, t)
		if v == nil {
			return nil, errAt(at, "The text '%s' is not %s.", s, withArticle(t))
		}
		return &constant{t, v}, nil
	}
	if !converts(from, t) {
		return nil, errAt(at, "A value of type %s stands where %s is expected; convert it, as with to%s().", from, t, t)
	}
	if t == value.String {
		return toText(x), nil
	}
	if isConst {
		return &constant{t, implicit(c.v, t)}, nil
	}
	return &convert{x, t}, nil
}

// withArticle is a type in a sentence: an int, a long.
func withArticle(t value.Type) string {
	if t == value.Int {
		return "an int"
	}
	return "a " + t.String()
}

func constText(x expr) (string, bool) {
	c, ok := x.(*constant)
	if !ok || c.t != value.String {
		return "", false
	}
	s, ok := c.v.(string)
	return s, ok
}

// converts says whether the language converts from one type to another by itself.
func converts(from, to value.Type) bool {
	switch {
	case from == value.Dynamic || to == value.Dynamic || to == value.String:
		return true
	case value.Numeric(from) && value.Numeric(to):
		return true
	}
	return from == value.Bool && value.Numeric(to)
}

// implicit is the conversion that converts promises, for a value that is not null.
func implicit(v value.Value, t value.Type) value.Value {
	switch t {
	case value.Dynamic:
		if i, ok := v.(int32); ok {
			return int64(i)
		}
		return v
	case value.String:
		return value.Text(v)
	}
	return value.Convert(v, t)
}

func (b *binder) unary(e *syntax.Unary, sc *scope) (expr, error) {
	x, err := b.expr(e.X, sc)
	if err != nil || e.Op == "+" {
		return x, err
	}
	if x.typ() == value.Dynamic {
		x = &convert{x, value.Real}
	}
	if t := x.typ(); !value.Numeric(t) && t != value.Timespan {
		return nil, errAt(e.At(), "'-' cannot stand before a value of type %s.", t)
	}
	if c, ok := x.(*constant); ok {
		if c.v == nil {
			return c, nil
		}
		return &constant{c.t, value.Neg(c.v)}, nil
	}
	return &neg{x}, nil
}

func (b *binder) binary(e *syntax.Binary, sc *scope) (expr, error) {
	switch e.Op {
	case "and", "or":
		return b.logic(e, sc)
	case ":":
		if _, ok := e.Y.(*syntax.Star); ok { // col:* holds wherever the column is
			return &constant{value.Bool, true}, nil
		}
	}
	if _, ok := e.X.(*syntax.Star); ok {
		return b.anyColumn(e, sc)
	}
	x, err := b.expr(e.X, sc)
	if err != nil {
		return nil, err
	}
	y, err := b.expr(e.Y, sc)
	if err != nil {
		return nil, err
	}
	return b.operator(e, x, y)
}

// operator binds x op y.
func (b *binder) operator(e *syntax.Binary, x, y expr) (expr, error) {
	switch e.Op {
	case "+", "-", "*", "/", "%":
		return b.arith(e, x, y)
	case "==", "!=", "<>", "<", "<=", ">", ">=", "=~", "!~":
		return b.comparison(e.Op, x, y, e.OpAt)
	case "matches regex":
		pattern, ok := constText(y)
		if !ok {
			return nil, errAt(e.Y.At(), "'matches regex' needs a constant pattern.")
		}
		if _, err := compileRegex(pattern); err != nil {
			return nil, errAt(e.Y.At(), "The pattern '%s' cannot be read: %s", pattern, err)
		}
		return fold(&regex{toText(x), pattern}), nil
	}
	op, not := strings.CutPrefix(e.Op, "!")
	op, cs := strings.CutSuffix(op, "_cs")
	if op == ":" {
		op = "has"
	}
	return fold(&match{op, cs, not, toText(x), toText(y)}), nil
}

// toText makes a string of any value.
func toText(x expr) expr {
	if x.typ() == value.String {
		return x
	}
	if c, ok := x.(*constant); ok {
		return &constant{value.String, value.TextOf(c.v, c.t)}
	}
	return &convert{x, value.String}
}

// anyColumn is `* op y`: any column of text that op holds for.
func (b *binder) anyColumn(e *syntax.Binary, sc *scope) (expr, error) {
	y, err := b.expr(e.Y, sc)
	if err != nil {
		return nil, err
	}
	var out expr
	for i, c := range sc.cols {
		if e.Op != "==" && e.Op != "!=" && e.Op != "=~" && e.Op != "!~" || c.Type == y.typ() || c.Type == value.String {
			x, err := b.operator(e, &column{i, c.Name, c.Type}, y)
			if err != nil {
				continue // a column that cannot be compared does not match
			}
			if out == nil {
				out = x
			} else {
				out = &logic{false, out, x}
			}
		}
	}
	if out == nil {
		return &constant{value.Bool, false}, nil
	}
	return out, nil
}

func (b *binder) arith(e *syntax.Binary, x, y expr) (expr, error) {
	tx, ty := x.typ(), y.typ()
	// A dynamic takes the type of the other side where that is a time.
	if tx == value.Dynamic && (ty == value.Datetime || ty == value.Timespan) {
		t := value.Timespan
		if e.Op == "-" {
			t = value.Datetime
		}
		x, tx = &convert{x, t}, t
	}
	if ty == value.Dynamic && (tx == value.Datetime || tx == value.Timespan) {
		y, ty = &convert{y, value.Timespan}, value.Timespan
	}
	var t value.Type
	var err error
	if tx == value.Dynamic || ty == value.Dynamic {
		other := tx
		if tx == value.Dynamic {
			other = ty
		}
		if other != value.Dynamic && !value.Numeric(other) {
			return nil, errAt(e.OpAt, "'%s' cannot join values of the types %s and %s.", e.Op, tx, ty)
		}
		t = value.Dynamic
		if other == value.Real || other == value.Decimal {
			t = other
		}
		if t != value.Dynamic {
			if tx == value.Dynamic {
				x = &convert{x, t}
			} else {
				y = &convert{y, t}
			}
		}
	} else if t, err = value.ArithType(e.Op, tx, ty); err != nil && e.Op == "+" && (tx == value.String || ty == value.String) {
		return nil, errAt(e.OpAt, "'+' cannot join values of the types %s and %s; strcat() joins texts.", tx, ty)
	} else if err != nil {
		return nil, errAt(e.OpAt, "'%s' cannot join values of the types %s and %s.", e.Op, tx, ty)
	}
	return fold(&arith{e.Op, x, y, t}), nil
}

// fold computes an expression whose parts are all constant.
func fold(e expr) expr {
	for _, c := range children(e) {
		if !isConst(c) {
			return e
		}
	}
	switch e := e.(type) {
	case *in:
		if e.sub != nil {
			return e
		}
	case *inTerms:
		if e.sub != nil {
			return e
		}
	}
	f, err := foldRun.compile(e)
	if err != nil {
		return e
	}
	v, err := f(nil)
	if err != nil {
		return e // the error comes when the query runs
	}
	if v == nil {
		v = value.Zero(e.typ())
	}
	return &constant{e.typ(), v}
}

func (b *binder) subquery(root node) *subquery { return &subquery{root: b.optimize(root)} }
