package query

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/endscope/endscope/scopes"
)

// ExplainRequest asks what changed in a metric between a baseline and a window, and where.
type ExplainRequest struct {
	Metric      string             // name of a definition, compared without case
	Scope       scopes.Pattern     // names one scope: no segment is `*`
	Aggregation scopes.Aggregation // empty means the primary one
	Window      Span
	Baseline    Span   // need not be as long as the window; must not overlap it
	Filter      string // in the language of ParseFilter; empty takes everything
}

// Verdict says how many causes a change has.
type Verdict string

// The verdicts.
const (
	VerdictSingle  Verdict = "single cause" // Path names it
	VerdictSeveral Verdict = "several"      // the metric changed, and no one child explains most of it
	VerdictNone    Verdict = "none"         // the metric did not change beyond its noise, or the spans cannot be compared
)

// Explanation is the answer to an ExplainRequest. Before and After are what DrillDown answers for one window over the
// baseline and over the window, with two exceptions: a Total or Count over a baseline of another length is brought to the window's length,
// and where data cover only part of a span, rates and totals are those of the time with data, which a warning says. They are nil
// where there is no data, and Change, their difference, is nil if either is.
type Explanation struct {
	Metric                string
	Aggregation           scopes.Aggregation
	Unit                  scopes.Unit
	Scope                 scopes.Path
	Window, Baseline      Span
	Before, After, Change *float64
	Path                  []CauseStep // from the scope down to the cause; empty unless the verdict is VerdictSingle
	Contributions         []Contribution
	Related               []Related
	Verdict               Verdict
	Explanation           string // one sentence
	Warnings              []string
}

// CauseStep is one step from a scope towards the cause of a change.
type CauseStep struct {
	Dimension, Value string
	Share            float64 // as in Contribution
	Before, After    *float64
}

// Contribution is one child or dimension value that was looked at.
type Contribution struct {
	Dimension, Value string
	Scope            scopes.Path // the child itself, or for a value of another dimension the scope within which it was looked at
	Within           []Narrowing // the values that the search had chosen before it looked here, nil if it had chosen none
	Before, After    *float64    // the metric of the child alone; nil where it has no data
	// Share is the part of the whole change that disappears when the child's data are replaced by those of its baseline, nil
	// where that cannot be said. It may lie outside [0, 1]: others may have changed the other way.
	Share *float64
	// Alone is the part of the change that appears when only this child's data change. It differs from Share where causes
	// mask each other, as two slow instances do in a percentile.
	Alone *float64
	// Weight is the child's part of the data of the baseline: the share that it would have in an even change.
	Weight *float64
}

// Narrowing is a value of a dimension, other than deployment and instance, that something was looked at within.
type Narrowing struct{ Dimension, Value string }

// Related is a metric that moved at the same time at the cause, or at the scope where there is no single cause.
type Related struct {
	Metric        string
	Aggregation   scopes.Aggregation
	Unit          scopes.Unit
	Scope         scopes.Path
	Dimensions    map[string]string
	Before, After float64 // means over the two spans; a Total or Count at the mean rate of each, over the window's length
	Change        float64
	Correlation   float64 // Pearson's, with the explained metric at that scope, over stretches of both spans
}

// maxContributions bounds Explanation.Contributions.
const maxContributions = 200

// Explain says what changed in a metric between the baseline and the window. Errors: *ParamError for what is not allowed, one
// that wraps scopes.ErrNotFound and names the scope where nothing is stored for it, *AnswerLimitError, and those of
// Session.Range.
func (p *Planner) Explain(ctx context.Context, r ExplainRequest) (*Explanation, error) {
	pl, a, filter, err := p.explainPlan(r)
	if err != nil {
		return nil, err
	}
	window, err := p.cutSpan(r.Window, "start", "end")
	if err != nil {
		return nil, err
	}
	baseline, err := p.cutSpan(r.Baseline, "baselineStart", "baselineEnd")
	if err != nil {
		return nil, err
	}
	if baseline.start.Before(window.end()) && window.start.Before(baseline.end()) {
		return nil, &ParamError{Name: "baseline", Value: fmt.Sprintf("%s to %s", formatTime(baseline.start), formatTime(baseline.end())),
			Rule: fmt.Sprintf("must not overlap the window, %s to %s", formatTime(window.start), formatTime(window.end()))}
	}
	if err := p.requireScope(ctx, r.Scope, baseline.start, window.end()); err != nil {
		return nil, err
	}
	if err := p.newResolver(filter, Span{baseline.start, baseline.end()}, Span{window.start, window.end()}).apply(ctx, pl); err != nil {
		return nil, err
	}
	pl.split = nil // by a filter's '*': children are told apart in any case
	scope, _ := r.Scope.Concrete()
	out := &Explanation{
		Metric: pl.def.Name, Aggregation: a, Unit: pl.def.UnitOf(a), Scope: scope,
		Window: Span{window.start, window.end()}, Baseline: Span{baseline.start, baseline.end()},
		Path: []CauseStep{}, Contributions: []Contribution{}, Related: []Related{}, Warnings: []string{}, Verdict: VerdictNone,
	}
	e := &explainer{planner: p, session: p.set.Engine.NewSession(), plan: pl, aggregation: a, filter: r.Filter, window: window, baseline: baseline, out: out}
	if err := e.explain(ctx); err != nil {
		return nil, err
	}
	if n := len(out.Contributions); n > maxContributions {
		out.Contributions = out.Contributions[:maxContributions]
		out.Warnings = append(out.Warnings, fmt.Sprintf("contributions: the first %d of %d are shown", maxContributions, n))
	}
	slices.Sort(out.Warnings)
	out.Warnings = slices.Compact(out.Warnings)
	return out, nil
}

// explainer answers one request.
type explainer struct {
	planner          *Planner
	session          *Session
	plan             *plan
	aggregation      scopes.Aggregation
	filter           string
	window, baseline windows // cut into sub-windows, by which noise and correlation are judged
	coverage         coverage
	out              *Explanation
}

func (e *explainer) explain(ctx context.Context) error {
	if err := e.findForms(ctx); err != nil {
		return err
	}
	src, ok := e.source()
	if !ok {
		return e.compareChildren(ctx)
	}
	data, err := e.load(ctx, src)
	if err != nil {
		return err
	}
	out, change := e.out, data.change(data.all())
	out.Before, out.After = change.before, change.after
	if change.before == nil || change.after == nil {
		out.Warnings = append(out.Warnings, missingSpans(change))
		out.Explanation = e.noData()
		return nil
	}
	out.Change = difference(change.before, change.after)
	found := data.search()
	out.Contributions = found.contributions
	out.Warnings = append(out.Warnings, e.coverage.shortfalls()...)
	if !e.coverage.comparable() {
		out.Explanation = e.notComparable()
		return nil
	}
	if !change.significant {
		out.Explanation = e.noChange()
		return nil
	}
	out.Verdict, out.Path = found.verdict, found.path
	out.Explanation = e.changed(found)
	return e.related(ctx, data, found)
}

func missingSpans(c change) string {
	switch {
	case c.before == nil && c.after == nil:
		return "there are no data in the baseline and none in the window"
	case c.before == nil:
		return "there are no data in the baseline"
	}
	return "there are no data in the window"
}

// explainPlan looks up what is asked about.
func (p *Planner) explainPlan(r ExplainRequest) (*plan, scopes.Aggregation, Filter, error) {
	if _, ok := r.Scope.Concrete(); !ok {
		return nil, "", Filter{}, &ParamError{Name: "scope", Value: r.Scope.String(), Rule: "must name one scope, endpoint[/deployment[/instance]], without *"}
	}
	ask := Request{Scopes: []scopes.Pattern{r.Scope}, Metrics: []string{r.Metric}, Filter: r.Filter}
	if r.Aggregation != "" {
		ask.Aggregations = []scopes.Aggregation{r.Aggregation}
	}
	plans, filter, err := p.plans(ask, windows{})
	if err != nil {
		return nil, "", filter, err
	}
	return plans[0], aggregationsOf(plans[0].def, ask.Aggregations)[0], filter, nil
}

// The number of sub-windows that each span is cut into.
const (
	minSlots = 10
	maxSlots = 12
)

// cutSpan cuts a span into sub-windows of a round length: one that our roll-ups have, or a multiple of how often agents push, where
// the span allows it. What lies in the future is left out.
func (p *Planner) cutSpan(s Span, startName, endName string) (windows, error) {
	start, end := s.Start.Truncate(time.Millisecond).UTC(), s.End.Truncate(time.Millisecond).UTC()
	if now := p.set.Now().Truncate(time.Millisecond).UTC(); end.After(now) {
		end = now
	}
	switch length := end.Sub(start); {
	case length < maxSlots*minInterval:
		return windows{}, &ParamError{Name: endName, Value: formatTime(s.End), Rule: fmt.Sprintf("must be at least %s after %s, of what has passed", maxSlots*minInterval, startName)}
	case length > maxDuration:
		return windows{}, &ParamError{Name: startName, Value: formatTime(s.Start), Rule: fmt.Sprintf("must be at most 100 years before %s", endName)}
	}
	length := end.Sub(start)
	for _, unit := range []time.Duration{5 * time.Minute, time.Minute, 30 * time.Second, 15 * time.Second, time.Second, time.Millisecond} {
		for n := maxSlots; n >= minSlots; n-- {
			if length%(time.Duration(n)*unit) == 0 {
				return windows{start: start, length: length / time.Duration(n), count: n}, nil
			}
		}
	}
	step := (length / minSlots).Truncate(time.Millisecond) // loses less than ten milliseconds, at the start
	return windows{start: end.Add(-minSlots * step), length: step, count: minSlots}, nil
}

func (w windows) total() time.Duration { return w.length * time.Duration(w.count) }

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func difference(before, after *float64) *float64 {
	d := *after - *before
	return &d
}
