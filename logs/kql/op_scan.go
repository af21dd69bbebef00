package kql

import (
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// scan matches rows, in their order, with the steps of a sequence. See op_scan_run.go for how.
type scan struct {
	in      node
	width   int // columns of the input and declared ones: the record
	cols    []Column
	initial []expr // of the declared columns
	parts   []expr // rows with other values of these are other sequences
	steps   []scanStep
	matchID bool // the last column numbers the matches
}

// scanStep is one step. Its expressions are over the record, followed by the record that each step matched last.
type scanStep struct {
	optional bool
	output   string // all, last or none
	cond     expr
	assign   []scanAssign
}

type scanAssign struct {
	to int
	x  expr
}

// scanScope resolves `step.column`: the record that a step matched last.
type scanScope struct {
	steps []string
	cols  []Column
}

// column: a name alone is of the record itself.
func (s *scanScope) column(string) (expr, bool) { return nil, false }

func (s *scanScope) member(step, name string, at syntax.Span) (expr, bool, error) {
	for k, known := range s.steps {
		if known != step {
			continue
		}
		i := findColumn(s.cols, name)
		if i < 0 {
			return nil, false, errAt(at, "'scan' operator: The step '%s' has no column named '%s'.%s", step, name, didYouMean(name, columnNames(s.cols)))
		}
		return &column{(k+1)*len(s.cols) + i, name, s.cols[i].Type}, true, nil
	}
	return nil, false, nil
}

func (n *scan) columns() []Column { return n.cols }
func (n *scan) inputs() []*node   { return []*node{&n.in} }

func (n *scan) require(need []bool) {
	used := make([]bool, n.width*(len(n.steps)+1))
	for _, s := range n.steps {
		mark(used, s.cond)
		for _, a := range s.assign {
			mark(used, a.x)
		}
	}
	below := make([]bool, len(n.in.columns()))
	for _, x := range n.parts {
		mark(below, x)
	}
	for i := range below {
		below[i] = below[i] || need == nil || need[i]
		for at := i; at < len(used); at += n.width {
			below[i] = below[i] || used[at]
		}
	}
	n.in.require(below)
}

// scan binds `scan with_match_id=x declare (...) with (step ...)`.
func (b *binder) scan(in node, op *syntax.Scan, names *env) (node, error) {
	if len(op.OrderBy) > 0 {
		sorted, err := b.sort(in, op.OrderBy, "scan", nil, names)
		if err != nil {
			return nil, err
		}
		in = sorted
	}
	n := &scan{in: in}
	for _, c := range in.columns() {
		n.cols = append(n.cols, Column{Name: c.Name, Type: c.Type})
	}
	for _, e := range op.PartitionBy {
		x, err := b.expr(e, &scope{env: names, cols: in.columns(), op: "scan"})
		if err != nil {
			return nil, err
		}
		n.parts = append(n.parts, x)
	}
	if err := b.scanDeclared(n, op, names); err != nil {
		return nil, err
	}
	n.width = len(n.cols)
	steps := &scanScope{cols: n.cols[:n.width:n.width]}
	for _, s := range op.Steps {
		for _, known := range steps.steps {
			if known == s.Name.Text {
				return nil, errAt(s.Name.At(), "'scan' operator: There are two steps named '%s'.", known)
			}
		}
		steps.steps = append(steps.steps, s.Name.Text)
	}
	sc := &scope{env: names, cols: steps.cols, op: "scan", steps: steps}
	for i := range op.Steps {
		s, err := b.scanStep(&op.Steps[i], sc)
		if err != nil {
			return nil, err
		}
		n.steps = append(n.steps, s)
	}
	if name, ok := option(op.Options, "with_match_id"); ok {
		n.matchID = true
		n.cols = append(n.cols, Column{Name: freeName(n.cols, name), Type: value.Long})
	}
	return n, nil
}

func (b *binder) scanDeclared(n *scan, op *syntax.Scan, names *env) error {
	for _, d := range op.Declare {
		if findColumn(n.cols, d.Name.Text) >= 0 {
			return errAt(d.At(), "'scan' operator: The column '%s' is there already.", d.Name.Text)
		}
		var x expr = &constant{d.Type, value.Zero(d.Type)}
		if d.Default != nil {
			var err error
			if x, err = b.expr(d.Default, &scope{env: names, op: "scan"}); err != nil {
				return err
			}
			if x, err = b.coerce(x, d.Type, d.Default.At()); err != nil {
				return err
			}
		}
		n.cols = append(n.cols, Column{Name: d.Name.Text, Type: d.Type})
		n.initial = append(n.initial, x)
	}
	return nil
}

func (b *binder) scanStep(op *syntax.ScanStep, sc *scope) (scanStep, error) {
	s := scanStep{optional: op.Optional, output: op.Output}
	if s.output == "" {
		s.output = "all"
	}
	var err error
	if s.cond, err = b.expr(op.Cond, sc); err != nil {
		return s, err
	}
	if s.cond, err = b.condition(s.cond, op.Cond.At()); err != nil {
		return s, err
	}
	for _, a := range op.Assign {
		if len(a.Names) != 1 {
			return s, errAt(a.At(), "'scan' operator: An assignment has the form column = expression.")
		}
		to := findColumn(sc.cols, a.Names[0].Text)
		if to < 0 {
			return s, errAt(a.Names[0].At(), "'scan' operator: The column '%s' is assigned and not declared.%s", a.Names[0].Text, didYouMean(a.Names[0].Text, columnNames(sc.cols)))
		}
		x, err := b.expr(a.Expr, sc)
		if err != nil {
			return s, err
		}
		if x, err = b.coerce(x, sc.cols[to].Type, a.Expr.At()); err != nil {
			return s, err
		}
		s.assign = append(s.assign, scanAssign{to, x})
	}
	return s, nil
}
