package kql

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// union is the rows of several tables, one after the other.
type union struct {
	legs []leg
	cols []Column
}

// leg is one table of a union: from says for every column of the union which column of the leg it is, or -1.
type leg struct {
	in   node
	from []int
	name string // for withsource
}

func (n *union) columns() []Column { return n.cols }

func (n *union) require(need []bool) {
	for _, l := range n.legs {
		below := make([]bool, len(l.in.columns()))
		for i, j := range l.from {
			if j >= 0 && (need == nil || need[i]) {
				below[j] = true
			}
		}
		l.in.require(below)
	}
}

// sourceColumn stands in leg.from for the name of the leg.
const sourceColumn = -2

func (n *union) open(r *run) (Rows, error) { return &unionRows{n: n, r: r}, nil }

type unionRows struct {
	n   *union
	r   *run
	at  int
	now Rows
}

func (u *unionRows) Next(ctx context.Context) ([]Row, error) {
	for u.at < len(u.n.legs) {
		l := u.n.legs[u.at]
		if u.now == nil {
			var err error
			if u.now, err = u.r.open(l.in); err != nil {
				return nil, err
			}
		}
		batch, err := u.now.Next(ctx)
		if errors.Is(err, io.EOF) {
			err = u.now.Close()
			u.now = nil
			u.at++
			if err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		out := make([]Row, len(batch))
		for i, row := range batch {
			out[i] = make(Row, len(l.from))
			for j, k := range l.from {
				switch {
				case k >= 0:
					out[i][j] = row[k]
				case k == sourceColumn:
					out[i][j] = l.name
				default:
					out[i][j] = value.Zero(u.n.cols[j].Type)
				}
			}
		}
		return out, nil
	}
	return nil, io.EOF
}

func (u *unionRows) Close() error {
	if u.now == nil {
		return nil
	}
	rows := u.now
	u.now, u.at = nil, len(u.n.legs)
	return rows.Close()
}

// namedTable is a table with the name by which a query called it.
type namedTable struct {
	name string
	root node
}

// union binds `union tables`, as a source (in is nil) or after a pipe.
func (b *binder) union(in node, op *syntax.Union, names *env) (node, error) {
	var tables []namedTable
	if in != nil {
		tables = append(tables, namedTable{"union_arg0", in})
	}
	fuzzy, _ := option(op.Options, "isfuzzy")
	for _, e := range op.Tables {
		more, err := b.tablesNamed(e, names, len(tables))
		var sem *SemanticError
		if fuzzy == "true" && errors.As(err, &sem) && sem.noTable {
			continue
		}
		if err != nil {
			return nil, err
		}
		tables = append(tables, more...)
	}
	if len(tables) == 0 {
		return nil, errAt(op.At(), "'union' operator: None of the tables is there.")
	}
	kind, _ := option(op.Options, "kind")
	source, _ := option(op.Options, "withsource")
	return unionOf(tables, kind == "inner", source), nil
}

// tablesNamed binds an element of union, search in or find in: a table, or those that a name with wildcards matches.
func (b *binder) tablesNamed(e syntax.Expr, names *env, at int) ([]namedTable, error) {
	if ref, ok := unparen(e).(*syntax.NameRef); ok {
		if !ref.Wildcard {
			root, err := b.table(ref, names)
			return []namedTable{{ref.Name.Text, root}}, err
		}
		out, err := b.allTables(names, ref.At(), func(name string) bool { return wildcard(ref.Name.Text, name) })
		if err != nil {
			return nil, err
		}
		if len(out) == 0 {
			return nil, noTable(e.At(), "No table's name matches '%s'.", ref.Name.Text)
		}
		return out, nil
	}
	root, err := b.table(e, names)
	if err != nil {
		return nil, err
	}
	name := "union_arg" + itoa(at)
	if m, ok := unparen(e).(*syntax.Member); ok {
		name = m.Sel.Text
	}
	return []namedTable{{name, root}}, nil
}

// allTables returns the tables of the catalog and the views that the query declares, as far as wanted takes their names.
func (b *binder) allTables(names *env, at syntax.Span, wanted func(name string) bool) ([]namedTable, error) {
	var out []namedTable
	add := func(name string, names *env) error {
		root, err := b.tableNamed(name, at, names)
		out = append(out, namedTable{name, root})
		return err
	}
	for _, name := range b.engine.catalog.Tables() {
		if wanted(name) {
			if err := add(name, nil); err != nil {
				return nil, err
			}
		}
	}
	declared := names.names()
	slices.Reverse(declared) // the first declared first
	for _, name := range declared {
		if n, _ := names.find(name); n.lambda != nil && n.lambda.View && wanted(name) {
			if err := add(name, names); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// unionOf matches columns by name and type. A name that has several types makes a column for each, named with its type.
func unionOf(tables []namedTable, inner bool, source string) node {
	n := &union{}
	var order []Column
	types := map[string][]value.Type{}
	for _, t := range tables {
		for _, c := range t.root.columns() {
			if !slices.Contains(types[c.Name], c.Type) {
				types[c.Name] = append(types[c.Name], c.Type)
				order = append(order, Column{Name: c.Name, Type: c.Type})
			}
		}
	}
	if inner {
		order = slices.DeleteFunc(order, func(c Column) bool {
			return slices.ContainsFunc(tables, func(t namedTable) bool {
				i := findColumn(t.root.columns(), c.Name)
				return i < 0 || t.root.columns()[i].Type != c.Type
			})
		})
	}
	if source != "" {
		n.cols = append(n.cols, Column{Name: source, Type: value.String})
	}
	var certain []Column // names that need no type
	for _, c := range order {
		if len(types[c.Name]) == 1 {
			certain = append(certain, c)
		}
	}
	for _, c := range order {
		name := c.Name
		if len(types[c.Name]) > 1 {
			name = freeName(append(slices.Clip(certain), n.cols...), name+"_"+c.Type.String())
		}
		n.cols = append(n.cols, Column{Name: freeName(n.cols, name), Type: c.Type})
	}
	for _, t := range tables {
		l := leg{in: t.root, name: t.name}
		if source != "" {
			l.from = append(l.from, sourceColumn)
		}
		for _, c := range order {
			i := findColumn(t.root.columns(), c.Name)
			if i >= 0 && t.root.columns()[i].Type != c.Type {
				i = -1
			}
			l.from = append(l.from, i)
		}
		n.legs = append(n.legs, l)
	}
	return n
}
