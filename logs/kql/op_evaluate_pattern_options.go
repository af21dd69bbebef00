package kql

import (
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// patternOptions are the arguments that autocluster, basket and diffpatterns share. The text ~ stands for the default.
type patternOptions struct {
	weight    int // column; -1: every row counts 1
	wildcards map[value.Type]value.Value
}

// isDefault says whether an argument is left out.
func (p *plugin) isDefault(i int) bool {
	if i >= len(p.args) {
		return true
	}
	l, ok := unparen(p.args[i].Expr).(*syntax.Literal)
	return ok && l.Value == "~"
}

// share is a number between 0 and 1.
func (p *plugin) share(i int, missing float64) (float64, error) {
	if p.isDefault(i) {
		return missing, nil
	}
	v, err := p.constant(p.args[i].Expr, value.Real)
	if err != nil {
		return 0, err
	}
	f, ok := v.(float64)
	if !ok || f <= 0 || f > 1 {
		return 0, p.errorf(p.args[i].At(), "A number above 0 and up to 1 is expected, and this is %s.", value.Text(v))
	}
	return f, nil
}

func (p *plugin) whole(i, missing int) (int, error) {
	if p.isDefault(i) {
		return missing, nil
	}
	v, err := p.constant(p.args[i].Expr, value.Long)
	if err != nil {
		return 0, err
	}
	n, _ := value.ToLong(v)
	if n < 1 {
		return 0, p.errorf(p.args[i].At(), "A number above 0 is expected, and this is %s.", value.Text(v))
	}
	return int(min(n, 1<<20)), nil
}

// patternOptions binds the column of weights and, from an argument on, what stands in columns that a pattern says nothing of.
func (p *plugin) patternOptions(weight, wildcards int) (*patternOptions, error) {
	o := &patternOptions{weight: -1, wildcards: map[value.Type]value.Value{}}
	if !p.isDefault(weight) {
		x, _, err := p.column(p.args[weight].Expr)
		if err != nil {
			return nil, err
		}
		c, ok := x.(*column)
		if !ok || !value.Numeric(c.t) {
			return nil, p.errorf(p.args[weight].At(), "The weights are a column of numbers.")
		}
		o.weight = c.i
	}
	for i := wildcards; i < len(p.args); i++ {
		if p.isDefault(i) {
			continue
		}
		x, err := p.b.expr(p.args[i].Expr, &scope{env: p.env, op: "evaluate " + p.name})
		if err != nil {
			return nil, err
		}
		c, ok := x.(*constant)
		if !ok {
			return nil, p.errorf(p.args[i].At(), "A constant is expected here.")
		}
		o.wildcards[c.t] = c.v
	}
	return o, nil
}

// columns returns the columns that patterns are of.
func (o *patternOptions) columns(cols []Column, except int) []int {
	var out []int
	for i := range cols {
		if i != o.weight && i != except {
			out = append(out, i)
		}
	}
	return out
}

func (o *patternOptions) weights(rows []Row) []float64 {
	if o.weight < 0 {
		return nil
	}
	out := make([]float64, len(rows))
	for i, row := range rows {
		out[i], _ = value.ToFloat(row[o.weight])
	}
	return out
}

// row makes the columns of a pattern behind others.
func (o *patternOptions) row(head Row, p *pattern, cols []Column, of []int) Row {
	for _, c := range of {
		v, ok := o.wildcards[cols[c].Type]
		if !ok {
			v = value.Zero(cols[c].Type)
		}
		for _, it := range p.items {
			if it.column == c {
				v = it.value
			}
		}
		head = append(head, v)
	}
	return head
}

// patternTable is a plugin whose rows are patterns: columns of numbers, then those of the input.
func (p *plugin) patternTable(head []Column, o *patternOptions, except int, find func(r *run, rows []Row, of []int) ([]Row, error)) node {
	in := p.in.columns()
	of := o.columns(in, except)
	cols := head
	for _, c := range of {
		cols = append(cols, Column{Name: freeName(cols, in[c].Name), Type: in[c].Type})
	}
	return &table{in: p.in, all: true, cols: cols, make: func(r *run, rows []Row) ([]Row, error) {
		if len(rows) == 0 {
			return nil, nil
		}
		return find(r, rows, of)
	}}
}

func countColumns() []Column {
	return []Column{{Name: "SegmentId", Type: value.Long}, {Name: "Count", Type: value.Long}, {Name: "Percent", Type: value.Real}}
}
