package query

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// testTime is when the stories that the tests tell begin: aligned to a day, so that every interval starts there.
var testTime = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// bench is a real TSDB with our engine over it, and a planner whose clock stands still at now.
type bench struct {
	t       testing.TB
	db      *promtsdb.DB
	planner *Planner
	now     time.Time
}

func newBench(t testing.TB) *bench {
	t.Helper()
	opts := promtsdb.DefaultOptions()
	opts.EnableSTAsZeroSample = true // as our store does
	opts.RetentionDuration = math.MaxInt64
	db, err := promtsdb.Open(t.TempDir(), nil, nil, opts, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	b := &bench{t: t, db: db, now: testTime}
	b.planner = b.over(db)
	return b
}

// over returns a planner over a storage.
func (b *bench) over(q storage.SampleAndChunkQueryable) *Planner {
	b.t.Helper()
	engine, err := NewEngine(DefaultConfig(), Settings{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Queryable: q})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { require.NoError(b.t, engine.Close()) })
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(b.t, err)
	planner, err := NewPlanner(DefaultDrillDownConfig(), PlannerSettings{Catalogue: catalogue, Engine: engine, Now: func() time.Time { return b.now }})
	require.NoError(b.t, err)
	return planner
}

// ctx may see everything, or what is below the given scopes.
func (b *bench) ctx(granted ...string) context.Context {
	grants := scopes.AllAccess()
	if len(granted) > 0 {
		var patterns []scopes.Pattern
		for _, text := range granted {
			patterns = append(patterns, pattern(b.t, text))
		}
		grants = scopes.GrantScopes(patterns...)
	}
	return scopes.WithGrants(b.t.Context(), grants)
}

// appender writes samples and commits them when the test calls done.
type appender struct {
	t   testing.TB
	app storage.AppenderV2
}

func (b *bench) append() *appender { return &appender{b.t, b.db.AppenderV2(b.t.Context())} }

func (a *appender) float(at time.Time, v float64, ls labels.Labels) {
	a.counter(time.Time{}, at, v, ls)
}

func (a *appender) counter(start, at time.Time, v float64, ls labels.Labels) {
	a.t.Helper()
	_, err := a.app.Append(0, ls, millis(start), at.UnixMilli(), v, nil, nil, storage.AppendV2Options{})
	require.NoError(a.t, err)
}

func (a *appender) hist(start, at time.Time, h *histogram.Histogram, ls labels.Labels) {
	a.t.Helper()
	_, err := a.app.Append(0, ls, millis(start), at.UnixMilli(), 0, h, nil, storage.AppendV2Options{})
	require.NoError(a.t, err)
}

func (a *appender) stale(at time.Time, ls labels.Labels) {
	a.t.Helper()
	a.float(at, math.Float64frombits(value.StaleNaN), ls)
}

func (a *appender) done() { a.t.Helper(); require.NoError(a.t, a.app.Commit()) }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// seriesOf returns the labels of a series of an instance.
func seriesOf(name string, p scopes.Path, extra ...string) labels.Labels {
	return labels.FromStrings(append([]string{model.MetricNameLabel, name, scopes.LabelEndpoint, p.Endpoint,
		scopes.LabelDeployment, p.Deployment, scopes.LabelInstance, p.Instance}, extra...)...)
}

// testSchema is the resolution of the tests' histograms: buckets grow by bucketGrowth.
const testSchema = 3

var bucketGrowth = math.Pow(2, math.Pow(2, -testSchema))

// running is a native histogram in the making: what a process has observed so far, all of it above 0.
type running struct {
	count   uint64
	sum     float64
	buckets map[int32]int64
}

func (r *running) observe(v float64) {
	if r.buckets == nil {
		r.buckets = map[int32]int64{}
	}
	r.count++
	r.sum += v
	r.buckets[int32(math.Ceil(math.Log2(v)*(1<<testSchema)))]++
}

func (r *running) histogram() *histogram.Histogram {
	h := &histogram.Histogram{Schema: testSchema, ZeroThreshold: 1e-12, Count: r.count, Sum: r.sum}
	indexes := slices.Sorted(maps.Keys(r.buckets))
	var previous int64
	for n, i := range indexes {
		if n == 0 {
			h.PositiveSpans = append(h.PositiveSpans, histogram.Span{Offset: i, Length: 1})
		} else if gap := i - indexes[n-1] - 1; gap == 0 {
			h.PositiveSpans[len(h.PositiveSpans)-1].Length++
		} else {
			h.PositiveSpans = append(h.PositiveSpans, histogram.Span{Offset: gap, Length: 1})
		}
		h.PositiveBuckets = append(h.PositiveBuckets, r.buckets[i]-previous)
		previous = r.buckets[i]
	}
	return h
}

// nativeHistogram counts observations into a native histogram.
func nativeHistogram(observations []float64) *histogram.Histogram {
	var r running
	for _, v := range observations {
		r.observe(v)
	}
	return r.histogram()
}

func path(t testing.TB, text string) scopes.Path {
	t.Helper()
	p, err := scopes.ParsePath(text)
	require.NoError(t, err)
	return p
}

func pattern(t testing.TB, text string) scopes.Pattern {
	t.Helper()
	p, err := scopes.ParsePattern(text)
	require.NoError(t, err)
	return p
}
