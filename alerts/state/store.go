package state

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/internal/sqlite"
)

// Settings is what code passes to Open.
type Settings struct {
	Path       string // of the database file, alerts.db in the data folder
	Logger     *slog.Logger
	Registerer prometheus.Registerer // nil shows no metrics
	Now        func() time.Time      // nil is the machine's clock
}

// Store is the open database. Close it in the end.
type Store struct {
	cfg     Config
	log     *slog.Logger
	now     func() time.Time
	db      *sql.DB
	writer  *writer
	metrics *metrics
	close   func() error
	ctx     context.Context //nolint:containedctx // of the store's life, for what has no caller with a context
}

// Open opens or creates the file. Errors: those of Config.Validate and of sqlite.Open.
func Open(ctx context.Context, cfg Config, set Settings) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Now == nil {
		set.Now = time.Now
	}
	db, err := sqlite.Open(ctx, set.Path, migrations[:])
	if err != nil {
		return nil, err
	}
	s := &Store{cfg: cfg, log: set.Logger, now: set.Now, db: db, ctx: context.WithoutCancel(ctx)}
	if s.writer, err = newWriter(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.close = sync.OnceValue(func() error { return errors.Join(s.writer.close(), db.Close()) })
	s.metrics = newMetrics()
	if set.Registerer != nil {
		if err := s.metrics.register(set.Registerer); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// Close waits for the commit under way and closes the file. Writes that have not begun fail with ErrClosed. It may be called again.
func (s *Store) Close() error { return s.close() }

// probeSize is more than most alerts need, in bytes.
const probeSize = 256 << 10

// Ping makes a small commit and so tells whether alerts can be stored. Where a write has failed for the disk, it is one for which there must
// be room, until that succeeds: what is small still fits on a disk that is full.
func (s *Store) Ping(ctx context.Context) error {
	err := s.writer.do(ctx, func(t *tx) error {
		return t.exec("INSERT INTO heartbeat VALUES (1, ?) ON CONFLICT DO UPDATE SET at = excluded.at", micros(s.now()))
	})
	if err != nil || !s.writer.failed.Swap(false) {
		return err
	}
	const kind = "probe"
	probe := alerts.JournalEntry{Data: make([]byte, probeSize), Expires: s.now()} // it goes also if the server is killed before it is deleted
	if err = s.SaveJournal(ctx, kind, []alerts.JournalEntry{probe}); err != nil {
		s.writer.failed.Store(true)
		return err
	}
	return s.SaveJournal(ctx, kind, []alerts.JournalEntry{{Key: probe.Key}})
}

// micros is a time as the tables hold it.
func micros(t time.Time) int64 { return t.UnixMicro() }

// orNull is micros, and NULL for the zero time.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return micros(t)
}

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

func fromNull(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return fromMicros(n.Int64)
}
