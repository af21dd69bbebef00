package kql

import (
	"slices"

	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// packColumn is the column of find that holds what has no column of its own.
const packColumn = "pack_"

// find binds `find in (tables) where pred project columns, pack(*)`: rows of tables with different columns. Without a projection there are
// the columns of the predicate, those that all tables have, and a bag of the others.
func (b *binder) find(op *syntax.Find, names *env) (node, error) {
	s := &searcher{b: b, names: names, word: "find"}
	source, ok := option(op.Options, "withsource")
	if !ok {
		source = "source_"
	}
	tables, err := s.tables(nil, op.In, op.At())
	if err != nil {
		return nil, err
	}
	if tables, err = s.matching(tables, op.Pred); err != nil {
		return nil, err
	}
	columns, pack := s.findColumns(op, tables), op.Pack
	for _, c := range op.Project {
		if findColumn(s.known, c.Name.Text) < 0 && !c.Typed {
			return nil, errAt(c.At(), "'find' operator: None of the tables has a column named '%s'.%s", c.Name.Text, didYouMean(c.Name.Text, columnNames(s.known)))
		}
	}
	if op.Project == nil && !op.Pack {
		pack = slices.ContainsFunc(tables, func(t namedTable) bool {
			return slices.ContainsFunc(t.root.columns(), func(c Column) bool { return findColumn(columns, c.Name) < 0 })
		})
	}
	for i, t := range tables {
		if tables[i].root, err = b.findProject(t.root, columns, pack); err != nil {
			return nil, err
		}
	}
	out := unionOf(tables, false, source)
	if len(op.Away) == 0 {
		return out, nil
	}
	var items []syntax.ProjectItem
	for _, e := range op.Away {
		items = append(items, syntax.ProjectItem{Arg: syntax.Arg{Span: e.At(), Expr: e}})
	}
	return b.project(out, &syntax.Project{Span: op.At(), Kind: "away", Items: items}, names)
}

// findColumns returns the columns of a find's rows without the bag. A column that a query names without a type has that of its tables, and is
// dynamic where these disagree.
func (s *searcher) findColumns(op *syntax.Find, tables []namedTable) []Column {
	typeOf := func(name string) (value.Type, bool) {
		t, found := value.Dynamic, false
		for _, table := range tables {
			if i := findColumn(table.root.columns(), name); i >= 0 {
				if c := table.root.columns()[i]; !found {
					t, found = c.Type, true
				} else if c.Type != t {
					return value.Dynamic, true
				}
			}
		}
		return t, found
	}
	var out []Column
	if op.Project != nil || op.Pack {
		for _, c := range op.Project {
			t := c.Type
			if !c.Typed {
				t, _ = typeOf(c.Name.Text)
			}
			out = append(out, Column{Name: c.Name.Text, Type: t})
		}
		return out
	}
	add := func(name string) {
		if t, ok := typeOf(name); ok && findColumn(out, name) < 0 {
			out = append(out, Column{Name: name, Type: t})
		}
	}
	eachName(op.Pred, add)
	for _, c := range tables[0].root.columns() {
		if !slices.ContainsFunc(tables, func(t namedTable) bool {
			i := findColumn(t.root.columns(), c.Name)
			return i < 0 || t.root.columns()[i].Type != c.Type
		}) {
			add(c.Name)
		}
	}
	return out
}

// findProject makes the columns of one table, with a bag of its others.
func (b *binder) findProject(in node, columns []Column, pack bool) (node, error) {
	p := &project{in: in}
	has := in.columns()
	for _, c := range columns {
		i := findColumn(has, c.Name)
		if i < 0 {
			p.add(c.Name, &constant{c.Type, value.Zero(c.Type)})
			continue
		}
		var x expr = &column{i, has[i].Name, has[i].Type}
		switch {
		case has[i].Type == c.Type:
		case c.Type == value.String:
			x = toText(x)
		case converts(has[i].Type, c.Type) || has[i].Type == value.String:
			x = &convert{x, c.Type}
		default:
			x = &constant{c.Type, nil}
		}
		p.add(c.Name, x)
	}
	if !pack {
		return p, nil
	}
	var args []expr
	var names []string
	for i, c := range has {
		if findColumn(columns, c.Name) < 0 {
			args, names = append(args, &column{i, c.Name, c.Type}), append(names, c.Name)
		}
	}
	bag := func(cells []value.Value) (value.Value, error) { return fn.PackRow(names, cells, true), nil }
	p.add(packColumn, &call{fn: &fn.Scalar{TakesNull: true}, name: "pack_all", args: args, t: value.Dynamic, eval: bag})
	return p, nil
}
