package query

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/scopes"
)

func newEngine(t testing.TB, q storage.SampleAndChunkQueryable, change func(*Config)) (*Engine, *prometheus.Registry) {
	t.Helper()
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	reg := prometheus.NewRegistry()
	e, err := NewEngine(cfg, Settings{Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Registerer: reg, Queryable: q})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e, reg
}

func parse(t testing.TB, text string) parser.Expr {
	t.Helper()
	expr, err := NewParser().ParseExpr(text)
	require.NoError(t, err)
	return expr
}

func all(ctx context.Context) context.Context { return scopes.WithGrants(ctx, scopes.AllAccess()) }

// theRest runs the files of upstream's suite that test/promql cannot run on our store; all others run there.
type theRest struct {
	*testing.T
	ran int
}

func (r *theRest) Run(file string, f func(*testing.T)) bool {
	if file != "testdata/start_timestamps.test" {
		return true
	}
	r.ran++
	return r.T.Run(file, f)
}

func TestUpstreamsSuitePasses(t *testing.T) {
	db, _ := estate(t)
	e, _ := newEngine(t, db, nil)
	rest := &theRest{T: t}
	promqltest.RunBuiltinTests(rest, e)
	require.Equal(t, 1, rest.ran)
}

func TestRangeAndInstantReadWhatIsGranted(t *testing.T) {
	db, _ := estate(t)
	e, _ := newEngine(t, db, nil)
	expr := parse(t, `count({__name__!=""})`)
	at := testTime.Add(2 * time.Minute)
	for patterns, count := range map[string]float64{"*": 8, "credit": 4, "credit/blue": 2, "credit/blue/a": 1} {
		ctx := scopes.WithGrants(t.Context(), granted(t, patterns))
		v, _, err := e.Instant(ctx, expr, at)
		require.NoError(t, err)
		require.Equal(t, count, v.(promql.Vector)[0].F, patterns)
		m, _, err := e.Range(ctx, expr, testTime, at, time.Minute)
		require.NoError(t, err)
		require.Len(t, m[0].Floats, 3)
		require.Equal(t, count, m[0].Floats[0].F)
	}
	v, _, err := e.Instant(all(t.Context()), expr, at)
	require.NoError(t, err)
	require.Equal(t, 9.0, v.(promql.Vector)[0].F)
	_, _, err = e.Instant(t.Context(), expr, at)
	require.ErrorIs(t, err, scopes.ErrNoGrants)
	_, _, err = e.Range(t.Context(), expr, testTime, at, time.Minute)
	require.ErrorIs(t, err, scopes.ErrNoGrants)
}

func TestAMatrixStaysItsCallers(t *testing.T) {
	db, _ := estate(t)
	e, _ := newEngine(t, db, nil)
	ask := func(text string) promql.Matrix {
		m, _, err := e.Range(all(t.Context()), parse(t, text), testTime, testTime.Add(2*time.Minute), time.Minute)
		require.NoError(t, err)
		return m
	}
	first := ask("load * 10")
	for range 20 {
		ask("load * 1000")
	}
	for _, s := range first {
		require.Equal(t, []promql.FPoint{{T: testTime.UnixMilli(), F: 0}, {T: testTime.UnixMilli() + 60_000, F: 10}, {T: testTime.UnixMilli() + 120_000, F: 20}}, s.Floats)
	}
}

func TestLimitsAreNamed(t *testing.T) {
	db, _ := estate(t)
	for name, c := range map[string]struct {
		change func(*Config)
		query  string
		unit   string
		says   string
	}{
		"series":                  {func(c *Config) { c.MaxSeries = 7 }, `load`, UnitSeries, "the query needs more than 7 series: name fewer series"},
		"series of all selectors": {func(c *Config) { c.MaxSeries = 8 }, `load + load offset 1m`, UnitSeries, "more than 8 series"},
		"samples":                 {func(c *Config) { c.MaxSamples = 10 }, `sum_over_time(load[10m])`, UnitSamples, "the query needs more than 10 samples: name fewer series"},
		"time":                    {func(c *Config) { c.Timeout = time.Millisecond }, `count_over_time((sum(load))[20d:1s])`, UnitSeconds, "the query took longer than its 1ms"},
	} {
		t.Run(name, func(t *testing.T) {
			e, reg := newEngine(t, db, c.change)
			_, _, err := e.Range(all(t.Context()), parse(t, c.query), testTime.Add(2*time.Minute), testTime.Add(3*time.Minute), time.Minute)
			var limit *LimitError
			require.ErrorAs(t, err, &limit)
			require.Equal(t, c.unit, limit.Unit)
			require.ErrorContains(t, err, c.says)
			require.False(t, limit.Busy())
			require.Equal(t, 1.0, testutil.ToFloat64(e.refused.WithLabelValues(c.unit)))
			problems, err := testutil.GatherAndLint(reg, "endscope_query_wait_seconds", "endscope_query_running", "endscope_query_waiting", "endscope_query_limited_total")
			require.NoError(t, err)
			require.Empty(t, problems)
		})
	}
}

func TestLimitIsNotReachedBelowIt(t *testing.T) {
	db, _ := estate(t)
	e, _ := newEngine(t, db, func(c *Config) { c.MaxSeries = 8 })
	v, _, err := e.Instant(all(t.Context()), parse(t, "load"), testTime.Add(2*time.Minute))
	require.NoError(t, err)
	require.Len(t, v, 8)
}

func TestSeriesAreLimitedForOtherReadsToo(t *testing.T) {
	db, _ := estate(t)
	e, _ := newEngine(t, db, func(c *Config) { c.MaxSeries = 2 })
	ctx := all(t.Context())
	q, err := e.Queryable().Querier(0, 1<<62)
	require.NoError(t, err)
	defer q.Close()
	n := 0
	set := q.Select(ctx, false, nil, everything())
	for set.Next() {
		n++
	}
	var limit *LimitError
	require.ErrorAs(t, set.Err(), &limit)
	require.Equal(t, 2, n)
	_, searches := q.(storage.Searcher)
	require.True(t, searches)
	c, err := e.Queryable().ChunkQuerier(0, 1<<62)
	require.NoError(t, err)
	defer c.Close()
	chunks := c.Select(ctx, false, nil, everything())
	for n = 0; chunks.Next(); {
		n++
	}
	require.ErrorAs(t, chunks.Err(), &limit)
	require.Equal(t, 2, n)
}

// gate lets queries in only when it is opened.
type gate struct {
	storage.SampleAndChunkQueryable
	entered chan struct{}
	open    chan struct{}
}

func (g gate) Querier(mint, maxt int64) (storage.Querier, error) {
	g.entered <- struct{}{}
	<-g.open
	return g.SampleAndChunkQueryable.Querier(mint, maxt)
}

func TestQueriesTakeTurns(t *testing.T) {
	db, _ := estate(t)
	g := gate{db, make(chan struct{}, 10), make(chan struct{})}
	e, reg := newEngine(t, g, func(c *Config) { c.MaxConcurrency, c.MaxWaiting = 1, 1 })
	ask := func(ctx context.Context) error {
		_, _, err := e.Instant(ctx, parse(t, "load"), testTime)
		return err
	}
	gauge := func(name string) float64 {
		families, err := reg.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if f.GetName() == name {
				return f.GetMetric()[0].GetGauge().GetValue()
			}
		}
		return -1
	}
	var wg sync.WaitGroup
	results := make(chan error, 2)
	wg.Go(func() { results <- ask(all(t.Context())) })
	<-g.entered
	ctx, leave := context.WithCancel(all(t.Context()))
	wg.Go(func() { results <- ask(ctx) })
	require.Eventually(t, func() bool { return gauge("endscope_query_waiting") == 1 }, 5*time.Second, time.Millisecond)
	require.Equal(t, 1.0, gauge("endscope_query_running"))
	require.Equal(t, 1.0, gauge("prometheus_engine_queries"))

	err := ask(all(t.Context()))
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
	require.Equal(t, UnitQueries, limit.Unit)
	require.True(t, limit.Busy())
	require.ErrorContains(t, err, "1 queries are waiting already: ask again in a moment")

	leave() // one that waits may give up
	require.ErrorAs(t, <-results, new(promql.ErrQueryCanceled))
	close(g.open)
	require.NoError(t, <-results)
	wg.Wait()
	require.Equal(t, 0.0, gauge("endscope_query_running"))
	require.Equal(t, 0.0, gauge("endscope_query_waiting"))
	require.NoError(t, ask(all(t.Context())))
}

func TestTimeSpentWaitingCounts(t *testing.T) {
	db, _ := estate(t)
	g := gate{db, make(chan struct{}, 10), make(chan struct{})}
	e, _ := newEngine(t, g, func(c *Config) { c.MaxConcurrency, c.Timeout = 1, 50*time.Millisecond })
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _, _ = e.Instant(all(t.Context()), parse(t, "load"), testTime)
	}()
	<-g.entered
	_, _, err := e.Instant(all(t.Context()), parse(t, "load"), testTime)
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
	require.Equal(t, UnitSeconds, limit.Unit)
	require.ErrorContains(t, err, "query queue")
	close(g.open)
	<-done
}

func TestAClientsShorterTimeIsTheOneThatIsNamed(t *testing.T) {
	db, _ := estate(t)
	e, _ := newEngine(t, db, nil)
	ctx, cancel := context.WithTimeout(all(t.Context()), 20*time.Millisecond)
	defer cancel()
	_, _, err := e.Instant(ctx, parse(t, `count_over_time((sum(load))[100d:1s])`), testTime)
	require.ErrorContains(t, err, "ms: name fewer series")
	require.ErrorAs(t, err, new(promql.ErrQueryTimeout), "the API answers 503 for it")
}

func TestEngineConfigNamesTheKey(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	var keys []string
	for _, f := range config.Fields(Config{MaxWaiting: -1}.Validate()) {
		keys = append(keys, f.Key)
	}
	require.Equal(t, []string{"max_samples", "max_series", "timeout", "max_concurrency", "max_waiting", "lookback"}, keys)
}

func TestModifiersAndExperimentalFunctions(t *testing.T) {
	db, _ := estate(t)
	e, _ := newEngine(t, db, nil)
	at := testTime.Add(2 * time.Minute)
	for text, want := range map[string]float64{
		`sum(increase(load{endpoint="credit"}[2m] anchored))`: 8,
		`sum(load smoothed)`:                     16,
		`max(mad_over_time(load[3m]))`:           1,
		`count(load @ end())`:                    8,
		`sum(load offset -1m)`:                   16,
		`count(count_over_time(load[1m + 1m]))`:  8,
		`count(sort_by_label(load, "endpoint"))`: 8,
	} {
		when := at
		if text == `sum(load offset -1m)` {
			when = at.Add(-time.Minute)
		}
		v, _, err := e.Instant(all(t.Context()), parse(t, text), when)
		require.NoError(t, err, text)
		require.Len(t, v, 1, text)
		require.Equal(t, want, v.(promql.Vector)[0].F, text)
		require.Equal(t, labels.EmptyLabels().String(), v.(promql.Vector)[0].Metric.String())
	}
}
