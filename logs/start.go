package logs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/endscope/endscope/logs/internal/journal"
)

// startAgain is the time between attempts to start on a disk that is full.
const startAgain = time.Second

// start opens the files and brings the journal into them. While the disk is full it tries again, since the rest of the server can run
// meanwhile; it returns nil without an error when ctx or the store ends first.
func (s *Store) start(ctx context.Context) (*session, error) {
	for first := true; ; first = false {
		sess, err := s.openSession("opening the files")
		if err == nil {
			s.setState("bringing the journal into the tables")
			if err = s.replay(sess); err == nil {
				return sess, nil
			}
			sess.close()
		}
		full := s.reserve.check()
		if full == nil && !strings.Contains(err.Error(), "No space left") {
			return nil, fmt.Errorf("open log store in %s: %w", s.dir, err)
		}
		s.setState("waiting for space on disk: " + err.Error())
		if first {
			s.log.Error("log store cannot start on a full disk, will try again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-s.closing:
			return nil, nil
		case <-time.After(startAgain):
		}
	}
}

// replayBytes is how much of the journal is held in memory at a time while it is brought into the tables.
const replayBytes = 64 << 20

// replay brings what the last process left in its journal into the tables, deletes it, and begins a new journal. That has another id, so
// numbers of the old one mean nothing any more.
func (s *Store) replay(sess *session) error {
	dir := filepath.Join(s.dir, journalDir)
	var waiting []*entry
	var id string
	var bytes int64
	rows := 0
	flush := func() error {
		_, err := s.apply(sess, id, waiting)
		waiting, bytes = waiting[:0], 0
		return err
	}
	now := s.now()
	damages, err := journal.Read(dir, func(journalID string, seq uint64, payload []byte) error {
		if journalID != id {
			if err := flush(); err != nil {
				return err
			}
			id = journalID
		}
		if isKeys(payload) {
			return s.keys.read(payload)
		}
		b, err := decodeRecord(s.schemas, payload)
		if err != nil {
			return fmt.Errorf("record %d of the journal: %w", seq, err)
		}
		e := newEntry(s.tables[b.Table.Name], b)
		e.seq = seq
		s.keys.add(e.key())
		oldest := dayOf(s.cutoff(e.table, now))
		kept := e.days[:0]
		for _, d := range e.days {
			if d.day >= oldest {
				kept = append(kept, d)
			}
		}
		e.days = kept
		waiting = append(waiting, e)
		rows += b.Rows
		if bytes += e.bytes; bytes > replayBytes {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return err
	}
	if rows > 0 {
		s.log.Info("rows of the journal are in the tables", "rows", rows)
	}
	for _, d := range damages {
		if d.Torn {
			s.log.Info("the journal ends in a record that was never finished", "file", d.Path, "bytes", d.Bytes)
			continue
		}
		kept := filepath.Join(s.dir, damagedDir, fmt.Sprintf("journal-%s-%s", s.now().UTC().Format("20060102T150405.000"), filepath.Base(d.Path)))
		if err := copyFile(d.Path, kept); err != nil {
			return fmt.Errorf("keep a damaged piece of the journal: %w", err)
		}
		s.noteDamage(Damage{Kept: kept, Reason: fmt.Sprintf("%d bytes of the journal from byte %d on: %s", d.Bytes, d.Offset, d.Reason)})
	}
	if err := journal.Remove(dir); err != nil {
		return fmt.Errorf("delete the journal that is in the tables: %w", err)
	}
	j, err := journal.Create(dir, int64(s.cfg.MaxQueue)/4, s.set.Sync != SyncCommit)
	if err != nil {
		return err
	}
	if err := s.keys.write(j); err != nil {
		return errors.Join(fmt.Errorf("begin the journal: %w", err), j.Close())
	}
	s.mu.Lock()
	s.journal = j
	s.mu.Unlock()
	return nil
}
