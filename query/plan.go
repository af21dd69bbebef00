package query

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// plan is what a definition at a scope is computed with: which series, grouped by what.
type plan struct {
	def      *scopes.Definition
	scope    scopes.Pattern
	matchers []*labels.Matcher // of the scope, without the series' name
	split    []scopes.Dimension
	filter   []*labels.Matcher // of the request's filter: every selection must meet them, too
	window   time.Duration
	nothing  bool      // no series meets the filter
	states   stateRule // for KindInstanceState
}

// identity returns the identity labels that every result carries: those of the scope's level, and those down to the
// deepest one that the split names. So two instances of one name in two deployments stay apart, and each result says
// which scope it is about.
func (p *plan) identity() []string {
	depth := len(p.matchers)
	for _, dim := range p.split {
		depth = max(depth, scopes.Level(dim.Label).Depth())
	}
	var out []string
	for _, level := range scopes.Levels()[:depth] {
		out = append(out, string(level))
	}
	return out
}

// labelOf returns the label that holds the value of a dimension in a plan's results.
func labelOf(dim scopes.Dimension) string {
	if dim.Derive != nil {
		return dim.Name
	}
	return dim.Label
}

// grouped aggregates a vector by the scope and the split. Derived dimensions are made after a first aggregation by what
// they derive from, so that there are few label sets to rewrite.
func (p *plan) grouped(op parser.ItemType, e parser.Expr) parser.Expr {
	stored, final := p.identity(), p.identity()
	add := func(list []string, label string) []string {
		if slices.Contains(list, label) {
			return list
		}
		return append(list, label)
	}
	derived := false
	for _, dim := range p.split {
		final = add(final, labelOf(dim))
		if dim.Derive == nil {
			stored = add(stored, dim.Label)
		} else {
			stored = add(stored, dim.Derive.From)
			derived = true
		}
	}
	e = aggregate(op, e, stored...)
	if !derived {
		return e
	}
	for _, dim := range p.split {
		if d := dim.Derive; d != nil {
			e = call("label_replace", e, text(dim.Name), text(d.Value), text(d.From), text(d.Match))
		}
	}
	return aggregate(op, e, final...)
}

// series selects the definition's series within the scope.
func (p *plan) series(extra ...*labels.Matcher) *parser.VectorSelector {
	return selector(slices.Concat(named(p.def.Source.Series, p.matchers), p.filter, extra)...)
}

// expr returns the expression whose value at a window's end is the aggregation of that window. It returns nothing for a
// window without samples, and NaN where the value is not defined, such as a mean of no requests.
func (p *plan) expr(a scopes.Aggregation) parser.Expr {
	factor := p.def.Source.Factor
	switch p.def.Source.Kind {
	case scopes.KindGauge:
		return p.gauge(a, factor)
	case scopes.KindGaugeSum:
		return scaled(overTime(a, p.grouped(parser.SUM, p.series()), p.window, sampleStep(p.window, 15*time.Second)), factor)
	case scopes.KindCounter:
		return scaled(p.counter(a, func(window time.Duration) parser.Expr {
			return call("increase", anchored(p.series(), window))
		}), factor)
	case scopes.KindHistogramCount:
		return scaled(p.counter(a, func(window time.Duration) parser.Expr { return p.observations(window) }), factor)
	case scopes.KindHistogramMean:
		if a == scopes.Count {
			return p.grouped(parser.SUM, p.observations(p.window))
		}
		sum := call("histogram_sum", call("increase", anchored(p.series(), p.window)))
		return scaled(binary(p.grouped(parser.SUM, sum), parser.DIV, p.grouped(parser.SUM, p.observations(p.window))), factor)
	case scopes.KindHistogramQuantile:
		if a == scopes.Count {
			return p.grouped(parser.SUM, p.observations(p.window))
		}
		merged := p.grouped(parser.SUM, call("increase", anchored(p.series(), p.window)))
		return scaled(call("histogram_quantile", number(p.def.Source.Quantile), merged), factor)
	case scopes.KindHistogramShare:
		return scaled(p.share(), factor)
	case scopes.KindInstanceState:
		return scaled(overTime(a, p.instances(), p.window, sampleStep(p.window, time.Minute)), factor)
	}
	return nil
}

// instants says whether the plan looks at instants within a window instead of at the samples in it.
func (p *plan) instants() bool {
	return p.def.Source.Kind == scopes.KindGaugeSum || p.def.Source.Kind == scopes.KindInstanceState
}

// gauge takes all samples in the window of all series as one set.
func (p *plan) gauge(a scopes.Aggregation, factor float64) parser.Expr {
	samples := func(function string, op parser.ItemType) parser.Expr {
		return p.grouped(op, call(function, over(p.series(), p.window)))
	}
	switch a {
	case scopes.Count:
		return samples("count_over_time", parser.SUM)
	case scopes.Total:
		return scaled(samples("sum_over_time", parser.SUM), factor)
	case scopes.Minimum:
		return scaled(samples("min_over_time", parser.MIN), factor)
	case scopes.Maximum:
		return scaled(samples("max_over_time", parser.MAX), factor)
	}
	return scaled(binary(samples("sum_over_time", parser.SUM), parser.DIV, samples("count_over_time", parser.SUM)), factor)
}

// counter takes a function that returns the increase of each series over a window.
func (p *plan) counter(a scopes.Aggregation, increase func(time.Duration) parser.Expr) parser.Expr {
	per := time.Second
	if p.def.Source.Per == scopes.PerMinute {
		per = time.Minute
	}
	rate := func(window time.Duration) parser.Expr {
		return scaled(p.grouped(parser.SUM, increase(window)), per.Seconds()/window.Seconds())
	}
	switch {
	case a == scopes.Total:
		return p.grouped(parser.SUM, increase(p.window))
	case a == scopes.Average || p.window <= per:
		return rate(p.window)
	}
	// The range is shorter than the window, so that only those units of time that lie wholly inside the window count.
	return overTime(a, rate(per), p.window-per+time.Millisecond, per)
}

// observations returns the number of observations of each histogram in the window. The engine sees that only counts are
// needed and does not decode the buckets.
func (p *plan) observations(window time.Duration, extra ...*labels.Matcher) parser.Expr {
	return call("histogram_count", call("increase", anchored(p.series(extra...), window)))
}

// share divides the matching observations by all of them. Where nothing matches, the share is 0 of those that there are.
func (p *plan) share() parser.Expr {
	rule := p.def.Source.Share
	match := labels.MustNewMatcher(labels.MatchRegexp, rule.Label, rule.Match) // the catalogue has compiled it
	all := func() parser.Expr { return p.grouped(parser.SUM, p.observations(p.window)) }
	matching := p.grouped(parser.SUM, p.observations(p.window, match))
	return binary(either(matching, binary(all(), parser.MUL, number(0))), parser.DIV, all())
}

// overTime aggregates an instant vector, evaluated at every multiple of step, over a window. A window that is no longer than
// that is looked at once, at its end: a multiple of step may lie before anything that happened in it.
func overTime(a scopes.Aggregation, e parser.Expr, window, step time.Duration) parser.Expr {
	if window <= step {
		return e
	}
	function := map[scopes.Aggregation]string{scopes.Average: "avg_over_time", scopes.Minimum: "min_over_time", scopes.Maximum: "max_over_time"}[a]
	return call(function, subquery(e, window, step))
}

// sampleStep returns how often a value is looked at within a window: every finest, or less often in a long window, 240 times.
func sampleStep(window, finest time.Duration) time.Duration {
	const most = 240
	return max(finest, (window / most).Truncate(time.Second))
}

// instances counts instances, by state if the split or the filter names it.
func (p *plan) instances() parser.Expr {
	isState := func(m *labels.Matcher) bool { return m.Name == labelState }
	byState := slices.ContainsFunc(p.filter, isState) || slices.ContainsFunc(p.split, p.computed)
	var wanted []State
	for _, s := range []State{StateReady, StateMissing} {
		if byState && !slices.ContainsFunc(p.filter, func(m *labels.Matcher) bool { return isState(m) && !m.Matches(string(s)) }) {
			wanted = append(wanted, s)
		}
	}
	ms := slices.Concat(p.matchers, slices.DeleteFunc(slices.Clone(p.filter), isState))
	return p.grouped(parser.SUM, p.states.expr(ms, byState, wanted...))
}

// computed says whether a dimension's label is not stored but made by the plan's expression: that of an instance's state.
func (p *plan) computed(dim scopes.Dimension) bool {
	return p.def.Source.Kind == scopes.KindInstanceState && dim.Label == labelState
}
