package kql

import (
	"slices"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// pivotNode is one row for each combination of keys, with an aggregate for each value of a column.
type pivotNode struct {
	in    node
	keys  []expr
	pivot expr
	calls []*aggCall
	by    expr // over the results of calls
	cols  []Column
	from  []pivotColumn
}

// pivotColumn is a key, or the aggregate of a value by its text.
type pivotColumn struct {
	key   int // -1: none
	value string
}

func (n *pivotNode) columns() []Column { return n.cols }
func (n *pivotNode) inputs() []*node   { return []*node{&n.in} }

func (n *pivotNode) require([]bool) {
	below := make([]bool, len(n.in.columns()))
	mark(below, n.pivot)
	for _, k := range n.keys {
		mark(below, k)
	}
	for _, a := range n.calls {
		for _, x := range a.args {
			mark(below, x)
		}
	}
	n.in.require(below)
}

// pivot is pivot(column, aggregate, keys...): a column for each value of a column, in the order in which they come, with an aggregate of the
// rows that have it, by default their number. Without keys these are the columns that are not otherwise used. Where the query declares no
// columns, the values are those of the data, which is read for that while the query is bound.
func (p *plugin) pivot() (node, error) {
	if err := p.count(1, -1); err != nil {
		return nil, err
	}
	if err := p.options(); err != nil {
		return nil, err
	}
	n := &pivotNode{in: p.in}
	var err error
	if n.pivot, _, err = p.column(p.args[0].Expr); err != nil {
		return nil, err
	}
	rest := p.args[1:]
	if err := p.pivotAggregate(n, &rest); err != nil {
		return nil, err
	}
	keys, err := p.pivotKeys(n, rest)
	if err != nil {
		return nil, err
	}
	if p.op.Schema != nil {
		for _, d := range p.op.Schema {
			n.cols = append(n.cols, Column{Name: d.Name.Text, Type: d.Type})
			n.from = append(n.from, pivotColumn{key: findColumn(keys, d.Name.Text), value: d.Name.Text})
		}
		return n, nil
	}
	in, rows, err := p.read()
	if err != nil {
		return nil, err
	}
	n.in = in
	f, err := p.b.run.compile(n.pivot)
	if err != nil {
		return nil, err
	}
	for i, k := range keys {
		n.cols, n.from = append(n.cols, k), append(n.from, pivotColumn{key: i})
	}
	seen := map[string]bool{}
	for _, row := range rows {
		v, err := f(row)
		if err != nil {
			return nil, err
		}
		text := value.Text(v)
		if seen[text] {
			continue
		}
		if seen[text] = true; len(seen) > maxUnpacked {
			return nil, tooManyColumns()
		}
		name := text
		if name == "" {
			name = unnamed(n.cols)
		}
		n.cols, n.from = append(n.cols, Column{Name: freeName(n.cols, name), Type: n.by.typ()}), append(n.from, pivotColumn{key: -1, value: text})
	}
	return n, nil
}

// pivotAggregate binds the aggregate, if the first of the arguments is one.
func (p *plugin) pivotAggregate(n *pivotNode, args *[]syntax.Arg) error {
	count := countRows("count_")
	n.calls, n.by = []*aggCall{count}, &column{0, "count_", value.Long}
	if len(*args) == 0 {
		return nil
	}
	e := (*args)[0].Expr
	if _, ok := e.(*syntax.NameRef); ok {
		return nil
	}
	aggs := &aggregates{in: p.in.columns()}
	x, err := p.b.expr(e, &scope{env: p.env, op: "evaluate pivot", aggs: aggs})
	if err != nil {
		// Without an aggregate it may still be a key.
		if len(aggs.calls) == 0 {
			if _, keyErr := p.row(e); keyErr == nil {
				return nil
			}
		}
		return err
	}
	if len(aggs.calls) == 0 {
		return nil
	}
	n.calls, n.by, *args = aggs.calls, x, (*args)[1:]
	return nil
}

// pivotKeys binds the columns by which rows are grouped.
func (p *plugin) pivotKeys(n *pivotNode, args []syntax.Arg) ([]Column, error) {
	var keys []Column
	for _, a := range args {
		x, name, err := p.column(a.Expr)
		if err != nil {
			return nil, err
		}
		n.keys, keys = append(n.keys, x), append(keys, Column{Name: freeName(keys, name), Type: x.typ()})
	}
	if len(args) > 0 {
		return keys, nil
	}
	used := make([]bool, len(p.in.columns()))
	mark(used, n.pivot)
	for _, c := range n.calls {
		for _, x := range c.args {
			mark(used, x)
		}
	}
	for i, c := range p.in.columns() {
		if !used[i] {
			n.keys, keys = append(n.keys, &column{i, c.Name, c.Type}), append(keys, Column{Name: c.Name, Type: c.Type})
		}
	}
	return keys, nil
}

func (n *pivotNode) open(r *run) (Rows, error) {
	grouped := &aggregate{in: n.in, keys: append(slices.Clip(n.keys), n.pivot), aggs: n.calls}
	for i, k := range grouped.keys {
		grouped.cols = append(grouped.cols, Column{Name: "k" + itoa(i), Type: k.typ()})
	}
	for _, c := range n.calls {
		for _, result := range c.cols {
			grouped.cols = append(grouped.cols, Column{Name: result.Name, Type: result.Type})
		}
	}
	return &lazy{make: func() ([]Row, error) {
		cells, err := r.collect(grouped)
		if err != nil {
			return nil, err
		}
		return n.rows(r, cells)
	}}, nil
}

func (n *pivotNode) rows(r *run, cells []Row) ([]Row, error) {
	// The results of calls stand behind the keys and the value; n.by counts from the first of them.
	at := len(n.keys) + 1
	by, err := r.compile(n.by)
	if err != nil {
		return nil, err
	}
	empty, err := n.empty(r, by)
	if err != nil {
		return nil, err
	}
	column := map[string]int{}
	for i, f := range n.from {
		if f.key < 0 {
			column[f.value] = i
		}
	}
	var out []Row
	byKey := map[string]Row{}
	var key []byte
	for _, c := range cells {
		key = key[:0]
		for _, v := range c[:len(n.keys)] {
			key = value.AppendKey(key, v)
		}
		row := byKey[string(key)]
		if row == nil {
			row = make(Row, len(n.cols))
			for i, f := range n.from {
				if row[i] = cell(empty, n.cols[i].Type); f.key >= 0 {
					row[i] = cell(c[f.key], n.cols[i].Type)
				}
			}
			if err := r.budget.take(len(key) + sizeOf(row)); err != nil {
				return nil, err
			}
			byKey[string(key)] = row
			out = append(out, row)
		}
		if i, ok := column[value.Text(c[len(n.keys)])]; ok {
			v, err := by(c[at:])
			if err != nil {
				return nil, err
			}
			row[i] = cell(v, n.cols[i].Type)
		}
	}
	return out, nil
}

// empty is the aggregate of no rows.
func (n *pivotNode) empty(r *run, by evalFunc) (value.Value, error) {
	f, err := r.newFolder(nil, n.calls)
	if err != nil {
		return nil, err
	}
	return by(f.result(f.newGroup(nil)))
}
