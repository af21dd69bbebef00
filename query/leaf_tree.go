package query

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// leafTree is an expression whose leaves were taken out: in their place are instant selectors with the names of leafName.
type leafTree struct {
	rest     parser.Expr
	leaves   []*leaf
	lookback time.Duration
	reads    bool // rest still has selectors of its own
}

func leafName(i int) string { return fmt.Sprintf("__leaf_%d__", i) }

// newLeafTree takes the leaves out of an expression, which it changes.
func newLeafTree(e parser.Expr, times grid, lookback time.Duration) *leafTree {
	t := &leafTree{rest: e, lookback: lookback}
	t.take(&t.rest, times, false)
	return t
}

// root says whether the whole expression was one leaf.
func (t *leafTree) root() bool {
	vs, ok := unparen(t.rest).(*parser.VectorSelector)
	return ok && !t.reads && len(t.leaves) == 1 && vs.Name == leafName(0)
}

// take replaces the leaves of an expression that is evaluated at the times of a grid. whole says that the stock engine would look at
// all of their histograms, also where it needs only counts.
func (t *leafTree) take(e *parser.Expr, times grid, whole bool) {
	if l := asLeaf(*e, times, whole, t.lookback); l != nil {
		name := leafName(len(t.leaves))
		*e = selector(&labels.Matcher{Type: labels.MatchEqual, Name: model.MetricNameLabel, Value: name})
		t.leaves = append(t.leaves, l)
		return
	}
	switch n := (*e).(type) {
	case *parser.AggregateExpr:
		t.take(&n.Expr, times, whole)
		if n.Param != nil {
			t.take(&n.Param, times, whole)
		}
	case *parser.BinaryExpr:
		t.take(&n.LHS, times, whole)
		t.take(&n.RHS, times, whole)
	case *parser.ParenExpr:
		t.take(&n.Expr, times, whole)
	case *parser.UnaryExpr:
		t.take(&n.Expr, times, whole)
	case *parser.Call:
		switch n.Func.Name {
		case "info", "start_timestamp": // these look at what their argument is, not only at its value
			t.reads = true
			return
		case "histogram_quantile", "histogram_quantiles", "histogram_fraction", "histogram_stddev", "histogram_stdvar":
			whole = true
		}
		for i := range n.Args {
			t.take(&n.Args[i], times, whole)
		}
	case *parser.SubqueryExpr:
		inner, ok := times.within(n)
		if !ok || n.Timestamp != nil || n.StartOrEnd != 0 || n.OriginalOffsetExpr != nil || n.RangeExpr != nil || n.StepExpr != nil {
			t.reads = true
			return
		}
		t.take(&n.Expr, inner, true)
	case *parser.NumberLiteral, *parser.StringLiteral:
	default:
		t.reads = true
	}
}
