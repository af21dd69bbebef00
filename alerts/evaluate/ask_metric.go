package evaluate

import (
	"context"
	"fmt"
	"time"

	"github.com/endscope/endscope/alerts"
)

// asker asks the questions of rules. What is live and what is a preview ask through the same one.
type asker struct {
	metrics   alerts.MetricsFunc
	logs      alerts.LogsFunc
	maxSeries int
}

// ask returns what the criteria of a rule saw at n instants. The bands of dynamic thresholds come from the given baselines, one set for
// each criterion.
func (a *asker) ask(ctx context.Context, p *plan, from time.Time, n int, sets []*baselineSet) (*frame, error) {
	f := &frame{from: from, every: p.rule.EvaluationFrequency, n: n}
	answers := make([][]answered, len(p.criteria))
	for k := range p.criteria {
		c := &p.criteria[k]
		var err error
		if p.rule.Kind == alerts.KindLog {
			answers[k], err = a.askLog(ctx, p, c, from, n)
		} else {
			answers[k], err = a.askMetric(ctx, c, from, n)
		}
		if err == nil && c.Type == alerts.DynamicThreshold && p.rule.Kind == alerts.KindMetric {
			err = sets[k].band(ctx, a, c, answers[k], from, n)
		}
		if err != nil {
			if len(p.criteria) > 1 {
				err = fmt.Errorf("criterion %s: %w", c.Name, err)
			}
			return nil, err
		}
	}
	var err error
	f.rows, err = join(answers, a.maxSeries)
	return f, err
}

func (a *asker) askMetric(ctx context.Context, c *criterionPlan, from time.Time, n int) ([]answered, error) {
	series, err := a.question(ctx, c.at(from, n))
	if err != nil {
		return nil, err
	}
	out := make([]answered, len(series))
	for i, s := range series {
		out[i] = answered{identity{s.Scope, s.Dimensions}, cells{values: s.Values}}
	}
	return out, nil
}

// question asks one question and checks that the answer has its shape.
func (a *asker) question(ctx context.Context, q alerts.MetricQuestion) ([]alerts.Series, error) {
	if a.metrics == nil {
		return nil, fmt.Errorf("%w: metrics cannot be asked", ErrUnsupported)
	}
	series, err := a.metrics(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := withinSeries(len(series), a.maxSeries); err != nil {
		return nil, err
	}
	n := 1
	if q.Every > 0 {
		n += int(q.To.Sub(q.From) / q.Every)
	}
	for _, s := range series {
		if len(s.Values) != n {
			return nil, fmt.Errorf("%s of %s: %d values for %d instants", q.Metric, s.Scope, len(s.Values), n)
		}
	}
	return series, nil
}
