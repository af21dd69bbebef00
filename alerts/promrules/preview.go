package promrules

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/alerts"
)

// RangeFunc evaluates an expression at start, start+step … end.
type RangeFunc func(ctx context.Context, expr parser.Expr, start, end time.Time, step time.Duration) (promql.Matrix, error)

// PreviewSeries is what one series of one alerting rule was: where the expression compares something with a number, what it compared, with
// the number as a bound; else what the expression gave. Values are nil where there was nothing.
type PreviewSeries struct {
	Alert        string
	Labels       map[string]string // as the expression gives them, with those of the rule that are no templates, and the alert's name
	Values       []*float64        // one for each of Preview.Times
	Lower, Upper *float64
}

// PreviewEvent is a change of an alert.
type PreviewEvent struct {
	Alert  string
	Labels map[string]string
	Fired  bool // otherwise it resolved
	At     time.Time
	Value  *float64
}

// Preview is what the alerting rules of a group would have done.
type Preview struct {
	Times  []time.Time
	Series []PreviewSeries
	Events []PreviewEvent // in order of time
}

// maxPreviewPoints bounds the values of a preview.
const maxPreviewPoints = 5_000_000

// Preview evaluates the alerting rules of a rule of alerts.KindPrometheus over the instants from start to end that are multiples of
// its interval. State before start is not known: for begins there. Rules that read what other rules of the group record see
// what is stored. It returns alerts.FieldErrors for what is wrong with the group or too much.
func (m *Manager) Preview(ctx context.Context, rule alerts.Rule, start, end time.Time) (*Preview, error) {
	groups, err := ParseGroup(rule.Group, m.set.Parser)
	if err != nil {
		return nil, err
	}
	g := groups.Groups[0]
	step := time.Duration(g.Interval)
	if step == 0 {
		step = m.cfg.EvaluationInterval
	}
	offset := m.cfg.QueryOffset
	if g.QueryOffset != nil {
		offset = time.Duration(*g.QueryOffset)
	}
	first := start.Truncate(step)
	if first.Before(start) {
		first = first.Add(step)
	}
	out := &Preview{Series: []PreviewSeries{}, Events: []PreviewEvent{}}
	if end.Sub(first)/step >= maxPreviewPoints {
		return nil, &alerts.FieldError{Field: "start", Value: start.Format(time.RFC3339), Rule: fmt.Sprintf("must be so late that there are at most %d checks", maxPreviewPoints)}
	}
	for t := first; !t.After(end); t = t.Add(step) {
		out.Times = append(out.Times, t.UTC())
	}
	if len(out.Times) == 0 {
		return out, nil
	}
	points := 0
	for _, r := range g.Rules {
		if r.Alert == "" {
			continue
		}
		expr, err := m.set.Parser.ParseExpr(r.Expr)
		if err != nil {
			return nil, &alerts.FieldError{Field: "group", Value: r.Expr, Rule: err.Error()}
		}
		ask := func(expr parser.Expr) (promql.Matrix, error) {
			matrix, err := m.set.Range(ctx, expr, first.Add(-offset), out.Times[len(out.Times)-1].Add(-offset), step)
			if err != nil {
				return nil, fmt.Errorf("alert %s: %w", r.Alert, err)
			}
			if points += len(matrix) * len(out.Times); points > maxPreviewPoints {
				return nil, &alerts.FieldError{Field: "group", Rule: fmt.Sprintf("must give at most %d values in the time range; ask for a shorter one", maxPreviewPoints)}
			}
			return matrix, nil
		}
		matrix, err := ask(expr)
		if err != nil {
			return nil, err
		}
		made := make([]PreviewSeries, 0, len(matrix))
		for _, s := range matrix {
			p := PreviewSeries{Alert: r.Alert, Labels: shown(s.Metric, r.Alert, g.Labels, r.Labels), Values: valuesAt(s, out.Times, offset)}
			made = append(made, p)
			out.Events = append(out.Events, judge(p, out.Times, time.Duration(r.For), time.Duration(r.KeepFiringFor))...)
		}
		if w, ok := watchedBy(expr); ok {
			if matrix, err = ask(w.expr); err != nil {
				return nil, err
			}
			made = made[:0]
			for _, s := range matrix {
				made = append(made, PreviewSeries{r.Alert, shown(s.Metric, r.Alert, g.Labels, r.Labels), valuesAt(s, out.Times, offset), w.lower, w.upper})
			}
		}
		out.Series = append(out.Series, made...)
	}
	slices.SortStableFunc(out.Events, func(a, b PreviewEvent) int { return a.At.Compare(b.At) })
	return out, nil
}

// shown are the labels of a series without its name, with those of the group and the rule, and the alert's name.
func shown(metric labels.Labels, alert string, more ...map[string]string) map[string]string {
	out := metric.Map()
	delete(out, model.MetricNameLabel)
	out[model.AlertNameLabel] = alert
	for _, set := range more {
		for k, v := range set {
			out[k] = v
		}
	}
	return out
}

// valuesAt spreads the points of a series over the instants.
func valuesAt(s promql.Series, times []time.Time, offset time.Duration) []*float64 {
	out := make([]*float64, len(times))
	index := make(map[int64]int, len(times))
	for i, t := range times {
		index[t.Add(-offset).UnixMilli()] = i
	}
	for _, p := range s.Floats {
		if i, ok := index[p.T]; ok {
			out[i] = &p.F
		}
	}
	for _, p := range s.Histograms { // a histogram is a value that is there; which number it has says little
		if i, ok := index[p.T]; ok {
			out[i] = &p.H.Count
		}
	}
	return out
}

// judge says when a series fires and resolves, as Prometheus's rules do: after it was there for hold, and again once it was gone for
// longer than keep.
func judge(p PreviewSeries, times []time.Time, hold, keep time.Duration) []PreviewEvent {
	var out []PreviewEvent
	var since, gone time.Time // zero where it is not there, or not gone
	firing := false
	for i, v := range p.Values {
		at := times[i]
		if v == nil {
			if !firing {
				since = time.Time{}
				continue
			}
			if gone.IsZero() {
				gone = at
			}
			if keep > 0 && at.Sub(gone) < keep {
				continue
			}
			firing, since, gone = false, time.Time{}, time.Time{}
			out = append(out, PreviewEvent{Alert: p.Alert, Labels: p.Labels, At: at})
			continue
		}
		gone = time.Time{}
		if since.IsZero() {
			since = at
		}
		if !firing && at.Sub(since) >= hold {
			firing = true
			out = append(out, PreviewEvent{Alert: p.Alert, Labels: p.Labels, Fired: true, At: at, Value: v})
		}
	}
	return out
}
