package kql

import (
	"errors"
	"io"

	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// aggregate is one row for each combination of keys: the keys, then the results of the aggregates. Without keys there is one row, also of
// no input.
type aggregate struct {
	in   node
	keys []expr
	aggs []*aggCall
	cols []Column
}

// aggCall is one call of an aggregate.
type aggCall struct {
	name string
	args []expr
	cols []fn.AggColumn // of its results
	make func() fn.Accumulator
}

func (n *aggregate) columns() []Column { return n.cols }

func (n *aggregate) require([]bool) {
	below := make([]bool, len(n.in.columns()))
	for _, k := range n.keys {
		mark(below, k)
	}
	for _, a := range n.aggs {
		for _, x := range a.args {
			mark(below, x)
		}
	}
	n.in.require(below)
}

// group is the state of one combination of keys.
type group struct {
	keys []value.Value
	accs []fn.Accumulator
}

func (n *aggregate) open(r *run) (Rows, error) {
	f, err := r.newFolder(n.keys, n.aggs)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &closing{Rows: &lazy{make: func() ([]Row, error) { return n.fold(f, in) }}, also: in}, nil
}

// fold reads all rows into groups, which come out in the order of their first rows.
func (n *aggregate) fold(f *folder, in Rows) ([]Row, error) {
	for {
		batch, err := in.Next(f.r.ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for _, row := range batch {
			if err := f.add(row); err != nil {
				return nil, err
			}
		}
	}
	if len(n.keys) == 0 && len(f.order) == 0 {
		f.order = append(f.order, f.newGroup(nil))
	}
	return f.rows(), nil
}

// folder puts rows into groups.
type folder struct {
	r      *run
	keys   []evalFunc
	aggs   []*aggCall
	args   [][]evalFunc
	buffer [][]value.Value
	groups map[string]*group
	order  []*group
	key    []byte
	cells  []value.Value
}

func (r *run) newFolder(keys []expr, aggs []*aggCall) (*folder, error) {
	f := &folder{r: r, aggs: aggs, groups: map[string]*group{}, cells: make([]value.Value, len(keys))}
	var err error
	if f.keys, err = r.compileAll(keys); err != nil {
		return nil, err
	}
	for _, a := range aggs {
		args, err := r.compileAll(a.args)
		if err != nil {
			return nil, err
		}
		f.args = append(f.args, args)
		f.buffer = append(f.buffer, make([]value.Value, len(args)))
	}
	return f, nil
}

func (f *folder) newGroup(keys []value.Value) *group {
	g := &group{keys: append([]value.Value(nil), keys...)}
	for _, a := range f.aggs {
		g.accs = append(g.accs, a.make())
	}
	return g
}

func (f *folder) add(row Row) error {
	f.key = f.key[:0]
	for i, k := range f.keys {
		v, err := k(row)
		if err != nil {
			return err
		}
		f.cells[i] = v
		f.key = value.AppendKey(f.key, v)
	}
	g, ok := f.groups[string(f.key)]
	if !ok {
		g = f.newGroup(f.cells)
		f.groups[string(f.key)] = g
		f.order = append(f.order, g)
		if err := f.r.budget.take(len(f.key) + sizeOf(g.keys) + 96*len(f.aggs) + 64); err != nil {
			return err
		}
	}
	return f.feed(g, row)
}

// feed gives a row to the aggregates of a group.
func (f *folder) feed(g *group, row Row) error {
	for i, args := range f.args {
		for j, a := range args {
			v, err := a(row)
			if err != nil {
				return err
			}
			f.buffer[i][j] = v
		}
		if err := g.accs[i].Add(f.buffer[i]); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) rows() []Row {
	out := make([]Row, len(f.order))
	for i, g := range f.order {
		out[i] = f.result(g)
	}
	return out
}

// result returns the row of a group: its keys, then the results.
func (f *folder) result(g *group) Row {
	row := append(Row(nil), g.keys...)
	for j, acc := range g.accs {
		if m, ok := acc.(fn.MultiAccumulator); ok {
			row = append(row, m.Results()...)
		} else {
			row = append(row, acc.Result())
		}
		// A string is never null.
		for k, c := range f.aggs[j].cols {
			if at := len(row) - len(f.aggs[j].cols) + k; row[at] == nil {
				row[at] = value.Zero(c.Type)
			}
		}
	}
	return row
}

// aggregates collects the aggregate calls of a list while its expressions are bound. A call becomes a column of the aggregate's rows.
type aggregates struct {
	keys  int // columns before the results
	by    []Column
	in    []Column // what arguments read; what stands outside of aggregates reads the keys
	calls []*aggCall
	next  int // index of the next result column
}

// call binds one call of an aggregate.
func (s *aggregates) call(b *binder, e *syntax.Call, agg *fn.Aggregate, sc *scope) (expr, error) {
	inner := *sc
	inner.aggs = nil
	if s.in != nil {
		inner.cols = s.in
	}
	c, err := s.bind(b, e, agg, &inner)
	if err != nil {
		return nil, err
	}
	at := s.keys + s.next
	s.calls = append(s.calls, c)
	s.next += len(c.cols)
	return &column{at, c.cols[0].Name, c.cols[0].Type}, nil
}

// bind makes the call itself: arguments, columns and accumulators.
func (s *aggregates) bind(b *binder, e *syntax.Call, agg *fn.Aggregate, sc *scope) (*aggCall, error) {
	name := e.Name.Text
	var args []expr
	var names []string
	for _, a := range e.Args {
		if _, ok := a.Expr.(*syntax.Star); ok {
			if name == "count" {
				continue
			}
			for i, col := range sc.cols {
				if findColumn(s.by, col.Name) < 0 && !containsColumn(args, i) {
					args = append(args, &column{i, col.Name, col.Type})
					names = append(names, col.Name)
				}
			}
			continue
		}
		x, err := b.expr(a.Expr, sc)
		if err != nil {
			return nil, err
		}
		args = append(args, x)
		if len(a.Names) == 1 {
			names = append(names, a.Names[0].Text)
		} else {
			names = append(names, b.resultName(a.Expr))
		}
	}
	args, err := b.matchArgs(name, &agg.Signature, args, e.At())
	if err != nil {
		return nil, err
	}
	known := knownArgs(args)
	for i := range known {
		known[i].Name = names[i]
	}
	c := &aggCall{name: agg.Name, args: args}
	if agg.Columns != nil {
		if c.cols, err = agg.Columns(known); err != nil {
			return nil, errAt(e.At(), "%s(): %s", name, err)
		}
	}
	if c.cols == nil {
		var t value.Type
		if agg.Result != nil {
			t, err = agg.Result(known)
		} else {
			t, err = returns(&agg.Signature, known)
		}
		if err != nil {
			return nil, errAt(e.At(), "%s(): %s", name, err)
		}
		first := ""
		if len(names) > 0 {
			first = names[0]
		}
		label := name + "_" + first
		if agg.DefaultName != nil {
			label = agg.DefaultName(known, first)
		}
		c.cols = []fn.AggColumn{{Name: label, Type: t}}
	}
	if c.make, err = agg.Make(b.context, known); err != nil {
		return nil, errAt(e.At(), "%s(): %s", name, err)
	}
	return c, nil
}

func containsColumn(args []expr, i int) bool {
	for _, a := range args {
		if c, ok := a.(*column); ok && c.i == i {
			return true
		}
	}
	return false
}

// columnsOf returns the columns of the aggregate's rows.
func (s *aggregates) columnsOf(keys []Column) []Column {
	cols := append([]Column(nil), keys...)
	for _, c := range s.calls {
		for _, r := range c.cols {
			cols = append(cols, Column{Name: r.Name, Type: r.Type})
		}
	}
	return cols
}

// groupKeys binds the list after by.
func (b *binder) groupKeys(in node, by []syntax.Arg, op string, names *env) (keys []expr, cols []Column, err error) {
	sc := &scope{env: names, cols: in.columns(), op: op}
	for _, a := range by {
		x, err := b.expr(a.Expr, sc)
		if err != nil {
			return nil, nil, err
		}
		name := b.itemName(a.Expr, x)
		if len(a.Names) == 1 {
			name = a.Names[0].Text
		}
		if name == "" {
			name = unnamed(cols)
		}
		keys = append(keys, x)
		cols = append(cols, Column{Name: freeName(cols, name), Type: x.typ()})
	}
	return keys, cols, nil
}

// summarize binds `summarize aggs by keys`.
func (b *binder) summarize(in node, op *syntax.Summarize, names *env) (node, error) {
	keys, keyCols, err := b.groupKeys(in, op.By, "summarize", names)
	if err != nil {
		return nil, err
	}
	aggs := &aggregates{keys: len(keys), by: keyCols, in: in.columns()}
	sc := &scope{env: names, cols: keyCols, op: "summarize", aggs: aggs}
	out := &project{}
	for i, c := range keyCols {
		out.add(c.Name, &column{i, c.Name, c.Type})
	}
	for _, a := range op.Aggs {
		if err := b.summary(a, sc, out); err != nil {
			return nil, err
		}
	}
	n := &aggregate{in: in, keys: keys, aggs: aggs.calls, cols: aggs.columnsOf(keyCols)}
	out.in = n
	if identical(out) {
		n.cols = out.cols
		return n, nil
	}
	return out, nil
}

// identical says whether a projection changes nothing but names.
func identical(p *project) bool {
	if len(p.exprs) != len(p.in.columns()) {
		return false
	}
	for i, x := range p.exprs {
		if c, ok := x.(*column); !ok || c.i != i {
			return false
		}
	}
	return true
}

// summary binds one element of summarize: an aggregate, or an expression over aggregates.
func (b *binder) summary(a syntax.Arg, sc *scope, out *project) error {
	before := len(sc.aggs.calls)
	x, err := b.expr(a.Expr, sc)
	if err != nil {
		return err
	}
	if c, ok := unparen(a.Expr).(*syntax.Call); ok && len(sc.aggs.calls) == before+1 {
		if _, isAgg := b.engine.lib.Aggregate(c.Name.Text); isAgg {
			// The call itself: all its columns, the first of them by the names given.
			results := sc.aggs.calls[before].cols
			if len(a.Names) > len(results) {
				return errAt(a.At(), "%s are named, and %s() has %s.", plural(len(a.Names), "column"), c.Name.Text, plural(len(results), "result"))
			}
			first := x.(*column).i
			for i, r := range results {
				name := r.Name
				if i < len(a.Names) {
					name = a.Names[i].Text
				}
				out.add(freeName(out.cols, name), &column{first + i, name, r.Type})
			}
			return nil
		}
	}
	if len(sc.aggs.calls) == before && !constantOver(x) {
		return errAt(a.At(), "'%s' operator: An aggregate is expected, and this expression has none; put it after 'by' to group by it.", sc.op)
	}
	name := b.itemName(a.Expr, x)
	if len(a.Names) > 0 {
		name = a.Names[0].Text
	}
	if name == "" {
		name = unnamed(out.cols)
	}
	out.add(freeName(out.cols, name), x)
	return nil
}

// constantOver says whether no row is needed for x.
func constantOver(x expr) bool {
	return !anyPart(x, func(e expr) bool { _, ok := e.(*column); return ok })
}

// distinct binds `distinct a, b`.
func (b *binder) distinct(in node, op *syntax.Distinct, names *env) (node, error) {
	var items []syntax.Arg
	for _, e := range op.Items {
		if _, ok := e.(*syntax.Star); ok {
			for _, c := range in.columns() {
				items = append(items, syntax.Arg{Span: e.At(), Expr: &syntax.NameRef{Span: e.At(), Name: syntax.Name{Span: e.At(), Text: c.Name}}})
			}
			continue
		}
		items = append(items, syntax.Arg{Span: e.At(), Expr: e})
	}
	keys, cols, err := b.groupKeys(in, items, "distinct", names)
	if err != nil {
		return nil, err
	}
	return &aggregate{in: in, keys: keys, cols: cols}, nil
}

// count binds `count`.
func (b *binder) count(in node, op *syntax.Count) node {
	name := "Count"
	if op.As.Text != "" {
		name = op.As.Text
	}
	cols := []fn.AggColumn{{Name: name, Type: value.Long}}
	return &aggregate{in: in, aggs: []*aggCall{{name: "count", cols: cols, make: func() fn.Accumulator { return new(rowCounter) }}}, cols: []Column{{Name: name, Type: value.Long}}}
}

// rowCounter counts rows.
type rowCounter int64

func (c *rowCounter) Add([]value.Value) error { *c++; return nil }
func (c *rowCounter) Result() value.Value     { return int64(*c) }
