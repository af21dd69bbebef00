package tsdb

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// fail records that the log could not be written or synced and returns what the writers are told. From now on every write is
// refused, since whatever followed the failed record in the log would be lost with it at the next start; reads go on. The store
// reopens itself once the directory can be written again.
func (s *Store) fail(doing string, err error) error {
	unwritable := &UnwritableError{Reason: doing + ": " + err.Error(), Err: err}
	if s.broken.CompareAndSwap(nil, &breakage{err: unwritable}) {
		s.metrics.failures.Inc()
		s.log.Error("metric store stops accepting writes", "while", doing, "err", err)
	}
	return unwritable
}

// recover reopens the store after a failure when the directory can be written again, and does nothing otherwise. The log is cut
// at the last byte that was acknowledged, so that a torn record or bytes that the disk refused do not stand in the way of
// later ones; replay then brings back exactly what was acknowledged, and what other writers had left in memory is theirs to retry.
// Queries wait for the replay as at a start.
func (s *Store) recover() {
	b := s.broken.Load()
	if b == nil || time.Now().Before(b.retry) {
		return
	}
	if s.reserve.check() != nil || probeWrite(s.dir) != nil {
		return
	}
	if err := s.reopen(); err != nil {
		s.log.Error("metric store could not be reopened, will try again", "err", err)
		next := *b
		next.retry = time.Now().Add(5 * time.Second)
		s.broken.Store(&next)
		return
	}
	s.broken.Store(nil)
	s.metrics.reopens.Inc()
	s.log.Info("metric store reopened, writes are accepted again")
}

func (s *Store) reopen() error {
	if sess := s.withdraw("reopening after a write error"); sess != nil {
		wal, wbl := sess.wal.synced, sess.wbl.synced
		if err := sess.close(); err != nil {
			// Closing flushes a page into the log that just failed; what matters is cut or repaired below.
			s.log.Warn("metric store did not close cleanly before it is reopened", "err", err)
		}
		if s.cfg.Sync == SyncCommit {
			if err := errors.Join(truncateTo(filepath.Join(s.dir, walDir), wal), truncateTo(filepath.Join(s.dir, wblDir), wbl)); err != nil {
				return err
			}
		}
	}
	sess, err := s.openSession("reopening after a write error: replaying the write-ahead log")
	if err != nil {
		return err
	}
	s.publish(sess)
	return nil
}

// probeWrite tries to write and sync a little in dir.
func probeWrite(dir string) error {
	name := filepath.Join(dir, ".probe")
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 64<<10))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(name))
}
