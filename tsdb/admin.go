package tsdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/index"
)

// CleanTombstones rewrites blocks without what was deleted.
func (s *Store) CleanTombstones() error {
	return s.with(func(db *promtsdb.DB) error { return db.CleanTombstones() })
}

// Delete marks the samples of matching series in [mint, maxt], milliseconds since the epoch, as deleted. With a Watch it needs
// to write, and returns the errors of Write.
func (s *Store) Delete(ctx context.Context, mint, maxt int64, ms ...*labels.Matcher) error {
	if s.watch != nil {
		var refused error
		err := s.Write(ctx, func(app storage.AppenderV2) {
			refused = s.watch.Deleting(app, mint, maxt, app.(*appender).db.Head().MaxTime(), ms)
		})
		if err = errors.Join(err, refused); err != nil {
			return fmt.Errorf("note the deletion: %w", err)
		}
	}
	return s.with(func(db *promtsdb.DB) error { return db.Delete(ctx, mint, maxt, ms...) })
}

// Snapshot writes all blocks, and with withHead also what is still in memory, as blocks into dir. Blocks are hard links where
// possible. Writes and reads go on meanwhile.
func (s *Store) Snapshot(dir string, withHead bool) error {
	return s.with(func(db *promtsdb.DB) error { return db.Snapshot(dir, withHead) })
}

// Stats returns cardinality figures of the head by label.
func (s *Store) Stats(statsByLabelName string, limit int) (*promtsdb.Stats, error) {
	var stats *promtsdb.Stats
	err := s.with(func(db *promtsdb.DB) error {
		stats = db.Head().Stats(statsByLabelName, limit)
		return nil
	})
	if err == nil && stats.IndexPostingStats == nil {
		stats.IndexPostingStats = &index.PostingsStats{}
	}
	return stats, err
}

// WALReplayStatus returns the progress of the replay that is running, zero when there is none.
func (s *Store) WALReplayStatus() (promtsdb.WALReplayStatus, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stats == nil || s.stats.Head == nil {
		return promtsdb.WALReplayStatus{}, nil
	}
	return s.stats.Head.WALReplayStatus.GetWALReplayStatus(), nil //nolint:govet // upstream's interface returns the struct with its lock by value
}

// BlockMetas returns what the blocks on disk hold.
func (s *Store) BlockMetas() ([]promtsdb.BlockMeta, error) {
	var metas []promtsdb.BlockMeta
	err := s.with(func(db *promtsdb.DB) error {
		metas = db.BlockMetas()
		return nil
	})
	return metas, err
}

// Newest returns the time of the newest sample in memory, milliseconds since the epoch; math.MinInt64 if there is none.
func (s *Store) Newest() (int64, error) {
	var newest int64
	err := s.with(func(db *promtsdb.DB) error {
		newest = db.Head().MaxTime()
		return nil
	})
	return newest, err
}

// StartTime returns the oldest instant that the store may hold, milliseconds since the epoch.
func (s *Store) StartTime() (int64, error) {
	var start int64
	err := s.with(func(db *promtsdb.DB) (err error) {
		start, err = db.StartTime()
		return err
	})
	return start, err
}

func (s *Store) with(f func(*promtsdb.DB) error) error {
	sess, err := s.session()
	if err != nil {
		return err
	}
	defer sess.release()
	return f(sess.db)
}
