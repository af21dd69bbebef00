package query

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// rewriting replaces the leaves of an expression by ones over roll-ups that have the same values at every time that it is
// evaluated at, as far as the roll-ups are complete. All leaves or none.
type rewriting struct {
	rollups *Rollups
	// deployments says that the reader may see whole deployments. A roll-up of a deployment tells of all its instances.
	deployments bool
	stitch      *stitch // the one window that is put together; nil replaces leaves by roll-ups alone

	used   []rollupUse
	finest time.Duration // of the resolutions that are read; 0 for none
	failed bool
}

// rollupUse is what a rewritten leaf reads.
type rollupUse struct {
	key      rollupKey
	matchers []*labels.Matcher
}

// rewrite returns the expression over roll-ups, evaluated at multiples of `at`, or false if there is no such expression.
// It makes a new tree as far as it changes anything, and may change the given one.
func (w *rewriting) rewrite(e parser.Expr, at time.Duration) (parser.Expr, bool) {
	e = w.tree(e, at)
	return e, !w.failed && len(w.used) > 0
}

func (w *rewriting) tree(e parser.Expr, at time.Duration) parser.Expr {
	if w.failed {
		return e
	}
	switch n := e.(type) {
	case *parser.AggregateExpr:
		if leaf, ok := leafOf(n.Expr); ok && w.stitch != nil {
			return w.stitchLeaf(n, leaf)
		} else if ok {
			n.Expr = w.leaf(leaf, at, w.deployments && sumsUp(n, leaf))
			return n
		}
		n.Expr = w.tree(n.Expr, at)
		if n.Param != nil {
			n.Param = w.tree(n.Param, at)
		}
		return n
	case *parser.Call:
		if leaf, ok := leafOf(n); ok && w.stitch == nil {
			return w.leaf(leaf, at, false)
		} else if ok {
			w.failed = true
			return e
		}
		for i := range n.Args {
			n.Args[i] = w.tree(n.Args[i], at)
		}
		return n
	case *parser.BinaryExpr:
		n.LHS, n.RHS = w.tree(n.LHS, at), w.tree(n.RHS, at)
		return n
	case *parser.ParenExpr:
		n.Expr = w.tree(n.Expr, at)
		return n
	case *parser.UnaryExpr:
		n.Expr = w.tree(n.Expr, at)
		return n
	case *parser.SubqueryExpr:
		// It is evaluated at multiples of its step, whatever the time is.
		if w.stitch != nil || n.OriginalOffset != 0 || n.OriginalOffsetExpr != nil || n.Timestamp != nil || n.StartOrEnd != 0 || n.Step <= 0 || n.StepExpr != nil || n.RangeExpr != nil {
			w.failed = true
			return e
		}
		n.Expr = w.tree(n.Expr, n.Step)
		return n
	case *parser.NumberLiteral, *parser.StringLiteral:
		return e
	}
	w.failed = true
	return e
}

// sumsUp says whether an aggregation of a leaf can be made of the roll-ups of deployments: its groups are no finer, and adding
// up the instances first changes nothing.
func sumsUp(n *parser.AggregateExpr, leaf rollupLeaf) bool {
	if n.Without {
		return false
	}
	dropped := rollupDropped()
	for _, label := range n.Grouping {
		if slices.Contains(dropped, label) {
			return false
		}
	}
	for _, m := range leaf.matchers {
		if slices.Contains(dropped, m.Name) {
			return false
		}
	}
	return addsUp(n.Op, leaf)
}

// leaf returns what has the values of a leaf at multiples of `at`.
func (w *rewriting) leaf(leaf rollupLeaf, at time.Duration, deployments bool) parser.Expr {
	key := leaf.key()
	if !w.rollups.keys[key] {
		w.failed = true
		return leaf.call
	}
	for _, spec := range rollupSpecs() {
		if spec.level == scopes.LevelDeployment && !deployments || at%spec.resolution != 0 || leaf.window.Range%spec.resolution != 0 {
			continue
		}
		op, function := leaf.op()
		w.used = append(w.used, rollupUse{key, leaf.matchers})
		if w.finest == 0 || spec.resolution < w.finest {
			w.finest = spec.resolution
		}
		return call(function, over(selector(named(scopes.RollupName(spec.level, key.series, op, spec.name), leaf.matchers)...), leaf.window.Range))
	}
	w.failed = true
	return leaf.call
}

// seesDeployments says whether grants show whole deployments wherever they show anything.
func seesDeployments(grants scopes.Grants) bool {
	dropped := rollupDropped()
	for _, ms := range grants.MatcherSets() {
		if slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return slices.Contains(dropped, m.Name) }) {
			return false
		}
	}
	return true
}
