package query

import (
	"slices"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// ratio divides what one series had in the window by what another had.
func (p *plan) ratio() parser.Expr {
	source := &p.def.Source
	num, den := p.operand(source.Num), p.operand(source.Den)
	n, d := num.stat(source.Num.Stat), den.stat(source.Den.Stat)
	if source.PartOf() {
		n = either(n, binary(den.stat(source.Den.Stat), parser.MUL, number(0))) // none of what there is is 0
	}
	if len(num.labels()) == len(den.labels()) {
		return binary(n, parser.DIV, d)
	}
	// One side does not know a dimension of the split: each of its results stands beside several of the other's.
	card, few, many := parser.CardManyToOne, den, num
	if len(num.labels()) < len(den.labels()) {
		card, few, many = parser.CardOneToMany, num, den
	}
	if p.exclude == nil {
		e := on(binary(n, parser.DIV, d), few.labels()...)
		e.VectorMatching.Card = card
		return e
	}
	// What is folded is that of the side that knows the dimension, over those of the other that stand beside it.
	whole := *p
	whole.exclude = nil
	manyStat, fewStat := source.Num.Stat, source.Den.Stat
	if card == parser.CardOneToMany {
		manyStat, fewStat = fewStat, manyStat
	}
	rest := func() parser.Expr {
		return p.exclude.from(operand{&whole, many.name, many.where, many.without}.stat(manyStat), p.tupleLabels())
	}
	m := aggregate(parser.SUM, rest())
	beside := on(binary(operand{&whole, few.name, few.where, few.without}.stat(fewStat), parser.LAND, rest()), few.labels()...)
	f := aggregate(parser.SUM, beside)
	if card == parser.CardOneToMany {
		return binary(f, parser.DIV, m)
	}
	return binary(m, parser.DIV, f)
}

// gaugeRatio divides two gauges at an instant, of the instances that have both.
func (p *plan) gaugeRatio() parser.Expr {
	num, den := p.operand(p.def.Source.Num), p.operand(p.def.Source.Den)
	both := func(o, other operand) parser.Expr {
		return o.grouped(parser.SUM, on(binary(o.now(), parser.LAND, other.now()), instanceLabels()...))
	}
	return binary(both(num, den), parser.DIV, both(den, num))
}

// skew divides the observations of the busiest instance by the mean over the instances.
func (p *plan) skew(o operand) parser.Expr {
	instance := func(d scopes.Dimension) bool { return d.Label == scopes.LabelInstance }
	each, rest := *p, *p // by the split and by instance; by the split without the instance
	each.exclude = nil
	rest.split = slices.DeleteFunc(slices.Clone(p.split), instance)
	each.split = append(slices.Clone(rest.split), scopes.Dimension{Name: scopes.LabelInstance, Label: scopes.LabelInstance})
	counts := func() parser.Expr { return operand{&each, o.name, o.where, nil}.observations(p.window) }
	group := operand{plan: &rest}.labels()
	if len(rest.split) < len(p.split) {
		share := on(binary(counts(), parser.DIV, aggregate(parser.AVG, counts(), group...)), group...)
		share.VectorMatching.Card = parser.CardManyToOne
		if p.exclude == nil {
			return share
		}
		return aggregate(parser.MAX, p.exclude.from(share, p.tupleLabels()))
	}
	if p.exclude != nil {
		all, names := counts, p.tupleLabels()
		counts = func() parser.Expr { return p.exclude.from(all(), names) }
		group = nil
	}
	return binary(aggregate(parser.MAX, counts(), group...), parser.DIV, aggregate(parser.AVG, counts(), group...))
}

// timeShare divides the increase of a counter of seconds by the time that its devices had.
func (p *plan) timeShare(o operand) parser.Expr {
	key := append(instanceLabels(), p.def.Source.Devices...)
	stored := slices.Clone(key)
	for _, dim := range p.split {
		if label := storedLabel(dim); !slices.Contains(stored, label) {
			stored = append(stored, label)
		}
	}
	devices := p.derive(aggregate(parser.GROUP, call("increase", anchored(o.selector(), p.window)), stored...))
	final := o.labels()
	if p.exclude != nil {
		devices, final = p.exclude.from(devices, p.tupleLabels()), nil
	}
	if of := bothOf(key, final); !slices.Equal(of, stored) {
		devices = aggregate(parser.GROUP, devices, of...) // a device counts once, whatever it has several series for
	}
	devices = aggregate(parser.SUM, devices, final...)
	return scaled(binary(o.increase(p.window), parser.DIV, devices), 1/p.window.Seconds())
}

// freshness is how many seconds ago the newest heartbeat was.
func (p *plan) freshness(a scopes.Aggregation) parser.Expr {
	ms := slices.Concat(p.matchers, p.filter)
	age := func() parser.Expr { return binary(call("time"), parser.SUB, p.states.newest(ms)) }
	o := operand{plan: p}
	switch a {
	case scopes.Maximum:
		return o.grouped(parser.MAX, age())
	case scopes.Minimum:
		return o.grouped(parser.MIN, age())
	}
	return binary(o.grouped(parser.SUM, age()), parser.DIV, o.grouped(parser.SUM, byInstance(p.states.newest(ms))))
}

func instanceLabels() []string {
	return []string{scopes.LabelEndpoint, scopes.LabelDeployment, scopes.LabelInstance}
}

// bothOf returns the labels of both lists, each once.
func bothOf(a, b []string) []string {
	out := slices.Clone(a)
	for _, label := range b {
		if !slices.Contains(out, label) {
			out = append(out, label)
		}
	}
	return out
}
