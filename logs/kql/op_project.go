package kql

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// project makes every column of its rows from the row below: extend and the project family.
type project struct {
	in    node
	cols  []Column
	exprs []expr
	need  []bool // columns that somebody looks at; nil: all

	ordered bool // the order of rows counts from here on, as serialize says
}

func (n *project) columns() []Column { return n.cols }

func (n *project) add(name string, x expr) {
	n.cols = append(n.cols, Column{Name: name, Type: x.typ()})
	n.exprs = append(n.exprs, x)
}

// set replaces the column with that name in place, or adds it.
func (n *project) set(name string, x expr) {
	if i := findColumn(n.cols, name); i >= 0 {
		n.cols[i].Type, n.exprs[i] = x.typ(), x
		return
	}
	n.add(name, x)
}

func (n *project) require(need []bool) {
	n.need = need
	below := make([]bool, len(n.in.columns()))
	for i, x := range n.exprs {
		if need == nil || need[i] {
			mark(below, x)
		}
	}
	n.in.require(below)
}

// wanted returns the expressions, with null for those that nobody looks at.
func (n *project) wanted() []expr {
	if n.need == nil {
		return n.exprs
	}
	out := make([]expr, len(n.exprs))
	for i, x := range n.exprs {
		if out[i] = x; !n.need[i] {
			out[i] = &constant{x.typ(), nil}
		}
	}
	return out
}

func (n *project) open(r *run) (Rows, error) {
	windows := windowsOf(n.wanted())
	if len(windows) > 0 {
		return &lazy{make: func() ([]Row, error) { return n.overRows(r, windows) }}, nil
	}
	fs, err := r.compileAll(n.wanted())
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &mapped{in: in, each: func(batch []Row) ([]Row, error) {
		out := make([]Row, len(batch))
		cells := make([]value.Value, len(batch)*len(fs))
		for i, row := range batch {
			out[i] = cells[i*len(fs) : (i+1)*len(fs) : (i+1)*len(fs)]
			for j, f := range fs {
				v, err := f(row)
				if err != nil {
					return nil, err
				}
				out[i][j] = v
			}
		}
		return out, nil
	}}, nil
}

// freeName returns name, or name with the first number that makes it new.
func freeName(cols []Column, name string) string {
	if findColumn(cols, name) < 0 {
		return name
	}
	for i := 1; ; i++ {
		if n := name + strconv.Itoa(i); findColumn(cols, n) < 0 {
			return n
		}
	}
}

// unnamed returns the name of a column that has none.
func unnamed(taken ...[]Column) string {
	for i := 1; ; i++ {
		name := fmt.Sprintf("Column%d", i)
		if !slices.ContainsFunc(taken, func(cols []Column) bool { return findColumn(cols, name) >= 0 }) {
			return name
		}
	}
}

// item binds one element of a list. A function with several results adds its columns to p by itself and gives nil.
func (b *binder) item(a syntax.Arg, sc *scope, p *project) (expr, error) {
	x, err := b.expr(a.Expr, sc)
	if err != nil {
		return nil, err
	}
	if len(a.Names) <= 1 && !a.Parens {
		parts := tupleOf(x, a.Expr)
		if len(parts) < 2 || sc.op == "print" && len(a.Names) == 1 {
			return x, nil
		}
		for i, part := range parts {
			name := part.name
			if i == 0 && len(a.Names) == 1 {
				name = a.Names[0].Text
				p.set(name, part.x)
				continue
			}
			p.add(freeName(p.cols, name), part.x)
		}
		return nil, nil
	}
	parts := tupleOf(x, a.Expr)
	if len(parts) == 0 && x.typ() == value.Dynamic && len(a.Names) == 1 {
		parts = []tuplePartOf{{a.Names[0].Text, x}}
	}
	if len(a.Names) > max(len(parts), 1) {
		return nil, errAt(a.At(), "%s are named, and the expression has %s.", plural(len(a.Names), "column"), plural(max(len(parts), 1), "result"))
	}
	if len(parts) == 0 {
		parts = []tuplePartOf{{a.Names[0].Text, x}}
	}
	for i, part := range parts {
		switch {
		case i < len(a.Names):
			p.set(a.Names[i].Text, part.x)
		case sc.op != "print":
			p.add(freeName(p.cols, part.name), part.x)
		}
	}
	return nil, nil
}

type tuplePartOf struct {
	name string
	x    expr
}

// tupleOf returns the results of a call that has several; nil for all else.
func tupleOf(x expr, e syntax.Expr) []tuplePartOf {
	first, ok := x.(*tuplePart)
	if !ok {
		return nil
	}
	c, ok := first.x.(*call)
	if _, written := unparen(e).(*syntax.Call); !ok || !written || c.cols == nil {
		return nil
	}
	var out []tuplePartOf
	for i, col := range c.cols {
		out = append(out, tuplePartOf{col.Name, &tuplePart{c, i, col.Type}})
	}
	return out
}

// extend binds `extend a = x, ...` and serialize.
func (b *binder) extend(in node, items []syntax.Arg, op string, names *env) (node, error) {
	cols := in.columns()
	sc := &scope{env: names, cols: cols, op: op, windows: in}
	p := &project{in: in, ordered: op == "serialize"}
	for i, c := range cols {
		p.add(c.Name, &column{i, c.Name, c.Type})
	}
	given := map[string]bool{}
	for _, a := range items {
		for _, n := range a.Names {
			if given[n.Text] {
				return nil, errAt(n.At(), "'%s' operator: The column '%s' is named twice.", op, n.Text)
			}
			given[n.Text] = true
		}
		x, err := b.item(a, sc, p)
		if err != nil {
			return nil, err
		}
		if x == nil {
			continue
		}
		if len(a.Names) == 1 {
			p.set(a.Names[0].Text, x)
			continue
		}
		name := b.itemName(a.Expr, x)
		if name == "" {
			name = unnamed(p.cols)
		}
		if _, plain := x.(*column); plain || b.sortedName(a.Expr) != "" {
			name = freeName(p.cols, name)
		}
		p.set(name, x)
	}
	return p, nil
}

// itemName is the name of an item that the query did not name.
func (b *binder) itemName(e syntax.Expr, x expr) string {
	if first, ok := x.(*tuplePart); ok {
		if c, ok := first.x.(*call); ok && c.cols != nil && first.i < len(c.cols) {
			return c.cols[first.i].Name
		}
	}
	if name := b.sortedName(e); name != "" {
		return name
	}
	return b.resultName(e)
}

// sortedName is the name of an item that sorts one array; "" for all others.
func (b *binder) sortedName(e syntax.Expr) string {
	if c, ok := unparen(e).(*syntax.Call); ok && len(c.Args) > 0 {
		if kind, _ := fn.ResultName(c.Name.Text); kind == fn.FirstArgumentSorted {
			return cmp.Or(b.resultName(c.Args[0].Expr), "array0") + "_sorted"
		}
	}
	return ""
}

// callResultName is the name of a column that a call makes.
func (b *binder) callResultName(e *syntax.Call) string {
	kind, prefix := fn.ResultName(e.Name.Text)
	arg := func(i int) string {
		if i < len(e.Args) {
			return b.resultName(e.Args[i].Expr)
		}
		return ""
	}
	switch kind {
	case fn.FirstArgument:
		return arg(0)
	case fn.OnlyArgument:
		if len(e.Args) == 1 {
			return arg(0)
		}
	case fn.NameAndFirstArgument, fn.PrefixAndFirstArgument:
		return prefix + "_" + arg(0)
	case fn.NameAndOnlyArgument, fn.PrefixAndOnlyArgument:
		if len(e.Args) == 1 {
			return prefix + "_" + arg(0)
		}
	case fn.PrefixAndTwoArguments:
		return prefix + "_" + arg(0) + "_" + arg(1)
	case fn.PrefixOnly:
		return prefix
	case fn.FirstArgumentValueIfColumn:
		if len(e.Args) > 0 {
			if l, ok := e.Args[0].Expr.(*syntax.Literal); ok {
				s, _ := l.Value.(string)
				return s
			}
		}
	}
	return ""
}

// project binds the project family.
func (b *binder) project(in node, op *syntax.Project, names *env) (node, error) {
	cols := in.columns()
	p := &project{in: in}
	keep := func(i int) { p.add(cols[i].Name, &column{i, cols[i].Name, cols[i].Type}) }
	switch op.Kind {
	case "away":
		drop := make([]bool, len(cols))
		for _, item := range op.Items {
			matched, err := matchColumns(cols, item.Expr, "project-away", true)
			if err != nil {
				return nil, err
			}
			for _, i := range matched {
				drop[i] = true
			}
		}
		for i := range cols {
			if !drop[i] {
				keep(i)
			}
		}
		return p, nil
	case "keep":
		kept := make([]bool, len(cols))
		for _, item := range op.Items {
			matched, err := matchColumns(cols, item.Expr, "project-keep", true)
			if err != nil {
				return nil, err
			}
			for _, i := range matched {
				kept[i] = true
			}
		}
		for i := range cols {
			if kept[i] {
				keep(i)
			}
		}
		return p, nil
	case "reorder":
		return b.reorder(p, op, keep)
	case "rename":
		return b.rename(p, op, names)
	case "by-names":
		return b.projectByNames(p, op, keep, names)
	}
	sc := &scope{env: names, cols: cols, op: "project", windows: in}
	given := map[string]bool{}
	for _, item := range op.Items {
		for _, n := range item.Names {
			if given[n.Text] {
				return nil, errAt(n.At(), "'project' operator: The column '%s' is named twice.", n.Text)
			}
			given[n.Text] = true
		}
		x, err := b.item(item.Arg, sc, p)
		if err != nil {
			return nil, err
		}
		if x == nil {
			continue
		}
		name := ""
		if len(item.Names) == 1 {
			name = item.Names[0].Text
			if findColumn(p.cols, name) >= 0 {
				return nil, errAt(item.At(), "'project' operator: The column '%s' is named twice.", name)
			}
		} else if name = b.itemName(item.Expr, x); name == "" {
			name = unnamed(p.cols)
		}
		p.add(freeName(p.cols, name), x)
	}
	return p, nil
}

// matchColumns returns the columns that a name, possibly with wildcards, stands for.
func matchColumns(cols []Column, e syntax.Expr, op string, must bool) ([]int, error) {
	if _, ok := e.(*syntax.Star); ok {
		var all []int
		for i := range cols {
			all = append(all, i)
		}
		return all, nil
	}
	ref, ok := e.(*syntax.NameRef)
	if !ok {
		return nil, errAt(e.At(), "'%s' operator: A column's name is expected.", op)
	}
	var out []int
	for i, c := range cols {
		if c.Name == ref.Name.Text || ref.Wildcard && wildcard(ref.Name.Text, c.Name) {
			out = append(out, i)
		}
	}
	if len(out) == 0 && must && !ref.Wildcard {
		return nil, errAt(e.At(), "'%s' operator: Failed to resolve column named '%s'.%s", op, ref.Name.Text, didYouMean(ref.Name.Text, columnNames(cols)))
	}
	return out, nil
}

// wildcard says whether a text matches a pattern in which * stands for any letters.
func wildcard(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(text, p)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

// reorder puts the named columns first; those of one wildcard in the order that it asks for.
func (b *binder) reorder(p *project, op *syntax.Project, keep func(int)) (node, error) {
	cols := p.in.columns()
	done := make([]bool, len(cols))
	for _, item := range op.Items {
		matched, err := matchColumns(cols, item.Expr, "project-reorder", true)
		if err != nil {
			return nil, err
		}
		matched = slices.DeleteFunc(matched, func(i int) bool { return done[i] })
		if compare := nameOrder(item.Order); compare != nil {
			slices.SortStableFunc(matched, func(i, j int) int { return compare(cols[i].Name, cols[j].Name) })
		}
		for _, i := range matched {
			done[i] = true
			keep(i)
		}
	}
	for i := range cols {
		if !done[i] {
			keep(i)
		}
	}
	return p, nil
}

func nameOrder(order string) func(a, b string) int {
	switch order {
	case "asc":
		return strings.Compare
	case "desc":
		return func(a, b string) int { return strings.Compare(b, a) }
	case "granny-asc":
		return grannyCompare
	case "granny-desc":
		return func(a, b string) int { return grannyCompare(b, a) }
	}
	return nil
}

// grannyCompare orders names with the numbers in them by size: a9 before a10.
func grannyCompare(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if c := cmp.Compare(a[0], b[0]); c != 0 {
			return c
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// rename binds `project-rename new = old, ...`: columns keep their places.
func (b *binder) rename(p *project, op *syntax.Project, names *env) (node, error) {
	cols := p.in.columns()
	to := map[int]string{}
	for _, item := range op.Items {
		ref, ok := unparen(item.Expr).(*syntax.NameRef)
		if !ok || len(item.Names) != 1 {
			return nil, errAt(item.At(), "'project-rename' operator: Each item has the form new = old.")
		}
		i := findColumn(cols, ref.Name.Text)
		if i < 0 {
			return nil, errAt(ref.At(), "'project-rename' operator: Failed to resolve column named '%s'.%s", ref.Name.Text, didYouMean(ref.Name.Text, columnNames(cols)))
		}
		to[i] = item.Names[0].Text
	}
	for i, c := range cols {
		name := c.Name
		if n, ok := to[i]; ok {
			name = n
		}
		if findColumn(p.cols, name) >= 0 {
			return nil, errAt(op.At(), "'project-rename' operator: There would be two columns named '%s'.", name)
		}
		p.add(name, &column{i, c.Name, c.Type})
	}
	return p, nil
}
