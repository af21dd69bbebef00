package kql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// rollingPercentile is rolling_percentile(value, percentile, index, bin size, bins, dimensions...): for each bin with rows the percentile of the
// values in it and in the bins before it, as many as are asked for together.
func (p *plugin) rollingPercentile() (node, error) {
	if err := p.count(5, -1); err != nil {
		return nil, err
	}
	if err := p.options(); err != nil {
		return nil, err
	}
	x, name, err := p.column(p.args[0].Expr)
	if err != nil {
		return nil, err
	}
	percent, err := p.constant(p.args[1].Expr, value.Real)
	if err != nil {
		return nil, err
	}
	index, indexName, err := p.column(p.args[2].Expr)
	if err != nil {
		return nil, err
	}
	size := index.typ()
	switch size {
	case value.Datetime:
		size = value.Timespan
	case value.Timespan, value.Int, value.Long, value.Real:
	default:
		return nil, p.errorf(p.args[2].At(), "A datetime, a timespan or a number is expected, and this is a %s.", size)
	}
	width, err := p.constant(p.args[3].Expr, size)
	if err != nil {
		return nil, err
	}
	count, err := p.constant(p.args[4].Expr, value.Long)
	if err != nil {
		return nil, err
	}
	bins, _ := value.ToLong(count)
	if width == nil || value.Compare(width, zeroOf(width)) <= 0 || bins < 1 {
		return nil, p.errorf(p.op.Call.At(), "The size and the number of bins must be more than 0.")
	}
	used := []expr{x, index}
	cols := []Column{{Name: indexName, Type: index.typ()}}
	for _, a := range p.args[5:] {
		d, dim, err := p.column(a.Expr)
		if err != nil {
			return nil, err
		}
		used, cols = append(used, d), append(cols, Column{Name: freeName(cols, dim), Type: d.typ()})
	}
	label := fmt.Sprintf("rolling_%d_percentile_%s_%s", bins, name, strings.ReplaceAll(value.Text(shortest(percent)), ".", "_"))
	agg, err := p.b.aggregateOf("percentile", label, p.args[0].At(), x, &constant{value.Real, percent})
	if err != nil {
		return nil, err
	}
	cols = append(cols, Column{Name: freeName(cols, label), Type: agg.cols[0].Type})
	return &table{in: p.in, used: used, cols: cols, make: func(r *run, rows []Row) ([]Row, error) {
		return rolling(r, rows, used[1:], agg, width, bins)
	}}, nil
}

// shortest is a real without a fraction as a whole number.
func shortest(v value.Value) value.Value {
	if f, ok := v.(float64); ok && f == float64(int64(f)) {
		return int64(f)
	}
	return v
}

// rolling aggregates the rows of each bin with those of the bins before it. The keys are the index and the dimensions.
func rolling(r *run, rows []Row, keys []expr, agg *aggCall, width value.Value, bins int64) ([]Row, error) {
	f, err := r.newFolder(nil, []*aggCall{agg})
	if err != nil {
		return nil, err
	}
	fs, err := r.compileAll(keys)
	if err != nil {
		return nil, err
	}
	type bin struct {
		at   value.Value
		rows []Row
	}
	type series struct {
		dims  Row
		bins  []*bin
		byKey map[string]*bin
	}
	var order []*series
	byDims := map[string]*series{}
	for _, row := range rows {
		cells := make(Row, len(fs))
		var key []byte
		for i, f := range fs {
			if cells[i], err = f(row); err != nil {
				return nil, err
			}
			if i > 0 {
				key = value.AppendKey(key, cells[i])
			}
		}
		at := value.Bin(cells[0], width)
		if at == nil {
			continue
		}
		s := byDims[string(key)]
		if s == nil {
			s = &series{dims: cells[1:], byKey: map[string]*bin{}}
			byDims[string(key)] = s
			order = append(order, s)
		}
		binKey := string(value.AppendKey(nil, at))
		if s.byKey[binKey] == nil {
			s.byKey[binKey] = &bin{at: at}
			s.bins = append(s.bins, s.byKey[binKey])
		}
		s.byKey[binKey].rows = append(s.byKey[binKey].rows, row)
	}
	back := value.Arith("*", width, bins)
	var out []Row
	for _, s := range order {
		slices.SortFunc(s.bins, func(a, b *bin) int { return value.Compare(a.at, b.at) })
		first := 0
		for i, b := range s.bins {
			if err := r.ctx.Err(); err != nil {
				return nil, err
			}
			for value.Compare(value.Arith("+", s.bins[first].at, back), b.at) <= 0 {
				first++
			}
			g := f.newGroup(nil)
			for _, inside := range s.bins[first : i+1] {
				for _, row := range inside.rows {
					if err := f.feed(g, row); err != nil {
						return nil, err
					}
				}
			}
			out = append(out, append(append(Row{b.at}, s.dims...), f.result(g)...))
		}
	}
	slices.SortStableFunc(out, func(a, b Row) int { return value.Compare(a[0], b[0]) })
	return out, nil
}
