package kql

import (
	"fmt"
	"slices"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// windowSlot holds the values of one function over the rows around, while rows are made.
type windowSlot struct {
	values []value.Value
	at     int
}

// windowsOf returns the window functions in expressions, inner ones before those that use them.
func windowsOf(exprs []expr) []*window {
	var out []*window
	var visit func(e expr)
	visit = func(e expr) {
		for _, c := range children(e) {
			visit(c)
		}
		if w, ok := e.(*window); ok {
			out = append(out, w)
		}
	}
	for _, e := range exprs {
		visit(e)
	}
	return out
}

// inOrder says whether rows come in an order that means something. What no operator ordered comes as it is found, and a function over the
// rows around would give another answer each time.
func inOrder(n node) bool {
	switch n := n.(type) {
	case *tableScan, *aggregate, *sample:
		return false
	case *join:
		return n.lookup && inOrder(n.left)
	case *union:
		return !slices.ContainsFunc(n.legs, func(l leg) bool { return !inOrder(l.in) })
	case *project:
		return n.ordered || inOrder(n.in)
	case *filter:
		return inOrder(n.in)
	case *take:
		return inOrder(n.in)
	case *parse:
		return inOrder(n.in)
	case *mvExpand:
		return inOrder(n.in)
	}
	return true
}

// window binds a function over the rows around.
func (b *binder) window(e *syntax.Call, sc *scope) (expr, error) {
	name := e.Name.Text
	if sc.windows == nil || sc.op != "serialize" && !inOrder(sc.windows) {
		return nil, errAt(e.At(), "'%s' operator: %s() needs the rows in an order; use it in extend or project after sort or serialize.", sc.op, name)
	}
	args, _, err := b.args(e, sc)
	if err != nil {
		return nil, err
	}
	bounds := map[string][2]int{"prev": {1, 3}, "next": {1, 3}, "row_number": {0, 2}, "row_cumsum": {1, 2}, "row_rank_dense": {1, 2}, "row_rank_min": {1, 2}, "row_window_session": {3, 4}}[name]
	if len(args) < bounds[0] || len(args) > bounds[1] {
		return nil, errAt(e.At(), "The function '%s' takes %d to %s, and %d were given.", name, bounds[0], plural(bounds[1], "argument"), len(args))
	}
	w := &window{name: name, args: args, t: value.Long, slot: &windowSlot{}}
	switch name {
	case "prev", "next":
		w.t = args[0].typ()
		if len(args) > 1 {
			if args[1], err = b.coerce(args[1], value.Long, e.At()); err != nil {
				return nil, err
			}
		}
		if len(args) > 2 {
			if args[2], err = b.coerce(args[2], w.t, e.At()); err != nil {
				return nil, err
			}
		}
	case "row_cumsum":
		switch t := args[0].typ(); {
		case t == value.Int:
		case value.Numeric(t), t == value.Timespan:
			w.t = t
		case t == value.Dynamic:
			args[0], w.t = &convert{args[0], value.Real}, value.Real
		default:
			return nil, errAt(e.At(), "row_cumsum() sums numbers or timespans, and this is a %s.", t)
		}
	case "row_window_session":
		w.t = value.Datetime
		for i, t := range []value.Type{value.Datetime, value.Timespan, value.Timespan} {
			if args[i], err = b.coerce(args[i], t, e.At()); err != nil {
				return nil, err
			}
		}
	}
	if i := len(args) - 1; name != "prev" && name != "next" && i == bounds[1]-1 {
		if args[i], err = b.condition(args[i], e.At()); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// overRows makes the rows of a projection that looks at the rows around: all rows are held, and each function is computed over them.
func (n *project) overRows(r *run, windows []*window) ([]Row, error) {
	rows, err := r.collect(n.in)
	if err != nil {
		return nil, err
	}
	for i, w := range windows {
		if w.slot.values, err = r.windowValues(w, rows, windows[:i]); err != nil {
			return nil, err
		}
	}
	fs, err := r.compileAll(n.wanted())
	if err != nil {
		return nil, err
	}
	out := make([]Row, len(rows))
	for i, row := range rows {
		place := make(Row, len(fs))
		for _, w := range windows {
			w.slot.at = i
		}
		for j, f := range fs {
			if place[j], err = f(row); err != nil {
				return nil, err
			}
		}
		out[i] = place
	}
	return out, nil
}

// windowValues computes one function for every row.
func (r *run) windowValues(w *window, rows []Row, before []*window) ([]value.Value, error) {
	fs, err := r.compileAll(w.args)
	if err != nil {
		return nil, err
	}
	args := make([][]value.Value, len(rows))
	for i, row := range rows {
		for _, b := range before {
			b.slot.at = i
		}
		args[i] = make([]value.Value, len(fs))
		for j, f := range fs {
			if args[i][j], err = f(row); err != nil {
				return nil, err
			}
		}
	}
	out := make([]value.Value, len(rows))
	restart := func(i, at int) bool { return len(w.args) > at && args[i][at] == true }
	switch w.name {
	case "prev", "next":
		for i := range rows {
			out[i] = neighbour(w, args, i)
		}
	case "row_number":
		n := int64(1)
		start := func(i int) int64 {
			if len(w.args) > 0 {
				v, _ := value.ToLong(args[i][0])
				return v
			}
			return 1
		}
		for i := range rows {
			if i == 0 || restart(i, 1) {
				n = start(i)
			}
			out[i] = n
			n++
		}
	case "row_cumsum":
		var sum value.Value
		for i := range rows {
			v := args[i][0]
			if w.t == value.Long && v != nil {
				v = value.Widen(v, value.Long)
			}
			switch {
			case sum == nil || restart(i, 1):
				sum = v
			case v != nil:
				sum = value.Arith("+", sum, v)
			}
			out[i] = sum
		}
	case "row_rank_dense", "row_rank_min":
		var rank, seen int64
		for i := range rows {
			again := i == 0 || restart(i, 1)
			if again {
				rank, seen = 0, 0
			}
			seen++
			if again || !sameCell(args[i][0], args[i-1][0]) {
				if rank++; w.name == "row_rank_min" {
					rank = seen
				}
			}
			out[i] = rank
		}
	case "row_window_session":
		var first, last value.Value
		for i := range rows {
			t := args[i][0]
			if t == nil {
				continue
			}
			now := t.(value.Time)
			fresh := first == nil || restart(i, 3)
			if !fresh {
				fromFirst, between := args[i][1], args[i][2]
				fresh = fromFirst != nil && now-first.(value.Time) > value.Time(fromFirst.(value.Span)) ||
					between != nil && now-last.(value.Time) > value.Time(between.(value.Span))
			}
			if fresh {
				first = now
			}
			last = now
			out[i] = first
		}
	default:
		return nil, fmt.Errorf("window function %s has no implementation", w.name)
	}
	return out, nil
}

func sameCell(a, b value.Value) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return value.Equal(a, b)
}

// neighbour is prev(x, distance, otherwise) or next.
func neighbour(w *window, args [][]value.Value, i int) value.Value {
	distance := int64(1)
	if len(w.args) > 1 && args[i][1] != nil {
		distance, _ = value.ToLong(args[i][1])
	}
	if w.name == "prev" {
		distance = -distance
	}
	if j := int64(i) + distance; j >= 0 && j < int64(len(args)) {
		return args[j][0]
	}
	if len(w.args) > 2 {
		return args[i][2]
	}
	return value.Zero(w.t)
}
