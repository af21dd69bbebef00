package query

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/scopes"
)

// evaluation is one aggregation of a plan over windows.
type evaluation struct {
	plan        *plan
	aggregation scopes.Aggregation
	windows     windows
	runs        []run
	results     []Result // one for each run, the caller's
	steps       []PlanStep
	shown       bool      // its values are the answer's
	buckets     *mergedIn // what a quantile was computed from, nil where that is not needed
}

// evaluate evaluates all parts of the evaluations, several at a time. It fails once there are more values than the limit.
func (p *Planner) evaluate(ctx context.Context, session *Session, evaluations []*evaluation) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	total := &valueCount{limit: p.cfg.MaxValues, most: map[*evaluation]int{}}
	for _, e := range evaluations {
		if e.plan.nothing {
			continue
		}
		e.runs = p.evaluations(ctx, e.plan, e.aggregation, e.windows)
		e.results, e.steps = make([]Result, len(e.runs)), make([]PlanStep, len(e.runs))
		for i, run := range e.runs {
			group.Go(func() error {
				step := PlanStep{Metric: e.plan.def.Name, Aggregation: e.aggregation, Expr: run.expr.String(), End: run.end(), Step: run.step(), Rollup: run.rollup}
				first := run.start.Add(run.length)
				step.Start = first.Add(-step.Step)
				result, err := session.Range(ctx, run.expr, first, step.End, step.Step)
				if err != nil {
					return fmt.Errorf("evaluate %s of %s: %w", e.aggregation, e.plan.def.Name, err)
				}
				step.Cost = result.Cost
				e.results[i], e.steps[i] = result, step
				if e.aggregation == mergedBuckets {
					return nil // no values of the answer
				}
				return total.add(e, len(result.Matrix))
			})
		}
	}
	return group.Wait()
}

// maxAnswerSeries is the most series of one answer, however few values each has.
const maxAnswerSeries = 20_000

// valueCount adds up the values of an answer while it is evaluated.
type valueCount struct {
	limit  int
	mu     sync.Mutex
	series int
	shown  int // series of the answer
	values int
	most   map[*evaluation]int // series of one run: the runs of an evaluation have about the same ones
}

func (c *valueCount) add(e *evaluation, series int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	more := max(0, series-c.most[e])
	c.most[e] += more
	c.series += more
	c.values += more * e.windows.count
	if e.shown {
		c.shown += more
	}
	if c.shown > maxAnswerSeries {
		return &AnswerLimitError{Series: c.shown, Limit: maxAnswerSeries, How: "ask for fewer dimensions in split, a narrower scope or filter, or the top ones only"}
	}
	if c.values > c.limit {
		return &AnswerLimitError{Series: c.series, Points: e.windows.count, Limit: c.limit,
			How: "ask for a longer interval, a shorter time range, fewer dimensions in split, a narrower scope or filter, or the top ones only"}
	}
	return nil
}

// line is one series of an evaluation, with a value for each window.
type line struct {
	labels labels.Labels
	values []*float64
}

// lines returns the series of an evaluation that have data, by their labels' bytes.
func (e *evaluation) lines() map[string]line {
	out := map[string]line{}
	var buf []byte
	for i, run := range e.runs {
		for _, s := range e.results[i].Matrix {
			buf = s.Metric.Bytes(buf)
			l, ok := out[string(buf)]
			if !ok {
				l = line{s.Metric, make([]*float64, e.windows.count)}
			}
			if run.fill(l.values[run.first:], s.Floats) || ok {
				out[string(buf)] = l
			}
		}
	}
	return out
}

// part is a stretch of windows that are planned alike; first is the index of its first window.
type part struct {
	windows
	plan  *plan
	first int
}

// parts returns what to evaluate for the windows: all at once for what is computed from the samples inside a window. What
// looks at instants must not look at instants to come, where the newest sample would seem older than it is: there, the
// window that now lies in is evaluated up to now, and later ones not at all. Of windows with a step of their own, now lies in many:
// those are not evaluated.
func (p *Planner) parts(pl *plan, win windows) []part {
	now := p.set.Now().Truncate(time.Millisecond)
	ended := win.ended(now)
	if ended == win.count || win.every == 0 && !pl.instants() {
		return piecesOf(pl, win)
	}
	var out []part
	if ended > 0 {
		out = piecesOf(pl, win.part(0, ended))
	}
	if begin := win.begin(ended); win.every == 0 && begin.Before(now) {
		short := *pl
		short.window = now.Sub(begin)
		out = append(out, part{windows: windows{start: begin, length: short.window, count: 1}, plan: &short, first: ended})
	}
	return out
}

// piecesOf returns what to evaluate for windows that have ended.
func piecesOf(pl *plan, win windows) []part {
	if pl.pieces == nil {
		return []part{{windows: win, plan: pl}}
	}
	var out []part
	for _, f := range pl.pieces {
		if end := min(f.end, win.count); f.first < end {
			piece := *pl
			piece.forms, piece.states = f.forms, f.states
			out = append(out, part{windows: win.part(f.first, end), plan: &piece, first: f.first})
		}
	}
	return out
}

// fill puts points into their windows, and says whether there were any. What is not a finite number is no value.
func (w windows) fill(values []*float64, points []promql.FPoint) bool {
	kept := make([]float64, 0, len(points))
	for _, point := range points {
		if i, ok := w.index(point.T); ok && !math.IsNaN(point.F) && !math.IsInf(point.F, 0) {
			kept = append(kept, point.F)
			values[i] = &kept[len(kept)-1]
		}
	}
	return len(kept) > 0
}
