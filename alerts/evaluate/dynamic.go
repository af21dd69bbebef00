package evaluate

import (
	"context"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/baseline"
)

// historyChunk bounds the instants that one question about the past asks for.
const historyChunk = 2_500

// baselineSet is what was learned of the series of one criterion. Whoever took it from the cache owns it.
//
// The baseline of a check at T learns from the windows of the checks at the full hour before T and earlier, live as in a preview. So it is
// the same in both, unless data came later.
type baselineSet struct {
	series  map[string]*learner
	fetched time.Time // everything up to this full hour was asked for
	stale   func(error)
}

// learner is the baseline of one series, and points that are not before the hour that is learned.
type learner struct {
	tracker *baseline.Tracker
	queue   []baseline.Point
	last    time.Time
	since   time.Time // the first point
}

// baseline returns what a criterion wants to be learned.
func (c *criterionPlan) baseline() baseline.Options {
	return baseline.Options{Sensitivity: c.Sensitivity, Every: c.question.Every, Failing: c.FailingPeriods, IgnoreBefore: c.IgnoreDataBefore}
}

func newBaselineSet(stale func(error)) *baselineSet {
	return &baselineSet{series: map[string]*learner{}, stale: stale}
}

// band fills in the bands of a criterion's answer at n instants.
func (b *baselineSet) band(ctx context.Context, a *asker, c *criterionPlan, list []answered, from time.Time, n int) error {
	q := c.question
	end := hourOf(from.Add(time.Duration(n-1) * q.Every))
	if err := b.fetch(ctx, a, c, hourOf(from), end); err != nil {
		if b.fetched.IsZero() || end.Sub(b.fetched) > 24*time.Hour || ctx.Err() != nil {
			return err
		}
		b.stale(err) // yesterday's baseline is better than none
	}
	for k := range list {
		s := &list[k]
		l := b.series[alerts.SeriesKey(s.scope, s.dims)]
		if l == nil {
			continue // too new to have a baseline
		}
		bounds := make([]float64, 2*n)
		s.lower, s.upper = make([]*float64, n), make([]*float64, n)
		for i := range n {
			at := from.Add(time.Duration(i) * q.Every)
			l.feed(hourOf(at))
			if lower, upper, ok := l.tracker.Bounds(at); ok {
				bounds[2*i], bounds[2*i+1] = lower, upper
				s.lower[i], s.upper[i] = &bounds[2*i], &bounds[2*i+1]
			}
		}
	}
	last := end
	for key, l := range b.series {
		l.feed(last)
		if last.Sub(l.last) > c.baseline().History() && len(l.queue) == 0 {
			delete(b.series, key)
		}
	}
	return nil
}

// feed gives a tracker the points up to an hour.
func (l *learner) feed(hour time.Time) {
	i := 0
	for i < len(l.queue) && !l.queue[i].At.After(hour) {
		l.tracker.Add(l.queue[i])
		i++
	}
	l.queue = l.queue[i:]
	if len(l.queue) == 0 {
		l.queue = nil
	}
}

// fetch asks for the history up to the end that was not asked for yet; first is the full hour before the first check.
func (b *baselineSet) fetch(ctx context.Context, a *asker, c *criterionPlan, first, end time.Time) error {
	q := c.question
	from := first.Add(-c.baseline().History())
	if b.fetched.After(from) {
		from = b.fetched
	}
	if c.IgnoreDataBefore.After(from) {
		from = ceil(c.IgnoreDataBefore, q.Every).Add(-q.Every)
	}
	for from = floor(from, q.Every); from.Before(end); {
		to := from.Add(historyChunk * q.Every)
		if to.After(end) {
			to = floor(end, q.Every)
		}
		if !to.After(from) {
			break
		}
		q.From, q.To = from.Add(q.Every), to
		series, err := a.question(ctx, q)
		if err != nil {
			return err
		}
		for _, s := range series {
			b.take(c, s, q, first)
		}
		from = to
		b.fetched = to
	}
	return nil
}

func (b *baselineSet) take(c *criterionPlan, s alerts.Series, q alerts.MetricQuestion, first time.Time) {
	key := alerts.SeriesKey(s.Scope, s.Dimensions)
	l := b.series[key]
	for i, v := range s.Values {
		if v == nil {
			continue
		}
		if l == nil {
			l = &learner{tracker: baseline.NewTracker(c.baseline()), since: q.From.Add(time.Duration(i) * q.Every)}
			b.series[key] = l
		}
		l.last = q.From.Add(time.Duration(i) * q.Every)
		point := baseline.Point{At: l.last, Value: *v}
		if len(l.queue) == 0 && !l.last.After(first) {
			l.tracker.Add(point) // every check that comes knows it
		} else {
			l.queue = append(l.queue, point)
		}
	}
}
