package query

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/endscope/endscope/scopes"
)

// Session evaluates the expressions that answer one request. They may share parts, which are then evaluated once. It is
// safe for concurrent use and lives as long as the request.
//
// While it evaluates anything, it takes one turn of the engine, and uses as many cores as there are.
type Session struct {
	engine *Engine
	cores  chan struct{} // held by what computes

	entering chan struct{} // held while users changes
	users    int           // evaluations that run
	leave    func()        // ends the turn

	mu     sync.Mutex
	leaves map[string]*leafFlight
}

// NewSession returns a session for one request.
func (e *Engine) NewSession() *Session {
	return &Session{
		engine:   e,
		cores:    make(chan struct{}, runtime.GOMAXPROCS(0)),
		entering: make(chan struct{}, 1),
		leaves:   map[string]*leafFlight{},
	}
}

// Result is the value of an expression over time, and what it cost.
type Result struct {
	Matrix      promql.Matrix // the caller owns it; series have no names
	Annotations annotations.Annotations
	Cost        Cost
}

// Cost is what an evaluation took.
type Cost struct {
	Series   int           // that were selected from storage, those of shared parts included
	Samples  int64         // that were read from storage, those of shared parts included; a histogram counts as one, or as several where the stock engine read it
	Duration time.Duration // wall time, that of shared parts included only for the expression that came first
}

// Range evaluates expr at start, start+step and so on up to end inclusive, with the grants of the context. It owns the
// expression and may change it. Errors: those of Engine.Range.
func (s *Session) Range(ctx context.Context, expr parser.Expr, start, end time.Time, step time.Duration) (Result, error) {
	begun := time.Now()
	e := s.engine
	given := e.cfg.Timeout
	if deadline, ok := ctx.Deadline(); ok {
		given = min(given, time.Until(deadline).Round(time.Millisecond))
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
	defer cancel()
	if err := s.enter(ctx); err != nil {
		return Result{}, e.limited(err, given)
	}
	defer s.exit()
	result, err := s.evaluate(ctx, expr, start, end, step)
	result.Cost.Duration = time.Since(begun)
	return result, e.limited(err, given)
}

// enter takes the session's turn if nobody in it has.
func (s *Session) enter(ctx context.Context) error {
	select {
	case s.entering <- struct{}{}:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return promql.ErrQueryTimeout("query queue")
		}
		return promql.ErrQueryCanceled("query queue")
	}
	defer func() { <-s.entering }()
	if s.users == 0 {
		leave, err := s.engine.turns.take(ctx)
		if err != nil {
			return err
		}
		s.leave = leave
	}
	s.users++
	return nil
}

func (s *Session) exit() {
	s.entering <- struct{}{} // nobody waits in there for a turn while we have it
	defer func() { <-s.entering }()
	if s.users--; s.users == 0 {
		s.leave()
	}
}

// evaluate computes the leaves of the expression, and lets the stock engine do the rest.
func (s *Session) evaluate(ctx context.Context, expr parser.Expr, start, end time.Time, step time.Duration) (Result, error) {
	var (
		e      = s.engine
		budget = newBudget(e.cfg.MaxSeries)
		stored = budget.limit(e.guarded)
	)
	times, ok := newGrid(start, end, step)
	if !ok {
		return s.stock(ctx, stored, budget, expr, start, end, step)
	}
	tree := newLeafTree(expr, times, e.cfg.Lookback)
	if len(tree.leaves) == 0 {
		return s.stock(ctx, stored, budget, tree.rest, start, end, step)
	}
	results, err := s.evaluateLeaves(ctx, tree.leaves)
	if err != nil {
		return Result{}, err
	}
	out := Result{Cost: costOf(results)}
	for _, r := range results {
		// As in the stock engine, each selector counts, also of the same series.
		if budget.left.Add(-int64(r.cost.Series)) < 0 {
			return out, seriesLimit(e.cfg.MaxSeries)
		}
	}
	if tree.root() {
		out.Matrix = owned(results[0].series)
	} else {
		left, leaves := budget.left.Load(), out.Cost
		out, err = s.stock(ctx, newLeafStore(stored, tree.leaves, results), budget, tree.rest, start, end, step)
		out.Cost.Series = leaves.Series + int(left-max(0, budget.left.Load()))
		out.Cost.Samples += leaves.Samples
	}
	for _, r := range results {
		out.Annotations.Merge(r.notes)
	}
	return out, err
}

// costOf returns what it took to read the leaves; those that were read together did so once.
func costOf(results []*leafResult) (sum Cost) {
	seen := map[*Cost]bool{}
	for _, r := range results {
		if !seen[r.cost] {
			seen[r.cost] = true
			sum.Series += r.cost.Series
			sum.Samples += r.cost.Samples
		}
	}
	return sum
}

// owned returns a copy that the caller may change.
func owned(series []promql.Series) promql.Matrix {
	out := make(promql.Matrix, 0, len(series))
	for _, s := range series {
		c := promql.Series{Metric: s.Metric, Floats: slices.Clone(s.Floats), Histograms: slices.Clone(s.Histograms)}
		for i := range c.Histograms {
			c.Histograms[i].H = c.Histograms[i].H.Copy()
		}
		out = append(out, c)
	}
	return out
}

// stock lets the stock engine evaluate an expression over q, whose series the budget counts.
func (s *Session) stock(ctx context.Context, q storage.Queryable, budget *budget, expr parser.Expr, start, end time.Time, step time.Duration) (Result, error) {
	query, err := s.engine.inner.NewRangeQuery(ctx, q, nil, expr.String(), start, end, step)
	if err != nil {
		return Result{}, fmt.Errorf("evaluate %s: %w", expr, err)
	}
	select {
	case s.cores <- struct{}{}:
	case <-ctx.Done():
		return Result{}, endedBy(ctx)
	}
	defer func() { <-s.cores }()
	result := query.Exec(ctx) // never closed: the matrix is the caller's, and Close would reuse its points
	out := Result{Annotations: result.Warnings, Cost: Cost{
		Series:  min(budget.most, budget.most-int(budget.left.Load())),
		Samples: query.Stats().Samples.SamplesRead,
	}}
	if result.Err != nil {
		return out, result.Err
	}
	out.Matrix, err = result.Matrix()
	return out, err
}

// leafFlight is the evaluation of a leaf, which those wait for who need the same.
type leafFlight struct {
	done   chan struct{}
	result *leafResult
	err    error
}

// evaluateLeaves returns the result of each leaf. What somebody else evaluates already is waited for.
func (s *Session) evaluateLeaves(ctx context.Context, leaves []*leaf) ([]*leafResult, error) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, err
	}
	seen := fmt.Sprint(grants.MatcherSets())
	for {
		flights := make([]*leafFlight, len(leaves))
		var ours []leafBatch
		s.mu.Lock()
		for i, l := range leaves {
			key := seen + l.key()
			f, ok := s.leaves[key]
			if !ok {
				f = &leafFlight{done: make(chan struct{})}
				s.leaves[key] = f
				ours = addToBatch(ours, l, key, f)
			}
			flights[i] = f
		}
		s.mu.Unlock()
		var wg sync.WaitGroup
		for _, b := range ours {
			wg.Go(func() { s.fly(ctx, b) })
		}
		wg.Wait()
		out, err := landed(ctx, flights)
		if err == nil || !ended(err) || endedBy(ctx) != nil {
			return out, err
		}
		// Whoever evaluated something for us was stopped. That is not our end.
	}
}

// landed waits for flights.
func landed(ctx context.Context, flights []*leafFlight) ([]*leafResult, error) {
	out := make([]*leafResult, len(flights))
	var first error
	for i, f := range flights {
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, endedBy(ctx)
		}
		if first == nil || ended(first) && f.err != nil && !ended(f.err) {
			first = f.err
		}
		out[i] = f.result
	}
	if first != nil {
		return nil, first
	}
	return out, nil
}

// leafBatch is leaves that read the same samples.
type leafBatch struct {
	leaves  []*leaf
	keys    []string
	flights []*leafFlight
}

func addToBatch(batches []leafBatch, l *leaf, key string, f *leafFlight) []leafBatch {
	i := slices.IndexFunc(batches, func(b leafBatch) bool { return b.leaves[0].sameRead(l) })
	if i < 0 {
		i, batches = len(batches), append(batches, leafBatch{})
	}
	b := &batches[i]
	b.leaves, b.keys, b.flights = append(b.leaves, l), append(b.keys, key), append(b.flights, f)
	return batches
}

// fly evaluates a batch. What failed is forgotten, so that others may try.
func (s *Session) fly(ctx context.Context, b leafBatch) {
	results, err := s.read(ctx, b.leaves)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range b.flights {
		if err != nil {
			f.err = err
			delete(s.leaves, b.keys[i])
		} else {
			f.result = results[i]
		}
		close(f.done)
	}
}

func (s *Session) read(ctx context.Context, leaves []*leaf) (_ []*leafResult, err error) {
	defer func() { err = recovered(recover(), err) }()
	q, err := newBudget(s.engine.cfg.MaxSeries).limitChunks(s.engine.guarded, leaves[0].from(), leaves[0].to())
	if err != nil {
		return nil, err
	}
	defer q.Close()
	return newLeafRead(leaves, s.engine.cfg.MaxSamples).evaluate(ctx, q, s.cores)
}

// ended says whether an error only says that a context ended.
func ended(err error) bool {
	return errors.As(err, new(promql.ErrQueryCanceled)) || errors.As(err, new(promql.ErrQueryTimeout))
}
