package kql

import (
	"math"
	"slices"
	"strings"

	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// call binds a call in a scalar expression: what the language treats by itself, functions that the query declares, aggregates where they
// may stand, functions over the rows around, and those of the library.
func (b *binder) call(e *syntax.Call, sc *scope) (expr, error) {
	name := e.Name.Text
	if n, ok := sc.env.find(name); ok && n.lambda != nil {
		return b.scalarLambda(n, name, e.At(), e.Args, sc)
	}
	if f := special(name); f != nil {
		return f(b, e, sc)
	}
	if isWindow(name) {
		return b.window(e, sc)
	}
	if agg, ok := b.engine.lib.Aggregate(name); ok && sc.aggs != nil {
		return sc.aggs.call(b, e, agg, sc)
	}
	if _, ok := b.engine.lib.Scalar(name); !ok {
		return b.callWith(name, nil, nil, e.At()) // which says what is wrong, whatever the arguments are
	}
	args, names, err := b.args(e, sc)
	if err != nil {
		return nil, err
	}
	return b.callWith(name, args, names, e.At())
}

// args binds the arguments of a call to the library, and tells how each would be called as a column; `*` stands for every column.
func (b *binder) args(e *syntax.Call, sc *scope) (args []expr, names []string, err error) {
	for _, a := range e.Args {
		if _, ok := a.Expr.(*syntax.Star); ok {
			for i, c := range sc.cols {
				args, names = append(args, &column{i, c.Name, c.Type}), append(names, c.Name)
			}
			continue
		}
		x, err := b.expr(a.Expr, sc)
		if err != nil {
			return nil, nil, err
		}
		args, names = append(args, x), append(names, b.resultName(a.Expr))
	}
	return args, names, nil
}

// callNamed binds a call of the library.
func (b *binder) callNamed(name string, args []expr, at syntax.Span) (expr, error) {
	return b.callWith(name, args, nil, at)
}

// callWith is callNamed with the names that the arguments would have as columns.
func (b *binder) callWith(name string, args []expr, names []string, at syntax.Span) (expr, error) {
	f, ok := b.engine.lib.Scalar(name)
	if !ok {
		if _, ok := b.engine.lib.Aggregate(name); ok {
			return nil, errAt(at, "The aggregate '%s' cannot stand here; it belongs into summarize or make-series.", name)
		}
		if reason, ok := fn.Unsupported(name); ok {
			return nil, errAt(at, "The function '%s' is not supported: %s", name, reason)
		}
		known := append(b.engine.lib.ScalarNames(), b.engine.lib.AggregateNames()...)
		return nil, errAt(at, "Unknown function: '%s'.%s", name, didYouMean(name, known))
	}
	args, err := b.matchArgs(name, &f.Signature, args, at)
	if err != nil {
		return nil, err
	}
	known := knownArgs(args)
	for i, n := range names {
		known[i].Name = n
	}
	out := &call{fn: f, name: name, args: args}
	if f.Result != nil {
		if out.t, err = f.Result(known); err != nil {
			return nil, errAt(at, "%s(): %s", name, err)
		}
	} else if out.t, err = returns(&f.Signature, known); err != nil {
		return nil, errAt(at, "%s(): %s", name, err)
	}
	if f.Columns != nil {
		if out.cols, err = f.Columns(known); err != nil {
			return nil, errAt(at, "%s(): %s", name, err)
		}
	}
	if f.Lazy != nil {
		out.lazy, err = f.Lazy(b.context, known)
	} else {
		out.eval, err = f.Make(b.context, known)
	}
	if err != nil {
		return nil, errAt(at, "%s(): %s", name, err)
	}
	if out.cols != nil {
		// Where one value is expected, several results are the first of them.
		return &tuplePart{out, 0, out.cols[0].Type}, nil
	}
	if f.Volatile {
		return out, nil
	}
	return fold(out), nil
}

// returns gives the type of a signature's result.
func returns(s *fn.Signature, args []fn.Arg) (value.Type, error) {
	if s.Returns == "same" && len(args) > 0 {
		return args[0].Type, nil
	}
	t, _ := value.TypeByName(s.Returns)
	return t, nil
}

func knownArgs(args []expr) []fn.Arg {
	out := make([]fn.Arg, len(args))
	for i, a := range args {
		out[i].Type = a.typ()
		switch a := a.(type) {
		case *constant:
			out[i].Const, out[i].Value = true, a.v
		case *column:
			out[i].Name = a.name
		}
	}
	return out
}

// matchArgs checks the number of arguments and converts them to the types of the signature.
func (b *binder) matchArgs(name string, s *fn.Signature, args []expr, at syntax.Span) ([]expr, error) {
	if least, most := s.MinArgs(), s.MaxArgs(); len(args) < least || most >= 0 && len(args) > most {
		want := plural(most, "argument")
		switch {
		case most < 0:
			want = "at least " + plural(least, "argument")
		case least != most:
			want = plural(least, "argument") + " to " + plural(most, "argument")
		}
		return nil, errAt(at, "The function '%s' takes %s, and %d were given: %s", name, want, len(args), s.Text)
	}
	out := make([]expr, len(args))
	for i, a := range args {
		x, err := b.matchArg(a, s.Param(i), at)
		if err != nil {
			hint := ""
			if len(s.Param(i).Types) == 1 && s.Param(i).Types[0] == value.Dynamic.String() && a.typ() == value.String {
				hint = " Does it hold JSON? Then use parse_json()."
			}
			return nil, errAt(at, "The function '%s' takes %s as its argument %d (%s), and a %s was given.%s", name, strings.Join(s.Param(i).Types, " or "), i+1, s.Param(i).Name, a.typ(), hint)
		}
		out[i] = x
	}
	return out, nil
}

func (b *binder) matchArg(x expr, p *fn.Param, at syntax.Span) (expr, error) {
	t := x.typ()
	for _, name := range p.Types {
		want, ok := value.TypeByName(name)
		if name == "any" || name == "number" && value.Numeric(t) || ok && want == t {
			return x, nil
		}
	}
	for _, name := range p.Types {
		want, ok := value.TypeByName(name)
		if name == "number" {
			want, ok = value.Real, true
			if t != value.Dynamic && t != value.Bool {
				continue
			}
		}
		if (want == value.Int || want == value.Long) && isFraction(x) {
			continue // 1.5 would be cut to 1
		}
		if !ok || want == value.Dynamic && !isNull(x) {
			continue // what is no dynamic holds no array and no bag: sum() of texts would be 0, and array_length() of one null
		}
		if y, err := b.coerce(x, want, at); err == nil {
			return y, nil
		}
	}
	return nil, errAt(at, "no type fits")
}

// scalarLambda binds a call of a function that the query declares, whose result is a scalar.
func (b *binder) scalarLambda(n entry, name string, at syntax.Span, args []syntax.Arg, sc *scope) (out expr, err error) {
	inner, body, err := b.callLambda(n, name, at, args, sc)
	if err != nil {
		return nil, err
	}
	err = b.inFunction(inner, body, at, func(last syntax.Expr, names *env) error {
		if b.isTabular(last, names) {
			return errAt(at, "The function '%s' gives a table, and a scalar is expected here; toscalar() makes one of it.", name)
		}
		if out, err = b.expr(last, &scope{env: names, op: name}); err != nil {
			return err
		}
		return b.checkSize(out, at)
	})
	return out, err
}

// special returns the binding of a function that the language itself treats; nil for all others.
func special(name string) func(*binder, *syntax.Call, *scope) (expr, error) {
	switch name {
	case "toscalar":
		return (*binder).toScalar
	case "materialize":
		return func(b *binder, e *syntax.Call, sc *scope) (expr, error) {
			return nil, errAt(e.At(), "materialize() gives a table, and a scalar is expected here.")
		}
	case "typeof":
		return func(b *binder, e *syntax.Call, sc *scope) (expr, error) {
			return nil, errAt(e.At(), "typeof() cannot stand here.")
		}
	case "column_ifexists", "columnifexists":
		return (*binder).columnIfExists
	case "iscolumnexists":
		return (*binder).isColumn
	case "bin_auto":
		return (*binder).binAuto
	case "pack_all":
		return (*binder).packAll
	case "column_names_of":
		return (*binder).columnNamesOf
	}
	return nil
}

// toScalar is toscalar(x): the first cell of a table, or a scalar as it is.
func (b *binder) toScalar(e *syntax.Call, sc *scope) (expr, error) {
	if len(e.Args) != 1 {
		return nil, errAt(e.At(), "toscalar() takes 1 argument, and %d were given.", len(e.Args))
	}
	if !b.isTabular(e.Args[0].Expr, sc.env) {
		return b.expr(e.Args[0].Expr, &scope{env: sc.env, op: "toscalar"})
	}
	root, err := b.inner(e.Args[0].Expr, sc.env)
	if err != nil {
		return nil, err
	}
	if len(root.columns()) == 0 {
		return nil, errAt(e.At(), "toscalar() needs a table with a column.")
	}
	return &scalarOf{b.subquery(root), root.columns()[0].Type}, nil
}

// columnIfExists is column_ifexists(name, otherwise).
func (b *binder) columnIfExists(e *syntax.Call, sc *scope) (expr, error) {
	if len(e.Args) != 2 {
		return nil, errAt(e.At(), "column_ifexists() takes 2 arguments, and %d were given.", len(e.Args))
	}
	name, err := b.expr(e.Args[0].Expr, sc)
	if err != nil {
		return nil, err
	}
	text, ok := constText(name)
	if !ok {
		return nil, errAt(e.Args[0].At(), "column_ifexists() needs the column's name as a constant text.")
	}
	if i := findColumn(sc.cols, text); i >= 0 {
		return &column{i, text, sc.cols[i].Type}, nil
	}
	return b.expr(e.Args[1].Expr, sc)
}

// isColumn is iscolumnexists(name), the old form of column_ifexists.
func (b *binder) isColumn(e *syntax.Call, sc *scope) (expr, error) {
	if len(e.Args) == 1 {
		x, err := b.expr(e.Args[0].Expr, sc)
		if err != nil {
			return nil, err
		}
		if text, ok := constText(x); ok {
			return &constant{value.Bool, findColumn(sc.cols, text) >= 0}, nil
		}
	}
	return nil, errAt(e.At(), "iscolumnexists() needs the column's name as a constant text.")
}

// binAuto is bin_auto(x): bin_at with the size and origin that `set query_bin_auto_size` and `set query_bin_auto_at` give.
func (b *binder) binAuto(e *syntax.Call, sc *scope) (expr, error) {
	if len(e.Args) != 1 {
		return nil, errAt(e.At(), "bin_auto() takes 1 argument, and %d were given.", len(e.Args))
	}
	x, err := b.expr(e.Args[0].Expr, sc)
	if err != nil {
		return nil, err
	}
	size, ok := sc.env.find(setPrefix + "query_bin_auto_size")
	if !ok || size.scalar == nil {
		return nil, errAt(e.At(), "bin_auto() needs its size from a statement such as 'set query_bin_auto_size = 1h;'.")
	}
	if at, ok := sc.env.find(setPrefix + "query_bin_auto_at"); ok && at.scalar != nil {
		return b.callNamed("bin_at", []expr{x, size.scalar, at.scalar}, e.At())
	}
	return b.callNamed("bin", []expr{x, size.scalar}, e.At())
}

// packAll is pack_all([ignore_null_empty]): a bag of all columns.
func (b *binder) packAll(e *syntax.Call, sc *scope) (expr, error) {
	ignore := false
	if len(e.Args) > 0 {
		x, err := b.expr(e.Args[0].Expr, sc)
		if err != nil {
			return nil, err
		}
		c, ok := x.(*constant)
		if ignore, _ = c.v.(bool); !ok {
			return nil, errAt(e.Args[0].At(), "pack_all() needs a constant bool.")
		}
	}
	var args []expr
	for i, c := range sc.cols {
		args = append(args, &column{i, c.Name, c.Type})
	}
	names := columnNames(sc.cols)
	pack := func(cells []value.Value) (value.Value, error) {
		bag := &value.Bag{}
		for i, v := range cells {
			if !ignore || v != nil && v != "" {
				bag.Set(names[i], implicit(v, value.Dynamic))
			}
		}
		return bag, nil
	}
	return &call{fn: &fn.Scalar{TakesNull: true}, name: "pack_all", args: args, t: value.Dynamic, eval: pack}, nil
}

// columnNamesOf is column_names_of(table): the names of its columns.
func (b *binder) columnNamesOf(e *syntax.Call, sc *scope) (expr, error) {
	if len(e.Args) != 1 {
		return nil, errAt(e.At(), "column_names_of() takes 1 argument, and %d were given.", len(e.Args))
	}
	root, err := b.table(e.Args[0].Expr, sc.env)
	if err != nil {
		return nil, err
	}
	var names value.Array
	for _, c := range root.columns() {
		names = append(names, c.Name)
	}
	return &constant{value.Dynamic, names}, nil
}

// isWindow says whether a function looks at the rows around.
func isWindow(name string) bool { return slices.Contains(windowFunctions, name) }

var windowFunctions = []string{"prev", "next", "row_number", "row_cumsum", "row_rank_dense", "row_rank_min", "row_window_session"}

// isFraction says whether an expression is a constant real that is no whole number.
func isFraction(x expr) bool {
	c, _ := x.(*constant)
	if c == nil {
		return false
	}
	f, ok := c.v.(float64)
	return ok && f != math.Trunc(f)
}

// isNull says whether an expression is the null of some type.
func isNull(x expr) bool {
	c, ok := x.(*constant)
	return ok && c.v == nil
}
