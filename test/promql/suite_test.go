package promql

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// startTimestamps is the one file of the suite that our store cannot answer: it wants the start timestamp of every sample kept beside
// it, for which the TSDB needs an experimental format on disk. Our store keeps a start as a zero sample instead (EnableSTAsZeroSample in tsdb/store.go). The engine
// passes this file, too, on a TSDB in that format: query's TestUpstreamsSuitePasses.
const startTimestamps = "testdata/start_timestamps.test"

// ourFiles runs all files of the suite but that one.
type ourFiles struct {
	*testing.T
	ran, left int
}

func (o *ourFiles) Run(file string, f func(*testing.T)) bool {
	if file == startTimestamps {
		o.left++
		return true
	}
	o.ran++
	return o.T.Run(file, f)
}

// TestUpstreamsSuite runs the files of promqltest: each gets a store of its own, is loaded through the group commit and asked
// through the guard.
func TestUpstreamsSuite(t *testing.T) {
	engine, err := query.NewEngine(query.DefaultConfig(), query.Settings{Logger: quiet, Registerer: prometheus.NewRegistry(), Queryable: nobody{}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	files := &ourFiles{T: t}
	promqltest.RunBuiltinTestsWithStorage(files, engine, open)
	require.Equal(t, 1, files.left)
	require.GreaterOrEqual(t, files.ran, 20)
}

// open returns a store that runs until it is closed.
func open(t testing.TB) storage.Storage {
	t.Helper()
	cfg := tsdb.DefaultConfig()
	cfg.Sync = tsdb.SyncOff // durability has its own tests
	store, err := tsdb.Open(cfg, tsdb.Settings{Dir: t.TempDir(), Logger: quiet, Registerer: prometheus.NewRegistry()})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	s := &suiteStorage{SampleAndChunkQueryable: allAccess{query.Guard(store)}, Store: store, cancel: cancel, done: make(chan error, 1)}
	go func() { s.done <- store.Run(ctx) }()
	require.Eventually(t, func() bool { return store.Ready() == nil }, 30*time.Second, time.Millisecond)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// suiteStorage is a store in the shape that the suite wants.
type suiteStorage struct {
	storage.SampleAndChunkQueryable
	*tsdb.Store
	cancel context.CancelFunc
	done   chan error
	closed bool
}

func (s *suiteStorage) Querier(mint, maxt int64) (storage.Querier, error) {
	return s.SampleAndChunkQueryable.Querier(mint, maxt)
}

func (s *suiteStorage) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	return s.SampleAndChunkQueryable.ChunkQuerier(mint, maxt)
}

func (s *suiteStorage) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.cancel()
	return errors.Join(<-s.done, s.Store.Close())
}

// Appender is of an interface that the suite does not use any more.
func (s *suiteStorage) Appender(context.Context) storage.Appender { return nil }

// AppenderV2 returns an appender whose samples are written as one push when it is committed.
func (s *suiteStorage) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &push{ctx: ctx, store: s.Store}
}

type push struct {
	ctx     context.Context
	store   *tsdb.Store
	samples []func(storage.AppenderV2) error
}

func (p *push) Append(ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AppendV2Options) (storage.SeriesRef, error) {
	opts.Exemplars = append([]exemplar.Exemplar(nil), opts.Exemplars...)
	if h != nil {
		h = h.Copy()
	}
	if fh != nil {
		fh = fh.Copy()
	}
	p.samples = append(p.samples, func(app storage.AppenderV2) error {
		_, err := app.Append(0, ls, st, t, v, h, fh, opts)
		return err
	})
	return ref, nil
}

func (p *push) UpdateMetadata(ref storage.SeriesRef, _ labels.Labels, _ metadata.Metadata) (storage.SeriesRef, error) {
	return ref, nil
}

func (p *push) Commit() error {
	var refused error
	err := p.store.Write(p.ctx, func(app storage.AppenderV2) {
		for _, sample := range p.samples {
			refused = errors.Join(refused, sample(app))
		}
	})
	return errors.Join(err, refused)
}

func (p *push) Rollback() error { return nil }

// allAccess grants everything to the suite, whose contexts carry no grants.
type allAccess struct {
	storage.SampleAndChunkQueryable
}

func (a allAccess) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := a.SampleAndChunkQueryable.Querier(mint, maxt)
	return allAccessQuerier{q}, err
}

type allAccessQuerier struct{ storage.Querier }

func (q allAccessQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	return q.Querier.Select(scopes.WithGrants(ctx, scopes.AllAccess()), sorted, hints, ms...)
}

// nobody is what the engine reads in Range and Instant, which the suite does not call.
type nobody struct{}

func (nobody) Querier(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil }
func (nobody) ChunkQuerier(int64, int64) (storage.ChunkQuerier, error) {
	return storage.NoopChunkedQuerier(), nil
}
