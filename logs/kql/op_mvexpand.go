package kql

import (
	"context"
	"errors"
	"io"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// mvExpand gives a row for each element of arrays and bags. Several are read in parallel, the shorter ones padded with null.
type mvExpand struct {
	in node
	expansion
}

// expansion says what is expanded, and where it goes.
type expansion struct {
	width int // columns of the input, which come first
	cols  []Column
	items []expandItem
	pairs bool // a bag gives [key, value] instead of a bag of one key
	index int  // column of the element's index; -1: none
	limit expr // most rows for each row of the input; nil: no limit
}

// expandItem is one expression and the column that takes its elements.
type expandItem struct {
	x  expr
	to int
}

func (n *mvExpand) columns() []Column { return n.cols }

func (n *mvExpand) require(need []bool) { n.in.require(n.needBelow(need)) }

// needBelow returns the columns of the input that are needed when those of need are.
func (x *expansion) needBelow(need []bool) []bool {
	below := make([]bool, x.width)
	for i := range below {
		below[i] = (need == nil || need[i]) && !x.replaces(i)
	}
	for _, item := range x.items {
		mark(below, item.x)
	}
	return below
}

func (n *mvExpand) input() *node { return &n.in }

// below: a column that is not expanded is that of the input. Under a limit the rows are still all of them for each row of the input.
func (n *mvExpand) below(i int) (int, bool) { return i, i < n.width && !n.replaces(i) }

func (x *expansion) replaces(i int) bool {
	for _, item := range x.items {
		if item.to == i {
			return true
		}
	}
	return false
}

// oldExpandLimit is how many rows mvexpand, the old name of the operator, makes of one row where the query sets no limit.
const oldExpandLimit = 128

// mvExpand binds `mv-expand a, x = b to typeof(T) limit N`.
func (b *binder) mvExpand(in node, op *syntax.MvExpand, names *env) (node, error) {
	x, err := b.expansion(in.columns(), "mv-expand", op.Options, op.Items, op.Limit, names)
	if err != nil {
		return nil, err
	}
	if op.Old && x.limit == nil {
		x.limit = &constant{value.Long, int64(oldExpandLimit)}
	}
	return &mvExpand{in, *x}, nil
}

// expansion binds what mv-expand and mv-apply share.
func (b *binder) expansion(cols []Column, word string, options []syntax.Option, items []syntax.MvItem, limit syntax.Expr, names *env) (*expansion, error) {
	x := &expansion{width: len(cols), index: -1}
	for _, c := range cols {
		x.cols = append(x.cols, Column{Name: c.Name, Type: c.Type})
	}
	for _, o := range options {
		if o.Name.Text != "kind" && o.Name.Text != "bagexpansion" {
			continue
		}
		switch kind, _ := option([]syntax.Option{o}, o.Name.Text); kind {
		case "array":
			x.pairs = true
		case "bag":
		default:
			return nil, errAt(o.At(), "'%s' operator: There is no %s '%s'; there are bag and array.", word, o.Name.Text, kind)
		}
	}
	sc := &scope{env: names, cols: cols, op: word}
	for _, item := range items {
		if err := b.expandItem(x, item, sc); err != nil {
			return nil, err
		}
	}
	if name, ok := option(options, "with_itemindex"); ok {
		x.index = len(x.cols)
		x.cols = append(x.cols, Column{Name: freeName(x.cols, name), Type: value.Long})
	}
	if limit != nil {
		var err error
		if x.limit, err = b.rowCount(limit, word, names); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (b *binder) expandItem(x *expansion, item syntax.MvItem, sc *scope) error {
	e, err := b.expr(item.Expr, sc)
	if err != nil {
		return err
	}
	if t := e.typ(); t != value.Dynamic {
		return errAt(item.Expr.At(), "'%s' operator: A dynamic is expected, and this is a %s; parse_json() makes a dynamic of a text.", sc.op, t)
	}
	name := b.itemName(item.Expr, e)
	if len(item.Names) > 0 {
		name = item.Names[0].Text
	}
	if len(item.Names) > 1 {
		return errAt(item.At(), "'%s' operator: An expression that is expanded has one name.", sc.op)
	}
	if name == "" {
		name = unnamed(x.cols)
	}
	to := findColumn(x.cols, name)
	if to < 0 {
		to = len(x.cols)
		x.cols = append(x.cols, Column{Name: name})
	} else if x.replaces(to) {
		return errAt(item.At(), "'%s' operator: The column '%s' is named twice.", sc.op, name)
	}
	x.cols[to].Type = value.Dynamic
	if item.Type != nil {
		if item.Type.Columns != nil {
			return errAt(item.Type.At(), "'%s' operator: typeof() takes one type here.", sc.op)
		}
		x.cols[to].Type = item.Type.Type
	}
	x.items = append(x.items, expandItem{e, to})
	return nil
}

func (n *mvExpand) open(r *run) (Rows, error) {
	x, err := r.newExpander(&n.expansion)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &expandRows{in: in, x: x}, nil
}

// expandRows makes no larger batches of large arrays.
type expandRows struct {
	in      Rows
	x       *expander
	pending []Row // of the input
}

func (e *expandRows) Next(ctx context.Context) ([]Row, error) {
	var out []Row
	for len(out) < batchRows {
		if made := e.x.take(batchRows - len(out)); len(made) > 0 {
			out = append(out, made...)
			continue
		}
		if len(e.pending) == 0 {
			batch, err := e.in.Next(ctx)
			if errors.Is(err, io.EOF) && len(out) > 0 {
				break
			}
			if err != nil {
				return nil, err
			}
			// The input may use its slice again before these are expanded.
			e.pending = append(e.pending[:0], batch...)
			continue
		}
		row := e.pending[0]
		e.pending = e.pending[1:]
		if err := e.x.start(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *expandRows) Close() error { return e.in.Close() }

// expander expands one row after the other.
type expander struct {
	*expansion
	fs    []evalFunc
	most  int
	row   Row
	cells []value.Value // the expanded expressions of the row
	at    int           // the next element
	n     int           // elements of the row
}

func (r *run) newExpander(x *expansion) (*expander, error) {
	e := &expander{expansion: x, most: -1, cells: make([]value.Value, len(x.items))}
	for _, item := range x.items {
		f, err := r.compile(item.x)
		if err != nil {
			return nil, err
		}
		e.fs = append(e.fs, f)
	}
	if x.limit != nil {
		var err error
		if e.most, err = r.number(x.limit); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// start begins a row.
func (e *expander) start(row Row) error {
	e.row, e.at, e.n = row, 0, 0
	for i, f := range e.fs {
		v, err := f(row)
		if err != nil {
			return err
		}
		e.cells[i] = v
		e.n = max(e.n, elements(v))
	}
	if e.most >= 0 {
		e.n = min(e.n, e.most)
	}
	return nil
}

// take returns up to so many of the next rows.
func (e *expander) take(most int) []Row {
	n := min(most, e.n-e.at)
	if n <= 0 {
		return nil
	}
	out := make([]Row, n)
	for k := range out {
		row := make(Row, len(e.cols))
		copy(row, e.row)
		for i, item := range e.items {
			row[item.to] = cast(e.element(e.cells[i], e.at), e.cols[item.to].Type)
		}
		if e.index >= 0 {
			row[e.index] = int64(e.at)
		}
		out[k] = row
		e.at++
	}
	return out
}

// elements counts the rows of a value: null and scalars give one.
func elements(v value.Value) int {
	switch v := v.(type) {
	case value.Array:
		return len(v)
	case *value.Bag:
		return v.Len()
	}
	return 1
}

func (x *expansion) element(v value.Value, i int) value.Value {
	if i >= elements(v) {
		return nil
	}
	switch v := v.(type) {
	case value.Array:
		return v[i]
	case *value.Bag:
		key, val := v.At(i)
		if x.pairs {
			return value.Array{key, val}
		}
		one := &value.Bag{}
		one.Set(key, val)
		return one
	}
	return v
}

// cast gives an element the type that a query declares for it. It does not read texts, except those that stand for what JSON has no form of;
// what does not fit is null.
func cast(v value.Value, t value.Type) value.Value {
	if v == nil {
		return value.Zero(t)
	}
	from := value.TypeOf(v)
	fits := from == t
	switch t {
	case value.Dynamic:
		return v
	case value.String:
		return value.Text(v)
	case value.Datetime, value.Timespan, value.GUID:
		fits = fits || from == value.String
	case value.Int, value.Long, value.Real, value.Decimal:
		fits = value.Numeric(from) || from == value.Bool
	}
	if !fits {
		return nil
	}
	return value.Convert(v, t)
}
