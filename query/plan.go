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
	together bool              // results are not told apart by scope
	split    []scopes.Dimension
	window   time.Duration
	// filter are more matchers, on the labels of the definition's dimensions: on stored labels, or on the label `state` of
	// KindInstanceState. They go to every selector of a series that has the label.
	filter  []*labels.Matcher
	nothing bool // no series meets the filter
	// exclude turns the plan into that of everything but some of its series, folded into one, whatever scopes it lies in. Its
	// results carry no labels. nil excludes nothing.
	exclude *folded
	states  stateRule                // for KindInstanceState and KindFreshness
	current time.Duration            // a sample this old is no longer what a gauge shows at an instant: its instance is missing
	forms   map[string]histogramForm // by the names of the series that are histograms; native where nothing is said
	pieces  []windowPiece            // of windows that do not have the same forms or states; nil where all have
	raw     bool                     // roll-ups are not to be used
}

// identity returns the identity labels that every result carries: those of the scope's level, and those down to the
// deepest one that the split names. So two instances of one name in two deployments stay apart, and each result says
// which scope it is about. Where scopes are answered together, there is none.
func (p *plan) identity() []string {
	if p.together {
		return nil
	}
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

// storedLabel returns the label of stored series that a dimension's value comes from.
func storedLabel(dim scopes.Dimension) string {
	if dim.Derive != nil {
		return dim.Derive.From
	}
	return dim.Label
}

// expr returns the expression whose value at a window's end is the aggregation of that window. It returns nothing for a
// window without samples, and NaN where the value is not defined, such as a mean of no requests.
func (p *plan) expr(a scopes.Aggregation) parser.Expr {
	source := &p.def.Source
	factor := source.Factor
	whole := operand{p, source.Series, source.Where, nil}
	switch source.Kind {
	case scopes.KindGauge:
		return p.gauge(whole, a)
	case scopes.KindGaugeSum:
		return scaled(p.overTime(a, whole.grouped(parser.SUM, whole.now()), 15*time.Second), factor)
	case scopes.KindCounter:
		return scaled(p.counter(a, whole.increase), factor)
	case scopes.KindHistogramCount:
		return scaled(p.counter(a, whole.observations), factor)
	case scopes.KindHistogramMean:
		switch a {
		case scopes.Count:
			return whole.observations(p.window)
		case scopes.Total:
			return scaled(whole.total(p.window), factor)
		}
		return scaled(binary(whole.total(p.window), parser.DIV, whole.observations(p.window)), factor)
	case scopes.KindHistogramQuantile:
		if a == scopes.Count {
			return whole.observations(p.window)
		}
		if a == mergedBuckets {
			return whole.merged(p.window)
		}
		return scaled(call("histogram_quantile", number(source.Quantile), whole.merged(p.window)), factor)
	case scopes.KindRatio:
		return scaled(p.complement(p.ratio()), factor)
	case scopes.KindGaugeRatio:
		return scaled(p.overTime(a, p.complement(p.gaugeRatio()), 15*time.Second), factor)
	case scopes.KindSkew:
		return scaled(p.skew(whole), factor)
	case scopes.KindTimeShare:
		return scaled(p.timeShare(whole), factor)
	case scopes.KindFreshness:
		return scaled(p.overTime(a, p.freshness(a), 15*time.Second), factor)
	case scopes.KindInstanceState:
		return scaled(p.overTime(a, p.instances(), time.Minute), factor)
	}
	return nil
}

// instants says whether the plan looks at instants within a window instead of at the samples in it.
func (p *plan) instants() bool {
	switch p.def.Source.Kind {
	case scopes.KindGaugeSum, scopes.KindGaugeRatio, scopes.KindFreshness, scopes.KindInstanceState:
		return true
	}
	return false
}

// remembers says whether the plan looks at instances that may have gone silent, and so needs the rule for their state.
func (p *plan) remembers() bool {
	return p.def.Source.Kind == scopes.KindInstanceState || p.def.Source.Kind == scopes.KindFreshness
}

// gauge takes all samples in the window of all series as one set.
func (p *plan) gauge(o operand, a scopes.Aggregation) parser.Expr {
	samples := func(function string, op parser.ItemType) parser.Expr {
		return o.grouped(op, call(function, over(o.selector(), p.window)))
	}
	lowest := func() parser.Expr { return samples("min_over_time", parser.MIN) }
	highest := func() parser.Expr { return samples("max_over_time", parser.MAX) }
	if p.def.Source.Complement {
		lowest, highest = highest, lowest // the lowest rest is that of the highest value
	}
	var value parser.Expr
	switch a {
	case scopes.Count:
		return samples("count_over_time", parser.SUM)
	case scopes.Total:
		value = samples("sum_over_time", parser.SUM)
	case scopes.Minimum:
		value = lowest()
	case scopes.Maximum:
		value = highest()
	default:
		value = binary(samples("sum_over_time", parser.SUM), parser.DIV, samples("count_over_time", parser.SUM))
	}
	return scaled(p.complement(value), p.def.Source.Factor)
}

// complement takes 1 minus a value where the definition says so.
func (p *plan) complement(e parser.Expr) parser.Expr {
	if !p.def.Source.Complement {
		return e
	}
	return binary(number(1), parser.SUB, e)
}

// counter takes a function that returns the increase over a window, grouped.
func (p *plan) counter(a scopes.Aggregation, increase func(time.Duration) parser.Expr) parser.Expr {
	per := time.Second
	if p.def.Source.Per == scopes.PerMinute {
		per = time.Minute
	}
	rate := func(window time.Duration) parser.Expr {
		return scaled(increase(window), per.Seconds()/window.Seconds())
	}
	switch {
	case a == scopes.Total:
		return increase(p.window)
	case a == scopes.Average || p.window <= per:
		return rate(p.window)
	}
	// The range is shorter than the window, so that only those units of time that lie wholly inside the window count.
	return overTime(a, rate(per), p.window-per+time.Millisecond, per)
}

// overTime aggregates over the window what is looked at every finest, or less often in a long window.
func (p *plan) overTime(a scopes.Aggregation, e parser.Expr, finest time.Duration) parser.Expr {
	return overTime(a, e, p.window, sampleStep(p.window, finest))
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
	return operand{plan: p}.grouped(parser.SUM, p.states.expr(ms, byState, wanted...))
}

// computed says whether a dimension's label is not stored but made by the plan's expression: that of an instance's state.
func (p *plan) computed(dim scopes.Dimension) bool {
	return p.def.Source.Kind == scopes.KindInstanceState && dim.Label == labelState
}
