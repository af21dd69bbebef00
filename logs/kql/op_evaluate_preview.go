package kql

import "github.com/endscope/endscope/logs/kql/value"

// preview is preview(n): some of the rows, and in a second table their number.
func (p *plugin) preview() (node, error) {
	if err := p.count(1, 1); err != nil {
		return nil, err
	}
	n, err := p.b.rowCount(p.args[0].Expr, "evaluate preview", p.env)
	if err != nil {
		return nil, err
	}
	shared := &sharedTable{root: p.b.optimize(p.in)}
	call := countRows("Count")
	return &branches{at: p.op.At(), tables: []tableResult{
		{root: &take{in: &sharedNode{shared}, count: n}},
		{root: &aggregate{in: &sharedNode{shared}, aggs: []*aggCall{call}, cols: []Column{{Name: "Count", Type: value.Long}}}},
	}}, nil
}
