package query

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// causeSource says how the tallies of a metric are read: one leaf for each of their parts.
type causeSource struct {
	measure measure
	leaves  []causeLeaf
	// mean says that a sum is the mean over the sub-windows instead of their sum: it is of instants, not of events.
	mean bool
	// perTime divides a sum by the span's length in this unit; 0 does not.
	perTime time.Duration
	// headline says that the values of the scope are asked from the planner, since tallies do not give exactly them; it says what
	// they give instead.
	headline string
	match    *labels.Matcher               // cells that it matches count into num, all into den
	keeps    func(d scopes.Dimension) bool // which dimensions tell tallies apart; nil for all
}

// causeLeaf reads one number or histogram for each sub-window and set of labels. The plan is split by those labels, and its window is
// a sub-window.
type causeLeaf struct {
	expr func(pl *plan) parser.Expr
	put  func(t *tally, v causeValue)
}

// causeValue is what a leaf has for a sub-window: a number, one up to a bucket's bound where that is given, or a histogram.
type causeValue struct {
	length time.Duration // of the sub-window
	float  float64
	bound  string
	hist   *histogram.FloatHistogram // not to be changed
}

func putNum(t *tally, v causeValue) { t.num += v.float }
func putDen(t *tally, v causeValue) { t.den += v.float }

func putMoments(t *tally, v causeValue) {
	if v.hist != nil {
		t.num += v.hist.Sum
		t.den += v.hist.Count
	}
}

func putHistogram(t *tally, v causeValue) {
	if v.hist != nil {
		t.hist = v.hist
		return
	}
	bound, err := strconv.ParseFloat(v.bound, 64)
	if err != nil {
		return
	}
	if t.upTo == nil {
		t.upTo = map[float64]float64{}
	}
	t.upTo[bound] += v.float
}

// source returns how to read the explained metric; false where its changes cannot be told apart by where they come from.
func (e *explainer) source() (causeSource, bool) {
	a, src := e.aggregation, &e.plan.def.Source
	whole := func(pl *plan) operand { return operand{pl, src.Series, src.Where, nil} }
	increase := func(pl *plan) parser.Expr { return whole(pl).increase(pl.window) }
	observations := func(pl *plan) parser.Expr { return whole(pl).observations(pl.window) }
	total := func(pl *plan) parser.Expr { return whole(pl).total(pl.window) }
	merged := func(pl *plan) parser.Expr { return whole(pl).merged(pl.window) }
	samples := func(function string, op parser.ItemType) func(*plan) parser.Expr {
		return func(pl *plan) parser.Expr {
			o := whole(pl)
			return o.grouped(op, call(function, over(o.selector(), pl.window)))
		}
	}
	sums := func(expr func(*plan) parser.Expr, counts bool) causeSource {
		return causeSource{measure: measure{kind: measureSum, factor: src.Factor, counts: counts}, leaves: []causeLeaf{{expr, putNum}}}
	}
	rates := func(expr func(*plan) parser.Expr, counts bool) causeSource {
		out := sums(expr, counts)
		if a != scopes.Total {
			out.perTime = map[scopes.Per]time.Duration{scopes.PerSecond: time.Second, scopes.PerMinute: time.Minute}[src.Per]
		}
		if a == scopes.Minimum || a == scopes.Maximum {
			out.headline = "the Average"
		}
		return out
	}
	ratio := func(num, den func(*plan) parser.Expr) causeSource {
		return causeSource{measure: measure{kind: measureRatio, factor: src.Factor, complement: src.Complement}, leaves: []causeLeaf{{num, putNum}, {den, putDen}}}
	}
	switch src.Kind {
	case scopes.KindCounter:
		return rates(increase, false), true
	case scopes.KindHistogramCount:
		return rates(observations, true), true
	case scopes.KindHistogramMean, scopes.KindHistogramQuantile:
		switch {
		case a == scopes.Count:
			out := sums(observations, true)
			out.measure.factor = 1
			return out, true
		case a == scopes.Total:
			return sums(total, false), true
		case src.Kind == scopes.KindHistogramMean:
			out := ratio(total, observations)
			if form := e.plan.forms[src.Series]; !form.classic && !form.mixed() {
				out.leaves = []causeLeaf{{merged, putMoments}} // one pass over the samples is faster than two that leave out the buckets
			}
			return out, true
		}
		return causeSource{measure: measure{kind: measureQuantile, factor: src.Factor, quantile: src.Quantile, counts: true},
			leaves: []causeLeaf{{merged, putHistogram}}}, true
	case scopes.KindRatio:
		return e.ratioSource(src), true
	case scopes.KindGauge:
		sum, count := samples("sum_over_time", parser.SUM), samples("count_over_time", parser.SUM)
		extreme := func(kind measureKind, expr func(*plan) parser.Expr) (causeSource, bool) {
			return causeSource{measure: measure{kind: kind, factor: src.Factor, complement: src.Complement}, leaves: []causeLeaf{{expr, putNum}, {count, putDen}}}, true
		}
		switch {
		case a == scopes.Total:
			return sums(sum, false), true
		case a == scopes.Count:
			out := sums(count, false)
			out.measure.factor = 1
			return out, true
		case a == scopes.Minimum != src.Complement && a != scopes.Average: // the lowest rest is that of the highest value
			return extreme(measureMin, samples("min_over_time", parser.MIN))
		case a != scopes.Average:
			return extreme(measureMax, samples("max_over_time", parser.MAX))
		}
		return ratio(sum, count), true
	case scopes.KindGaugeSum:
		// The mean over time of a sum of series is the sum of their means: sum over count, times how many series a cell has.
		mean := func(t *tally, series causeValue) { t.num *= series.float / t.den }
		out := causeSource{measure: measure{kind: measureSum, factor: src.Factor}, mean: true, leaves: []causeLeaf{
			{samples("sum_over_time", parser.SUM), putNum}, {samples("count_over_time", parser.SUM), putDen}, {samples("count_over_time", parser.COUNT), mean}}}
		out.headline = "the mean of all samples"
		return out, true
	case scopes.KindGaugeRatio:
		side := func(t *scopes.Term) func(*plan) parser.Expr {
			return func(pl *plan) parser.Expr {
				o := pl.operand(t)
				return o.grouped(parser.SUM, call("sum_over_time", over(o.selector(), pl.window)))
			}
		}
		out := ratio(side(src.Num), side(src.Den))
		out.headline = "the quotient of the means"
		return out, true
	case scopes.KindTimeShare:
		devices := func(pl *plan) parser.Expr {
			o := whole(pl)
			each := aggregate(parser.GROUP, call("increase", anchored(o.selector(), pl.window)), append(instanceLabels(), src.Devices...)...)
			return aggregate(parser.COUNT, each, o.labels()...)
		}
		out := ratio(increase, devices)
		out.leaves[1].put = func(t *tally, v causeValue) { t.den += v.float * v.length.Seconds() }
		out.keeps = func(d scopes.Dimension) bool { return slices.Contains(src.Devices, d.Label) }
		return out, true
	}
	return causeSource{}, false
}

// ratioSource is that of one counter over another. Where one is a part of the other, it is read with it.
func (e *explainer) ratioSource(src *scopes.Source) causeSource {
	side := func(t *scopes.Term) func(*plan) parser.Expr {
		return func(pl *plan) parser.Expr { return pl.operand(t).stat(t.Stat) }
	}
	out := causeSource{measure: measure{kind: measureRatio, factor: src.Factor, complement: src.Complement}, leaves: []causeLeaf{{side(src.Den), putDen}}}
	if src.PartOf() && src.Num.Where != nil {
		out.match = labels.MustNewMatcher(labels.MatchRegexp, src.Num.Where.Label, src.Num.Where.Match) // the catalogue has compiled it
		out.measure.counts = src.Den.Stat == scopes.StatObservations
	} else {
		out.leaves = append(out.leaves, causeLeaf{side(src.Num), putNum})
	}
	out.keeps = func(d scopes.Dimension) bool { // both sides must know what they are told apart by
		return !slices.Contains(src.Num.Without, d.Name) && !slices.Contains(src.Den.Without, d.Name)
	}
	return out
}

// dimension is something by which the cells of a metric can be told apart, beside the scope's own levels.
type dimension struct {
	scopes.Dimension
	column int                 // of the label that it is, or derives from
	value  func(string) string // of the dimension, for one of the label
}

func newDimension(d scopes.Dimension, column int) dimension {
	_, value := sourceOf(d)
	return dimension{d, column, value}
}

// columns returns the labels that the cells keep, deployment and instance first, and the metric's dimensions over them. Of two
// names for one label it takes the one in the catalogue's usual spelling. Stored labels come before what is derived from them.
func (e *explainer) columns(src causeSource) ([]string, []dimension) {
	columns := []string{scopes.LabelDeployment, scopes.LabelInstance}
	column := func(label string) int {
		if i := slices.Index(columns, label); i >= 0 {
			return i
		}
		columns = append(columns, label)
		return len(columns) - 1
	}
	var stored, derived []dimension
	for _, d := range e.plan.def.Dimensions {
		switch {
		case src.keeps != nil && !src.keeps(d):
		case d.Derive != nil:
			derived = append(derived, newDimension(d, column(d.Derive.From)))
		case d.Label == scopes.LabelDeployment || d.Label == scopes.LabelInstance:
		default:
			c := column(d.Label)
			if i := slices.IndexFunc(stored, func(o dimension) bool { return o.column == c }); i < 0 {
				stored = append(stored, newDimension(d, c))
			} else if strings.Contains(stored[i].Name, "_") {
				stored[i] = newDimension(d, c)
			}
		}
	}
	if m := src.match; m != nil {
		if c := column(m.Name); !slices.ContainsFunc(stored, func(o dimension) bool { return o.column == c }) {
			name := m.Name
			if name == "status_code" {
				name = "statusCode"
			}
			stored = append(stored, newDimension(scopes.Dimension{Name: name, Label: m.Name}, c))
		}
	}
	return columns, append(stored, derived...)
}
