package query

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"
)

// Session evaluates the expressions that answer one request. They may share parts, which are then evaluated once. It is
// safe for concurrent use and lives as long as the request.
type Session struct {
	engine *Engine
}

// NewSession returns a session for one request.
func (e *Engine) NewSession() *Session { return &Session{engine: e} }

// Result is the value of an expression over time, and what it cost.
type Result struct {
	Matrix      promql.Matrix // the caller owns it; series have no names
	Annotations annotations.Annotations
	Cost        Cost
}

// Cost is what an evaluation took.
type Cost struct {
	Series   int           // that were selected from storage; 0 where that is not known
	Samples  int64         // that were read from storage; a histogram counts as one
	Duration time.Duration // wall time, that of shared parts included only for the expression that came first
}

// Range evaluates expr at start, start+step and so on up to end inclusive, with the grants of the context. It owns the
// expression and may change it. Errors: those of Engine.Range.
func (s *Session) Range(ctx context.Context, expr parser.Expr, start, end time.Time, step time.Duration) (Result, error) {
	begun := time.Now()
	m, notes, err := s.engine.Range(ctx, expr, start, end, step)
	return Result{Matrix: m, Annotations: notes, Cost: Cost{Duration: time.Since(begun)}}, err
}
