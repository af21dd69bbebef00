package query

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"golang.org/x/sync/errgroup"

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
	put  func(t *tally, v float64, h *promql.HPoint)
}

func putNum(t *tally, v float64, _ *promql.HPoint) { t.num += v }
func putDen(t *tally, v float64, _ *promql.HPoint) { t.den += v }

// source returns how to read the explained metric; false where its changes cannot be told apart by where they come from.
func (e *explainer) source() (causeSource, bool) {
	a, src := e.aggregation, &e.plan.def.Source
	whole := func(pl *plan) operand { return operand{pl, src.Series, src.Where, nil} }
	increase := func(pl *plan) parser.Expr { return whole(pl).increase(pl.window) }
	observations := func(pl *plan) parser.Expr { return whole(pl).observations(pl.window) }
	total := func(pl *plan) parser.Expr { return whole(pl).total(pl.window) }
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
			return ratio(total, observations), true
		}
		put := func(t *tally, _ float64, h *promql.HPoint) {
			if h != nil {
				t.hist = h.H
			}
		}
		return causeSource{measure: measure{kind: measureQuantile, factor: src.Factor, quantile: src.Quantile, counts: true},
			leaves: []causeLeaf{{func(pl *plan) parser.Expr { return whole(pl).merged(pl.window) }, put}}}, true
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
		mean := func(t *tally, series float64, _ *promql.HPoint) { t.num *= series / t.den }
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
		out.leaves[1].put = func(t *tally, v float64, _ *promql.HPoint) { t.den += v * e.window.length.Seconds() }
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

// load reads the cells of the explained metric, over the baseline and the window.
func (e *explainer) load(ctx context.Context, src causeSource) (*causes, error) {
	columns, dimensions := e.columns(src)
	data := &causes{source: src, measure: src.measure, scope: e.out.Scope, dimensions: dimensions, scale: e.window.total().Seconds() / e.baseline.total().Seconds()}
	if src.perTime > 0 {
		data.measure.factor *= src.perTime.Seconds() / e.window.total().Seconds()
	}
	type read struct {
		leaf   int
		span   windows
		result Result
	}
	var reads []*read
	spans := []windows{e.baseline, e.window}
	if e.baseline.end().Equal(e.window.start) && e.baseline.length == e.window.length {
		spans = []windows{{start: e.baseline.start, length: e.window.length, count: e.baseline.count + e.window.count}}
	}
	if e.plan.nothing {
		src.leaves, src.headline = nil, ""
	}
	for leaf := range src.leaves {
		for _, span := range spans {
			reads = append(reads, &read{leaf: leaf, span: span})
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(explainConcurrency)
	for _, r := range reads {
		g.Go(func() error {
			pl := *e.plan
			pl.window = r.span.length
			for _, label := range columns {
				pl.split = append(pl.split, scopes.Dimension{Name: label, Label: label})
			}
			result, err := e.session.Range(gctx, src.leaves[r.leaf].expr(&pl), r.span.start.Add(r.span.length), r.span.end(), r.span.length)
			if err != nil {
				return fmt.Errorf("read %s: %w", e.plan.def.Name, err)
			}
			r.result = result
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	cells := map[string]*cell{}
	for _, r := range reads {
		for _, w := range r.result.Annotations.AsErrors() {
			e.out.Warnings = append(e.out.Warnings, w.Error())
		}
		for _, s := range r.result.Matrix {
			c := cellOf(cells, s.Metric, columns, e.baseline.count, e.window.count)
			if n := len(cells) * (e.baseline.count + e.window.count); n > e.planner.cfg.MaxValues {
				return nil, &AnswerLimitError{Series: len(cells), Points: e.baseline.count + e.window.count, Limit: e.planner.cfg.MaxValues,
					How: "ask about a deployment or an instance, or with a filter"}
			}
			for _, point := range s.Floats {
				if t := c.slot(e.baseline, e.window, point.T); t != nil && !math.IsNaN(point.F) && !math.IsInf(point.F, 0) {
					t.seen = true
					src.leaves[r.leaf].put(t, point.F, nil)
				}
			}
			for i := range s.Histograms {
				if t := c.slot(e.baseline, e.window, s.Histograms[i].T); t != nil {
					t.seen = true
					src.leaves[r.leaf].put(t, 0, &s.Histograms[i])
				}
			}
		}
	}
	data.fill(cells, columns)
	if src.headline != "" {
		if err := e.headline(ctx, data); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// headline reads the scope's own values from the planner.
func (e *explainer) headline(ctx context.Context, data *causes) error {
	for i, span := range []windows{e.baseline, e.window} {
		full := *e.plan
		full.window = span.total()
		result, err := e.session.Range(ctx, full.expr(e.aggregation), span.end(), span.end(), full.window)
		if err != nil {
			return fmt.Errorf("evaluate %s of %s: %w", e.aggregation, full.def.Name, err)
		}
		for _, s := range result.Matrix {
			for _, p := range s.Floats {
				if !math.IsNaN(p.F) && !math.IsInf(p.F, 0) {
					data.headline[i] = &p.F
				}
			}
		}
	}
	if e.aggregation != scopes.Average {
		e.out.Warnings = append(e.out.Warnings, fmt.Sprintf("where the change comes from is told by %s; before and after of the scope are the %s", data.source.headline, e.aggregation))
	}
	return nil
}

// explainConcurrency bounds the expressions that one explanation evaluates at a time.
const explainConcurrency = 4
