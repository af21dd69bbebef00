package kql

import (
	"slices"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// topNested is the values with the largest aggregates, level by level: within each value of a level those of the next. A row is one path
// through the levels, with the value and its aggregate of each.
type topNested struct {
	in     node
	levels []nestedLevel
	cols   []Column
}

type nestedLevel struct {
	n      expr // nil: all values
	of     expr
	others expr // the value that stands for all that are not among the largest; nil: none
	calls  []*aggCall
	by     expr // over the results of calls
	desc   bool
}

func (n *topNested) columns() []Column { return n.cols }
func (n *topNested) inputs() []*node   { return []*node{&n.in} }

func (n *topNested) require([]bool) {
	below := make([]bool, len(n.in.columns()))
	for _, l := range n.levels {
		mark(below, l.of)
		for _, a := range l.calls {
			for _, x := range a.args {
				mark(below, x)
			}
		}
	}
	n.in.require(below)
}

// topNested binds `top-nested N of x with others = o by agg, top-nested ...`.
func (b *binder) topNested(in node, op *syntax.TopNested, names *env) (node, error) {
	n := &topNested{in: in}
	sc := &scope{env: names, cols: in.columns(), op: "top-nested"}
	for _, level := range op.Levels {
		l := nestedLevel{desc: level.Order != "asc"}
		var err error
		if level.N != nil {
			if l.n, err = b.rowCount(level.N, "top-nested", names); err != nil {
				return nil, err
			}
		}
		if l.of, err = b.expr(level.Of.Expr, sc); err != nil {
			return nil, err
		}
		name := b.itemName(level.Of.Expr, l.of)
		if len(level.Of.Names) > 0 {
			name = level.Of.Names[0].Text
		}
		if name == "" {
			name = unnamed(n.cols)
		}
		if level.Others != nil {
			x, err := b.expr(level.Others, &scope{env: names, op: "top-nested"})
			if err != nil {
				return nil, err
			}
			if l.others, err = b.coerce(x, l.of.typ(), level.Others.At()); err != nil {
				return nil, err
			}
		}
		aggs := &aggregates{in: in.columns()}
		if l.by, err = b.expr(level.By.Expr, &scope{env: names, op: "top-nested", aggs: aggs}); err != nil {
			return nil, err
		}
		if len(aggs.calls) == 0 {
			return nil, errAt(level.By.At(), "'top-nested' operator: An aggregate is expected after 'by'.")
		}
		l.calls = aggs.calls
		label := "aggregated_" + name
		if len(level.By.Names) > 0 {
			label = level.By.Names[0].Text
		}
		n.cols = append(n.cols, Column{Name: freeName(n.cols, name), Type: l.of.typ()})
		n.cols = append(n.cols, Column{Name: freeName(n.cols, label), Type: l.by.typ()})
		n.levels = append(n.levels, l)
	}
	return n, nil
}

func (n *topNested) open(r *run) (Rows, error) {
	return &lazy{make: func() ([]Row, error) { return n.rows(r) }}, nil
}

// nester finds the paths.
type nester struct {
	r      *run
	cols   []Column
	levels []nestedRun
	out    []Row
}

// nestedRun is a level as it runs.
type nestedRun struct {
	*nestedLevel
	most   int // -1: all
	of     evalFunc
	folder *folder
	by     evalFunc
	others value.Value
	// below says whether a level further in has a value for others, so that what is left out here still counts there.
	below bool
}

func (n *topNested) rows(r *run) ([]Row, error) {
	s := &nester{r: r, cols: n.cols}
	for i := range n.levels {
		l := &n.levels[i]
		run := nestedRun{nestedLevel: l, most: -1}
		var err error
		if l.n != nil {
			if run.most, err = r.number(l.n); err != nil {
				return nil, err
			}
		}
		if run.of, err = r.compile(l.of); err != nil {
			return nil, err
		}
		if run.folder, err = r.newFolder(nil, l.calls); err != nil {
			return nil, err
		}
		if run.by, err = r.compile(l.by); err != nil {
			return nil, err
		}
		if l.others != nil {
			f, err := r.compile(l.others)
			if err != nil {
				return nil, err
			}
			if run.others, err = f(nil); err != nil {
				return nil, err
			}
		}
		for _, inner := range n.levels[i+1:] {
			run.below = run.below || inner.others != nil
		}
		s.levels = append(s.levels, run)
	}
	rows, err := r.collect(n.in)
	if err != nil {
		return nil, err
	}
	err = s.descend(0, rows, make(Row, 0, len(n.cols)))
	return s.out, err
}

// sum is the aggregate of a level over rows.
func (s *nester) sum(l *nestedRun, rows []Row) (value.Value, error) {
	g := l.folder.newGroup(nil)
	for _, row := range rows {
		if err := l.folder.feed(g, row); err != nil {
			return nil, err
		}
	}
	return l.by(l.folder.result(g))
}

// descend adds the paths that begin with prefix and go on with values of rows.
func (s *nester) descend(level int, rows []Row, prefix Row) error {
	if level == len(s.levels) {
		s.out = append(s.out, slices.Clone(prefix))
		return s.r.budget.take(sizeOf(prefix))
	}
	if err := s.r.ctx.Err(); err != nil {
		return err
	}
	l := &s.levels[level]
	parts, err := splitBy(rows, l.of)
	if err != nil {
		return err
	}
	type ranked struct {
		*onePart
		by []value.Value
	}
	list := make([]ranked, len(parts))
	for i, p := range parts {
		v, err := s.sum(l, p.rows)
		if err != nil {
			return err
		}
		list[i] = ranked{p, []value.Value{v}}
	}
	order := []sortKey{{desc: l.desc, nullsFirst: !l.desc}}
	slices.SortStableFunc(list, func(a, b ranked) int { return compareKeys(order, a.by, b.by) })
	best := list
	if l.most >= 0 {
		best = list[:min(l.most, len(list))]
	}
	for _, p := range best {
		if err := s.descend(level+1, p.rows, append(prefix, p.key, p.by[0])); err != nil {
			return err
		}
	}
	var rest []Row
	for _, p := range list[len(best):] {
		rest = append(rest, p.rows...)
	}
	return s.rest(level, rest, prefix)
}

// rest adds the one path of rows that are not among the largest of a level: each level from there on gives its value for others, or none.
func (s *nester) rest(level int, rows []Row, prefix Row) error {
	if len(rows) == 0 || s.levels[level].nestedLevel.others == nil && !s.levels[level].below {
		return nil
	}
	path := slices.Clone(prefix)
	for i := level; i < len(s.levels); i++ {
		l := &s.levels[i]
		if l.nestedLevel.others == nil {
			path = append(path, value.Zero(s.cols[2*i].Type), value.Zero(s.cols[2*i+1].Type))
			continue
		}
		sum, err := s.sum(l, rows)
		if err != nil {
			return err
		}
		path = append(path, l.others, sum)
	}
	s.out = append(s.out, path)
	return s.r.budget.take(sizeOf(path))
}
