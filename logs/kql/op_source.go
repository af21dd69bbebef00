package kql

import (
	"context"
	"fmt"
	"io"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// values is rows that the query itself holds.
type values struct {
	cols []Column
	rows []Row
}

func (n *values) columns() []Column { return n.cols }
func (n *values) require([]bool)    {}
func (n *values) open(*run) (Rows, error) {
	return &slice{append([]Row(nil), n.rows...)}, nil
}

// oneRow is a table of one row without columns, which print extends.
func oneRow() node { return &values{rows: []Row{{}}} }

// datatable binds `datatable (a:t, ...) [values]`.
func (b *binder) datatable(op *syntax.Datatable, names *env) (node, error) {
	n := &values{}
	for _, c := range op.Columns {
		if findColumn(n.cols, c.Name.Text) >= 0 {
			return nil, errAt(c.At(), "The column '%s' is declared twice.", c.Name.Text)
		}
		n.cols = append(n.cols, Column{Name: c.Name.Text, Type: c.Type})
	}
	if len(n.cols) == 0 || len(op.Values)%len(n.cols) != 0 {
		return nil, errAt(op.At(), "datatable has %s and %s, which do not make whole rows.", plural(len(n.cols), "column"), plural(len(op.Values), "value"))
	}
	sc := &scope{env: names, op: "datatable"}
	for i := 0; i < len(op.Values); i += len(n.cols) {
		row := make(Row, len(n.cols))
		for j, c := range n.cols {
			x, err := b.expr(op.Values[i+j], sc)
			if err != nil {
				return nil, err
			}
			k, ok := x.(*constant)
			if !ok {
				return nil, errAt(op.Values[i+j].At(), "datatable takes constant values.")
			}
			row[j] = cell(k.v, c.Type)
		}
		n.rows = append(n.rows, row)
	}
	return n, nil
}

// cell converts a value that was written for a column to its type: null where it does not fit.
func cell(v value.Value, t value.Type) value.Value {
	if v == nil {
		return value.Zero(t)
	}
	if t == value.Dynamic {
		return implicit(v, t)
	}
	if value.TypeOf(v) == t {
		return v
	}
	if v = value.Convert(v, t); v == nil {
		return value.Zero(t)
	}
	return v
}

// print binds `print a = x, ...`.
func (b *binder) print(op *syntax.Print, names *env) (node, error) {
	in := oneRow()
	sc := &scope{env: names, op: "print"}
	p := &project{in: in}
	for i, item := range op.Items {
		x, err := b.item(item, sc, p)
		if err != nil {
			return nil, err
		}
		if x == nil {
			continue
		}
		name := fmt.Sprintf("print_%d", i)
		if len(item.Names) == 1 {
			name = item.Names[0].Text
		} else if n := b.resultName(item.Expr); n != "" && namesItself(item.Expr, names) {
			name = n
		}
		p.add(freeName(p.cols, name), x)
	}
	return p, nil
}

// namesItself says whether an expression names the column that print makes of it: a path does, a call and the name of a let statement do not.
func namesItself(e syntax.Expr, names *env) bool {
	switch e := unparen(e).(type) {
	case *syntax.Call:
		return false
	case *syntax.NameRef:
		_, ok := names.find(e.Name.Text)
		return !ok
	}
	return true
}

// maxRange bounds the rows of a range, which would otherwise go on for years of ticks.
const maxRange = 100_000_000

// rangeNode is `range x from a to b step s`: its rows are made while they are read.
type rangeNode struct {
	col            Column
	from, to, step expr
	at             syntax.Span
}

// rangeOf binds a range.
func (b *binder) rangeOf(op *syntax.Range, names *env) (node, error) {
	sc := &scope{env: names, op: "range"}
	var parts [3]expr
	for i, e := range []syntax.Expr{op.From, op.To, op.Step} {
		if e == nil {
			parts[i] = &constant{value.Long, int64(1)}
			continue
		}
		x, err := b.expr(e, sc)
		if err != nil {
			return nil, err
		}
		parts[i] = x
	}
	t := parts[0].typ()
	switch {
	case t == value.Datetime:
		if parts[2].typ() != value.Timespan {
			return nil, errAt(op.At(), "range over datetimes needs a step of type timespan, and this is a %s.", parts[2].typ())
		}
	case t == value.Timespan:
	default:
		for _, p := range parts {
			switch p.typ() {
			case value.Real:
				t = value.Real
			case value.Decimal, value.Long, value.Int, value.Dynamic:
			default:
				return nil, errAt(op.At(), "range needs numbers, datetimes or timespans, and there is a %s.", p.typ())
			}
		}
		if t == value.Int || t == value.Dynamic {
			t = value.Long
		}
	}
	for i := range parts {
		want := t
		if i == 2 && t == value.Datetime {
			want = value.Timespan
		}
		x, err := b.coerce(parts[i], want, op.At())
		if err != nil {
			return nil, err
		}
		parts[i] = x
	}
	return &rangeNode{Column{Name: op.Name.Text, Type: t}, parts[0], parts[1], parts[2], op.At()}, nil
}

func (n *rangeNode) columns() []Column { return []Column{n.col} }
func (n *rangeNode) require([]bool)    {}

func (n *rangeNode) open(r *run) (Rows, error) {
	var parts [3]value.Value
	for i, e := range []expr{n.from, n.to, n.step} {
		f, err := r.compile(e)
		if err != nil {
			return nil, err
		}
		if parts[i], err = f(nil); err != nil {
			return nil, err
		}
		if parts[i] == nil {
			return &slice{}, nil // without an end there is nothing to count to
		}
	}
	up := value.Compare(parts[2], zeroOf(parts[2]))
	if up == 0 {
		return nil, errAt(n.at, "range needs a step that is not 0.")
	}
	return &rangeRows{n: n, next: parts[0], to: parts[1], step: parts[2], up: up > 0}, nil
}

func zeroOf(v value.Value) value.Value {
	switch v.(type) {
	case float64:
		return 0.0
	case value.Span:
		return value.Span(0)
	case int32:
		return int32(0)
	}
	return value.Convert(int64(0), value.TypeOf(v))
}

type rangeRows struct {
	n        *rangeNode
	next, to value.Value
	step     value.Value
	up       bool
	made     int
}

func (s *rangeRows) Next(ctx context.Context) ([]Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var batch []Row
	for len(batch) < batchRows && s.next != nil {
		c := value.Compare(s.next, s.to)
		if s.up && c > 0 || !s.up && c < 0 {
			s.next = nil
			break
		}
		if s.made++; s.made > maxRange {
			return nil, &LimitError{What: "rows of a range", Limit: fmt.Sprint(maxRange), Hint: "use a larger step"}
		}
		batch = append(batch, Row{s.next})
		following := value.Arith("+", s.next, s.step)
		if following == nil || value.Compare(following, s.next) == 0 || s.up != (value.Compare(following, s.next) > 0) {
			s.next = nil // the type's range ended
			break
		}
		s.next = following
	}
	if len(batch) == 0 {
		return nil, io.EOF
	}
	return batch, nil
}

func (s *rangeRows) Close() error { return nil }

// tableScan reads a table of the catalog.
type tableScan struct {
	src  Source
	decl *logrows.Table
	need []bool
	scan Scan // what the filters above leave of it
}

// timeColumn is the column by which tables are bounded.
const timeColumn = "TimeGenerated"

// scanOf reads a table within the time and the scope of the request.
func (b *binder) scanOf(src Source) node {
	decl := src.Declaration()
	var n node = &tableScan{src: src, decl: decl, scan: Scan{From: 0, To: value.MaxTime}}
	var cond expr
	and := func(x expr) {
		if cond == nil {
			cond = x
		} else {
			cond = &logic{true, cond, x}
		}
	}
	if i := decl.Column(timeColumn); i >= 0 && b.req.To != 0 {
		t := &column{i, timeColumn, value.Datetime}
		and(&compare{">=", t, &constant{value.Datetime, b.req.From}})
		and(&compare{"<=", t, &constant{value.Datetime, b.req.To}})
	}
	for name, text := range b.req.Equal {
		i := decl.Column(name)
		if i < 0 {
			and(&constant{value.Bool, false})
			continue
		}
		and(&compare{"==", &column{i, name, decl.Columns[i].Type}, &constant{value.String, text}})
	}
	if cond != nil {
		n = &filter{in: n, cond: cond}
	}
	return n
}

func (n *tableScan) columns() []Column { return n.decl.Columns }

func (n *tableScan) require(need []bool) { n.need = need }

func (n *tableScan) open(r *run) (Rows, error) {
	s := n.scan
	s.Need, s.Budget = n.need, r.budget.take
	rows, err := n.src.Scan(r.ctx, s)
	if err != nil {
		return nil, err
	}
	r.warn(rows)
	return &mapped{in: rows, each: func(batch []Row) ([]Row, error) {
		r.scanned += len(batch)
		return batch, nil
	}}, nil
}

// sharedTable is a table that is computed once for all its uses: materialize(), as, invoke.
type sharedTable struct{ root node }

// sharedNode is one use of it.
type sharedNode struct{ of *sharedTable }

func (n *sharedNode) columns() []Column { return n.of.root.columns() }
func (n *sharedNode) require([]bool)    {}
func (n *sharedNode) open(r *run) (Rows, error) {
	rows, err := r.sharedRows(n.of)
	if err != nil {
		return nil, err
	}
	return &slice{append([]Row(nil), rows...)}, nil
}

// sharedRows returns the rows of a shared table, computed once.
func (r *run) sharedRows(t *sharedTable) ([]Row, error) {
	if rows, ok := r.shared[t]; ok {
		r.reuse(t)
		return rows, nil
	}
	reads, used := r.partReads, r.budget.used.Load()
	rows, err := r.collect(t.root)
	if err != nil {
		return nil, err
	}
	r.shared[t] = rows
	r.keep(t, reads, used)
	return rows, nil
}
