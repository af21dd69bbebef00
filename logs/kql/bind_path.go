package kql

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

func (b *binder) member(e *syntax.Member, sc *scope) (expr, error) {
	if n, ok := e.X.(*syntax.NameRef); ok {
		if sc.steps != nil && findColumn(sc.cols, n.Name.Text) < 0 {
			if x, ok, err := sc.steps.member(n.Name.Text, e.Sel.Text, e.At()); ok || err != nil {
				return x, err
			}
		}
		if side, offset := sc.side(n.Name.Text); side != nil {
			i := findColumn(side, e.Sel.Text)
			if i < 0 {
				return nil, errAt(e.Sel.At(), "The %s side of the join has no column named '%s'.%s", strings.TrimPrefix(n.Name.Text, "$"), e.Sel.Text, didYouMean(e.Sel.Text, columnNames(side)))
			}
			return &column{offset + i, e.Sel.Text, side[i].Type}, nil
		}
	}
	x, err := b.expr(e.X, sc)
	if err != nil {
		return nil, err
	}
	return b.pathOf(x, e.Sel.Text, e.At())
}

// side returns the columns behind $left or $right, and the index of the first.
func (sc *scope) side(name string) ([]Column, int) {
	switch {
	case sc.right == nil:
	case name == "$left":
		return sc.cols, 0
	case name == "$right":
		return sc.right, len(sc.cols)
	}
	return nil, 0
}

func (b *binder) pathOf(x expr, key string, at syntax.Span) (expr, error) {
	if x.typ() != value.Dynamic {
		return nil, errAt(at, "A value of type %s has no members such as '%s'; parse_json() makes a dynamic of a text.", x.typ(), key)
	}
	return fold(&path{x, key}), nil
}

func (b *binder) index(e *syntax.Index, sc *scope) (expr, error) {
	x, err := b.expr(e.X, sc)
	if err != nil {
		return nil, err
	}
	i, err := b.expr(e.Index, sc)
	if err != nil {
		return nil, err
	}
	if parts := tupleOf(x, e.X); parts != nil {
		if c, ok := i.(*constant); ok {
			if n, ok := value.ToLong(c.v); ok && n >= 0 && n < int64(len(parts)) {
				return parts[n].x, nil
			}
		}
		return nil, errAt(e.Index.At(), "The function has %s, and this is none of them.", plural(len(parts), "result"))
	}
	if key, ok := constText(i); ok {
		return b.pathOf(x, key, e.At())
	}
	if x.typ() != value.Dynamic {
		return nil, errAt(e.At(), "A value of type %s has no elements; parse_json() makes a dynamic of a text.", x.typ())
	}
	if t := i.typ(); t != value.Dynamic && t != value.Int && t != value.Long && t != value.String {
		return nil, errAt(e.Index.At(), "An index is a number or a text, and this is a %s.", t)
	}
	return fold(&element{x, i}), nil
}

func columnNames(cols []Column) []string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Name
	}
	return names
}

// foldRun computes constants at binding; it has no subqueries to run.
var foldRun = &run{}
