package query

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// folded says which series of a split a plan leaves out. A tuple names a series by the values of plan.tupleLabels.
type folded struct {
	tuples [][]string
}

// scopeLabels returns the labels of the scope's level.
func (p *plan) scopeLabels() []string {
	whole := plan{matchers: p.matchers}
	return whole.identity()
}

// tupleLabels returns the labels that tell the series of the split apart: those of the scope that a `*` stands for, those of the
// split, and the deployments of instances.
func (p *plan) tupleLabels() []string {
	out := slices.DeleteFunc(operand{plan: p}.labels(), func(label string) bool {
		i := slices.Index(p.scopeLabels(), label)
		return i >= 0 && p.matchers[i].Type == labels.MatchEqual
	})
	return out
}

// tuple returns what names a result of the plan in folded.
func (p *plan) tuple(metric labels.Labels) []string {
	names := p.tupleLabels()
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = metric.Get(name)
	}
	return out
}

// from takes the tuples out of a vector with the labels.
func (f *folded) from(e parser.Expr, names []string) parser.Expr {
	if len(f.tuples) == 0 {
		return e
	}
	var tuples []parser.Expr
	for _, tuple := range f.tuples {
		var t parser.Expr = call("vector", number(1))
		for i, name := range names {
			t = call("label_replace", t, text(name), text(literal(tuple[i])), text(""), text(""))
		}
		tuples = append(tuples, t)
	}
	return on(binary(e, parser.LUNLESS, either(tuples...)), names...)
}

// literal escapes a value so that label_replace puts it in as it is.
func literal(value string) string {
	out := make([]byte, 0, len(value))
	for i := range len(value) {
		if value[i] == '$' {
			out = append(out, '$')
		}
		out = append(out, value[i])
	}
	return string(out)
}
