package evaluate

import (
	"context"
	"fmt"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// The bounds of previews.
const (
	MaxPreviewRange  = 31 * 24 * time.Hour
	MaxPreviewPoints = 5_000_000 // values of all series and criteria together
	previewChunk     = 1_500     // instants that one question asks for
	previewProbe     = 60        // instants of the first question of a metric rule, which shows how many series there are
	maxPreviews      = 4         // that run at the same time; others wait
)

// Preview is what a rule would have done over a range of the past. Its JSON is the answer of the API.
type Preview struct {
	Start         time.Time       `json:"start"` // the first check
	End           time.Time       `json:"end"`   // the last check
	Series        []PreviewSeries `json:"series"`
	SeriesTotal   int             `json:"seriesTotal,omitempty"` // how many there were, where KeepTop left some out; one with several criteria counts once
	Events        []PreviewEvent  `json:"events"`                // in order of time
	Notifications int             `json:"notifications"`         // one for each event; grouping, silences and processing rules aside
	Warnings      []string        `json:"warnings"`
}

// PreviewSeries is what one criterion saw of one series. Values are null where there is no data; Lower and Upper are null as a whole
// where the criterion has no such side, and their elements where a dynamic threshold is not learned.
type PreviewSeries struct {
	Scope      scopes.Path       `json:"scope,omitzero"`
	Criterion  string            `json:"criterion"`
	Dimensions map[string]string `json:"dimensions"`
	Timestamps []time.Time       `json:"timestamps"`
	Values     []*float64        `json:"values"`
	Lower      []*float64        `json:"lower"`
	Upper      []*float64        `json:"upper"`
}

// PreviewEvent says that a series fired or resolved.
type PreviewEvent struct {
	Scope      scopes.Path       `json:"scope,omitzero"`
	Dimensions map[string]string `json:"dimensions"`
	State      string            `json:"state"` // fired, resolved
	At         time.Time         `json:"at"`
	Value      *float64          `json:"value"` // of the first criterion
	Reason     string            `json:"reason,omitempty"`
}

// Preview says what a rule would have done, had it been made at start: it is checked at the same instants, by the same code and with the
// same baselines as if it were live, at every instant from start to end, both included. An instant whose window had not ended yet when it
// is asked, grace period included, is left out. Rules of Prometheus are handed to Settings.PrometheusPreview.
// Errors are *RangeError, *LimitError, and what the questions return.
func (e *Evaluator) Preview(ctx context.Context, rule alerts.Rule, start, end time.Time) (*Preview, error) {
	if rule.Kind == alerts.KindPrometheus {
		if e.set.PrometheusPreview == nil {
			return nil, fmt.Errorf("rule %s: %w: %s", rule.Name, ErrUnsupported, rule.Kind)
		}
		return e.set.PrometheusPreview(ctx, rule, start, end)
	}
	p, err := newPlan(&rule, e.cfg, e.set.Definition)
	if err != nil {
		return nil, err
	}
	first, n, err := p.previewRange(start, end, e.set.Now())
	if err != nil {
		return nil, err
	}
	select {
	case e.previews <- struct{}{}:
		defer func() { <-e.previews }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	r := &previewRun{plan: p, asker: &e.asker, first: first, n: n, places: map[string][]int{}}
	return r.run(ctx)
}

func (p *plan) previewRange(start, end, now time.Time) (first time.Time, n int, err error) {
	f := p.rule.EvaluationFrequency
	switch {
	case !start.Before(end):
		return first, 0, &RangeError{fmt.Sprintf("start, %s, must be before end, %s", start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))}
	case end.Sub(start) > MaxPreviewRange:
		return first, 0, &LimitError{Name: "range of a preview", Got: int64((end.Sub(start) + time.Hour - 1) / time.Hour), Limit: int64(MaxPreviewRange / time.Hour), Unit: "hours"}
	}
	first = ceil(start, f)
	last := floor(end, f)
	if ended := floor(now.Add(-p.grace), f); last.After(ended) {
		last = ended
	}
	if last.Before(first) {
		return first, 0, &RangeError{fmt.Sprintf("there is no check between start and end that could have been made by now: there is one every %s", f)}
	}
	n = int(last.Sub(first)/f) + 1
	return first, n, p.withinQuestions(n)
}

// withinQuestions returns a *LimitError where n checks of a log rule are too many to ask bin by bin, if they must be.
func (p *plan) withinQuestions(n int) error {
	total := 0
	for i := range p.criteria {
		if shape := p.criteria[i].log; p.rule.Kind == alerts.KindLog && !shape.byTime {
			total += n * shape.bins
		}
	}
	if total > maxLogQuestions {
		return &LimitError{Name: "questions of a log rule whose query does not treat each row by itself, ask for less time", Got: int64(total), Limit: maxLogQuestions, Unit: "questions"}
	}
	return nil
}

// previewRun makes one preview.
type previewRun struct {
	plan   *plan
	asker  *asker
	first  time.Time
	n      int
	out    Preview
	places map[string][]int // of a series' key, the place in out.Series for each criterion
	times  []time.Time
	points int64
	held   int
}

func (r *previewRun) run(ctx context.Context) (*Preview, error) {
	p, f := r.plan, r.plan.rule.EvaluationFrequency
	r.out = Preview{Start: r.first, End: r.first.Add(time.Duration(r.n-1) * f), Series: []PreviewSeries{}, Events: []PreviewEvent{}, Warnings: []string{}}
	r.times = make([]time.Time, r.n)
	for i := range r.times {
		r.times[i] = r.first.Add(time.Duration(i) * f)
	}
	sets := newSets(p, func(error) {})
	t := newTracker(p)
	var changes []change
	for done, k := 0, 0; done < r.n; done += k {
		k = min(previewChunk, r.n-done)
		if done == 0 && p.rule.Kind == alerts.KindMetric {
			k = min(k, previewProbe)
		}
		frame, err := r.asker.ask(ctx, p, r.times[done], k, sets)
		if err != nil {
			return nil, err
		}
		if err := r.chart(frame, done); err != nil {
			return nil, err
		}
		for i := range k {
			changes = t.step(frame, i, changes[:0])
			r.held += t.held
			r.events(changes)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	r.out.Notifications = len(r.out.Events)
	if r.held > 0 {
		r.out.Warnings = append(r.out.Warnings, "some alerts fire later than their condition, since one check may fire 300 of a stateful and 6,000 of a stateless rule")
	}
	r.out.Warnings = append(r.out.Warnings, r.unlearned(sets)...)
	return &r.out, nil
}

func (r *previewRun) events(changes []change) {
	for _, c := range changes {
		e := PreviewEvent{Scope: c.series.scope, Dimensions: c.series.identity().shownDims(), State: "fired", At: c.event.At, Value: c.shown, Reason: c.reason}
		if c.event.Condition == alerts.Resolved {
			e.State = "resolved"
		}
		r.out.Events = append(r.out.Events, e)
	}
}

// shownDims returns the dimensions with those of the scope, under the names of its levels.
func (id identity) shownDims() map[string]string {
	out := make(map[string]string, len(id.dims)+3)
	for level, name := range map[scopes.Level]string{
		scopes.LevelEndpoint: id.scope.Endpoint, scopes.LevelDeployment: id.scope.Deployment, scopes.LevelInstance: id.scope.Instance,
	} {
		if name != "" {
			out[string(level)] = name
		}
	}
	for name, v := range id.dims {
		out[name] = v
	}
	return out
}

// chart adds the values of a chunk.
func (r *previewRun) chart(f *frame, done int) error {
	for k := range f.rows {
		row := &f.rows[k]
		key := alerts.SeriesKey(row.scope, row.dims)
		places := r.places[key]
		if places == nil {
			r.points += int64(r.n) * int64(len(r.plan.criteria))
			if r.points > MaxPreviewPoints {
				return &LimitError{Name: "values of a preview, ask for less time or fewer series", Got: r.points, Limit: MaxPreviewPoints, Unit: "values"}
			}
			for i := range r.plan.criteria {
				places = append(places, len(r.out.Series))
				r.out.Series = append(r.out.Series, r.newSeries(row.identity, r.plan.criteria[i].Criterion))
			}
			r.places[key] = places
		}
		for i := range row.cells {
			s := &r.out.Series[places[i]]
			copy(s.Values[done:], row.cells[i].values)
			if r.plan.criteria[i].Type == alerts.DynamicThreshold {
				copy(s.Lower[min(done, len(s.Lower)):], row.cells[i].lower)
				copy(s.Upper[min(done, len(s.Upper)):], row.cells[i].upper)
			}
		}
	}
	return nil
}

func (r *previewRun) newSeries(id identity, c *alerts.Criterion) PreviewSeries {
	s := PreviewSeries{Scope: id.scope, Criterion: c.Name, Dimensions: id.shownDims(), Timestamps: r.times, Values: make([]*float64, r.n)}
	lower, upper := sides(c.Operator)
	side := func() []*float64 {
		out := make([]*float64, r.n)
		if c.Type != alerts.DynamicThreshold {
			threshold := c.Threshold
			for i := range out {
				out[i] = &threshold
			}
		}
		return out
	}
	if lower {
		s.Lower = side()
	}
	if upper {
		s.Upper = side()
	}
	return s
}

// sides says on which sides an operator has a threshold.
func sides(op alerts.Operator) (lower, upper bool) {
	switch op {
	case alerts.GreaterThan, alerts.GreaterThanOrEqual:
		return false, true
	case alerts.LessThan, alerts.LessThanOrEqual:
		return true, false
	}
	return true, true
}
