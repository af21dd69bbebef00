package query

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/endscope/endscope/scopes"
)

// drillDown is a request while it is answered.
type drillDown struct {
	planner  *Planner
	request  Request
	session  *Session
	resolver *resolver
	now      windows
	past     *windows // nil where nothing is compared
	states   map[stateKey]foundStates
	forms    map[string]foundForms
	answer   *Answer
}

// stateKey names what the states of instances are looked up for.
type stateKey struct {
	scope scopes.Pattern
	win   windows
}

// foundStates is the rule for the states of instances in all of some windows, and in pieces of them where these have a step of their own.
type foundStates struct {
	all    stateRule
	pieces []windowPiece
}

// foundForms are the forms of a plan's histograms in all of some windows together, and where it was asked for in pieces of them.
type foundForms struct {
	all    map[string]histogramForm
	pieces []windowPiece
}

// question is one aggregation of one plan.
type question struct {
	plan        *plan
	aggregation scopes.Aggregation
	shown       pair
	ranking     *ranking // nil without a top
	other       *other   // nil where nothing is folded
	left        int      // series that are neither shown nor folded
}

// pair is an evaluation and the one that it is compared with, nil without.
type pair struct{ now, past *evaluation }

func (p pair) list() []*evaluation {
	if p.past == nil {
		return []*evaluation{p.now}
	}
	return []*evaluation{p.now, p.past}
}

// ask evaluates the plans and adds their series to the answer.
func (d *drillDown) ask(ctx context.Context, plans []*plan) error {
	var questions []*question
	for _, pl := range plans {
		if err := d.resolver.apply(ctx, pl); err != nil {
			return err
		}
		for _, a := range aggregationsOf(pl.def, d.request.Aggregations) {
			questions = append(questions, &question{plan: pl, aggregation: a})
		}
	}
	if d.request.Top > 0 {
		if err := d.rank(ctx, questions); err != nil {
			return err
		}
	}
	var all []*evaluation
	for _, q := range questions {
		shown := q.plan
		if q.ranking != nil {
			shown = q.ranking.restricted()
		}
		var err error
		if q.shown, err = d.pair(ctx, shown, q.aggregation, nil); err != nil {
			return err
		}
		all = append(all, q.shown.list()...)
		if q.other != nil {
			if q.other.pair, err = d.pair(ctx, q.other.plan, q.aggregation, nil); err != nil {
				return err
			}
			all = append(all, q.other.list()...)
		}
	}
	if err := d.evaluate(ctx, all); err != nil {
		return err
	}
	d.collect(questions)
	return nil
}

// evaluate evaluates and keeps what the engine noticed and what it cost.
func (d *drillDown) evaluate(ctx context.Context, all []*evaluation) error {
	buckets := map[*evaluation]*evaluation{}
	asked := slices.Clone(all)
	for _, e := range all {
		if e.shown && e.windows.every == 0 && e.plan.needsBuckets(e.aggregation) {
			buckets[e] = &evaluation{plan: e.plan, aggregation: mergedBuckets, windows: e.windows}
			asked = append(asked, buckets[e]) // shares what is read
		}
	}
	if err := d.planner.evaluate(ctx, d.session, asked); err != nil {
		return err
	}
	for e, of := range buckets {
		e.readBuckets(of)
	}
	for _, e := range all {
		for _, r := range e.results {
			for _, w := range r.Annotations.AsErrors() {
				d.answer.Warnings = append(d.answer.Warnings, w.Error())
			}
		}
		if d.request.Plan {
			d.answer.Plan = append(d.answer.Plan, e.steps...)
		}
	}
	return nil
}

// pair returns the evaluations of a plan over the request's windows, or over what as makes of these.
func (d *drillDown) pair(ctx context.Context, pl *plan, a scopes.Aggregation, as func(windows) windows) (out pair, err error) {
	shown := as == nil
	if shown {
		as = func(w windows) windows { return w }
	}
	if out.now, err = d.evaluation(ctx, pl, a, as(d.now)); err != nil {
		return out, err
	}
	if out.now.shown = shown; d.past == nil {
		return out, nil
	}
	if out.past, err = d.evaluation(ctx, pl, a, as(*d.past)); err != nil {
		return out, err
	}
	out.past.shown = shown
	return out, nil
}

// evaluation makes a plan ready for windows. What a plan must know of the instances in them is looked up.
func (d *drillDown) evaluation(ctx context.Context, pl *plan, a scopes.Aggregation, win windows) (*evaluation, error) {
	ready := *pl
	ready.window = win.length
	if pl.remembers() && !pl.nothing {
		key := stateKey{pl.scope, win}
		found, ok := d.states[key]
		if !ok {
			var err error
			if found.all, err = d.planner.stateRule(ctx, pl.scope, win); err != nil {
				return nil, err
			}
			if win.every != 0 && win.count > 1 {
				if found.pieces, err = d.planner.statePieces(ctx, pl.scope, win, found.all); err != nil {
					return nil, err
				}
			}
			d.states[key] = found
		}
		ready.states, ready.pieces = found.all, found.pieces
	}
	if err := d.findForms(ctx, &ready, a, win); err != nil {
		return nil, err
	}
	return &evaluation{plan: &ready, aggregation: a, windows: win}, nil
}

// findForms looks up in which forms a plan's histograms are stored. Plans of several quantiles share that.
func (d *drillDown) findForms(ctx context.Context, pl *plan, a scopes.Aggregation, win windows) error {
	of := pl.histograms()
	if len(of) == 0 || pl.nothing {
		return nil
	}
	key := fmt.Sprint(win, newLadders(of[0]).by)
	if pl.exclude != nil {
		key += fmt.Sprintf("%q", pl.exclude.tuples)
	}
	for _, o := range of {
		key += o.selector().String()
	}
	found, ok := d.forms[key]
	var err error
	if !ok {
		if found.all, err = d.planner.histogramForms(ctx, pl, win); err != nil {
			return err
		}
	}
	if win.every != 0 && found.pieces == nil && pl.dependsOnForms(a, found.all) {
		if found.pieces, err = d.planner.formPieces(ctx, pl, a, win, found.all); err != nil {
			return err
		}
	}
	d.forms[key] = found
	if pl.forms = found.all; pl.dependsOnForms(a, found.all) {
		pl.pieces = found.pieces
	}
	for name, form := range found.all {
		if form.les != nil && pl.needsBuckets(a) {
			d.answer.Warnings = append(d.answer.Warnings, fmt.Sprintf("%s: the buckets of %s differ between instances; what is computed from them uses only the bounds that all have", pl.def.Name, name))
		}
	}
	return nil
}

// placed is a series and what the order of an answer is made of.
type placed struct {
	series AnswerSeries
	rank   int
	name   []string
}

// collect adds the series of the questions to the answer: those of one question by name, or by rank where it has a top.
func (d *drillDown) collect(questions []*question) {
	seen := map[string]bool{} // scopes may overlap
	left := 0
	for _, q := range questions {
		left += q.left
		var list []placed
		add := func(l merged, folded int) {
			name := string(l.labels.Bytes(nil))
			key := strings.Join([]string{string(q.plan.scope.Level()), q.plan.def.Name, string(q.aggregation), name}, "\x00")
			if folded > 0 {
				key += "\x00folded\x00" + q.plan.scope.String()
			}
			if seen[key] {
				return
			}
			seen[key] = true
			s := newAnswerSeries(q.plan, q.aggregation, l)
			if l.warning != "" {
				d.answer.Warnings = append(d.answer.Warnings, l.warning)
			}
			var p placed
			if q.ranking != nil {
				p.rank = q.ranking.place(name)
			}
			if s.Folded = folded; folded > 0 {
				p.rank, s.Scope = math.MaxInt, scopes.Path(q.plan.scope)
				for _, dim := range q.plan.split {
					s.Dimensions[dim.Name] = FoldedValue
				}
			}
			p.series, p.name = s, append([]string{s.Scope.String()}, sortedValues(s.Dimensions)...)
			list = append(list, p)
		}
		for key, l := range d.merge(q.shown) {
			if q.ranking == nil || q.ranking.keeps(key) {
				add(l, 0)
			}
		}
		if q.other != nil {
			for _, l := range d.merge(q.other.pair) {
				add(l, q.ranking.rest)
			}
		}
		slices.SortFunc(list, func(x, y placed) int {
			return cmp.Or(cmp.Compare(x.rank, y.rank), slices.Compare(x.name, y.name))
		})
		for _, p := range list {
			d.answer.Series = append(d.answer.Series, p.series)
		}
	}
	if left > 0 {
		d.answer.Truncated = &Truncation{Shown: len(d.answer.Series), Total: len(d.answer.Series) + left}
	}
}

// merged is a line with the one that it is compared with. Where nothing is compared, past is nil.
type merged struct {
	labels    labels.Labels
	now, past []*float64
	source    *HistogramSource
	warning   string
}

// merge joins the lines of an evaluation with those of the past. A line may be in only one of them.
func (d *drillDown) merge(p pair) map[string]merged {
	out := map[string]merged{}
	for key, l := range p.now.lines() {
		m := merged{labels: l.labels, now: l.values}
		m.source, m.warning = p.now.source(l)
		out[key] = m
	}
	if p.past == nil {
		return out
	}
	for key, l := range p.past.lines() {
		m, ok := out[key]
		if !ok {
			m = merged{labels: l.labels, now: make([]*float64, d.now.count)}
		}
		m.past = l.values
		source, warning := p.past.source(l)
		m.source, m.warning = m.source.and(source), cmp.Or(m.warning, warning)
		out[key] = m
	}
	for key, m := range out {
		if m.past == nil {
			m.past = make([]*float64, d.now.count)
			out[key] = m
		}
	}
	return out
}

func newAnswerSeries(plan *plan, a scopes.Aggregation, l merged) AnswerSeries {
	s := AnswerSeries{
		Scope: scopes.Of(l.labels), Asked: plan.scope.Level(), Metric: plan.def.Name, Aggregation: a, Unit: plan.def.UnitOf(a),
		Dimensions: make(map[string]string, len(plan.split)), Values: l.now, Compared: l.past, Histogram: l.source,
	}
	for _, dim := range plan.split {
		s.Dimensions[dim.Name] = l.labels.Get(labelOf(dim))
	}
	return s
}

func sortedValues(dims map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(dims)) {
		out = append(out, dims[name])
	}
	return out
}
