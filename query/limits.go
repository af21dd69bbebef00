package query

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes under `query` about expressions.
type Config struct {
	MaxSamples     int           `yaml:"max_samples" help:"Samples that one query may hold in memory at a time."`
	MaxSeries      int           `yaml:"max_series" help:"Series that one query, or one listing of series, may read."`
	Timeout        time.Duration `yaml:"timeout" help:"Time that one query may take, waiting included; a client may ask for less."`
	MaxConcurrency int           `yaml:"max_concurrency" help:"Queries evaluated at a time."`
	MaxWaiting     int           `yaml:"max_waiting" help:"Queries that may wait for their turn; more are refused at once."`
	Lookback       time.Duration `yaml:"lookback" help:"Age up to which a series' last sample answers an instant selector."`
}

// DefaultConfig returns the limits that a server has when nothing is set.
func DefaultConfig() Config {
	return Config{
		MaxSamples:     50_000_000,
		MaxSeries:      100_000,
		Timeout:        2 * time.Minute,
		MaxConcurrency: 20,
		MaxWaiting:     200,
		Lookback:       5 * time.Minute,
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.MaxSamples < 1 {
		bad("max_samples", c.MaxSamples, "must be at least 1")
	}
	if c.MaxSeries < 1 {
		bad("max_series", c.MaxSeries, "must be at least 1")
	}
	if c.Timeout < time.Millisecond || c.Timeout > time.Hour {
		bad("timeout", c.Timeout, "must be between 1ms and 1h")
	}
	if c.MaxConcurrency < 1 || c.MaxConcurrency > 10_000 {
		bad("max_concurrency", c.MaxConcurrency, "must be between 1 and 10000")
	}
	if c.MaxWaiting < 0 {
		bad("max_waiting", c.MaxWaiting, "must not be negative")
	}
	if c.Lookback < time.Second || c.Lookback > time.Hour {
		bad("lookback", c.Lookback, "must be between 1s and 1h")
	}
	return errors.Join(errs...)
}

// Units of a LimitError.
const (
	UnitSamples = "samples" // in memory at a time
	UnitSeries  = "series"  // read by one query
	UnitSeconds = "seconds" // taken by one query, waiting included
	UnitQueries = "queries" // waiting for their turn
)

// LimitError says which limit a query met and how to stay below it.
type LimitError struct {
	Limit float64 // in Unit
	Unit  string  // one of the Unit constants
	Hint  string  // what to do about it
	Err   error   // what the engine said, may be nil
}

func (e *LimitError) Error() string {
	switch e.Unit {
	case UnitSeconds:
		return fmt.Sprintf("the query took longer than its %s: %s", time.Duration(e.Limit*float64(time.Second)), e.Hint)
	case UnitQueries:
		return fmt.Sprintf("the server is busy, %.0f queries are waiting already: %s", e.Limit, e.Hint)
	}
	return fmt.Sprintf("the query needs more than %.0f %s: %s", e.Limit, e.Unit, e.Hint)
}

// Unwrap returns what the engine said.
func (e *LimitError) Unwrap() error { return e.Err }

// Busy says whether the same query may well succeed a moment later.
func (e *LimitError) Busy() bool { return e.Unit == UnitQueries }

const hintNarrow = "name fewer series with label matchers, ask for a shorter range or a longer step"

func seriesLimit(limit int) *LimitError {
	return &LimitError{Limit: float64(limit), Unit: UnitSeries, Hint: "name fewer series with label matchers, or raise query.max_series"}
}

// limitError returns err as a LimitError if it is one of the engine's, and err itself otherwise. given is the time that the query had.
func (c Config) limitError(err error, given time.Duration) error {
	var (
		limit   *LimitError
		samples promql.ErrTooManySamples
		timeout promql.ErrQueryTimeout
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &limit):
		return limit
	case errors.As(err, &samples):
		return &LimitError{Limit: float64(c.MaxSamples), Unit: UnitSamples, Hint: hintNarrow + ", or raise query.max_samples", Err: err}
	case errors.As(err, &timeout):
		return &LimitError{Limit: given.Seconds(), Unit: UnitSeconds, Hint: hintNarrow + fmt.Sprintf(" (%v)", timeout), Err: err}
	}
	return err
}

// limitSeries returns q with queriers that fail once they have handed out more than limit series.
func limitSeries(q storage.Queryable, limit int) storage.Queryable {
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		return newBudget(limit).limit(q).Querier(mint, maxt)
	})
}

// budget is shared by the selections of one querier.
type budget struct {
	most int
	left atomic.Int64
}

func newBudget(limit int) *budget {
	b := &budget{most: limit}
	b.left.Store(int64(limit))
	return b
}

// limit returns q with queriers that all take from the budget, and fail once it is spent.
func (b *budget) limit(q storage.Queryable) storage.Queryable {
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		inner, err := q.Querier(mint, maxt)
		if err != nil {
			return nil, err
		}
		return &limitedQuerier{Querier: inner, budget: b}, nil
	})
}

// limitChunks is limit for a querier of chunks.
func (b *budget) limitChunks(q storage.ChunkQueryable, mint, maxt int64) (storage.ChunkQuerier, error) {
	inner, err := q.ChunkQuerier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return &limitedChunkQuerier{ChunkQuerier: inner, budget: b}, nil
}

// take says whether there is one more.
func (b *budget) take() bool { return b.left.Add(-1) >= 0 }

type limitedQuerier struct {
	storage.Querier
	budget *budget
}

func (q *limitedQuerier) Select(ctx context.Context, sortSeries bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	return &limitedSet{SeriesSet: q.Querier.Select(ctx, sortSeries, hints, matchers...), budget: q.budget}
}

// SearchLabelNames passes on to a Searcher below.
func (q *limitedQuerier) SearchLabelNames(ctx context.Context, hints *storage.SearchHints, matchers ...*labels.Matcher) storage.SearchResultSet {
	if s, ok := q.Querier.(storage.Searcher); ok {
		return s.SearchLabelNames(ctx, hints, matchers...)
	}
	return storage.ErrSearchResultSet(errNoSearch)
}

// SearchLabelValues passes on to a Searcher below.
func (q *limitedQuerier) SearchLabelValues(ctx context.Context, name string, hints *storage.SearchHints, matchers ...*labels.Matcher) storage.SearchResultSet {
	if s, ok := q.Querier.(storage.Searcher); ok {
		return s.SearchLabelValues(ctx, name, hints, matchers...)
	}
	return storage.ErrSearchResultSet(errNoSearch)
}

var errNoSearch = errors.New("the storage cannot search names")

type limitedSet struct {
	storage.SeriesSet
	budget *budget
	err    error
}

func (s *limitedSet) Next() bool {
	if s.err != nil || !s.SeriesSet.Next() {
		return false
	}
	if !s.budget.take() {
		s.err = seriesLimit(s.budget.most)
		return false
	}
	return true
}

func (s *limitedSet) Err() error {
	if s.err != nil {
		return s.err
	}
	return s.SeriesSet.Err()
}

type limitedChunkQuerier struct {
	storage.ChunkQuerier
	budget *budget
}

func (q *limitedChunkQuerier) Select(ctx context.Context, sortSeries bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.ChunkSeriesSet {
	return &limitedChunkSet{ChunkSeriesSet: q.ChunkQuerier.Select(ctx, sortSeries, hints, matchers...), budget: q.budget}
}

type limitedChunkSet struct {
	storage.ChunkSeriesSet
	budget *budget
	err    error
}

func (s *limitedChunkSet) Next() bool {
	if s.err != nil || !s.ChunkSeriesSet.Next() {
		return false
	}
	if !s.budget.take() {
		s.err = seriesLimit(s.budget.most)
		return false
	}
	return true
}

func (s *limitedChunkSet) Err() error {
	if s.err != nil {
		return s.err
	}
	return s.ChunkSeriesSet.Err()
}

// turns lets so many queries run at a time and so many wait. The stock engine has such a queue, too, but makes queries wait in it
// without a deadline, already for being parsed, and answers those that it refuses as malformed; so it is given none.
type turns struct {
	slots      chan struct{}
	maxWaiting int64
	waiting    atomic.Int64
	waited     prometheus.Histogram
	running    prometheus.Gauge
	queued     prometheus.Gauge
}

// take waits for a turn, which ends when done is called. It fails with promql.ErrQueryTimeout or promql.ErrQueryCanceled when ctx ends
// first, and with a *LimitError when too many wait already.
func (t *turns) take(ctx context.Context) (done func(), err error) {
	if err := t.wait(ctx); err != nil {
		return nil, err
	}
	t.running.Inc()
	return func() {
		t.running.Dec()
		<-t.slots
	}, nil
}

func (t *turns) wait(ctx context.Context) error {
	select {
	case t.slots <- struct{}{}:
		t.waited.Observe(0)
		return nil
	default:
	}
	if t.waiting.Add(1) > t.maxWaiting {
		t.waiting.Add(-1)
		return &LimitError{Limit: float64(t.maxWaiting), Unit: UnitQueries, Hint: "ask again in a moment, or raise query.max_concurrency or query.max_waiting"}
	}
	t.queued.Inc()
	start := time.Now()
	defer func() {
		t.queued.Dec()
		t.waiting.Add(-1)
		t.waited.Observe(time.Since(start).Seconds())
	}()
	select {
	case t.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return promql.ErrQueryTimeout("query queue")
		}
		return promql.ErrQueryCanceled("query queue")
	}
}
