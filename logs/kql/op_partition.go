package kql

import (
	"context"
	"io"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// partition runs a subquery for each value of a column, over the rows with that value or over tables of its own, and gives what the runs give
// one after the other.
type partition struct {
	in    node
	by    expr
	slot  *slot
	key   *keySlot // what toscalar() of the column's name reads
	sub   node
	whole bool // the subquery has tables of its own
}

func (n *partition) columns() []Column { return n.sub.columns() }
func (n *partition) inputs() []*node   { return []*node{&n.in} }

func (n *partition) require(need []bool) {
	n.sub.require(need)
	below := make([]bool, len(n.in.columns()))
	if !n.whole {
		copy(below, n.slot.need)
	}
	mark(below, n.by)
	n.in.require(below)
}

// partition binds `partition by column (subquery)` and `partition by column { query }`. Hints of a strategy change no result.
func (b *binder) partition(in node, op *syntax.Partition, names *env) (node, error) {
	n := &partition{in: in, slot: newSlot(in.columns()), key: &keySlot{}, whole: op.Body != nil}
	var err error
	if n.by, err = b.expr(op.By, &scope{env: names, cols: in.columns(), op: "partition"}); err != nil {
		return nil, err
	}
	if ref, ok := op.By.(*syntax.NameRef); ok {
		names = names.with(ref.Name.Text, entry{scalar: &variable{n.key, n.by.typ()}})
	}
	if !n.whole {
		n.sub, err = b.subPipe(n.slot, op.Sub, "partition", names)
		return n, err
	}
	if n.sub, err = b.table(op.Body, names); err != nil {
		return nil, err
	}
	if _, ok := n.sub.(*branches); ok {
		return nil, errAt(op.Body.At(), "'partition' operator: Its subquery cannot give several tables.")
	}
	n.sub = b.moveFilters(n.sub)
	return n, nil
}

// onePart is the rows with one value.
type onePart struct {
	key  value.Value
	rows []Row
}

func (n *partition) open(r *run) (Rows, error) { return &partitionRows{n: n, r: r}, nil }

type partitionRows struct {
	n      *partition
	r      *run
	opened bool
	parts  []*onePart
}

func (p *partitionRows) Next(context.Context) ([]Row, error) {
	if !p.opened {
		p.opened = true
		var err error
		if p.parts, err = p.n.split(p.r); err != nil {
			return nil, err
		}
	}
	for len(p.parts) > 0 {
		part := p.parts[0]
		p.parts = p.parts[1:]
		if err := p.r.ctx.Err(); err != nil {
			return nil, err
		}
		p.n.key.v = part.key
		out, err := p.r.part(p.n.sub, p.n.slot, part.rows)
		if err != nil || len(out) > 0 {
			return out, err
		}
	}
	return nil, io.EOF
}

func (p *partitionRows) Close() error {
	p.opened, p.parts = true, nil
	return nil
}

// split reads the input into parts, in the order of their first rows.
func (n *partition) split(r *run) ([]*onePart, error) {
	by, err := r.compile(n.by)
	if err != nil {
		return nil, err
	}
	rows, err := r.collect(n.in)
	if err != nil {
		return nil, err
	}
	return splitBy(rows, by)
}

func splitBy(rows []Row, by evalFunc) ([]*onePart, error) {
	var order []*onePart
	byKey := map[string]*onePart{}
	var key []byte
	for _, row := range rows {
		v, err := by(row)
		if err != nil {
			return nil, err
		}
		key = value.AppendKey(key[:0], v)
		part := byKey[string(key)]
		if part == nil {
			part = &onePart{key: v}
			byKey[string(key)] = part
			order = append(order, part)
		}
		part.rows = append(part.rows, row)
	}
	return order, nil
}
