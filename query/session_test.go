package query

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// ask evaluates over the three minutes of an estate.
func ask(ctx context.Context, t testing.TB, s *Session, text string) (Result, error) {
	return s.Range(ctx, parse(t, text), testTime, testTime.Add(2*time.Minute), time.Minute)
}

// TestLeavesOfPlans says for every plan of the golden file what is left of it when its leaves were taken out: nothing that reads storage,
// but for what looks at instants.
func TestLeavesOfPlans(t *testing.T) {
	g, ok := newGrid(testTime.Add(5*time.Minute), testTime.Add(time.Hour), 5*time.Minute)
	require.True(t, ok)
	for text, want := range map[string]string{
		`sum by (endpoint) (histogram_count(increase(x{endpoint="credit"}[5m] anchored))) * 0.2`:                   `__leaf_0__ * 0.2`,
		`histogram_quantile(0.5, sum by (endpoint) (increase(x[5m] anchored)))`:                                    `histogram_quantile(0.5, __leaf_0__)`,
		`max_over_time(sum by (endpoint) (histogram_count(increase(x[1m] anchored)))[4m1ms:1m])`:                   `max_over_time(__leaf_0__[4m1ms:1m])`,
		`sum by (c) (label_replace(sum by (code) (increase(x[5m] anchored)), "c", "${1}xx", "code", "([1-5]).."))`: `sum by (c) (label_replace(__leaf_0__, "c", "${1}xx", "code", "([1-5]).."))`,
		`(sum by (a) (sum_over_time(x[5m] offset 1d)) or (sum(x) * 0)) / sum by (a) (count_over_time(x[5m]))`:      `(__leaf_0__ or (sum(x) * 0)) / __leaf_1__`,
		`sum(sum_over_time(x[5m]))`:                                     `__leaf_0__`,
		`sum by (a) (increase(x[5m]))`:                                  `sum by (a) (increase(x[5m]))`,
		`sum by (a) (sum_over_time(x[10m]))`:                            `sum by (a) (sum_over_time(x[10m]))`,
		`sum by (a) (sum_over_time(x[5m] @ 100))`:                       `sum by (a) (sum_over_time(x[5m] @ 100.000))`,
		`sum without (a) (sum_over_time(x[5m]))`:                        `sum without (a) (sum_over_time(x[5m]))`,
		`sum by (__name__) (sum_over_time(x[5m]))`:                      `sum by (__name__) (sum_over_time(x[5m]))`,
		`avg_over_time((sum by (a) (sum_over_time(x[2m])))[5m:1m])`:     `avg_over_time((sum by (a) (sum_over_time(x[2m])))[5m:1m])`,
		`avg_over_time((sum by (a) (sum_over_time(x[1m])))[5m:] @ 100)`: `avg_over_time((sum by (a) (sum_over_time(x[1m])))[5m:] @ 100.000)`,
		`avg_over_time((sum by (a) (sum_over_time(x[1m])))[5m:])`:       `avg_over_time((__leaf_0__)[5m:])`,
		`start_timestamp(sum(sum_over_time(x[5m])))`:                    `start_timestamp(sum(sum_over_time(x[5m])))`,
		`quantile_over_time(0.5, x[5m])`:                                `quantile_over_time(0.5, x[5m])`,
		`-sum(max_over_time(x[5m]))`:                                    `-__leaf_0__`,
		`topk(2, max by (a) (max_over_time(x[5m])))`:                    `topk(2, __leaf_0__)`,
	} {
		tree := newLeafTree(parse(t, text), g, time.Minute)
		require.Equal(t, want, tree.rest.String(), text)
		if strings.Contains(want, "x[") || strings.Contains(want, "(x)") {
			require.False(t, tree.root())
		}
	}
}

func TestSessionsReadWhatIsGranted(t *testing.T) {
	db, _ := estate(t)
	e, _ := newEngine(t, db, nil)
	const text = `sum(count_over_time({__name__!=""}[1m]))`
	s := e.NewSession()
	for patterns, count := range map[string]float64{"*": 8, "credit": 4, "credit/blue": 2, "credit/blue/a": 1} {
		r, err := ask(scopes.WithGrants(t.Context(), granted(t, patterns)), t, s, text)
		require.NoError(t, err)
		require.Len(t, r.Matrix[0].Floats, 3)
		require.Equal(t, count, r.Matrix[0].Floats[0].F, patterns)
		require.Equal(t, int(count), r.Cost.Series)
		require.Equal(t, 3*int64(count), r.Cost.Samples)
		require.Positive(t, r.Cost.Duration)
	}
	r, err := ask(scopes.WithGrants(t.Context(), granted(t, "credit/*/a", "credit/blue")), t, s, text)
	require.NoError(t, err)
	require.Equal(t, 3.0, r.Matrix[0].Floats[0].F, "what two grants show is counted once")
	r, err = ask(scopes.WithGrants(t.Context(), granted(t)), t, s, text)
	require.NoError(t, err)
	require.Empty(t, r.Matrix)
	_, err = ask(t.Context(), t, s, text)
	require.ErrorIs(t, err, scopes.ErrNoGrants)
	_, err = ask(t.Context(), t, s, `sum(load)`)
	require.ErrorIs(t, err, scopes.ErrNoGrants)
}

func TestSessionsHaveTheLimitsOfTheEngine(t *testing.T) {
	db, _ := estate(t)
	for name, c := range map[string]struct {
		change func(*Config)
		query  string
		unit   string
		says   string
	}{
		"series":                    {func(c *Config) { c.MaxSeries = 7 }, `sum(sum_over_time(load[1m]))`, UnitSeries, "the query needs more than 7 series: name fewer series"},
		"series of all leaves":      {func(c *Config) { c.MaxSeries = 8 }, `sum(sum_over_time(load[1m])) + sum(max_over_time(load[1m]))`, UnitSeries, "more than 8 series"},
		"series of leaves and rest": {func(c *Config) { c.MaxSeries = 8 }, `sum(sum_over_time(load[1m])) + sum(load)`, UnitSeries, "more than 8 series"},
		"samples of a leaf":         {func(c *Config) { c.MaxSamples = 10 }, `sum by (endpoint, deployment, instance) (sum_over_time(load[1m]))`, UnitSamples, "the query needs more than 10 samples: name fewer series"},
		"samples of the rest":       {func(c *Config) { c.MaxSamples = 10 }, `sum(sum_over_time(load[1m])) + sum(sum_over_time(load[10m]))`, UnitSamples, "the query needs more than 10 samples"},
		"time":                      {func(c *Config) { c.Timeout = time.Millisecond }, `max_over_time((sum(sum_over_time(load[1s])))[20d:1s])`, UnitSeconds, "the query took longer than its 1ms"},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := newEngine(t, db, c.change)
			_, err := ask(all(t.Context()), t, e.NewSession(), c.query)
			var limit *LimitError
			require.ErrorAs(t, err, &limit)
			require.Equal(t, c.unit, limit.Unit)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, 1.0, testutil.ToFloat64(e.refused.WithLabelValues(c.unit)))
		})
	}
	e, _ := newEngine(t, db, func(c *Config) { c.MaxSeries, c.MaxSamples = 8, 24 })
	_, err := ask(all(t.Context()), t, e.NewSession(), `sum by (endpoint, deployment, instance) (sum_over_time(load[1m]))`)
	require.NoError(t, err, "limits are not reached below them")
}

// counted counts the selections of a storage, and holds them until it is opened.
type counted struct {
	storage.SampleAndChunkQueryable
	n    atomic.Int32
	hold chan struct{}
}

func (c *counted) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	q, err := c.SampleAndChunkQueryable.ChunkQuerier(mint, maxt)
	return &countedQuerier{q, c}, err
}

type countedQuerier struct {
	storage.ChunkQuerier
	c *counted
}

func (q *countedQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.ChunkSeriesSet {
	q.c.n.Add(1)
	select {
	case <-q.c.hold:
	case <-ctx.Done():
	}
	return q.ChunkQuerier.Select(ctx, sorted, hints, ms...)
}

func TestASessionEvaluatesEachLeafOnce(t *testing.T) {
	db, _ := estate(t)
	c := &counted{SampleAndChunkQueryable: db, hold: make(chan struct{})}
	e, reg := newEngine(t, c, func(c *Config) { c.MaxConcurrency, c.MaxWaiting = 1, 0 })
	s := e.NewSession()
	const leaf = `sum by (endpoint) (sum_over_time(load[1m]))`
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			r, err := ask(all(t.Context()), t, s, []string{leaf, leaf + " * 2", leaf + " / " + leaf}[i%3])
			require.NoError(t, err)
			require.Len(t, r.Matrix, 2)
			for i := range r.Matrix[0].Floats {
				r.Matrix[0].Floats[i] = promql.FPoint{F: -1} // it is ours
			}
		})
	}
	require.Eventually(t, func() bool { return c.n.Load() == 1 }, 5*time.Second, time.Millisecond)
	close(c.hold)
	wg.Wait()
	require.EqualValues(t, 1, c.n.Load())
	r, err := ask(all(t.Context()), t, s, leaf)
	require.NoError(t, err)
	require.Equal(t, 4.0, r.Matrix[0].Floats[1].F)
	require.EqualValues(t, 1, c.n.Load())
	_, err = ask(all(t.Context()), t, e.NewSession(), leaf)
	require.NoError(t, err)
	require.EqualValues(t, 2, c.n.Load(), "another session reads by itself")
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader("# HELP endscope_query_running Queries that are being evaluated.\n# TYPE endscope_query_running gauge\nendscope_query_running 0\n"), "endscope_query_running"))
}

func TestOneThatGivesUpDoesNotEndTheOthers(t *testing.T) {
	db, _ := estate(t)
	c := &counted{SampleAndChunkQueryable: db, hold: make(chan struct{})}
	e, _ := newEngine(t, c, nil)
	s := e.NewSession()
	const leaf = `sum(sum_over_time(load[1m]))`
	ctx, leave := context.WithCancel(all(t.Context()))
	first, second := make(chan error), make(chan error)
	go func() { _, err := ask(ctx, t, s, leaf); first <- err }()
	require.Eventually(t, func() bool { return c.n.Load() == 1 }, 5*time.Second, time.Millisecond)
	go func() { _, err := ask(all(t.Context()), t, s, leaf); second <- err }()
	leave()
	require.ErrorAs(t, <-first, new(promql.ErrQueryCanceled))
	close(c.hold)
	require.NoError(t, <-second)
}

func TestSessionsTakeTurns(t *testing.T) {
	db, _ := estate(t)
	c := &counted{SampleAndChunkQueryable: db, hold: make(chan struct{})}
	e, _ := newEngine(t, c, func(c *Config) { c.MaxConcurrency, c.MaxWaiting = 1, 1 })
	const leaf = `sum(sum_over_time(load[1m]))`
	results := make(chan error, 2)
	go func() { _, err := ask(all(t.Context()), t, e.NewSession(), leaf); results <- err }()
	require.Eventually(t, func() bool { return c.n.Load() == 1 }, 5*time.Second, time.Millisecond)
	go func() { _, err := ask(all(t.Context()), t, e.NewSession(), leaf); results <- err }()
	require.Eventually(t, func() bool { return testutil.ToFloat64(e.turns.queued) == 1 }, 5*time.Second, time.Millisecond)
	_, err := ask(all(t.Context()), t, e.NewSession(), leaf)
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
	require.True(t, limit.Busy())
	close(c.hold)
	require.NoError(t, <-results)
	require.NoError(t, <-results)
	require.Equal(t, 0.0, testutil.ToFloat64(e.turns.running))
}

func TestSessionsRefuseWhatTheEngineRefuses(t *testing.T) {
	db, _ := estate(t)
	e, _ := newEngine(t, db, nil)
	for _, expr := range []parser.Expr{parse(t, `load[5m]`), parse(t, `"text"`)} {
		_, err := e.NewSession().Range(all(t.Context()), expr, testTime, testTime, time.Minute)
		require.ErrorContains(t, err, "evaluate "+expr.String())
	}
	r, err := e.NewSession().Range(all(t.Context()), parse(t, `sum(sum_over_time(load[1m]))`), testTime, testTime.Add(-time.Hour), time.Minute)
	require.NoError(t, err)
	require.Empty(t, r.Matrix)
}

// TestSessionsAnswerEveryPlanAsTheEngineDoes evaluates the plans of the golden file, which are those of every definition.
func TestSessionsAnswerEveryPlanAsTheEngineDoes(t *testing.T) {
	golden, err := os.ReadFile(filepath.Join("testdata", "plans.golden"))
	require.NoError(t, err)
	var plans []string
	for line := range strings.Lines(string(golden)) {
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#") {
			plans = append(plans, text)
		}
	}
	slices.Sort(plans)
	plans = slices.Compact(plans)
	b := newBench(t)
	rng := rand.New(rand.NewPCG(3, 4))
	isHistogram := seriesOfPlans(t, plans)
	for _, name := range slices.Sorted(maps.Keys(isHistogram)) {
		for i, instance := range []string{"credit/blue/b-0", "credit/blue/b-1", "credit/green/curl.1", "credit/green/g-1"} {
			for k := range 2 {
				var observed running
				total := 0.0
				app := b.append()
				ls := seriesOf(name, path(t, instance), "status_code", []string{"200", "424"}[k], "model_status_code", []string{"200", "500"}[k], "gpu", fmt.Sprint(k), "reason", "r")
				for at := testTime.Add(time.Duration(1+i) * time.Second); at.Before(testTime.Add(20 * time.Minute)); at = at.Add(15 * time.Second) {
					if rng.IntN(30) == 0 {
						observed, total = running{}, 0
					}
					observed.observe(rng.Float64())
					observed.observe(100 * rng.Float64())
					total += rng.Float64()
					if isHistogram[name] {
						app.hist(time.Time{}, at, observed.histogram(), ls)
					} else {
						app.float(at, total, ls)
					}
				}
				app.done()
			}
		}
	}
	engine := b.planner.set.Engine
	start, end := testTime.Add(5*time.Minute), testTime.Add(20*time.Minute)
	taken, answered := 0, 0
	for _, text := range plans {
		want, wantNotes, err := engine.Range(b.ctx(), parse(t, text), start, end, 5*time.Minute)
		require.NoError(t, err, text)
		got, err := engine.NewSession().Range(b.ctx(), parse(t, text), start, end, 5*time.Minute)
		require.NoError(t, err, text)
		requireSameMatrix(t, want, got.Matrix, text)
		require.Equal(t, notes(wantNotes), notes(got.Annotations), text)
		if len(want) > 0 {
			answered++
		}
		times, _ := newGrid(start, end, 5*time.Minute)
		if len(newLeafTree(parse(t, text), times, time.Minute).leaves) > 0 {
			taken++
		}
	}
	require.Greater(t, answered, len(plans)/2)
	require.Greater(t, taken, len(plans)/2)
	t.Logf("%d plans, %d of them with leaves, %d with an answer", len(plans), taken, answered)
}

// seriesOfPlans returns the names of the series that plans select, and whether they are taken for histograms.
func seriesOfPlans(t *testing.T, plans []string) map[string]bool {
	names := map[string]bool{}
	for _, text := range plans {
		parser.Inspect(parse(t, text), func(node parser.Node, path []parser.Node) error {
			if vs, ok := node.(*parser.VectorSelector); ok && vs.Name != "" {
				names[vs.Name] = names[vs.Name] || slices.ContainsFunc(path, func(n parser.Node) bool {
					call, ok := n.(*parser.Call)
					return ok && strings.HasPrefix(call.Func.Name, "histogram_")
				})
			}
			return nil
		})
	}
	return names
}
