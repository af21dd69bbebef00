package kql

import (
	"context"
	"io"
	"slices"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// sortKey is one key of an order.
type sortKey struct {
	x          expr
	desc       bool
	nullsFirst bool
}

// sorted is its rows in an order; with a limit, the first of them.
type sorted struct {
	in    node
	keys  []sortKey
	limit expr // nil: all
}

func (n *sorted) columns() []Column { return n.in.columns() }

func (n *sorted) require(need []bool) {
	if need != nil {
		below := append([]bool(nil), need...)
		for _, k := range n.keys {
			mark(below, k.x)
		}
		need = below
	}
	n.in.require(need)
}

// sort binds `sort by` and `top N by`.
func (b *binder) sort(in node, keys []syntax.SortKey, op string, limit syntax.Expr, names *env) (node, error) {
	n := &sorted{in: in}
	var err error
	if n.keys, err = b.sortKeys(in.columns(), keys, op, names); err != nil {
		return nil, err
	}
	if limit != nil {
		if n.limit, err = b.rowCount(limit, op, names); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (b *binder) sortKeys(cols []Column, keys []syntax.SortKey, op string, names *env) ([]sortKey, error) {
	var out []sortKey
	for _, k := range keys {
		if ref, ok := k.Expr.(*syntax.NameRef); ok && ref.Wildcard {
			matched, err := matchColumns(cols, ref, op, true)
			if err != nil {
				return nil, err
			}
			for _, i := range matched {
				out = append(out, orderOf(&column{i, cols[i].Name, cols[i].Type}, k))
			}
			continue
		}
		x, err := b.expr(k.Expr, &scope{env: names, cols: cols, op: op})
		if err != nil {
			return nil, err
		}
		out = append(out, orderOf(x, k))
	}
	return out, nil
}

// orderOf: an order is descending unless it says otherwise, and nulls and NaN are lowest.
func orderOf(x expr, k syntax.SortKey) sortKey {
	key := sortKey{x: x, desc: k.Order != "asc"}
	key.nullsFirst = !key.desc
	if k.Nulls != "" {
		key.nullsFirst = k.Nulls == "first"
	}
	return key
}

// rowCount binds a number of rows, which is constant in the query though it may come from toscalar.
func (b *binder) rowCount(e syntax.Expr, op string, names *env) (expr, error) {
	x, err := b.expr(e, &scope{env: names, op: op})
	if err != nil {
		return nil, err
	}
	if t := x.typ(); t != value.Int && t != value.Long && t != value.Dynamic && t != value.Real {
		return nil, errAt(e.At(), "'%s' operator: A number of rows is expected, and this is a %s.", op, t)
	}
	if c, ok := x.(*constant); ok {
		if n, _ := value.ToLong(c.v); n < 0 {
			return nil, errAt(e.At(), "'%s' operator: A number of rows is expected, and %d is below 0.", op, n)
		}
	}
	return x, nil
}

// number runs a number of rows; below 0 is 0.
func (r *run) number(x expr) (int, error) {
	f, err := r.compile(x)
	if err != nil {
		return 0, err
	}
	v, err := f(nil)
	if err != nil {
		return 0, err
	}
	n, _ := value.ToLong(v)
	return int(max(0, min(n, 1<<40))), nil
}

func (n *sorted) open(r *run) (Rows, error) {
	limit := -1
	if n.limit != nil {
		var err error
		if limit, err = r.number(n.limit); err != nil {
			return nil, err
		}
	}
	s, err := r.newSorter(n.keys)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &closing{Rows: &lazy{make: func() ([]Row, error) {
		for {
			batch, err := in.Next(r.ctx)
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, err
			}
			if err := s.add(batch); err != nil {
				return nil, err
			}
			if limit >= 0 && len(s.rows) > 2*limit+batchRows {
				s.cut(limit)
			}
		}
		s.sort()
		if limit >= 0 {
			s.cut(limit)
		}
		return s.result(), nil
	}}, also: in}, nil
}

// closing is Rows that close another too.
type closing struct {
	Rows
	also Rows
}

func (c *closing) Close() error {
	err := c.Rows.Close()
	if cerr := c.also.Close(); err == nil {
		err = cerr
	}
	return err
}

// sorter collects rows with their keys and orders them; equal ones stay as they came.
type sorter struct {
	r    *run
	keys []sortKey
	fs   []evalFunc
	rows []keyed
}

type keyed struct {
	keys []value.Value
	row  Row
}

func (r *run) newSorter(keys []sortKey) (*sorter, error) {
	s := &sorter{r: r, keys: keys}
	for _, k := range keys {
		f, err := r.compile(k.x)
		if err != nil {
			return nil, err
		}
		s.fs = append(s.fs, f)
	}
	return s, nil
}

func (s *sorter) add(batch []Row) error {
	for _, row := range batch {
		k := keyed{make([]value.Value, len(s.fs)), row}
		for i, f := range s.fs {
			v, err := f(row)
			if err != nil {
				return err
			}
			k.keys[i] = v
		}
		if err := s.r.budget.take(sizeOf(row) + 16*len(k.keys)); err != nil {
			return err
		}
		s.rows = append(s.rows, k)
	}
	return nil
}

func (s *sorter) sort() {
	slices.SortStableFunc(s.rows, func(a, b keyed) int { return compareKeys(s.keys, a.keys, b.keys) })
}

func compareKeys(order []sortKey, a, b []value.Value) int {
	for i, k := range order {
		x, y := a[i], b[i]
		if ex, ey := emptiness(x), emptiness(y); ex+ey > 0 {
			switch {
			case ex == ey:
				continue
			case (ex > ey) == k.nullsFirst:
				return -1
			}
			return 1
		}
		if c := value.Compare(x, y); c != 0 {
			if k.desc {
				return -c
			}
			return c
		}
	}
	return 0
}

// emptiness is 2 for null and 1 for NaN, which both stand at the end where nulls stand, null outermost; 0 for all else.
func emptiness(v value.Value) int {
	switch {
	case v == nil:
		return 2
	case isNaN(v):
		return 1
	}
	return 0
}

// cut keeps the first n rows in order.
func (s *sorter) cut(n int) {
	if len(s.rows) <= n {
		return
	}
	s.sort()
	for _, k := range s.rows[n:] {
		s.r.budget.give(sizeOf(k.row) + 16*len(k.keys))
	}
	clear(s.rows[n:])
	s.rows = s.rows[:n]
}

func (s *sorter) result() []Row {
	out := make([]Row, len(s.rows))
	for i, k := range s.rows {
		out[i] = k.row
	}
	s.rows = nil
	return out
}

// take is the first n rows, of whichever order.
type take struct {
	in    node
	n     int
	count expr // nil: n
}

func (n *take) columns() []Column   { return n.in.columns() }
func (n *take) require(need []bool) { n.in.require(need) }

func (b *binder) take(in node, op *syntax.Take, names *env) (node, error) {
	x, err := b.rowCount(op.N, op.Word, names)
	if err != nil {
		return nil, err
	}
	return &take{in: in, count: x}, nil
}

func (n *take) open(r *run) (Rows, error) {
	left := n.n
	if n.count != nil {
		var err error
		if left, err = r.number(n.count); err != nil {
			return nil, err
		}
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &takeRows{Rows: in, left: left}, nil
}

type takeRows struct {
	Rows
	left int
}

func (t *takeRows) Next(ctx context.Context) ([]Row, error) {
	if t.left == 0 {
		return nil, io.EOF
	}
	batch, err := t.Rows.Next(ctx)
	if len(batch) > t.left {
		batch = batch[:t.left]
	}
	t.left -= len(batch)
	return batch, err
}
