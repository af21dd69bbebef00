package kql

import (
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// projectByNames binds `project-by-names name, pattern*, dynamic([...])`: the columns of those names, in that order. Names of no column are
// passed over, and a column that is named twice stands where it is named first.
func (b *binder) projectByNames(p *project, op *syntax.Project, keep func(int), names *env) (node, error) {
	done := map[int]bool{}
	for _, item := range op.Items {
		patterns, err := b.namePatterns(item.Expr, p.in.columns(), names)
		if err != nil {
			return nil, err
		}
		for _, pattern := range patterns {
			for i, c := range p.in.columns() {
				if !done[i] && wildcard(pattern, c.Name) {
					done[i] = true
					keep(i)
				}
			}
		}
	}
	return p, nil
}

// namePatterns returns the names that an element of project-by-names gives: itself, or the texts of a constant.
func (b *binder) namePatterns(e syntax.Expr, cols []Column, names *env) ([]string, error) {
	if ref, ok := e.(*syntax.NameRef); ok {
		if n, known := names.find(ref.Name.Text); ref.Wildcard || !known || n.scalar == nil || findColumn(cols, ref.Name.Text) >= 0 {
			return []string{ref.Name.Text}, nil
		}
	}
	x, err := b.expr(e, &scope{env: names, op: "project-by-names"})
	if err != nil {
		return nil, err
	}
	if c, ok := x.(*constant); ok {
		switch v := c.v.(type) {
		case string:
			return []string{v}, nil
		case value.Array:
			var out []string
			for _, name := range v {
				out = append(out, value.Text(name))
			}
			return out, nil
		}
	}
	return nil, errAt(e.At(), "'project-by-names' operator: A column's name, a pattern, or a constant array of names is expected.")
}
