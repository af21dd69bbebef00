package kql

import "github.com/endscope/endscope/logs/kql/syntax"

type scanScope struct{}

func (s *scanScope) column(name string) (expr, bool) { return nil, false }
func (s *scanScope) member(step, name string, at syntax.Span) (expr, bool, error) {
	return nil, false, nil
}

func pending(op syntax.Operator) (node, error) { return nil, errAt(op.At(), "not yet") }

func (b *binder) mvApply(in node, op *syntax.MvApply, names *env) (node, error) { return pending(op) }
func (b *binder) parseKV(in node, op *syntax.ParseKV, names *env) (node, error) { return pending(op) }
func (b *binder) scan(in node, op *syntax.Scan, names *env) (node, error)       { return pending(op) }
func (b *binder) partition(in node, op *syntax.Partition, names *env) (node, error) {
	return pending(op)
}
func (b *binder) topNested(in node, op *syntax.TopNested, names *env) (node, error) {
	return pending(op)
}
func (b *binder) topHitters(in node, op *syntax.TopHitters, names *env) (node, error) {
	return pending(op)
}
func (b *binder) evaluate(in node, op *syntax.Evaluate, names *env) (node, error) { return pending(op) }
func (b *binder) sample(in node, op *syntax.Sample, names *env) (node, error)     { return pending(op) }
func (b *binder) sampleDistinct(in node, op *syntax.SampleDistinct, names *env) (node, error) {
	return pending(op)
}
func (b *binder) search(in node, op *syntax.Search, names *env) (node, error) { return pending(op) }
func (b *binder) find(op *syntax.Find, names *env) (node, error)              { return pending(op) }
func (b *binder) fork(in node, op *syntax.Fork, names *env) (node, error)     { return pending(op) }
func (b *binder) facet(in node, op *syntax.Facet, names *env) (node, error)   { return pending(op) }
func (b *binder) reduce(in node, op *syntax.Reduce, names *env) (node, error) { return pending(op) }

// branches is the several tables of fork and facet; it can only be answered, not read.
type branches struct{ tables []tableResult }

func (n *branches) columns() []Column       { return n.tables[0].root.columns() }
func (n *branches) require([]bool)          {}
func (n *branches) open(*run) (Rows, error) { return n.tables[0].root.open(nil) }
