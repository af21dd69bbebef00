package kql

import (
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// branches is the several tables of fork and facet. They can only be answered, not read by another operator.
type branches struct {
	tables []tableResult
	at     syntax.Span
}

func (n *branches) columns() []Column { return n.tables[0].root.columns() }
func (n *branches) require([]bool)    {}
func (n *branches) open(*run) (Rows, error) {
	return nil, errAt(n.at, "An operator that gives several tables must be the last of the query.")
}

// fork binds `fork name=(subquery) (subquery)`: one table for each subquery over the same rows, which are read once.
func (b *binder) fork(in node, op *syntax.Fork, names *env) (node, error) {
	shared := &sharedTable{root: b.optimize(in)}
	n := &branches{at: op.At()}
	for _, p := range op.Prongs {
		root, err := b.branch(shared, p.Sub, "fork", names)
		if err != nil {
			return nil, err
		}
		n.tables = append(n.tables, tableResult{name: p.Name.Text, root: root})
	}
	return n, nil
}

func (b *binder) branch(shared *sharedTable, ops []syntax.Operator, word string, names *env) (node, error) {
	root, err := b.pipe(&sharedNode{shared}, ops, names)
	if err != nil {
		return nil, err
	}
	if _, ok := root.(*branches); ok {
		return nil, errAt(ops[len(ops)-1].At(), "'%s' operator: Its subquery cannot give several tables.", word)
	}
	return root, nil
}

// facet binds `facet by a, b with (subquery)`: the table of the subquery first, then for each column its values with their number of rows.
func (b *binder) facet(in node, op *syntax.Facet, names *env) (node, error) {
	shared := &sharedTable{root: b.optimize(in)}
	n := &branches{at: op.At()}
	if op.Sub != nil {
		root, err := b.branch(shared, op.Sub, "facet", names)
		if err != nil {
			return nil, err
		}
		n.tables = append(n.tables, tableResult{root: root})
	}
	for _, e := range op.By {
		keys, cols, err := b.groupKeys(in, []syntax.Arg{{Span: e.At(), Expr: e}}, "facet", names)
		if err != nil {
			return nil, err
		}
		name := "count_" + cols[0].Name
		n.tables = append(n.tables, tableResult{root: &aggregate{in: &sharedNode{shared}, keys: keys,
			aggs: []*aggCall{countRows(name)}, cols: append(cols, Column{Name: name, Type: value.Long})}})
	}
	return n, nil
}
