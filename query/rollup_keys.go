package query

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// rollupKeys returns what the plans of all definitions read from roll-ups if there are any. It asks the plans themselves, so
// that a new kind of definition needs no word here.
func rollupKeys(catalogue *scopes.Catalogue) map[rollupKey]bool {
	keys := map[rollupKey]bool{}
	for _, level := range scopes.Levels() {
		for _, def := range catalogue.AtLevel(level) {
			pl := &plan{def: def, scope: scopes.Pattern{Endpoint: scopes.Wildcard}, window: 5 * time.Minute}
			pl.matchers = pl.scope.Matchers()
			for _, a := range def.Aggregations {
				if e := pl.expr(a); e != nil {
					leavesOf(e, func(l rollupLeaf) { keys[l.key()] = true })
				}
			}
		}
	}
	return keys
}

// notRollup matches what an instance itself has sent, where all its series are looked at.
func notRollup() *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchNotRegexp, model.MetricNameLabel, string(scopes.LevelInstance)+":.+:.+|"+string(scopes.LevelDeployment)+":.+:.+")
}

// rollupLeaf is a call of a function over a window of a series, which roll-ups may answer.
type rollupLeaf struct {
	call     *parser.Call
	outer    string // histogram_count or histogram_sum around it, or ""
	function string
	window   *parser.MatrixSelector
	series   string
	matchers []*labels.Matcher // without the name
}

func (l rollupLeaf) key() rollupKey {
	if l.function == "increase" {
		return rollupKey{l.series, rollupCounter}
	}
	return rollupKey{l.series, rollupGauge}
}

// op returns what the roll-up holds, and the function that combines its buckets.
func (l rollupLeaf) op() (op, function string) {
	switch {
	case l.outer == "histogram_count":
		return "observations", "sum_over_time"
	case l.outer == "histogram_sum":
		return "total", "sum_over_time"
	case l.function == "increase":
		return "increase", "sum_over_time"
	case l.function == "min_over_time", l.function == "max_over_time":
		return l.function[:3], l.function
	case l.function == "count_over_time":
		return "count", "sum_over_time"
	}
	return "sum", "sum_over_time"
}

// leafOf recognises a leaf.
func leafOf(e parser.Expr) (rollupLeaf, bool) {
	call, ok := e.(*parser.Call)
	if !ok {
		return rollupLeaf{}, false
	}
	outer := ""
	if name := call.Func.Name; (name == "histogram_count" || name == "histogram_sum") && len(call.Args) == 1 {
		inner, ok := call.Args[0].(*parser.Call)
		if !ok || inner.Func.Name != "increase" {
			return rollupLeaf{}, false
		}
		outer, call = name, inner
	}
	if !slices.Contains([]string{"increase", "sum_over_time", "count_over_time", "min_over_time", "max_over_time"}, call.Func.Name) || len(call.Args) != 1 {
		return rollupLeaf{}, false
	}
	window, ok := call.Args[0].(*parser.MatrixSelector)
	if !ok || window.RangeExpr != nil {
		return rollupLeaf{}, false
	}
	vs, ok := window.VectorSelector.(*parser.VectorSelector)
	if !ok || vs.Timestamp != nil || vs.StartOrEnd != 0 || vs.OriginalOffset != 0 || vs.OriginalOffsetExpr != nil || vs.Smoothed || vs.Anchored != (call.Func.Name == "increase") {
		return rollupLeaf{}, false
	}
	leaf := rollupLeaf{call: call, outer: outer, function: call.Func.Name, window: window}
	scoped := false
	for _, m := range vs.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			if m.Type != labels.MatchEqual || leaf.series != "" {
				return rollupLeaf{}, false
			}
			leaf.series = m.Value
			continue
		}
		scoped = scoped || m.Name == scopes.LabelEndpoint && !m.Matches("")
		leaf.matchers = append(leaf.matchers, m)
	}
	return leaf, leaf.series != "" && scoped // series without an endpoint are not rolled up
}

// leavesOf calls f for every leaf in a tree.
func leavesOf(e parser.Node, f func(rollupLeaf)) {
	if expr, ok := e.(parser.Expr); ok {
		if leaf, ok := leafOf(expr); ok {
			f(leaf)
			return
		}
	}
	for child := range parser.ChildrenIter(e) {
		leavesOf(child, f)
	}
}
