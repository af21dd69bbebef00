package kql

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// join matches the rows of two tables by equal keys. A null equals nothing; "" equals "".
type join struct {
	left, right node
	kind        string // innerunique inner leftouter rightouter fullouter leftsemi leftanti rightsemi rightanti
	lkeys       []expr
	rkeys       []expr
	cols        []Column
	keep        []int // columns of left ++ right that the rows have
	lookup      bool  // the left rows stay in their order, and what looks at the rows around may rely on it
}

func (n *join) columns() []Column { return n.cols }

func (n *join) require(need []bool) {
	split := len(n.left.columns())
	l, r := make([]bool, split), make([]bool, len(n.right.columns()))
	for i, k := range n.keep {
		if need != nil && !need[i] {
			continue
		}
		if k < split {
			l[k] = true
		} else {
			r[k-split] = true
		}
	}
	for i := range n.lkeys {
		mark(l, n.lkeys[i])
		mark(r, n.rkeys[i])
	}
	n.left.require(l)
	n.right.require(r)
}

// join binds `join kind=K (Right) on ...`.
func (b *binder) join(in node, op *syntax.Join, names *env) (node, error) {
	kind, ok := option(op.Options, "kind")
	if !ok {
		kind = "innerunique"
	}
	switch kind {
	case "innerunique", "inner", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti", "rightsemi", "rightanti":
	case "anti", "leftantisemi":
		kind = "leftanti"
	case "rightantisemi":
		kind = "rightanti"
	case "semi":
		kind = "leftsemi"
	default:
		return nil, errAt(op.At(), "'join' operator: There is no kind '%s'.%s", kind, didYouMean(kind, []string{"innerunique", "inner", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti", "rightsemi", "rightanti"}))
	}
	right, err := b.table(op.Right, names)
	if err != nil {
		return nil, err
	}
	n := &join{left: in, right: right, kind: kind}
	if err := b.joinKeys(n, op.On, "join", names); err != nil {
		return nil, err
	}
	n.name(func(int) bool { return true })
	return n, nil
}

// lookup binds `lookup kind=K (Right) on ...`: a join that drops the keys of the right side.
func (b *binder) lookup(in node, op *syntax.Lookup, names *env) (node, error) {
	kind, ok := option(op.Options, "kind")
	if !ok {
		kind = "leftouter"
	}
	if kind != "leftouter" && kind != "inner" {
		return nil, errAt(op.At(), "'lookup' operator: There is no kind '%s'; there are leftouter and inner.", kind)
	}
	right, err := b.table(op.Right, names)
	if err != nil {
		return nil, err
	}
	n := &join{left: in, right: right, kind: kind, lookup: true}
	if err := b.joinKeys(n, op.On, "lookup", names); err != nil {
		return nil, err
	}
	n.name(func(i int) bool {
		for _, k := range n.rkeys {
			if c, ok := k.(*column); ok && c.i == i {
				return false
			}
		}
		return true
	})
	return n, nil
}

// name makes the columns: those of the left, then those of the right that keepRight lets pass, with a number where a name is taken.
func (n *join) name(keepRight func(i int) bool) {
	lc, rc := n.left.columns(), n.right.columns()
	if !strings.HasPrefix(n.kind, "right") || n.kind == "rightouter" {
		for i, c := range lc {
			n.cols, n.keep = append(n.cols, Column{Name: c.Name, Type: c.Type}), append(n.keep, i)
		}
		if n.kind == "leftsemi" || n.kind == "leftanti" {
			return
		}
	}
	for i, c := range rc {
		if keepRight(i) {
			n.cols, n.keep = append(n.cols, Column{Name: freeName(n.cols, c.Name), Type: c.Type}), append(n.keep, len(lc)+i)
		}
	}
}

// joinKeys binds the conditions after on: a name of both sides, or $left.a == $right.b, joined by commas or and.
func (b *binder) joinKeys(n *join, on []syntax.Expr, op string, names *env) error {
	lc, rc := n.left.columns(), n.right.columns()
	for _, e := range on {
		e = unparen(e)
		if bin, ok := e.(*syntax.Binary); ok && bin.Op == "and" {
			if err := b.joinKeys(n, []syntax.Expr{bin.X, bin.Y}, op, names); err != nil {
				return err
			}
			continue
		}
		if ref, ok := e.(*syntax.NameRef); ok {
			i, j := findColumn(lc, ref.Name.Text), findColumn(rc, ref.Name.Text)
			if i < 0 || j < 0 {
				side, cols := "left", lc
				if i >= 0 {
					side, cols = "right", rc
				}
				return errAt(ref.At(), "'%s' operator: The %s side has no column named '%s'.%s", op, side, ref.Name.Text, didYouMean(ref.Name.Text, columnNames(cols)))
			}
			if err := b.addKey(n, &column{i, lc[i].Name, lc[i].Type}, &column{j, rc[j].Name, rc[j].Type}, ref.At(), op); err != nil {
				return err
			}
			continue
		}
		bin, ok := e.(*syntax.Binary)
		if !ok || bin.Op != "==" {
			return errAt(e.At(), "'%s' operator: A condition is a column's name, or $left.a == $right.b.", op)
		}
		x, err := b.expr(bin.X, &scope{env: names, cols: lc, right: rc, op: op})
		if err != nil {
			return err
		}
		y, err := b.expr(bin.Y, &scope{env: names, cols: lc, right: rc, op: op})
		if err != nil {
			return err
		}
		if sideOf(x, len(lc)) > 0 && sideOf(y, len(lc)) < 0 {
			x, y = y, x
		}
		if sideOf(x, len(lc)) != -1 || sideOf(y, len(lc)) != 1 {
			return errAt(e.At(), "'%s' operator: One side of == must be of $left, the other of $right.", op)
		}
		y = mapColumns(y, func(c *column) expr { return &column{c.i - len(lc), c.name, c.t} })
		if err := b.addKey(n, x, y, e.At(), op); err != nil {
			return err
		}
	}
	if len(n.lkeys) == 0 {
		return errAt(syntax.Span{}, "'%s' operator: It needs a condition after 'on'.", op)
	}
	return nil
}

// sideOf says which side's columns x looks at: -1 left, 1 right, 0 none or both.
func sideOf(x expr, split int) int {
	left, right := false, false
	walk(x, func(e expr) bool {
		if c, ok := e.(*column); ok {
			left, right = left || c.i < split, right || c.i >= split
		}
		return true
	})
	switch {
	case left && !right:
		return -1
	case right && !left:
		return 1
	}
	return 0
}

func (b *binder) addKey(n *join, x, y expr, at syntax.Span, op string) error {
	tx, ty := x.typ(), y.typ()
	if tx != ty && !(value.Numeric(tx) && value.Numeric(ty)) {
		if tx != value.Dynamic && ty != value.Dynamic {
			return errAt(at, "'%s' operator: The keys have the types %s and %s; convert one of them.", op, tx, ty)
		}
		if tx == value.Dynamic {
			x = dynamicSide(x, ty)
		} else {
			y = dynamicSide(y, tx)
		}
	}
	n.lkeys, n.rkeys = append(n.lkeys, x), append(n.rkeys, y)
	return nil
}

// joinSide is the right side in memory, by key.
type joinSide struct {
	rows    []Row
	byKey   map[string][]int
	matched []bool
}

func (n *join) open(r *run) (Rows, error) {
	side, err := n.build(r)
	if err != nil {
		return nil, err
	}
	keys, err := r.compileAll(n.lkeys)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.left)
	if err != nil {
		return nil, err
	}
	return &joinRows{n: n, side: side, keys: keys, in: in, seen: map[string]bool{}}, nil
}

func (n *join) build(r *run) (*joinSide, error) {
	keys, err := r.compileAll(n.rkeys)
	if err != nil {
		return nil, err
	}
	rows, err := r.collect(n.right)
	if err != nil {
		return nil, err
	}
	s := &joinSide{rows: rows, byKey: map[string][]int{}, matched: make([]bool, len(rows))}
	var buf []byte
	for i, row := range rows {
		key, null, err := joinKey(buf[:0], keys, row)
		if err != nil {
			return nil, err
		}
		if buf = key; !null {
			s.byKey[string(key)] = append(s.byKey[string(key)], i)
		}
	}
	return s, r.budget.take(64 * len(rows))
}

func joinKey(buf []byte, keys []evalFunc, row Row) (key []byte, null bool, err error) {
	for _, f := range keys {
		v, err := f(row)
		if err != nil {
			return nil, false, err
		}
		null = null || v == nil
		buf = value.AppendKey(buf, v)
	}
	return buf, null, nil
}

// joinRows reads the left side against the right. A row of the left may have any number of matches, so it hands them on in batches.
type joinRows struct {
	n       *join
	side    *joinSide
	keys    []evalFunc
	in      Rows
	seen    map[string]bool // of innerunique
	buf     []byte
	batch   []Row // of the left that are still to come
	left    Row   // whose matches come now
	matches []int // of it that are still to come
	ended   bool  // the left has
	next    int   // of the right, after the left has ended
}

func (j *joinRows) Next(ctx context.Context) ([]Row, error) {
	var out []Row
	for len(out) < batchRows {
		switch {
		case len(j.matches) > 0:
			n := min(batchRows-len(out), len(j.matches))
			for _, i := range j.matches[:n] {
				out = append(out, j.n.row(j.left, j.side.rows[i]))
			}
			j.matches = j.matches[n:]
		case len(j.batch) > 0:
			row := j.batch[0]
			j.batch = j.batch[1:]
			alone, err := j.probe(row)
			if err != nil {
				return nil, err
			}
			if alone {
				out = append(out, j.n.row(row, nil))
			}
		case !j.ended:
			batch, err := j.in.Next(ctx)
			if errors.Is(err, io.EOF) {
				j.ended = true
				continue
			}
			if err != nil {
				return nil, err
			}
			j.batch = batch
		case j.next < len(j.side.rows):
			if j.keepsRight(j.next) {
				out = append(out, j.n.row(nil, j.side.rows[j.next]))
			}
			j.next++
		default:
			if len(out) == 0 {
				return nil, io.EOF
			}
			return out, nil
		}
	}
	return out, ctx.Err()
}

func (j *joinRows) Close() error { return j.in.Close() }

// probe looks a row of the left up. Its matches come next; alone says that it comes without any.
func (j *joinRows) probe(row Row) (alone bool, err error) {
	key, null, err := joinKey(j.buf[:0], j.keys, row)
	if err != nil {
		return false, err
	}
	j.buf = key
	var matches []int
	if !null {
		matches = j.side.byKey[string(key)]
	}
	switch j.n.kind {
	case "innerunique":
		if len(matches) == 0 || j.seen[string(key)] {
			return false, nil
		}
		j.seen[string(key)] = true
	case "leftsemi", "leftanti":
		return (len(matches) > 0) == (j.n.kind == "leftsemi"), nil
	case "leftouter", "fullouter":
		alone = len(matches) == 0
	}
	for _, i := range matches {
		j.side.matched[i] = true
	}
	if j.n.kind == "rightsemi" || j.n.kind == "rightanti" {
		return false, nil
	}
	j.left, j.matches = row, matches
	return alone, nil
}

// keepsRight says whether a row of the right comes after the left has ended.
func (j *joinRows) keepsRight(i int) bool {
	switch j.n.kind {
	case "rightouter", "fullouter", "rightanti":
		return !j.side.matched[i]
	case "rightsemi":
		return j.side.matched[i]
	}
	return false
}

// row makes a row of both sides; a side that is nil is missing.
func (n *join) row(left, right Row) Row {
	split := len(n.left.columns())
	out := make(Row, len(n.keep))
	for i, k := range n.keep {
		switch {
		case k < split && left != nil:
			out[i] = left[k]
		case k >= split && right != nil:
			out[i] = right[k-split]
		default:
			out[i] = value.Zero(n.cols[i].Type)
		}
	}
	return out
}

func itoa(n int) string { return strconv.Itoa(n) }

// next is a shorthand for reading a batch that may be the end.
func next(r *run, rows Rows) ([]Row, bool, error) {
	batch, err := rows.Next(r.ctx)
	if errors.Is(err, io.EOF) {
		return nil, false, nil
	}
	return batch, err == nil, err
}
