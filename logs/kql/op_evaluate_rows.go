package kql

import "github.com/endscope/endscope/logs/kql/value"

// rowsNear is rows_near(condition, rows before, rows after): the rows that satisfy a condition with those around them, in their order.
func (p *plugin) rowsNear() (node, error) {
	if err := p.count(2, 3); err != nil {
		return nil, err
	}
	cond, err := p.row(p.args[0].Expr)
	if err != nil {
		return nil, err
	}
	if cond, err = p.b.condition(cond, p.args[0].At()); err != nil {
		return nil, err
	}
	var around [2]int
	for i := range around {
		v, err := p.constant(p.args[min(i+1, len(p.args)-1)].Expr, value.Long)
		if err != nil {
			return nil, err
		}
		n, _ := value.ToLong(v)
		around[i] = int(max(0, min(n, 1<<30)))
	}
	return &table{in: p.in, all: true, cols: p.in.columns(), make: func(r *run, rows []Row) ([]Row, error) {
		f, err := r.compile(cond)
		if err != nil {
			return nil, err
		}
		var out []Row
		end := 0 // rows before it were given, or passed
		for i, row := range rows {
			v, err := f(row)
			if err != nil {
				return nil, err
			}
			if v != true {
				continue
			}
			from, to := max(end, i-around[0]), min(len(rows), i+around[1]+1)
			if from < to {
				out = append(out, rows[from:to]...)
				end = to
			}
		}
		return out, nil
	}}, nil
}
