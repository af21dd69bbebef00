package tsdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/prometheus/prometheus/util/compression"
	"golang.org/x/sys/unix"
)

const (
	minBlockDuration = 2 * time.Hour
	walDir           = "wal"
	wblDir           = "wbl"
)

// Settings are what the code around a store hands to it.
type Settings struct {
	Dir        string // the data directory; made when missing
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Series is told of series that come and go, also by replay, and may refuse new ones. If it has a method Reset, that is called
	// before each replay. Optional.
	Series promtsdb.SeriesLifecycleCallback
	// Watch is told of late samples and of deletions. Optional.
	Watch Watch
}

// Store is the metric store of one data directory. Open it, Run it, and Close it.
type Store struct {
	cfg     Config
	dir     string
	log     *slog.Logger
	series  promtsdb.SeriesLifecycleCallback
	watch   Watch
	locker  *tsdbutil.DirLocker
	reserve diskReserve
	metrics *metrics

	queue   chan *write   // writes that wait for a commit
	commits chan group    // committed groups that wait for the disk; closed when commits end
	closing chan struct{} // closed when Close begins
	drained chan struct{} // closed when every accepted write is answered

	mu      sync.Mutex
	current *session                 // nil while the store opens, reopens or is closed
	stats   *promtsdb.DBStats        // replay progress of the opening in progress
	state   string                   // what the store does while current is nil
	broken  atomic.Pointer[breakage] // why no write is accepted, nil while writes are

	running   sync.Mutex // held by Run
	closeOnce sync.Once
	closeErr  error
	pipeline  sync.WaitGroup
}

// breakage is a failed write to the log, after which the log's tail must not be trusted until the store was reopened.
type breakage struct {
	err   *UnwritableError
	retry time.Time // not before, after a reopening that failed
}

// Open makes the data directory, takes its lock and returns at once; Run replays the log. A second process on the same directory
// gets an error that names it.
func Open(cfg Config, set Settings) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(set.Dir, walDir), 0o777); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	locker, err := tsdbutil.NewDirLocker(set.Dir, "endscope_tsdb", slog.New(slog.DiscardHandler), set.Registerer) // it warns of every lock file, also a free one
	if err != nil {
		return nil, fmt.Errorf("prepare lock of data directory %s: %w", set.Dir, err)
	}
	if err := locker.Lock(); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s is in use by another server", set.Dir)
		}
		return nil, fmt.Errorf("lock data directory %s: %w", set.Dir, err)
	}
	s := &Store{
		cfg:     cfg,
		dir:     set.Dir,
		log:     set.Logger,
		series:  set.Series,
		watch:   set.Watch,
		locker:  locker,
		reserve: diskReserve{dir: set.Dir, free: cfg.MinFree},
		metrics: newMetrics(set.Registerer),
		queue:   make(chan *write, queueSize),
		commits: make(chan group, syncBehind),
		closing: make(chan struct{}),
		drained: make(chan struct{}),
		state:   "waiting to be opened",
	}
	s.metrics.observe(s)
	return s, nil
}

// Run opens the TSDB, replays its log, and then keeps the store running until ctx ends: it commits and syncs writes and reopens the
// store after a write error as soon as the directory can be written again. It returns an error only if the first opening fails.
func (s *Store) Run(ctx context.Context) error {
	s.running.Lock()
	defer s.running.Unlock()
	if err := s.Ready(); errors.Is(err, ErrClosed) {
		return err
	}
	sess, err := s.openSession("replaying the write-ahead log")
	if err != nil {
		return fmt.Errorf("open metric store in %s: %w", s.dir, err)
	}
	s.pipeline.Go(s.runCommits)
	s.pipeline.Go(s.runSyncs)
	s.publish(sess)
	s.log.Info("metric store is ready")
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.closing:
			return nil
		case <-tick.C:
			s.recover()
		}
	}
}

// Ready returns nil when the store answers queries, otherwise ErrClosed or a *NotReadyError with the replay's progress.
func (s *Store) Ready() error {
	select {
	case <-s.closing:
		return ErrClosed
	default:
	}
	s.mu.Lock()
	ready := s.current != nil
	s.mu.Unlock()
	if ready {
		return nil
	}
	return s.notReady()
}

// Writable returns nil when a write would be tried, otherwise the error that it would get at once.
func (s *Store) Writable() error {
	if err := s.writable(); err != nil {
		return err
	}
	return s.reserve.check()
}

func (s *Store) writable() error {
	if err := s.Ready(); err != nil {
		return err
	}
	if b := s.broken.Load(); b != nil {
		return b.err
	}
	return nil
}

func (s *Store) notReady() *NotReadyError {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := &NotReadyError{Reason: s.state}
	if s.stats != nil && s.stats.Head != nil {
		r := s.stats.Head.WALReplayStatus.GetWALReplayStatus()
		e.First, e.Current, e.Last = r.Min, r.Current, r.Max
	}
	return e
}

// Close stops accepting writes, finishes and acknowledges those it has, and closes the TSDB. It is safe without Run and a second
// time, and gives up with an error after the configured close timeout.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		done := make(chan error, 1)
		go func() { done <- s.close() }()
		select {
		case s.closeErr = <-done:
		case <-time.After(s.cfg.CloseTimeout):
			s.closeErr = fmt.Errorf("close metric store: not done after %s; what was acknowledged is on disk and is replayed at the next start", s.cfg.CloseTimeout)
		}
	})
	return s.closeErr
}

func (s *Store) close() error {
	s.running.Lock() // Run ends when closing begins
	defer s.running.Unlock()
	s.pipeline.Wait()
	close(s.drained)
	var errs []error
	if sess := s.withdraw("closed"); sess != nil {
		if err := s.syncSession(sess); err != nil {
			errs = append(errs, fmt.Errorf("last sync: %w", err))
		}
		errs = append(errs, sess.close())
	}
	errs = append(errs, s.locker.Release())
	return errors.Join(errs...)
}

func (s *Store) options() *promtsdb.Options {
	o := promtsdb.DefaultOptions()
	o.NoLockfile = true // Open holds it, for longer
	o.WALSegmentSize = int(s.cfg.WALSegmentSize)
	o.WALCompression = compression.None
	if s.cfg.WALCompression != "none" {
		o.WALCompression = s.cfg.WALCompression
	}
	o.RetentionDuration = s.cfg.Retention.Milliseconds()
	o.MaxBytes = int64(s.cfg.RetentionSize)
	o.MinBlockDuration = minBlockDuration.Milliseconds()
	o.MaxBlockDuration = max(minBlockDuration, min(31*24*time.Hour, s.cfg.Retention/10)).Milliseconds()
	o.OutOfOrderTimeWindow = min(s.cfg.OutOfOrderWindow, s.cfg.Retention).Milliseconds()
	o.EnableExemplarStorage = s.cfg.MaxExemplars > 0
	o.MaxExemplars = int64(s.cfg.MaxExemplars)
	// A counter that says when it began gets a zero there, so that its first count is not lost to increase().
	o.EnableSTAsZeroSample = true
	o.SeriesLifecycleCallback = s.series
	return o
}
