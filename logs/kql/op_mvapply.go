package kql

import (
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// mvApply runs a subquery over the rows that each row of its input expands to, and puts the row's own columns before what that gives. A row
// that expands to nothing gives nothing.
type mvApply struct {
	in node
	expansion
	slot  *slot
	sub   node
	made  []Column
	parts []applyColumn
}

// applyColumn says where a column comes from: the subquery, or when sub is -1 the row itself.
type applyColumn struct{ sub, row int }

func (n *mvApply) columns() []Column { return n.made }
func (n *mvApply) input() *node      { return &n.in }

// below: the subquery sees every column, but the row's own pass around it. A row may give no row at all, which a condition above may not undo.
func (n *mvApply) below(i int) (int, bool) { return n.parts[i].row, n.parts[i].sub < 0 }

func (n *mvApply) require(need []bool) {
	sub, own := make([]bool, len(n.sub.columns())), make([]bool, n.width)
	for i, p := range n.parts {
		switch {
		case need != nil && !need[i]:
		case p.sub >= 0:
			sub[p.sub] = true
		default:
			own[p.row] = true
		}
	}
	n.sub.require(sub)
	for i, needed := range n.needBelow(n.slot.need) {
		own[i] = own[i] || needed
	}
	n.in.require(own)
}

// mvApply binds `mv-apply a, x = b to typeof(T) limit N on (subquery)`.
func (b *binder) mvApply(in node, op *syntax.MvApply, names *env) (node, error) {
	x, err := b.expansion(in.columns(), "mv-apply", op.Options, op.Items, op.Limit, names)
	if err != nil {
		return nil, err
	}
	n := &mvApply{in: in, expansion: *x, slot: newSlot(x.cols)}
	if n.sub, err = b.subPipe(n.slot, op.Sub, "mv-apply", names); err != nil {
		return nil, err
	}
	sub := n.sub.columns()
	for i, c := range in.columns() {
		switch j := findColumn(sub, c.Name); {
		case j >= 0:
			n.add(sub[j], applyColumn{j, i})
		case !x.replaces(i):
			n.add(c, applyColumn{-1, i})
		}
	}
	for j, c := range sub {
		if findColumn(n.made, c.Name) < 0 {
			n.add(c, applyColumn{j, -1})
		}
	}
	return n, nil
}

func (n *mvApply) add(c Column, from applyColumn) {
	n.made, n.parts = append(n.made, Column{Name: c.Name, Type: c.Type}), append(n.parts, from)
}

// subPipe binds operators over the parts of an operator's input.
func (b *binder) subPipe(in node, ops []syntax.Operator, word string, names *env) (node, error) {
	sub, err := b.pipe(in, ops, names)
	if err != nil {
		return nil, err
	}
	if _, ok := sub.(*branches); ok {
		return nil, errAt(ops[len(ops)-1].At(), "'%s' operator: Its subquery cannot give several tables.", word)
	}
	return b.moveFilters(sub), nil
}

// moveFilters moves filters within a subquery, which is no input of its operator.
func (b *binder) moveFilters(sub node) node {
	if b.req.Naive {
		return sub
	}
	return pushFilters(sub)
}

func (n *mvApply) open(r *run) (Rows, error) {
	x, err := r.newExpander(&n.expansion)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &mapped{in: in, each: func(batch []Row) ([]Row, error) {
		var out []Row
		for _, row := range batch {
			if err := r.ctx.Err(); err != nil {
				return nil, err
			}
			if err := x.start(row); err != nil {
				return nil, err
			}
			if x.n == 0 {
				continue
			}
			rows, err := r.part(n.sub, n.slot, x.take(x.n))
			if err != nil {
				return nil, err
			}
			for _, got := range rows {
				out = append(out, n.row(row, got))
			}
		}
		return out, nil
	}}, nil
}

func (n *mvApply) row(row, got Row) Row {
	out := make(Row, len(n.parts))
	for i, p := range n.parts {
		var v value.Value
		if p.sub >= 0 {
			v = got[p.sub]
		} else {
			v = row[p.row]
		}
		out[i] = v
	}
	return out
}
