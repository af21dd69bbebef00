package kql

import (
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// makeSeries is an array of aggregates over the bins of an axis, for each combination of keys: the keys, the arrays, and the axis as an
// array. Bins without rows have a default.
type makeSeries struct {
	in       node
	keys     []expr
	axis     expr
	from, to expr // nil: the first and last bin with data, of each series
	step     expr
	inRange  bool // bins are whole steps, and the end is inclusive
	nonEmpty bool // a series even of no input
	aggs     []*aggCall
	outs     []expr // over the keys, the bin and the results of aggs: the elements of each array
	defaults []expr // of each array
	cols     []Column
	at       syntax.Span
}

func (n *makeSeries) columns() []Column { return n.cols }
func (n *makeSeries) inputs() []*node   { return []*node{&n.in} }

func (n *makeSeries) require([]bool) {
	below := make([]bool, len(n.in.columns()))
	for _, k := range n.keys {
		mark(below, k)
	}
	for _, a := range n.aggs {
		for _, x := range a.args {
			mark(below, x)
		}
	}
	mark(below, n.axis)
	n.in.require(below)
}

// makeSeries binds `make-series a = agg default = x on axis from f to t step s by keys`.
func (b *binder) makeSeries(in node, op *syntax.MakeSeries, names *env) (node, error) {
	n := &makeSeries{in: in, inRange: op.InRange, at: op.At()}
	switch kind, ok := option(op.Options, "kind"); {
	case !ok:
	case kind == "nonempty":
		n.nonEmpty = true
	default:
		return nil, errAt(op.At(), "'make-series' operator: There is no kind '%s'; there is nonempty.", kind)
	}
	var keyCols []Column
	var err error
	if n.keys, keyCols, err = b.groupKeys(in, op.By, "make-series", names); err != nil {
		return nil, err
	}
	if err := b.seriesAxis(n, op, names); err != nil {
		return nil, err
	}
	// The aggregates stand behind the keys and the bin.
	aggs := &aggregates{keys: len(n.keys) + 1, by: keyCols, in: in.columns()}
	sc := &scope{env: names, cols: keyCols, op: "make-series", aggs: aggs}
	out := &project{}
	for i, c := range keyCols {
		out.add(c.Name, &column{i, c.Name, c.Type})
	}
	for _, a := range op.Aggs {
		first := len(out.cols)
		if err := b.summary(a.Arg, sc, out); err != nil {
			return nil, err
		}
		for i := first; i < len(out.cols); i++ {
			missing, err := b.seriesDefault(a.Default, out.cols[i].Type, names)
			if err != nil {
				return nil, err
			}
			n.outs, n.defaults = append(n.outs, out.exprs[i]), append(n.defaults, missing)
			out.cols[i].Type = value.Dynamic
		}
	}
	n.aggs = aggs.calls
	name := b.itemName(op.Axis.Expr, n.axis)
	if len(op.Axis.Names) > 0 {
		name = op.Axis.Names[0].Text
	}
	if name == "" {
		name = unnamed(out.cols)
	}
	n.cols = append(out.cols, Column{Name: freeName(out.cols, name), Type: value.Dynamic})
	return n, nil
}

// seriesAxis binds the axis with its bounds, which have its type.
func (b *binder) seriesAxis(n *makeSeries, op *syntax.MakeSeries, names *env) error {
	var err error
	if n.axis, err = b.expr(op.Axis.Expr, &scope{env: names, cols: n.in.columns(), op: "make-series"}); err != nil {
		return err
	}
	t := n.axis.typ()
	step := t
	switch {
	case t == value.Datetime:
		step = value.Timespan
	case t == value.Timespan, t == value.Long, t == value.Real:
	case t == value.Int:
		n.axis, t, step = &convert{n.axis, value.Long}, value.Long, value.Long
	default:
		return errAt(op.Axis.At(), "'make-series' operator: The axis is a datetime, a timespan or a number, and this is a %s.", t)
	}
	outer := &scope{env: names, op: "make-series"}
	for _, part := range []struct {
		e    syntax.Expr
		want value.Type
		to   *expr
	}{{op.From, t, &n.from}, {op.To, t, &n.to}, {op.Step, step, &n.step}} {
		if part.e == nil {
			continue
		}
		x, err := b.expr(part.e, outer)
		if err != nil {
			return err
		}
		if t == value.Long && x.typ() == value.Real {
			// A step that is no whole number makes an axis of reals.
			n.axis, t = &convert{n.axis, value.Real}, value.Real
			return b.realAxis(n, op, outer)
		}
		if *part.to, err = b.coerce(x, part.want, part.e.At()); err != nil {
			return err
		}
	}
	return nil
}

func (b *binder) realAxis(n *makeSeries, op *syntax.MakeSeries, outer *scope) error {
	for _, part := range []struct {
		e  syntax.Expr
		to *expr
	}{{op.From, &n.from}, {op.To, &n.to}, {op.Step, &n.step}} {
		if part.e == nil {
			continue
		}
		x, err := b.expr(part.e, outer)
		if err != nil {
			return err
		}
		if *part.to, err = b.coerce(x, value.Real, part.e.At()); err != nil {
			return err
		}
	}
	return nil
}

// seriesDefault binds what stands in bins without rows: what the query says, else 0 where the array has numbers or timespans, else null.
func (b *binder) seriesDefault(e syntax.Expr, t value.Type, names *env) (expr, error) {
	if e == nil {
		switch {
		case t == value.Timespan:
			return &constant{t, value.Span(0)}, nil
		case value.Numeric(t):
			return &constant{t, value.Convert(int64(0), t)}, nil
		}
		return &constant{t, nil}, nil
	}
	x, err := b.expr(e, &scope{env: names, op: "make-series"})
	if err != nil {
		return nil, err
	}
	if !constantOver(x) {
		return nil, errAt(e.At(), "'make-series' operator: A default is the same for all rows.")
	}
	if t == value.Long && x.typ() == value.Real {
		return x, nil // an array takes both
	}
	return b.coerce(x, t, e.At())
}
