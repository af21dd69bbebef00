package kql

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// activity is what the plugins share that count who did something when: (id, time, constants..., dimensions...).
type activity struct {
	p      *plugin
	id     expr
	axis   expr
	consts []expr
	dims   []expr
	cols   []Column // of the dimensions
	time   Column
}

// activity binds the arguments. Constants are those arguments after the first two that look at no column.
func (p *plugin) activity(counts ...int) (*activity, error) {
	if err := p.count(3, -1); err != nil {
		return nil, err
	}
	if err := p.options(); err != nil {
		return nil, err
	}
	a := &activity{p: p}
	var err error
	if a.id, err = p.row(p.args[0].Expr); err != nil {
		return nil, err
	}
	if a.axis, a.time.Name, err = p.column(p.args[1].Expr); err != nil {
		return nil, err
	}
	switch a.time.Type = a.axis.typ(); a.time.Type {
	case value.Datetime, value.Timespan, value.Long:
	case value.Int:
		a.axis, a.time.Type = &convert{a.axis, value.Long}, value.Long
	default:
		return nil, p.errorf(p.args[1].At(), "A datetime, a timespan or a whole number is expected, and this is a %s.", a.time.Type)
	}
	step := a.time.Type
	if step == value.Datetime {
		step = value.Timespan
	}
	for _, arg := range p.args[2:] {
		x, name, err := p.column(arg.Expr)
		if err != nil {
			return nil, err
		}
		if len(a.dims) == 0 && constantOver(x) {
			if t := x.typ(); t != a.time.Type && t != step && t != value.Long && t != value.Int {
				return nil, p.errorf(arg.At(), "A %s or a %s is expected, and this is a %s.", a.time.Type, step, t)
			}
			a.consts = append(a.consts, x)
			continue
		}
		a.dims, a.cols = append(a.dims, x), append(a.cols, Column{Name: freeName(a.cols, name), Type: x.typ()})
	}
	if !slices.Contains(counts, len(a.consts)) {
		return nil, p.errorf(p.op.Call.At(), "It takes %d constants after the id and the time, and there are %d.", counts[len(counts)-1], len(a.consts))
	}
	return a, nil
}

// event is one row: when, and who.
type event struct {
	at int64
	id string
}

// events are those of one combination of dimensions, in the order of time.
type events struct {
	dims Row
	list []event
}

// table makes the plugin: rows of the time, the dimensions and the further columns. count computes those of one combination of dimensions;
// it calls add for each time.
func (a *activity) table(cols []Column, count func(consts []int64, list []event, add func(at int64, cells ...value.Value)) error) node {
	all := append([]Column{a.time}, a.cols...)
	for _, c := range cols {
		all = append(all, Column{Name: freeName(all, c.Name), Type: c.Type})
	}
	used := append([]expr{a.id, a.axis}, a.dims...)
	return &table{in: a.p.in, used: used, cols: all, make: func(r *run, rows []Row) ([]Row, error) {
		consts, err := a.constants(r)
		if err != nil {
			return nil, err
		}
		groups, err := a.read(r, rows)
		if err != nil {
			return nil, err
		}
		var out []Row
		for _, g := range groups {
			if err := r.ctx.Err(); err != nil {
				return nil, err
			}
			err := count(consts, g.list, func(at int64, cells ...value.Value) {
				row := append(Row{a.timeOf(at)}, g.dims...)
				out = append(out, append(row, cells...))
			})
			if err != nil {
				return nil, err
			}
		}
		return out, r.budget.take(len(out) * (24 + 16*len(all)))
	}}
}

// constants computes the constants of a run.
func (a *activity) constants(r *run) ([]int64, error) {
	consts := make([]int64, len(a.consts))
	for i, x := range a.consts {
		f, err := r.compile(x)
		if err != nil {
			return nil, err
		}
		v, err := f(nil)
		if err != nil {
			return nil, err
		}
		n, ok := whole(v)
		if !ok {
			return nil, a.p.errorf(a.p.op.At(), "The constant at place %d is null.", i+3)
		}
		consts[i] = n
	}
	return consts, nil
}

// whole is a point or a length of time as a number.
func whole(v value.Value) (int64, bool) {
	switch v := v.(type) {
	case value.Time:
		return int64(v), true
	case value.Span:
		return int64(v), true
	}
	return value.ToLong(v)
}

func (a *activity) timeOf(at int64) value.Value {
	switch a.time.Type {
	case value.Datetime:
		return min(max(value.Time(at), 0), value.MaxTime)
	case value.Timespan:
		return value.Span(at)
	}
	return at
}

// read puts rows into the combinations of dimensions. Rows without a time or an id do not count.
func (a *activity) read(r *run, rows []Row) ([]*events, error) {
	id, err := r.compile(a.id)
	if err != nil {
		return nil, err
	}
	axis, err := r.compile(a.axis)
	if err != nil {
		return nil, err
	}
	dims, err := r.compileAll(a.dims)
	if err != nil {
		return nil, err
	}
	var order []*events
	byKey := map[string]*events{}
	var key []byte
	for _, row := range rows {
		v, err := axis(row)
		if err != nil {
			return nil, err
		}
		who, err := id(row)
		if err != nil {
			return nil, err
		}
		at, ok := whole(v)
		if !ok || who == nil {
			continue
		}
		key = key[:0]
		cells := make(Row, len(dims))
		for i, f := range dims {
			if cells[i], err = f(row); err != nil {
				return nil, err
			}
			key = value.AppendKey(key, cells[i])
		}
		g := byKey[string(key)]
		if g == nil {
			g = &events{dims: cells}
			byKey[string(key)] = g
			order = append(order, g)
		}
		g.list = append(g.list, event{at, string(value.AppendKey(nil, who))})
	}
	for _, g := range order {
		slices.SortStableFunc(g.list, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	}
	return order, r.budget.take(64 * len(rows))
}

// eachBin calls f for every bin from start to end, both inclusive, with the events in it, which are in order.
func eachBin(start, end, step int64, list []event, f func(at int64, in []event)) error {
	if step <= 0 {
		return errors.New("a step of time must be more than 0")
	}
	if end >= start && (end-start)/step >= maxSeries {
		return &LimitError{What: "steps of time", Limit: fmt.Sprint(maxSeries), Hint: "use a larger step, or look at a shorter time"}
	}
	i := 0
	for i < len(list) && list[i].at < start {
		i++
	}
	for at := start; at <= end; at += step {
		from := i
		for i < len(list) && list[i].at < at+step && list[i].at <= end {
			i++
		}
		f(at, list[from:i])
	}
	return nil
}

// slider counts the ids of a window that moves on in time.
type slider struct {
	list        []event
	first, last int
	ids         map[string]int
}

func newSlider(list []event) *slider { return &slider{list: list, ids: map[string]int{}} }

// move puts the window to where from <= time < to.
func (s *slider) move(from, to int64) {
	for s.last < len(s.list) && s.list[s.last].at < to {
		s.ids[s.list[s.last].id]++
		s.last++
	}
	for s.first < s.last && s.list[s.first].at < from {
		id := s.list[s.first].id
		if s.ids[id]--; s.ids[id] == 0 {
			delete(s.ids, id)
		}
		s.first++
	}
}

func idsOf(list []event) map[string]bool {
	ids := map[string]bool{}
	for _, e := range list {
		ids[e.id] = true
	}
	return ids
}

func longs(names ...string) []Column {
	var cols []Column
	for _, n := range names {
		cols = append(cols, Column{Name: n, Type: value.Long})
	}
	return cols
}
