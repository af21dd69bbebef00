package evaluate

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/endscope/endscope/alerts"
)

const (
	// logChunk bounds the time that one question over many checks reads beyond what a single check would.
	logChunk = 24 * time.Hour
	// maxLogQuestions bounds what one preview asks bin by bin: seven days of checks every minute.
	maxLogQuestions = 10_100
	// logParallel is how many questions of one rule run at the same time.
	logParallel = 4
)

// askLog returns what a criterion of a log rule saw at n instants.
func (a *asker) askLog(ctx context.Context, p *plan, c *criterionPlan, from time.Time, n int) ([]answered, error) {
	if a.logs == nil {
		return nil, fmt.Errorf("%w: logs cannot be asked", ErrUnsupported)
	}
	if c.log.byTime {
		out, ok, err := a.askByTime(ctx, p, c, from, n)
		if ok || err != nil {
			return out, err
		}
	}
	return a.askByBin(ctx, p, c, from, n)
}

func (a *asker) logQuestion(ctx context.Context, p *plan, c *criterionPlan, from, to time.Time) (*alerts.LogTable, error) {
	return a.logs(ctx, alerts.LogQuestion{Scopes: p.rule.Scopes, Query: c.Query, From: from, To: to})
}

// askByTime asks as few questions as the range allows and cuts their rows into bins. It returns false if the rows have no times.
func (a *asker) askByTime(ctx context.Context, p *plan, c *criterionPlan, from time.Time, n int) ([]answered, bool, error) {
	f, w := p.rule.EvaluationFrequency, p.rule.WindowSize
	grain := commonDivisor(f, w)
	span := time.Duration(c.log.bins) * w
	start, end := from.Add(-span), from.Add(time.Duration(n-1)*f)
	g := newLogGather(p.rule, c, a.maxSeries, start, grain, int(end.Sub(start)/grain))
	for at := start; at.Before(end); {
		to := at.Add(span + max(0, logChunk/f*f-f)) // whole checks, so that rows of a gathered bin stay together
		if to.After(end) {
			to = end
		}
		t, err := a.logQuestion(ctx, p, c, at, to)
		if err != nil {
			return nil, false, err
		}
		if ok, err := g.add(t, -1); !ok || err != nil {
			return nil, ok, err
		}
		at = to
	}
	perBin, step := int(w/grain), int(f/grain)
	return g.answers(n, c.log.bins, perBin, func(i int) int { return c.log.bins*perBin + i*step - 1 }), true, nil
}

// askByBin asks each bin of each check.
func (a *asker) askByBin(ctx context.Context, p *plan, c *criterionPlan, from time.Time, n int) ([]answered, error) {
	f, w, bins := p.rule.EvaluationFrequency, p.rule.WindowSize, c.log.bins
	g := newLogGather(p.rule, c, a.maxSeries, from, w, n*bins)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		mu      sync.Mutex
		workers sync.WaitGroup
		next    int
	)
	work := func() {
		for {
			mu.Lock()
			slice := next
			next++
			mu.Unlock()
			if slice >= n*bins || ctx.Err() != nil {
				return
			}
			i, b := slice/bins, bins-1-slice%bins
			to := from.Add(time.Duration(i)*f - time.Duration(b)*w)
			span := w
			if bins == 1 {
				span = c.log.span
			}
			t, err := a.logQuestion(ctx, p, c, to.Add(-span), to)
			if err == nil {
				mu.Lock()
				_, err = g.add(t, slice)
				mu.Unlock()
			}
			if err != nil {
				cancel(err)
				return
			}
		}
	}
	for range min(logParallel, n*bins) - 1 {
		workers.Go(work)
	}
	work()
	workers.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return g.answers(n, bins, 1, func(i int) int { return (i+1)*bins - 1 }), nil
}
