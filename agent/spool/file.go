package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// corruptError says that the file's structure is broken, so that nothing in it can be trusted.
type corruptError struct{ cause error }

func (e *corruptError) Error() string { return "file is damaged: " + e.cause.Error() }
func (e *corruptError) Unwrap() error { return e.cause }

func isCorrupt(err error) bool {
	var c *corruptError
	return errors.As(err, &c) || errors.Is(err, bolterrors.ErrInvalid) || errors.Is(err, bolterrors.ErrChecksum) ||
		errors.Is(err, bolterrors.ErrVersionMismatch) || errors.Is(err, bolterrors.ErrInvalidMapping)
}

// guard runs fn and turns a panic into a corruptError. bbolt trusts its pages, which are mapped memory: a bad one makes it panic, and a
// short file makes the memory access itself fault.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &corruptError{fmt.Errorf("%v", p)}
		}
	}()
	return fn()
}

// openFile opens the database and counts what is in it, touching every entry's head. The caller holds mu, or is Open.
func (s *Spool) openFile() error {
	var db *bbolt.DB
	st, next := Stats{}, uint64(1)
	_, statErr := os.Stat(s.path)
	err := guard(func() error {
		var err error
		// The free list stays in the file: without it bbolt scans the file in a goroutine of its own, where a panic over a damaged page
		// could not be caught.
		db, err = bbolt.Open(s.path, 0o640, &bbolt.Options{Timeout: time.Second, NoSync: s.cfg.Sync == SyncOff, FreelistType: bbolt.FreelistMapType, NoStatistics: true})
		if err != nil {
			return err
		}
		if err := db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucketIfNotExists(bucketName); return err }); err != nil {
			return err
		}
		return db.View(func(tx *bbolt.Tx) error {
			if info, err := os.Stat(s.path); err == nil && info.Size() < tx.Size() {
				return &corruptError{fmt.Errorf("file has %d bytes and needs %d", info.Size(), tx.Size())}
			}
			c := tx.Bucket(bucketName).Cursor()
			for k, v := c.First(); k != nil; k, v = c.Next() {
				if len(k) != 8 {
					return &corruptError{fmt.Errorf("key of %d bytes", len(k))}
				}
				if st.Entries == 0 {
					st.Oldest, _ = entryHead(v)
				}
				_, samples := entryHead(v)
				st.Entries++
				st.Samples += samples
				st.Bytes += int64(len(v))
				next = binary.BigEndian.Uint64(k) + 1
			}
			return nil
		})
	})
	if err != nil {
		closeQuietly(db)
		if errors.Is(err, bolterrors.ErrTimeout) {
			return ErrLocked
		}
		return err
	}
	s.db, s.stats, s.nextSeq = db, st, max(next, s.nextSeq)
	if errors.Is(statErr, os.ErrNotExist) && s.cfg.Sync == SyncCommit {
		if err := syncDir(filepath.Dir(s.path)); err != nil {
			s.log.Warn("folder of the spool cannot be flushed; a power cut soon after may lose the new file", "err", err)
		}
	}
	return nil
}

// syncDir makes a new file's name survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// closeQuietly closes a database that may be broken. A panic inside bbolt may have left its locks held, so that Close never returns;
// then its file and memory are given up after a second.
func closeQuietly(db *bbolt.DB) {
	if db == nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = guard(db.Close)
	}()
	select {
	case <-done:
	case <-time.After(time.Second):
	}
}

// ready opens the file again where an earlier failure left it closed. The caller holds mu.
func (s *Spool) ready() error {
	switch {
	case s.closed:
		return ErrClosed
	case s.db != nil:
		return nil
	}
	err := s.openFile()
	if isCorrupt(err) {
		if err = s.moveAside(err); err == nil {
			err = s.openFile()
		}
	}
	return err
}

// moveAside renames the damaged file and says so.
func (s *Spool) moveAside(cause error) error {
	aside := fmt.Sprintf("%s.corrupt-%s", s.path, time.Now().UTC().Format("20060102T150405.000"))
	if err := os.Rename(s.path, aside); err != nil {
		return fmt.Errorf("move damaged spool aside: %w", err)
	}
	s.log.Error("spool file is damaged; it was moved aside and a new one begun, so what waited in it will not be sent", "moved_to", aside, "err", cause)
	if s.set.OnDrop != nil {
		s.set.OnDrop(ReasonCorrupt, 0)
	}
	return nil
}

// view runs fn in a read transaction; a damaged file is replaced, and its error returned. The caller holds mu.
func (s *Spool) view(fn func(*bbolt.Bucket) error) error {
	if err := s.ready(); err != nil {
		return err
	}
	return s.checked(guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error { return fn(tx.Bucket(bucketName)) })
	}))
}

// update runs fn in a write transaction and takes over what fn did to the statistics and drops only if it was committed. The caller holds mu.
func (s *Spool) update(fn func(b *bbolt.Bucket, st *Stats, seq *uint64) error) error {
	if err := s.ready(); err != nil {
		return err
	}
	run := func() error {
		clear(s.drops)
		st, seq := s.stats, s.nextSeq
		err := guard(func() error {
			return s.db.Update(func(tx *bbolt.Tx) error {
				b := tx.Bucket(bucketName)
				b.FillPercent = 0.9 // keys only grow
				return fn(b, &st, &seq)
			})
		})
		if err == nil {
			s.stats, s.nextSeq = st, seq
		}
		return err
	}
	err := run()
	if isCorrupt(err) {
		if err = s.checked(err); isCorrupt(err) && s.db != nil {
			err = run() // on the new file
		}
	}
	if err == nil && s.set.OnDrop != nil {
		for reason, samples := range s.drops {
			s.set.OnDrop(reason, samples)
		}
	}
	return err
}

// checked passes err on; if it tells of damage, it first puts a new file in the old one's place.
func (s *Spool) checked(err error) error {
	if !isCorrupt(err) {
		return err
	}
	closeQuietly(s.db)
	s.db = nil
	if moveErr := s.moveAside(err); moveErr != nil {
		return errors.Join(err, moveErr)
	}
	s.stats = Stats{}
	if openErr := s.openFile(); openErr != nil {
		return errors.Join(err, openErr)
	}
	return err
}

// shrink replaces the file by a new one if it is empty of entries and large. Failing to is no harm beyond the disk space, as long as the
// old file can be opened again. The caller holds mu, or is Open.
func (s *Spool) shrink() {
	info, err := os.Stat(s.path)
	if err != nil || info.Size() <= shrinkAbove {
		return
	}
	closeQuietly(s.db)
	s.db = nil
	if err := os.Remove(s.path); err != nil {
		s.log.Warn("emptied spool keeps its disk space", "err", err)
	}
	if err := s.openFile(); err != nil {
		s.log.Error("spool could not be opened again", "err", err)
	}
}
