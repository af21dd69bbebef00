package kql

import (
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// sequenceDetect is sequence_detect(time, most time of a step, most time of all, name = condition, ..., dimensions...): for each combination of
// dimensions the rows that satisfy the conditions one after the other. A row of the result has the dimensions, the time of each condition,
// and how long the sequence took. A sequence is over before the next begins.
func (p *plugin) sequenceDetect() (node, error) {
	if err := p.count(3, -1); err != nil {
		return nil, err
	}
	axis, timeName, err := p.column(p.args[0].Expr)
	if err != nil {
		return nil, err
	}
	length := axis.typ()
	switch length {
	case value.Datetime:
		length = value.Timespan
	case value.Timespan, value.Long:
	default:
		return nil, p.errorf(p.args[0].At(), "A datetime, a timespan or a long is expected, and this is a %s.", length)
	}
	var limits [2]int64
	for i := range limits {
		v, err := p.constant(p.args[i+1].Expr, length)
		if err != nil {
			return nil, err
		}
		limits[i], _ = whole(v)
	}
	// Conditions have names, or are the first that are bools.
	var steps, dims []expr
	var stepCols, cols []Column
	for _, a := range p.op.Call.Args[3:] {
		x, name, err := p.column(a.Expr)
		if err != nil {
			return nil, err
		}
		if len(a.Names) == 1 {
			name = a.Names[0].Text
		}
		if x.typ() == value.Bool && len(dims) == 0 {
			steps = append(steps, x)
			stepCols = append(stepCols, Column{Name: freeName(stepCols, name+"_"+timeName), Type: axis.typ()})
			continue
		}
		dims, cols = append(dims, x), append(cols, Column{Name: freeName(cols, name), Type: x.typ()})
	}
	if len(steps) == 0 {
		return nil, p.errorf(p.op.Call.At(), "It needs a condition for each step of the sequence.")
	}
	for _, c := range append(stepCols, Column{Name: "Duration", Type: length}) {
		cols = append(cols, Column{Name: freeName(cols, c.Name), Type: c.Type})
	}
	used := append(append([]expr{axis}, steps...), dims...)
	return &table{in: p.in, used: used, cols: cols, make: func(r *run, rows []Row) ([]Row, error) {
		fs, err := r.compileAll(used)
		if err != nil {
			return nil, err
		}
		return sequences(r, rows, fs, len(steps), limits)
	}}, nil
}

// candidate is a row: its time, and which conditions it satisfies.
type candidate struct {
	at  value.Value
	is  []bool
	pos int64
}

// sequences finds the sequences of each combination of dimensions. fs are the time, the conditions and the dimensions.
func sequences(r *run, rows []Row, fs []evalFunc, steps int, limits [2]int64) ([]Row, error) {
	type group struct {
		dims Row
		list []candidate
	}
	var order []*group
	byKey := map[string]*group{}
	for _, row := range rows {
		cells := make(Row, len(fs))
		var key []byte
		for i, f := range fs {
			v, err := f(row)
			if err != nil {
				return nil, err
			}
			if cells[i] = v; i > steps {
				key = value.AppendKey(key, v)
			}
		}
		pos, ok := whole(cells[0])
		if !ok {
			continue
		}
		g := byKey[string(key)]
		if g == nil {
			g = &group{dims: cells[steps+1:]}
			byKey[string(key)] = g
			order = append(order, g)
		}
		c := candidate{at: cells[0], pos: pos}
		for _, v := range cells[1 : steps+1] {
			c.is = append(c.is, v == true)
		}
		if slices.Contains(c.is, true) {
			g.list = append(g.list, c)
		}
	}
	var out []Row
	for _, g := range order {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		slices.SortStableFunc(g.list, func(a, b candidate) int { return value.Compare(a.at, b.at) })
		var path []candidate
		for i := 0; i < len(g.list); i++ {
			c := g.list[i]
			if n := len(path); n > 0 && (c.pos-path[n-1].pos > limits[0] || c.pos-path[0].pos > limits[1]) {
				path = path[:0]
			}
			if !c.is[len(path)] {
				if len(path) == 1 && c.is[0] {
					path[0] = c // a later beginning leaves more time for the rest
				}
				continue
			}
			if path = append(path, c); len(path) < steps {
				continue
			}
			row := append(Row(nil), g.dims...)
			for _, step := range path {
				row = append(row, step.at)
			}
			out = append(out, append(row, value.Arith("-", c.at, path[0].at)))
			path = path[:0]
		}
	}
	return out, nil
}
