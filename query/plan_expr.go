package query

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// The constructors below are the few shapes of expression that plans are made of. Each call makes a fresh tree: engines
// change the trees that they evaluate. Operands of binary operators and subqueries are wrapped in parentheses, so that the
// text of a tree parses back to the same tree.

func selector(ms ...*labels.Matcher) *parser.VectorSelector {
	vs := &parser.VectorSelector{LabelMatchers: slices.Clone(ms)}
	for _, m := range ms {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			vs.Name = m.Value
		}
	}
	return vs
}

// named puts the matcher for a series' name before others.
func named(series string, ms []*labels.Matcher) []*labels.Matcher {
	return append([]*labels.Matcher{{Type: labels.MatchEqual, Name: model.MetricNameLabel, Value: series}}, ms...)
}

func over(vs *parser.VectorSelector, window time.Duration) *parser.MatrixSelector {
	return &parser.MatrixSelector{VectorSelector: vs, Range: window}
}

func anchored(vs *parser.VectorSelector, window time.Duration) *parser.MatrixSelector {
	vs.Anchored = true
	return over(vs, window)
}

func subquery(e parser.Expr, window, step time.Duration) *parser.SubqueryExpr {
	return &parser.SubqueryExpr{Expr: paren(e), Range: window, Step: step}
}

func call(name string, args ...parser.Expr) *parser.Call {
	return &parser.Call{Func: parser.Functions[name], Args: args}
}

func aggregate(op parser.ItemType, e parser.Expr, by ...string) *parser.AggregateExpr {
	return &parser.AggregateExpr{Op: op, Expr: e, Grouping: slices.Clone(by)}
}

func number(v float64) *parser.NumberLiteral { return &parser.NumberLiteral{Val: v} }

func text(s string) *parser.StringLiteral { return &parser.StringLiteral{Val: s} }

func paren(e parser.Expr) parser.Expr {
	switch e.(type) {
	case *parser.BinaryExpr, *parser.UnaryExpr, *parser.SubqueryExpr:
		return &parser.ParenExpr{Expr: e}
	}
	return e
}

// binary joins two operands; vectors match on all labels, which is right where both sides were grouped alike.
func binary(lhs parser.Expr, op parser.ItemType, rhs parser.Expr) *parser.BinaryExpr {
	b := &parser.BinaryExpr{Op: op, LHS: paren(lhs), RHS: paren(rhs)}
	if lhs.Type() == parser.ValueTypeVector && rhs.Type() == parser.ValueTypeVector {
		b.VectorMatching = &parser.VectorMatching{Card: parser.CardOneToOne}
		if op.IsSetOperator() {
			b.VectorMatching.Card = parser.CardManyToMany
		}
	}
	return b
}

// on makes a binary operator match on the labels alone.
func on(b *parser.BinaryExpr, names ...string) *parser.BinaryExpr {
	b.VectorMatching.On = true
	b.VectorMatching.MatchingLabels = slices.Clone(names)
	return b
}

// scaled multiplies by a factor, and leaves out a factor of 1.
func scaled(e parser.Expr, factor float64) parser.Expr {
	if factor == 1 {
		return e
	}
	return binary(e, parser.MUL, number(factor))
}

// either joins expressions by `or`; of equal label sets the first wins.
func either(es ...parser.Expr) parser.Expr {
	out := es[0]
	for _, e := range es[1:] {
		out = binary(out, parser.LOR, e)
	}
	return out
}
