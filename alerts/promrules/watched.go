package promrules

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// watched is what an alerting expression compares with a number: `errors / requests > 0.05` watches errors / requests, up to 0.05.
type watched struct {
	expr         parser.Expr
	lower, upper *float64 // the number, on the sides on which what is watched may cross it
}

// watchedBy returns what an expression watches. Of conditions that are joined by and, or narrowed by unless, it is the first one. ok is false for expressions of another
// form, whose values say nothing until they are there.
func watchedBy(e parser.Expr) (w watched, ok bool) {
	e = bare(e)
	b, isBinary := e.(*parser.BinaryExpr)
	if !isBinary {
		return w, false
	}
	if b.Op == parser.LAND || b.Op == parser.LUNLESS {
		return watchedBy(b.LHS)
	}
	if !b.Op.IsComparisonOperator() || b.ReturnBool {
		return w, false
	}
	op := b.Op
	w.expr = b.LHS
	bound, isConstant := constant(b.RHS)
	if !isConstant {
		if bound, isConstant = constant(b.LHS); !isConstant {
			return w, false
		}
		w.expr, op = b.RHS, turned(op)
	}
	if _, both := constant(w.expr); both {
		return w, false
	}
	if op != parser.LSS && op != parser.LTE {
		w.upper = &bound
	}
	if op != parser.GTR && op != parser.GTE {
		w.lower = &bound
	}
	return w, true
}

// turned returns a comparison seen from its other side.
func turned(op parser.ItemType) parser.ItemType {
	switch op {
	case parser.LSS:
		return parser.GTR
	case parser.LTE:
		return parser.GTE
	case parser.GTR:
		return parser.LSS
	case parser.GTE:
		return parser.LTE
	}
	return op
}

func bare(e parser.Expr) parser.Expr {
	for {
		switch inner := e.(type) {
		case *parser.ParenExpr:
			e = inner.Expr
		case *parser.StepInvariantExpr:
			e = inner.Expr
		default:
			return e
		}
	}
}

// constant returns the number that an expression of numbers alone is.
func constant(e parser.Expr) (float64, bool) {
	switch e := bare(e).(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.UnaryExpr:
		v, ok := constant(e.Expr)
		if e.Op == parser.SUB {
			v = -v
		}
		return v, ok
	case *parser.BinaryExpr:
		l, okL := constant(e.LHS)
		r, okR := constant(e.RHS)
		if !okL || !okR {
			return 0, false
		}
		switch e.Op {
		case parser.ADD:
			return l + r, true
		case parser.SUB:
			return l - r, true
		case parser.MUL:
			return l * r, true
		case parser.DIV:
			return l / r, true
		case parser.POW:
			return math.Pow(l, r), true
		}
	}
	return 0, false
}
