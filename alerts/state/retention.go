package state

import (
	"context"
	"time"
)

const (
	pruneEvery = 10 * time.Minute
	pruneBatch = 200 // alerts of one transaction, so that others wait only briefly
)

// Run deletes what is no longer kept, every ten minutes, until ctx ends. It returns nil.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if err := s.Prune(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("old alerts could not be deleted", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Prune deletes the alerts that are no longer kept, with their timelines, and the entries of journals that have expired.
func (s *Store) Prune(ctx context.Context) error {
	now := s.now()
	if err := s.inBatches(ctx, "DELETE FROM journal WHERE (kind, key) IN (SELECT kind, key FROM journal WHERE expires <= ? LIMIT ?)", "", micros(now)); err != nil {
		return err
	}
	if err := s.inBatches(ctx, "DELETE FROM alerts WHERE seq IN (SELECT seq FROM alerts WHERE retain < ? AND due IS NULL ORDER BY retain LIMIT ?)", deletedByAge, micros(now.Add(-s.cfg.Retention))); err != nil {
		return err
	}
	var n int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM alerts").Scan(&n); err != nil {
		return err
	}
	for over := n - s.cfg.MaxAlerts; over > 0; over -= pruneBatch {
		gone, err := s.deleteSome(ctx, deletedByNumber, "DELETE FROM alerts WHERE seq IN (SELECT seq FROM alerts WHERE retain IS NOT NULL AND due IS NULL ORDER BY retain LIMIT ?)", min(over, pruneBatch))
		if err != nil || gone == 0 {
			return err
		}
	}
	return nil
}

func (s *Store) inBatches(ctx context.Context, statement, reason string, before int64) error {
	for {
		gone, err := s.deleteSome(ctx, reason, statement, before, pruneBatch)
		if err != nil || gone < pruneBatch {
			return err
		}
	}
}

func (s *Store) deleteSome(ctx context.Context, reason, statement string, args ...any) (gone int64, err error) {
	err = s.writer.do(ctx, func(t *tx) error {
		gone, err = t.change(statement, args...)
		return err
	})
	if err == nil && reason != "" && gone > 0 {
		s.metrics.deleted.WithLabelValues(reason).Add(float64(gone))
	}
	return gone, err
}
