package kql

import (
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// filter keeps the rows for which its condition is true; null is not.
type filter struct {
	in   node
	cond expr
}

func (n *filter) columns() []Column { return n.in.columns() }

func (n *filter) require(need []bool) {
	if need != nil {
		below := append([]bool(nil), need...)
		mark(below, n.cond)
		need = below
	}
	n.in.require(need)
}

func (n *filter) open(r *run) (Rows, error) {
	f, err := r.compile(n.cond)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &mapped{in: in, each: func(batch []Row) ([]Row, error) {
		kept := make([]Row, 0, len(batch))
		for _, row := range batch {
			v, err := f(row)
			if err != nil {
				return nil, err
			}
			if v == true {
				kept = append(kept, row)
			}
		}
		return kept, nil
	}}, nil
}

// where binds `where pred`.
func (b *binder) where(in node, op *syntax.Where, names *env) (node, error) {
	cols := in.columns()
	cond, err := b.expr(op.Pred, &scope{env: names, cols: cols, op: "where", windows: in})
	if err != nil {
		return nil, err
	}
	if cond, err = b.condition(cond, op.Pred.At()); err != nil {
		return nil, err
	}
	if len(windowsOf([]expr{cond})) == 0 {
		return &filter{in: in, cond: cond}, nil
	}
	// A condition over the rows around is a column first, and then a filter.
	p := &project{in: in}
	back := &project{}
	for i, c := range cols {
		x := &column{i, c.Name, c.Type}
		p.add(c.Name, x)
		back.add(c.Name, x)
	}
	p.add("", cond)
	back.in = &filter{in: p, cond: &column{len(cols), "", value.Bool}}
	return back, nil
}
