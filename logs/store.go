package logs

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
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sys/unix"

	"github.com/endscope/endscope/logs/internal/journal"
)

// Names in the data directory. The files of a table lie in a directory with its name.
const (
	journalDir = "journal"
	tempDir    = "temp"    // what queries put on disk; empty while none runs
	damagedDir = "damaged" // files that could not be read, as they were found
)

// Settings are what the code around a store hands to it.
type Settings struct {
	Dir          string // the store's own directory; made when missing
	Logger       *slog.Logger
	Registerer   prometheus.Registerer
	Sync         SyncMode         // as the metric store's; "" is SyncCommit
	SyncInterval time.Duration    // between syncs with Sync interval; 0 is a second
	Now          func() time.Time // nil means time.Now
}

// Store is the log store of one directory. Open it, Run it, and Close it.
type Store struct {
	cfg     Config
	set     Settings
	dir     string
	log     *slog.Logger
	now     func() time.Time
	locker  *tsdbutil.DirLocker
	reserve diskReserve
	metrics *metrics
	schemas map[string]*Schema
	tables  map[string]*table
	order   []*table // as Schemas has them
	tails   tails
	keys    keys

	restAfter time.Duration // see the constants; tests are in more of a hurry
	packAbove int64

	queue   chan *entry         // batches that wait for the journal
	room    *semaphore.Weighted // bytes of batches between Append and their table
	kick    chan struct{}       // the applier is to apply now
	check   chan []*partition   // partitions in which a query met something unreadable; empty: only reopen
	closing chan struct{}       // closed when Close begins
	drained chan struct{}       // closed when no more batches are committed

	mu        sync.Mutex
	current   *session // nil while the store opens, reopens or is closed
	state     string   // what the store does while current is nil
	unapplied []*entry // acknowledged, not in their tables yet; by sequence number
	progress  chan struct{}
	failing   error // why the applier cannot go on, nil while it can
	damages   []Damage

	journal   *journal.Journal                // of the committer; Release is the applier's
	refused   atomic.Pointer[UnwritableError] // of the last commit, nil when it went well
	running   sync.Mutex                      // held by Run
	closeOnce sync.Once
	closeErr  error
	committer sync.WaitGroup
	workers   sync.WaitGroup
}

// Open makes the directory, takes its lock and returns at once; Run opens the files and finishes what the journal holds. A second process
// on the same directory gets an error that names it.
func Open(cfg Config, set Settings) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("logs: %w", err)
	}
	switch set.Sync {
	case "":
		set.Sync = SyncCommit
	case SyncCommit, SyncInterval, SyncOff:
	default:
		return nil, fmt.Errorf("logs: %q is no way to sync: commit, interval or off", set.Sync)
	}
	if set.SyncInterval <= 0 {
		set.SyncInterval = time.Second
	}
	if err := makeDirs(set.Dir); err != nil {
		return nil, fmt.Errorf("make directory of the logs: %w", err)
	}
	locker, err := tsdbutil.NewDirLocker(set.Dir, "endscope_logs", slog.New(slog.DiscardHandler), set.Registerer) // it warns of every lock file, also a free one
	if err != nil {
		return nil, fmt.Errorf("prepare lock of log directory %s: %w", set.Dir, err)
	}
	if err := locker.Lock(); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("log directory %s is in use by another server", set.Dir)
		}
		return nil, fmt.Errorf("lock log directory %s: %w", set.Dir, err)
	}
	s := &Store{
		cfg:      cfg,
		set:      set,
		dir:      set.Dir,
		log:      set.Logger,
		now:      set.Now,
		locker:   locker,
		reserve:  diskReserve{dir: set.Dir, free: cfg.MinFree},
		schemas:  map[string]*Schema{},
		tables:   map[string]*table{},
		queue:    make(chan *entry, queueSize),
		room:     semaphore.NewWeighted(int64(cfg.MaxQueue)),
		kick:     make(chan struct{}, 1),
		check:    make(chan []*partition, 1),
		closing:  make(chan struct{}),
		drained:  make(chan struct{}),
		progress: make(chan struct{}),
		state:    "waiting to be opened",

		restAfter: restAfter,
		packAbove: packAbove,
	}
	if s.now == nil {
		s.now = time.Now
	}
	for _, schema := range Schemas() {
		t := newTable(schema, cfg)
		s.schemas[schema.Name], s.tables[schema.Name] = schema, t
		s.order = append(s.order, t)
	}
	s.metrics = newMetrics(set.Registerer, s.order)
	s.metrics.observe(s)
	return s, nil
}

// Run opens the files, brings what the journal holds into them, and then keeps the store running until ctx ends. It returns an error only
// if the store cannot be opened. What is unreadable does not stop it: see Health.
func (s *Store) Run(ctx context.Context) error {
	s.running.Lock()
	defer s.running.Unlock()
	if err := s.Ready(); errors.Is(err, ErrClosed) {
		return err
	}
	sess, err := s.start(ctx)
	if sess == nil || err != nil {
		return err
	}
	s.publish(sess)
	s.committer.Go(s.runCommits)
	s.workers.Go(s.runApplies)
	maintained, stop := context.WithCancel(ctx)
	defer stop()
	s.workers.Go(func() {
		select {
		case <-s.closing:
			stop()
		case <-maintained.Done():
		}
	})
	s.log.Info("log store is ready")
	tick := time.NewTicker(maintainEvery)
	defer tick.Stop()
	s.maintain(maintained)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.closing:
			return nil
		case <-tick.C:
			s.maintain(maintained)
		}
	}
}

// Tables returns the declarations of the tables, in the order in which they are shown.
func (s *Store) Tables() []*Schema {
	out := make([]*Schema, len(s.order))
	for i, t := range s.order {
		out[i] = t.schema
	}
	return out
}

// Ready returns nil when the store answers queries, otherwise ErrClosed or a *NotReadyError.
func (s *Store) Ready() error {
	select {
	case <-s.closing:
		return ErrClosed
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		return nil
	}
	return &NotReadyError{Reason: s.state}
}

// Writable returns nil when an Append would be tried and the last one went well, otherwise the error that it would probably get.
func (s *Store) Writable() error {
	if err := s.intake(); err != nil {
		return err
	}
	if err := s.reserve.check(); err != nil {
		return err
	}
	if refused := s.refused.Load(); refused != nil {
		return refused
	}
	return nil
}

// intake returns why no rows are taken, nil when they are. While the files are reopened the journal still takes rows.
func (s *Store) intake() error {
	select {
	case <-s.closing:
		return ErrClosed
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return &NotReadyError{Reason: s.state}
	}
	return nil
}

func (s *Store) setState(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
}

// Close stops taking rows, finishes and acknowledges those it has, brings them into their tables and closes the files. It is safe without
// Run and a second time, and gives up with an error after the configured close timeout.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		done := make(chan error, 1)
		go func() { done <- s.close() }()
		select {
		case s.closeErr = <-done:
		case <-time.After(s.cfg.CloseTimeout):
			s.closeErr = fmt.Errorf("close log store: not done after %s; what was acknowledged is in the journal and comes into the tables at the next start", s.cfg.CloseTimeout)
		}
	})
	return s.closeErr
}

func (s *Store) close() error {
	s.running.Lock() // Run ends when closing begins
	defer s.running.Unlock()
	s.committer.Wait()
	close(s.drained)
	s.workers.Wait()
	s.tails.close()
	var errs []error
	if s.journal != nil {
		if err := s.journal.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close journal: %w", err))
		}
	}
	if sess := s.withdraw("closed"); sess != nil {
		s.checkpointAll(sess, s.cfg.CloseTimeout/2)
		sess.close()
	}
	errs = append(errs, os.RemoveAll(filepath.Join(s.dir, tempDir)), s.locker.Release())
	return errors.Join(errs...)
}
