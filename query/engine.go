package query

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/features"
)

// NewParser returns the parser of the PromQL that we speak: with experimental functions, arithmetic on durations, the range
// modifiers anchored and smoothed, and fill modifiers of binary operators.
func NewParser() parser.Parser {
	return parser.NewParser(parser.Options{
		EnableExperimentalFunctions:  true,
		ExperimentalDurationExpr:     true,
		EnableExtendedRangeSelectors: true,
		EnableBinopFillModifiers:     true,
	})
}

// Settings are what the code around an engine hands to it.
type Settings struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Queryable is what Range, Instant and Queryable read. The engine guards it: hand over the store itself.
	Queryable storage.SampleAndChunkQueryable
	Features  features.Collector // told which parts of PromQL are on; optional
}

// Engine evaluates PromQL with the stock engine, within limits, over what the grants in a query's context make visible.
type Engine struct {
	cfg     Config
	parser  parser.Parser
	inner   *promql.Engine
	guarded storage.SampleAndChunkQueryable
	turns   *turns
	refused *prometheus.CounterVec
}

// defaultSubqueryStep is the step of subqueries that name none.
const defaultSubqueryStep = time.Minute

// NewEngine returns an engine; the error names what is wrong with the configuration or cannot be registered.
func NewEngine(cfg Config, set Settings) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	t := &turns{
		slots:      make(chan struct{}, cfg.MaxConcurrency),
		maxWaiting: int64(cfg.MaxWaiting),
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                            "endscope_query_wait_seconds",
			Help:                            "Time that queries waited for their turn.",
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{Name: "endscope_query_running", Help: "Queries that are being evaluated."}),
		queued:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "endscope_query_waiting", Help: "Queries that wait for their turn."}),
	}
	e := &Engine{
		cfg:     cfg,
		parser:  NewParser(),
		guarded: Guard(set.Queryable),
		turns:   t,
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "endscope_query_limited_total",
			Help: "Queries that met a limit, by the limit's unit.",
		}, []string{"limit"}),
	}
	for _, unit := range []string{UnitSamples, UnitSeries, UnitSeconds, UnitQueries} {
		e.refused.WithLabelValues(unit)
	}
	var errs []error
	for _, c := range []prometheus.Collector{t.waited, t.running, t.queued, e.refused} {
		errs = append(errs, set.Registerer.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register query metrics: %w", err)
	}
	e.inner = promql.NewEngine(promql.EngineOpts{
		Logger:                   set.Logger,
		Reg:                      set.Registerer,
		MaxSamples:               cfg.MaxSamples,
		Timeout:                  cfg.Timeout,
		LookbackDelta:            cfg.Lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return defaultSubqueryStep.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		EnablePerStepStats:       true,
		EnableDelayedNameRemoval: true,
		UseStartTimestamps:       true,
		FeatureRegistry:          set.Features,
		Parser:                   e.parser,
	})
	return e, nil
}

// Parser returns the parser of the expressions that the engine evaluates.
func (e *Engine) Parser() parser.Parser { return e.parser }

// NewInstantQuery implements promql.QueryEngine. It reads q, which the caller must have guarded, up to the limits.
func (e *Engine) NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, text string, at time.Time) (promql.Query, error) {
	inner, err := e.inner.NewInstantQuery(ctx, limitSeries(untrimmed(q), e.cfg.MaxSeries), opts, text, at)
	if err != nil {
		return nil, err
	}
	return &limitedQuery{Query: inner, engine: e}, nil
}

// NewRangeQuery implements promql.QueryEngine. It reads q, which the caller must have guarded, up to the limits.
func (e *Engine) NewRangeQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, text string, start, end time.Time, step time.Duration) (promql.Query, error) {
	inner, err := e.inner.NewRangeQuery(ctx, limitSeries(untrimmed(q), e.cfg.MaxSeries), opts, text, start, end, step)
	if err != nil {
		return nil, err
	}
	return &limitedQuery{Query: inner, engine: e}, nil
}

// Range evaluates expr at start, start+step and so on up to end inclusive, with the grants of the context. The caller owns the
// matrix. Errors: *LimitError, those of the storage, and those of PromQL itself.
func (e *Engine) Range(ctx context.Context, expr parser.Expr, start, end time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error) {
	q, err := e.NewRangeQuery(ctx, e.guarded, nil, expr.String(), start, end, step)
	if err != nil {
		return nil, nil, fmt.Errorf("evaluate %s: %w", expr, err)
	}
	result := q.Exec(ctx) // never closed: the matrix is the caller's, and Close would reuse its points
	if result.Err != nil {
		return nil, result.Warnings, result.Err
	}
	m, err := result.Matrix()
	return m, result.Warnings, err
}

// Instant evaluates expr at one time with the grants of the context. The caller owns the value: a promql.Vector, promql.Scalar,
// promql.Matrix or promql.String. Errors as with Range.
func (e *Engine) Instant(ctx context.Context, expr parser.Expr, at time.Time) (parser.Value, annotations.Annotations, error) {
	q, err := e.NewInstantQuery(ctx, e.guarded, nil, expr.String(), at)
	if err != nil {
		return nil, nil, fmt.Errorf("evaluate %s: %w", expr, err)
	}
	result := q.Exec(ctx) // never closed, as in Range
	return result.Value, result.Warnings, result.Err
}

// Queryable returns the storage as the grants in a context make it visible, with the limit on series per querier: for reads that
// are not expressions.
func (e *Engine) Queryable() storage.SampleAndChunkQueryable {
	return &limited{e.guarded, e.cfg.MaxSeries}
}

// Close ends the engine; no query may be running.
func (e *Engine) Close() error { return e.inner.Close() }

type limited struct {
	inner storage.SampleAndChunkQueryable
	limit int
}

func (l *limited) Querier(mint, maxt int64) (storage.Querier, error) {
	return limitSeries(l.inner, l.limit).Querier(mint, maxt)
}

func (l *limited) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	return newBudget(l.limit).limitChunks(l.inner, mint, maxt)
}

// limitedQuery names the limit that its query met.
type limitedQuery struct {
	promql.Query
	engine *Engine
}

// Exec waits for its turn and evaluates the query, both together within the query's time.
func (q *limitedQuery) Exec(ctx context.Context) *promql.Result {
	e := q.engine
	given := e.cfg.Timeout
	if deadline, ok := ctx.Deadline(); ok {
		given = min(given, time.Until(deadline).Round(time.Millisecond))
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
	defer cancel()
	done, err := e.turns.take(ctx)
	if err != nil {
		return &promql.Result{Err: e.limited(err, given)}
	}
	defer done()
	result := q.Query.Exec(ctx)
	result.Err = e.limited(result.Err, given)
	return result
}

// limited names and counts the limit that a query met; given is the time that it had.
func (e *Engine) limited(err error, given time.Duration) error {
	err = e.cfg.limitError(err, given)
	var limit *LimitError
	if errors.As(err, &limit) {
		e.refused.WithLabelValues(limit.Unit).Inc()
	}
	return err
}
