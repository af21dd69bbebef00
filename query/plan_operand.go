package query

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// operand is one stored series that a plan is computed from: that of the definition, or one side of its ratio.
type operand struct {
	*plan
	name    string
	where   *scopes.LabelRule
	without []string // names of dimensions whose labels the series do not have
}

func (p *plan) operand(t *scopes.Term) operand { return operand{p, t.Series, t.Where, t.Without} }

func (o operand) lacks(dim scopes.Dimension) bool { return slices.Contains(o.without, dim.Name) }

// selector selects the series within the scope and the filter.
func (o operand) selector() *parser.VectorSelector { return o.named(o.name) }

// named selects a series of another name, such as a classic histogram's buckets.
func (o operand) named(name string, extra ...*labels.Matcher) *parser.VectorSelector {
	ms := named(name, o.matchers)
	for _, m := range o.filter {
		if !slices.ContainsFunc(o.def.Dimensions, func(d scopes.Dimension) bool { return o.lacks(d) && storedLabel(d) == m.Name }) {
			ms = append(ms, m)
		}
	}
	if o.where != nil {
		ms = append(ms, labels.MustNewMatcher(labels.MatchRegexp, o.where.Label, o.where.Match)) // the catalogue has compiled it
	}
	return selector(append(ms, extra...)...)
}

// now is what the series show at an instant. An instant selector alone ends a series at its stale marker; one whose instance
// died without leaving markers ends when the instance counts as missing, and not only after the engine's look-back.
func (o operand) now() parser.Expr {
	since := binary(call("time"), parser.SUB, number(o.current.Seconds()))
	old := binary(call("timestamp", o.selector()), parser.LTE, since)
	return binary(o.selector(), parser.LUNLESS, old) // `unless` a few is cheaper than `and` many
}

// increase is the increase of a counter over a window.
func (o operand) increase(window time.Duration) parser.Expr {
	return o.grouped(parser.SUM, call("increase", anchored(o.selector(), window)))
}

// stat is what a term of a ratio takes of its series.
func (o operand) stat(s scopes.Stat) parser.Expr {
	switch s {
	case scopes.StatObservations:
		return o.observations(o.window)
	case scopes.StatTotal:
		return o.total(o.window)
	}
	return o.increase(o.window)
}

// labels returns the labels of results: those of the scope and of the split, as far as the series have them.
func (o operand) labels() []string {
	out := o.identity()
	for _, dim := range o.split {
		if label := labelOf(dim); !o.lacks(dim) && !slices.Contains(out, label) {
			out = append(out, label)
		}
	}
	return out
}

// grouped aggregates a vector by the scope and the split, and by more labels if there are. Derived dimensions are made after a
// first aggregation by what they derive from, so that there are few label sets to rewrite. What the plan excludes is taken
// out of that, and the rest aggregated again as one.
func (o operand) grouped(op parser.ItemType, e parser.Expr, more ...string) parser.Expr {
	e = o.bySplit(op, e, more...)
	if o.exclude == nil {
		return e
	}
	return aggregate(op, o.exclude.from(e, o.tupleLabels()), more...)
}

// bySplit is grouped without what the plan excludes.
func (o operand) bySplit(op parser.ItemType, e parser.Expr, more ...string) parser.Expr {
	stored := append(o.identity(), more...)
	derived := false
	for _, dim := range o.split {
		if o.lacks(dim) {
			continue
		}
		if label := storedLabel(dim); !slices.Contains(stored, label) {
			stored = append(stored, label)
		}
		derived = derived || dim.Derive != nil
	}
	e = aggregate(op, e, stored...)
	if !derived {
		return e
	}
	return aggregate(op, o.derive(e), append(o.labels(), more...)...)
}

// derive makes the labels of derived dimensions.
func (p *plan) derive(e parser.Expr) parser.Expr {
	for _, dim := range p.split {
		if d := dim.Derive; d != nil {
			e = call("label_replace", e, text(dim.Name), text(d.Value), text(d.From), text(d.Match))
		}
	}
	return e
}
