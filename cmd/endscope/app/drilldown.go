package app

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/endscope/endscope/query"
)

// drillDownLookback is the look-back that the planner's expressions are written for, whatever query.lookback says.
const drillDownLookback = 5 * time.Minute

func drillDownRange(e *query.Engine) query.RangeFunc {
	return func(ctx context.Context, expr parser.Expr, start, end time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error) {
		q, err := e.NewRangeQuery(ctx, e.Queryable(), promql.NewPrometheusQueryOpts(false, drillDownLookback), expr.String(), start, end, step)
		if err != nil {
			return nil, nil, err
		}
		result := q.Exec(ctx) // never closed: the matrix is the caller's, and Close would reuse its points
		if result.Err != nil {
			return nil, result.Warnings, result.Err
		}
		m, err := result.Matrix()
		return m, result.Warnings, err
	}
}
