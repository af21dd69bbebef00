package kql

import "github.com/endscope/endscope/logs/kql/value"

// narrow is narrow(): a row for each cell, with its row, its column and its text.
func (p *plugin) narrow() (node, error) {
	if err := p.count(0, 0); err != nil {
		return nil, err
	}
	in := p.in.columns()
	cols := []Column{{Name: "Row", Type: value.Long}, {Name: "Column", Type: value.String}, {Name: "Value", Type: value.String}}
	return &table{in: p.in, all: true, cols: cols, make: func(r *run, rows []Row) ([]Row, error) {
		out := make([]Row, 0, len(rows)*len(in))
		for i, row := range rows {
			for j, v := range row {
				out = append(out, Row{int64(i), in[j].Name, value.TextOf(v, in[j].Type)})
			}
		}
		return out, r.budget.take(120 * len(out))
	}}, nil
}
