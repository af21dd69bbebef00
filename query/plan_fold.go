package query

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// folded says which series a plan leaves out. A tuple names a series by the values of plan.tupleLabels.
type folded struct {
	tuples [][]string
}

// tupleLabels returns the labels that tell the series of the plan apart: those of the scope that a `*` stands for, those of the
// split, and the deployments of instances.
func (p *plan) tupleLabels() []string {
	return slices.DeleteFunc(operand{plan: p}.labels(), func(label string) bool {
		return slices.ContainsFunc(p.matchers, func(m *labels.Matcher) bool { return m.Name == label && m.Type == labels.MatchEqual })
	})
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

// leavesOut returns a function that says whether a stored series of the operand is among those that its plan leaves out. It never
// says so where the plan needs them beside the others, or where the series do not know which tuple they belong to.
func (o operand) leavesOut() func(labels.Labels) bool {
	if o.exclude == nil || o.def.Source.Kind == scopes.KindSkew || slices.ContainsFunc(o.split, o.lacks) {
		return func(labels.Labels) bool { return false }
	}
	type part struct {
		stored string
		value  func(string) string
	}
	var parts []part
	for _, name := range o.tupleLabels() {
		dim := scopes.Dimension{Name: name, Label: name} // of the scope, where the split does not know it
		if i := slices.IndexFunc(o.split, func(dim scopes.Dimension) bool { return labelOf(dim) == name }); i >= 0 {
			dim = o.split[i]
		}
		stored, value := sourceOf(dim)
		parts = append(parts, part{stored, value})
	}
	key := func(tuple []string) string { return strings.Join(tuple, "\x00") }
	out := map[string]bool{}
	for _, tuple := range o.exclude.tuples {
		out[key(tuple)] = true
	}
	return func(ls labels.Labels) bool {
		tuple := make([]string, len(parts))
		for i, p := range parts {
			tuple[i] = p.value(ls.Get(p.stored))
		}
		return out[key(tuple)]
	}
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
