package query

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/scopes"
)

// Bounds of what is said to be related.
const (
	maxRelated          = 10
	maxRelatedPerMetric = 2  // of its devices or reasons
	minPairs            = 20 // sub-windows in which both metrics have a value
	minCorrelation      = 0.5
	minMovement         = 0.05 // of the value before
)

// related finds the metrics of the machines and the model that moved at the same time where the cause is.
func (e *explainer) related(ctx context.Context, data *causes, f finding) error {
	scope := f.place.scope
	target := append(data.values(f.place.cells, inBaseline), data.values(f.place.cells, inWindow)...)
	present, err := e.seriesNames(ctx, scope)
	if err != nil {
		return err
	}
	var definitions []*scopes.Definition
	for _, def := range e.planner.set.Catalogue.AtLevel(scope.Level()) {
		if e.mayRelate(def, present) {
			definitions = append(definitions, def)
		}
	}
	found := make([][]Related, len(definitions))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(explainConcurrency)
	for i, def := range definitions {
		g.Go(func() (err error) {
			found[i], err = e.movements(gctx, def, scope, target)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, list := range found {
		sortRelated(list)
		e.out.Related = append(e.out.Related, list[:min(len(list), maxRelatedPerMetric)]...)
	}
	sortRelated(e.out.Related)
	e.out.Related = e.out.Related[:min(len(e.out.Related), maxRelated)]
	return nil
}

func sortRelated(list []Related) {
	slices.SortStableFunc(list, func(a, b Related) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Correlation), math.Abs(a.Correlation)), cmp.Compare(a.Metric, b.Metric))
	})
}

// values returns the metric of a subset in each sub-window, NaN where it has none. What adds up over time is given per second, since
// sub-windows of the two spans may differ in length.
func (d *causes) values(s subset, span int) []float64 {
	var out []float64
	for _, t := range d.slots(s, span) {
		v := math.NaN()
		if p := d.measure.value(t); p != nil {
			v = *p
			if d.measure.kind == measureSum && !d.source.mean {
				v /= d.slotTime[span]
			}
		}
		out = append(out, v)
	}
	return out
}

// mayRelate says whether a definition is about machines or the model, other than what is explained, and has data.
func (e *explainer) mayRelate(def *scopes.Definition, present map[string]bool) bool {
	pl := plan{def: def}
	if def.Source.Kind == scopes.KindHistogramQuantile || pl.remembers() {
		return false
	}
	own := seriesOfSource(&e.plan.def.Source)
	names := seriesOfSource(&def.Source)
	for _, name := range names {
		if !present[name] && !present[name+countSuffix] || slices.Contains(own, name) {
			return false
		}
	}
	return len(names) > 0 && (def.Category != scopes.CategoryTraffic ||
		slices.Contains([]string{"endpoint_requests_in_flight", "endpoint_queue_duration_seconds"}, names[0]))
}

// seriesOfSource returns the names of the series that a definition is computed from.
func seriesOfSource(src *scopes.Source) []string {
	var out []string
	for _, t := range []*scopes.Term{src.Num, src.Den} {
		if t != nil {
			out = append(out, t.Series)
		}
	}
	if src.Series != "" {
		out = append(out, src.Series)
	}
	return out
}

// seriesNames returns the names of the series that are stored for a scope in either span.
func (e *explainer) seriesNames(ctx context.Context, scope scopes.Path) (map[string]bool, error) {
	both := e.both()
	q, err := e.planner.open(both.start, both.end())
	if err != nil {
		return nil, err
	}
	defer q.Close()
	names, _, err := q.LabelValues(ctx, model.MetricNameLabel, nil, scope.Matchers()...)
	if err != nil {
		return nil, fmt.Errorf("list series of %q: %w", scope, err)
	}
	out := make(map[string]bool, len(names))
	for _, name := range names {
		out[name] = true
	}
	return out, nil
}

// identifies says whether a label only tells which device it is, beside its index.
func identifies(label string) bool { return label == "uuid" || label == "model" || label == "node" }

// movements returns the series of a definition at a scope that moved with the target.
func (e *explainer) movements(ctx context.Context, def *scopes.Definition, scope scopes.Path, target []float64) ([]Related, error) {
	pl := &plan{def: def, scope: scopes.Pattern(scope), matchers: scope.Matchers(), current: e.planner.cfg.InstanceMissingAfter}
	if scope.Level() == scopes.LevelInstance {
		for _, d := range def.Dimensions {
			if d.Derive == nil && scopes.Level(d.Label).Depth() == 0 && !identifies(d.Label) && !strings.Contains(d.Label, "status_code") {
				pl.split = append(pl.split, d)
			}
		}
	}
	a := def.Aggregations[0]
	type line struct {
		dimensions map[string]string
		values     []float64
	}
	lines := map[uint64]*line{}
	if len(pl.histograms()) > 0 {
		var err error
		if pl.forms, err = e.planner.histogramForms(ctx, pl, e.both()); err != nil {
			return nil, err
		}
	}
	for i, span := range []windows{e.baseline, e.window} {
		first := i * e.baseline.count
		at := *pl
		at.window = span.length
		scale := 1.0
		if a == scopes.Total || a == scopes.Count {
			scale = e.window.total().Seconds() / span.length.Seconds() // so that the mean is what the window would have at that rate
		}
		for _, run := range e.planner.evaluations(ctx, &at, a, span) {
			result, err := e.session.Range(ctx, run.expr, run.start.Add(run.length), run.end(), run.length)
			if err != nil {
				return nil, fmt.Errorf("evaluate %s of %s: %w", a, def.Name, err)
			}
			for _, s := range result.Matrix {
				l := lines[s.Metric.Hash()]
				if l == nil {
					l = &line{dimensions: make(map[string]string, len(pl.split)), values: make([]float64, len(target))}
					for _, d := range pl.split {
						l.dimensions[d.Name] = s.Metric.Get(labelOf(d))
					}
					for n := range l.values {
						l.values[n] = math.NaN()
					}
					lines[s.Metric.Hash()] = l
				}
				for _, p := range s.Floats {
					if n, ok := run.index(p.T); ok && !math.IsInf(p.F, 0) {
						l.values[first+run.first+n] = scale * p.F
					}
				}
			}
		}
	}
	var out []Related
	for _, l := range lines {
		before, after, moved := movement(l.values[:e.baseline.count], l.values[e.baseline.count:])
		r, pairs := correlation(target, l.values)
		if !moved || pairs < minPairs || math.Abs(r) < minCorrelation {
			continue
		}
		out = append(out, Related{Metric: def.Name, Aggregation: a, Unit: def.UnitOf(a), Scope: scope, Dimensions: l.dimensions,
			Before: before, After: after, Change: after - before, Correlation: r})
	}
	return out, nil
}

// movement returns the means of two stretches of values, and whether they differ by more than the values vary within them.
func movement(before, after []float64) (float64, float64, bool) {
	m := measure{kind: measureSum, factor: 1}
	of := func(values []float64) []parts {
		var out []parts
		for _, v := range values {
			if !math.IsNaN(v) {
				out = append(out, parts{v, 1})
			}
		}
		return out
	}
	b, a := of(before), of(after)
	if len(b) < manySlots || len(a) < manySlots {
		return 0, 0, false
	}
	mean0, variance0 := m.spread(b, false)
	mean1, variance1 := m.spread(a, true)
	diff := math.Abs(mean1 - mean0)
	return mean0, mean1, diff > 0 && diff >= minDeviations*math.Sqrt(variance0+variance1) && diff >= minMovement*math.Abs(mean0)
}

// correlation returns Pearson's coefficient over the places where both have a value, and how many these are.
func correlation(x, y []float64) (float64, int) {
	var n, sx, sy float64
	for i := range x {
		if !math.IsNaN(x[i]) && !math.IsNaN(y[i]) {
			n++
			sx += x[i]
			sy += y[i]
		}
	}
	if n == 0 {
		return 0, 0
	}
	var xx, yy, xy float64
	for i := range x {
		if !math.IsNaN(x[i]) && !math.IsNaN(y[i]) {
			dx, dy := x[i]-sx/n, y[i]-sy/n
			xx += dx * dx
			yy += dy * dy
			xy += dx * dy
		}
	}
	if xx == 0 || yy == 0 {
		return 0, int(n)
	}
	return xy / math.Sqrt(xx*yy), int(n)
}
