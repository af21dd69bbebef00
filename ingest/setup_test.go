package ingest

import (
	"cmp"
	"context"
	"log/slog"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dbStore is a Store over upstream's TSDB: one commit per write.
type dbStore struct {
	*promtsdb.DB
	mu sync.Mutex
}

type dbAppender struct {
	storage.AppenderV2
	exemplars storage.Appender
}

func (a dbAppender) AppendExemplar(ref storage.SeriesRef, ls labels.Labels, e exemplar.Exemplar) (storage.SeriesRef, error) {
	return a.exemplars.AppendExemplar(ref, ls, e)
}

func (s *dbStore) Write(ctx context.Context, appendTo func(storage.AppenderV2)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	app := dbAppender{s.AppenderV2(context.Background()), s.Appender(context.Background())}
	appendTo(app)
	if err := app.AppenderV2.Commit(); err != nil {
		return err
	}
	return app.exemplars.Commit()
}

// bench is an Ingester over a real TSDB with the clock at start.
type harness struct {
	t     testing.TB
	in    *Ingester
	db    *dbStore
	now   time.Time
	start int64 // now in milliseconds
}

func newHarness(t testing.TB, change ...func(*Config)) *harness {
	t.Helper()
	cfg := DefaultConfig()
	for _, f := range change {
		f(&cfg)
	}
	h := &harness{t: t, now: time.Now().Truncate(time.Second)}
	h.start = h.now.UnixMilli()
	var err error
	h.in, err = New(cfg, Settings{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: func() time.Time { return h.now }})
	require.NoError(t, err)
	h.open(t.TempDir())
	t.Cleanup(func() { require.NoError(t, h.db.Close()) })
	return h
}

func (h *harness) open(dir string) {
	opts := promtsdb.DefaultOptions()
	opts.OutOfOrderTimeWindow = time.Hour.Milliseconds()
	opts.EnableExemplarStorage = true
	opts.MaxExemplars = 1000
	opts.EnableSTAsZeroSample = true
	opts.SeriesLifecycleCallback = h.in.Series()
	h.in.Series().Reset()
	db, err := promtsdb.Open(dir, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), opts, promtsdb.NewDBStats())
	require.NoError(h.t, err)
	db.DisableCompactions()
	h.db = &dbStore{DB: db}
	h.in.UseStore(h.db)
}

// point is one stored sample.
type point struct {
	t int64
	v float64
	h *histogram.FloatHistogram
}

// stored returns everything in the TSDB by the text of its labels.
func (h *harness) stored() map[string][]point {
	h.t.Helper()
	q, err := h.db.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(h.t, err)
	defer q.Close()
	out := map[string][]point{}
	set := q.Select(context.Background(), true, nil, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"))
	for set.Next() {
		s := set.At()
		key := s.Labels().String()
		it := s.Iterator(nil)
		for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
			p := point{t: it.AtT()}
			if typ == chunkenc.ValFloat {
				_, p.v = it.At()
			} else {
				_, p.h = it.AtFloatHistogram(nil)
			}
			out[key] = append(out[key], p)
		}
		require.NoError(h.t, it.Err())
	}
	require.NoError(h.t, set.Err())
	return out
}

// values returns what is stored of one series as numbers.
func (h *harness) values(series string) []float64 {
	var out []float64
	for _, p := range h.stored()[series] {
		out = append(out, p.v)
	}
	return out
}

func (h *harness) exemplars(series string) []exemplar.Exemplar {
	h.t.Helper()
	q, err := h.db.ExemplarQuerier(context.Background())
	require.NoError(h.t, err)
	found, err := q.Select(0, math.MaxInt64, []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+")})
	require.NoError(h.t, err)
	for _, r := range found {
		if r.SeriesLabels.String() == series {
			return r.Exemplars
		}
	}
	return nil
}

func (h *harness) v1(req *prompb.WriteRequest) Result {
	h.t.Helper()
	r, err := h.in.WriteV1(context.Background(), encodeV1(h.t, req))
	require.NoError(h.t, err)
	return r
}

func (h *harness) v2(req *writev2.Request) Result {
	h.t.Helper()
	r, err := h.in.WriteV2(context.Background(), encodeV2(h.t, req))
	require.NoError(h.t, err)
	return r
}

func encodeV1(t testing.TB, req *prompb.WriteRequest) []byte {
	t.Helper()
	b, err := req.Marshal()
	require.NoError(t, err)
	return snappy.Encode(nil, b)
}

func encodeV2(t testing.TB, req *writev2.Request) []byte {
	t.Helper()
	b, err := req.Marshal()
	require.NoError(t, err)
	return snappy.Encode(nil, b)
}

// s1 is a series of a 1.0 request; pairs are label names and values.
func s1(samples []prompb.Sample, pairs ...string) prompb.TimeSeries {
	return prompb.TimeSeries{Labels: prompb.FromLabels(labels.FromStrings(pairs...), nil), Samples: samples}
}

func at(t int64, v float64) []prompb.Sample { return []prompb.Sample{{Timestamp: t, Value: v}} }

// counts returns what was refused, as "reason count" in order.
func counts(r Result) map[Reason]int { return r.ByReason() }

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	var keys []K
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
