package logs

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/endscope/endscope/internal/logrows"
)

const (
	maintainEvery = 10 * time.Second
	restAfter     = 5 * time.Minute // without new rows, a file is at rest
)

// What made retention delete a day.
const (
	limitTime = "time"
	limitSize = "size"
)

// maintain deletes the days that retention does not keep, and writes DuckDB's own log into files that are at rest.
func (s *Store) maintain(ctx context.Context) {
	for _, t := range s.order {
		for _, e := range s.expired(t) {
			if ctx.Err() != nil {
				return
			}
			if err := s.delete(ctx, e.partition); err != nil {
				if ctx.Err() == nil {
					s.log.Error("a day of logs could not be deleted, will try again", "table", t.schema.Name, "day", dayText(e.partition.day), "err", err)
				}
				continue
			}
			s.metrics.deleted.WithLabelValues(t.schema.Name, e.limit).Inc()
			s.log.Info("a day of logs was deleted", "table", t.schema.Name, "day", dayText(e.partition.day), "limit", e.limit)
		}
		for _, p := range s.partitionsOf(t) {
			if ctx.Err() != nil {
				return
			}
			if err := s.rest(ctx, p); err != nil && ctx.Err() == nil {
				s.log.Warn("a file of logs could not be written anew, and stays as it is", "table", t.schema.Name, "day", dayText(p.day), "err", err)
			}
		}
	}
}

// partitionsOf returns the partitions of a table, oldest first.
func (s *Store) partitionsOf(t *table) []*partition {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*partition
	for _, p := range t.partitions {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *partition) int { return int(a.day - b.day) })
	return all
}

func sizeOf(partitions []*partition) int64 {
	var n int64
	for _, p := range partitions {
		n += p.size()
	}
	return n
}

type expiry struct {
	partition *partition
	limit     string
}

// expired returns what retention does not keep, oldest first: days that lie wholly behind the time, and the oldest days of a table that is
// too large, except its newest.
func (s *Store) expired(t *table) []expiry {
	all := s.partitionsOf(t)
	oldest := ticksOf(s.now().Add(-t.retention.Retention))
	var out []expiry
	for len(all) > 0 && (all[0].day+1)*logrows.TicksPerDay <= oldest {
		out = append(out, expiry{all[0], limitTime})
		all = all[1:]
	}
	if limit := int64(t.retention.RetentionSize); limit > 0 {
		for size := sizeOf(all); len(all) > 1 && size > limit; all = all[1:] {
			out = append(out, expiry{all[0], limitSize})
			size -= all[0].size()
		}
	}
	return out
}

// delete takes a partition away from new queries, waits for those that read it, and deletes its files.
func (s *Store) delete(ctx context.Context, p *partition) error {
	sess, err := s.acquire()
	if err != nil {
		return err
	}
	defer sess.release()
	p.writing.Lock() // the applier is not in it, and will not be: the horizon passes its day
	s.mu.Lock()
	served := p.table.partitions[p.day] == p
	if served {
		delete(p.table.partitions, p.day)
		p.table.horizon = max(p.table.horizon, p.day)
		p.retired = true
	}
	s.mu.Unlock()
	p.writing.Unlock()
	if !served {
		return nil // the files were opened again meanwhile; the next round finds it
	}
	return s.dispose(ctx, sess, p)
}

// dispose deletes the files of a retired partition once no query reads it. When it fails, the next start sees to them.
func (s *Store) dispose(ctx context.Context, sess *session, p *partition) error {
	if err := s.unused(ctx, p); err != nil {
		return err
	}
	sess.adminMu.Lock()
	defer sess.adminMu.Unlock()
	if err := sess.admin.Exec(ctx, "DETACH "+p.alias); err != nil {
		return fmt.Errorf("detach: %w", err)
	}
	return p.remove()
}

// unused waits until no query reads the partition.
func (s *Store) unused(ctx context.Context, p *partition) error {
	for {
		s.mu.Lock()
		users := p.users
		s.mu.Unlock()
		if users == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closing:
			return ErrClosed
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// rest brings a file that had no rows for a while into its final form: nothing left in DuckDB's log, and without the gaps of many writes.
func (s *Store) rest(ctx context.Context, p *partition) error {
	sess, err := s.acquire()
	if err != nil {
		return err
	}
	defer sess.release()
	if !p.writing.TryLock() {
		return nil
	}
	undisturbed, end := context.WithCancel(ctx)
	defer end()
	p.resting.Store(&end)
	if !p.rested && !p.retired && s.serves(p) && time.Since(p.touched) >= s.restAfter {
		if info, statErr := os.Stat(p.path + ".wal"); statErr == nil && info.Size() > 0 {
			err = s.checkpoint(undisturbed, p)
		}
		if err == nil {
			err = s.pack(undisturbed, sess, p)
		}
		// What failed is tried again when there are new rows, and at the next start: it may well fail each time.
		p.rested = undisturbed.Err() == nil
	}
	if undisturbed.Err() != nil && ctx.Err() == nil && !p.retired {
		err = nil // new rows came
	}
	retired := p.retired
	p.resting.Store(nil)
	p.writing.Unlock()
	if err == nil && retired {
		err = s.dispose(ctx, sess, p)
	}
	return err
}

// checkpoint brings what DuckDB's log of the partition holds into its file. The caller holds p.writing.
func (s *Store) checkpoint(ctx context.Context, p *partition) error {
	sess, err := s.acquire()
	if err != nil || !s.serves(p) {
		return err
	}
	defer sess.release()
	sess.adminMu.Lock()
	defer sess.adminMu.Unlock()
	return sess.admin.Exec(ctx, "CHECKPOINT "+p.alias)
}

// checkpointAll brings what DuckDB's logs hold into the files, so that the next start need not read it, as far as the time allows. Nobody else
// uses the session.
func (s *Store) checkpointAll(sess *session, within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for _, t := range s.order {
		for _, p := range s.partitionsOf(t) {
			if info, err := os.Stat(p.path + ".wal"); err != nil || info.Size() == 0 {
				continue
			}
			if err := sess.admin.Exec(ctx, "CHECKPOINT "+p.alias); err != nil {
				s.log.Info("DuckDB's log of a file stays for the next start", "file", p.path, "err", err)
			}
		}
	}
}

// serves says whether the partition is the one that the current session has attached for its day.
func (s *Store) serves(p *partition) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.table.partitions[p.day] == p
}
