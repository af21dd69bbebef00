package kql

import (
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// schemaMerge is schema_merge(keepOrder): the columns of several schemas, as getschema gives them, one after the other. A column that has two
// types, or two places where the order is to be kept, says so in place of its type.
func (p *plugin) schemaMerge() (node, error) {
	if err := p.count(0, 1); err != nil {
		return nil, err
	}
	if err := p.options("PreserveOrder"); err != nil {
		return nil, err
	}
	keep := true
	if e, ok := p.arg(0, "PreserveOrder"); ok {
		v, err := p.constant(e, value.Bool)
		if err != nil {
			return nil, err
		}
		keep = v == true
	}
	cols := getschema(p.in).columns()
	in := p.in.columns()
	at := make([]int, len(cols))
	for i, c := range cols {
		if at[i] = findColumn(in, c.Name); at[i] < 0 {
			return nil, p.errorf(p.op.At(), "Its input is what getschema gives, and this has no column '%s'.", c.Name)
		}
	}
	return &table{in: p.in, all: true, cols: cols, make: func(r *run, rows []Row) ([]Row, error) {
		var out []Row
		for _, row := range rows {
			made := Row{row[at[0]], cell(row[at[1]], value.Int), row[at[2]], row[at[3]]}
			i := slices.IndexFunc(out, func(o Row) bool { return o[0] == made[0] })
			switch {
			case i < 0:
				out = append(out, made)
			case out[i][3] != made[3]:
				out[i] = schemaError(made[0], "the types differ")
			case keep && out[i][1] != made[1]:
				out[i] = schemaError(made[0], "columns are out of order")
			}
		}
		return numbered(out, keep), nil
	}}, nil
}

func schemaError(name value.Value, why string) Row {
	text := "ERROR(" + why + ")"
	return Row{name, int32(-1), "ERROR(unknown CSL type:" + text + ")", text}
}

// numbered orders columns by their places, and counts them when the order is new. Those in error come last.
func numbered(rows []Row, keep bool) []Row {
	last := func(row Row) bool { return row[1] == int32(-1) }
	slices.SortStableFunc(rows, func(a, b Row) int {
		switch {
		case last(a) || last(b):
			return value.Compare(last(a), last(b))
		case !keep:
			return 0
		}
		return value.Compare(a[1], b[1])
	})
	for i, row := range rows {
		if !keep && !last(row) {
			row[1] = int32(i)
		}
	}
	return rows
}
