package query

import (
	"context"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/promql/parser"
	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/scopes"
)

// load reads the cells of the explained metric, over the baseline and the window.
func (e *explainer) load(ctx context.Context, src causeSource) (*causes, error) {
	if e.plan.nothing {
		src.leaves, src.headline = nil, ""
	}
	columns, dimensions := e.columns(src)
	data := &causes{source: src, measure: src.measure, scope: e.out.Scope, dimensions: dimensions}
	reads, err := e.read(ctx, src, columns)
	if err != nil {
		return nil, err
	}
	cells := map[string]*cell{}
	for _, r := range reads {
		for _, w := range r.result.Annotations.AsErrors() {
			e.out.Warnings = append(e.out.Warnings, w.Error())
		}
		for _, s := range r.result.Matrix {
			c := cellOf(cells, s.Metric, columns, e.baseline.count, e.window.count)
			if points := e.baseline.count + e.window.count; len(cells)*points > e.planner.cfg.MaxValues {
				return nil, &AnswerLimitError{Series: len(cells), Points: points, Limit: e.planner.cfg.MaxValues,
					How: "ask about a deployment or an instance, or with a filter"}
			}
			put := func(at int64, v causeValue) {
				if t, length := c.slot(e.baseline, e.window, at); t != nil && !math.IsNaN(v.float) && !math.IsInf(v.float, 0) {
					t.seen = true
					v.length = length
					src.leaves[r.leaf].put(t, v)
				}
			}
			bound := s.Metric.Get(labelBound)
			for _, p := range s.Floats {
				put(p.T, causeValue{float: p.F, bound: bound})
			}
			for _, p := range s.Histograms {
				put(p.T, causeValue{hist: p.H})
			}
		}
	}
	bounds := e.plan.forms[e.plan.def.Source.Series].bounds
	for _, c := range cells {
		for _, slots := range [][]tally{c.before, c.after} {
			for i := range slots {
				slots[i].settle(bounds)
			}
		}
	}
	e.coverage = e.coverageOf(cells)
	e.coverage.sums = src.measure.kind == measureSum && !src.mean
	lengths := e.coverage.trim(cells)
	data.slotTime = [2]float64{inBaseline: e.baseline.length.Seconds(), inWindow: e.window.length.Seconds()}
	data.scale = lengths[inWindow].Seconds() / lengths[inBaseline].Seconds()
	if src.perTime > 0 {
		data.measure.factor *= src.perTime.Seconds() / lengths[inWindow].Seconds()
	}
	data.fill(cells, columns)
	if src.headline != "" {
		if err := e.headline(ctx, data); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// findForms looks up in which forms the explained histogram is stored, over both spans: they are compared by the same bounds.
func (e *explainer) findForms(ctx context.Context) (err error) {
	if len(e.plan.histograms()) > 0 && !e.plan.nothing {
		e.plan.forms, err = e.planner.histogramForms(ctx, e.plan, e.both())
	}
	return err
}

// both is one window that covers the baseline and the window.
func (e *explainer) both() windows {
	start, end := e.baseline.start, e.window.end()
	if e.window.start.Before(start) {
		start, end = e.window.start, e.baseline.end()
	}
	return windows{start: start, length: end.Sub(start), count: 1}
}

// causeRead is a leaf evaluated over some sub-windows.
type causeRead struct {
	leaf   int
	run    run
	result Result
}

// read evaluates the leaves, over both spans at once where they adjoin. Where roll-ups are exact it reads those.
func (e *explainer) read(ctx context.Context, src causeSource, columns []string) ([]*causeRead, error) {
	spans := []windows{e.baseline, e.window}
	if e.baseline.end().Equal(e.window.start) && e.baseline.length == e.window.length {
		spans = []windows{{start: e.baseline.start, length: e.window.length, count: e.baseline.count + e.window.count}}
	}
	var reads []*causeRead
	for i, leaf := range src.leaves {
		for _, span := range spans {
			pl := *e.plan
			pl.window = span.length
			for _, label := range columns {
				pl.split = append(pl.split, scopes.Dimension{Name: label, Label: label})
			}
			for _, r := range e.planner.runs(ctx, span, false, func() parser.Expr { return leaf.expr(&pl) }) {
				reads = append(reads, &causeRead{leaf: i, run: r})
			}
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(explainConcurrency)
	for _, r := range reads {
		g.Go(func() (err error) {
			r.result, err = e.session.Range(gctx, r.run.expr, r.run.start.Add(r.run.length), r.run.end(), r.run.length)
			if err != nil {
				return fmt.Errorf("read %s: %w", e.plan.def.Name, err)
			}
			return nil
		})
	}
	return reads, g.Wait()
}

// headline reads the scope's own values from the planner.
func (e *explainer) headline(ctx context.Context, data *causes) error {
	for i, span := range []windows{e.baseline, e.window} {
		full := *e.plan
		full.window = span.total()
		for _, run := range e.planner.evaluations(ctx, &full, e.aggregation, windows{start: span.start, length: full.window, count: 1}) {
			result, err := e.session.Range(ctx, run.expr, run.end(), run.end(), run.length)
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
	}
	if e.aggregation != scopes.Average {
		e.out.Warnings = append(e.out.Warnings, fmt.Sprintf("where the change comes from is told by %s; before and after of the scope are the %s", data.source.headline, e.aggregation))
	}
	return nil
}

// explainConcurrency bounds the expressions that one explanation evaluates at a time.
const explainConcurrency = 4
