package tsdb

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openStore opens and runs a store in dir and closes it when the test ends.
func openStore(t *testing.T, dir string, change func(*Config)) *Store {
	t.Helper()
	s := newStore(t, dir, change)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, s.Close())
	})
	require.Eventually(t, func() bool { return s.Ready() == nil }, 20*time.Second, time.Millisecond)
	return s
}

func newStore(t *testing.T, dir string, change func(*Config)) *Store {
	t.Helper()
	cfg := DefaultConfig()
	cfg.WALSegmentSize = 1 << 20
	if change != nil {
		change(&cfg)
	}
	s, err := Open(cfg, Settings{Dir: dir, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewPedanticRegistry()})
	require.NoError(t, err)
	return s
}

// put writes one sample and returns the error of the write or else of the sample.
func put(s *Store, at int64, v float64, lbls ...string) error {
	var appendErr error
	err := s.Write(context.Background(), func(app storage.AppenderV2) {
		_, appendErr = app.Append(0, labels.FromStrings(lbls...), 0, at, v, nil, nil, storage.AOptions{})
	})
	if err != nil {
		return err
	}
	return appendErr
}

// read returns every float sample of the store by series.
func read(t *testing.T, s *Store) map[string]map[int64]float64 {
	t.Helper()
	q, err := s.Querier(0, 1<<62)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	out := map[string]map[int64]float64{}
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+"))
	for set.Next() {
		samples := map[int64]float64{}
		it := set.At().Iterator(nil)
		for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
			at, v := it.At()
			samples[at] = v
		}
		require.NoError(t, it.Err())
		out[set.At().Labels().String()] = samples
	}
	require.NoError(t, set.Err())
	return out
}

func TestWhatIsWrittenIsReadAlsoAfterReopening(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().UnixMilli()
	t.Run("write", func(t *testing.T) {
		s := openStore(t, dir, nil)
		require.NoError(t, put(s, now, 1, "__name__", "m", "i", "a"))
		require.NoError(t, put(s, now-60_000, 2, "__name__", "m", "i", "a"), "a late sample is accepted")
		require.NoError(t, put(s, now, 1, "__name__", "m", "i", "a"), "the same sample again is not an error")
		require.ErrorIs(t, put(s, now, 3, "__name__", "m", "i", "a"), storage.ErrDuplicateSampleForTimestamp)
	})
	s := openStore(t, dir, nil)
	require.Equal(t, map[string]map[int64]float64{`{__name__="m", i="a"}`: {now: 1, now - 60_000: 2}}, read(t, s))
}

func TestARefusedSampleOrAPanicConcernsOnlyItsOwnWrite(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	now := time.Now().UnixMilli()
	require.NoError(t, put(s, now, 0, "__name__", "m", "w", "seed"))
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			name := fmt.Sprint(i)
			switch i % 3 {
			case 0:
				require.ErrorIs(t, put(s, now-48*3600_000, 1, "__name__", "m", "w", name), storage.ErrTooOldSample)
			case 1:
				err := s.Write(context.Background(), func(storage.AppenderV2) { panic("broken parser") })
				require.ErrorContains(t, err, "broken parser")
			default:
				require.NoError(t, put(s, now, 1, "__name__", "m", "w", name))
			}
		})
	}
	wg.Wait()
	require.Len(t, read(t, s), 21)
}

// A power cut keeps only what was fsynced. So: write under load, note what was acknowledged and then how far the logs are durable,
// cut a copy of the logs there, throw away the chunk files that are never synced, and open the copy.
func TestAcknowledgedSamplesSurviveAPowerCut(t *testing.T) {
	for round := range 4 {
		t.Run(fmt.Sprint("cut ", round), func(t *testing.T) {
			dir := t.TempDir()
			s := openStore(t, dir, nil)
			base := time.Now().UnixMilli()
			var acked sync.Map
			var count atomic.Int64
			ctx, stop := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			for w := range 8 {
				wg.Go(func() {
					for i := int64(1); ctx.Err() == nil; i++ {
						at := base + i*1000
						if i%5 == 0 {
							at -= 3_600_000 // a late sample, which lives in the other log
						}
						name := fmt.Sprintf("m%d", rand.IntN(200))
						key := fmt.Sprintf(`{__name__=%q, w="%d"}@%d`, name, w, at)
						if put(s, at, float64(i), "__name__", name, "w", fmt.Sprint(w)) == nil {
							acked.Store(key, float64(i))
							count.Add(1)
						}
					}
				})
			}
			enough := 300 + rand.Int64N(1000)
			require.Eventually(t, func() bool { return count.Load() > enough }, 30*time.Second, time.Millisecond)
			want := map[any]any{}
			acked.Range(func(k, v any) bool { want[k] = v; return true })
			sess := s.acquire()
			sess.syncMu.Lock()
			wal, wbl := sess.wal.synced, sess.wbl.synced
			sess.syncMu.Unlock()
			sess.release()
			stop()
			wg.Wait()
			require.Greater(t, len(want), 250)

			cut := t.TempDir()
			for _, sub := range []string{walDir, wblDir} {
				require.NoError(t, os.CopyFS(filepath.Join(cut, sub), os.DirFS(filepath.Join(dir, sub))))
			}
			require.NoError(t, truncateTo(filepath.Join(cut, walDir), wal))
			require.NoError(t, truncateTo(filepath.Join(cut, wblDir), wbl))

			after := read(t, openStore(t, cut, nil))
			got := map[any]any{}
			for series, samples := range after {
				for at, v := range samples {
					got[fmt.Sprintf("%s@%d", series, at)] = v
				}
			}
			for key, v := range want {
				require.Equal(t, v, got[key], "%v was acknowledged", key)
			}
		})
	}
}

func TestConcurrentWritesShareSyncs(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	now := time.Now().UnixMilli()
	var wg sync.WaitGroup
	const writers, each = 50, 20
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				require.NoError(t, put(s, now+int64(i), 1, "__name__", "m", "w", fmt.Sprint(w)))
			}
		})
	}
	wg.Wait()
	require.Less(t, testutilValue(t, s.metrics.syncs), float64(writers*each)/2)
}

func TestASecondStoreOnTheSameDirectoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	openStore(t, dir, nil)
	_, err := Open(DefaultConfig(), Settings{Dir: dir, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	require.ErrorContains(t, err, dir)
}

func TestCloseIsSafeWithoutRunAndTwice(t *testing.T) {
	s := newStore(t, t.TempDir(), nil)
	require.ErrorIs(t, s.Ready(), ErrNotReady)
	_, err := s.Querier(0, 1)
	require.ErrorIs(t, err, ErrNotReady)
	require.ErrorIs(t, put(s, 1, 1, "__name__", "m"), ErrNotReady)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.ErrorIs(t, put(s, 1, 1, "__name__", "m"), ErrClosed)
	require.ErrorIs(t, s.Run(context.Background()), ErrClosed)
}

func TestSnapshotOpensAsAStore(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	now := time.Now().UnixMilli()
	for i := range 100 {
		require.NoError(t, put(s, now+int64(i), float64(i), "__name__", "m"))
	}
	dir := t.TempDir()
	require.NoError(t, s.Snapshot(dir, true))
	require.Equal(t, read(t, s), read(t, openStore(t, dir, nil)))
}

func TestConfigNamesKeyValueAndBound(t *testing.T) {
	c := DefaultConfig()
	require.NoError(t, c.Validate())
	c.Retention = time.Minute
	c.Sync = "sometimes"
	c.WALSegmentSize = 1000
	err := c.Validate()
	require.ErrorContains(t, err, "retention: must be at least 2h0m0s, one block (got 1m0s)")
	require.ErrorContains(t, err, "sync: must be one of commit, interval, off (got sometimes)")
	require.ErrorContains(t, err, "wal_segment_size: must be between")
}

func testutilValue(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(c)
	mfs, err := reg.Gather()
	require.NoError(t, err)
	return mfs[0].GetMetric()[0].GetCounter().GetValue()
}
