package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/endscope/endscope/logs/internal/duck"
)

// Damage is something on disk that could not be read, and what was done about it.
type Damage struct {
	Table  string // empty for the journal
	Day    string // of the rows that are missing now; empty for the journal
	Kept   string // where what was found lies now
	Reason string
	At     time.Time
}

// openSession starts DuckDB and attaches the files of all tables. Files that cannot be read are moved aside.
func (s *Store) openSession(state string) (*session, error) {
	s.setState(state)
	sess, err := s.startSession()
	if err != nil {
		return nil, err
	}
	for _, t := range s.order {
		partitions, err := s.openTable(sess, t, state)
		if err != nil {
			sess.close()
			return nil, err
		}
		s.mu.Lock()
		t.partitions = partitions
		s.mu.Unlock()
	}
	return sess, nil
}

// openTable attaches the files of one table.
func (s *Store) openTable(sess *session, t *table, state string) (map[int64]*partition, error) {
	days, err := s.partitionFiles(t)
	if err != nil {
		return nil, err
	}
	partitions := map[int64]*partition{}
	for i, files := range days {
		s.setState(fmt.Sprintf("%s: %s, day %d of %d", state, t.schema.Name, i+1, len(days)))
		for _, p := range files {
			if partitions[p.day] != nil { // a newer file took its place, and the process died before it could delete this one
				if err := p.remove(); err != nil {
					return nil, err
				}
				continue
			}
			switch err := sess.attach(p); {
			case err == nil:
				partitions[p.day] = p
			case isDamage(err):
				if err := s.moveAside(p, err); err != nil {
					return nil, err
				}
			default:
				return nil, fmt.Errorf("open %s: %w", p.path, err)
			}
		}
	}
	return partitions, nil
}

// isDamage says whether the error of attaching a file means that its contents are not what DuckDB wrote, rather than that something is
// missing to open it.
func isDamage(err error) bool {
	if errors.Is(err, errNewer) {
		return false
	}
	switch duck.KindOf(err) {
	case duck.IO, duck.Fatal:
	default:
		return false
	}
	for _, other := range []string{
		"version number",     // of a newer DuckDB
		"Could not set lock", // another process has it
		"Too many open files", "Permission denied", "No space left", "Read-only file system", "Cannot allocate memory",
	} {
		if strings.Contains(err.Error(), other) {
			return false
		}
	}
	return true
}

// moveAside puts a file that cannot be read where it is out of the way and not lost, and notes the damage.
func (s *Store) moveAside(p *partition, why error) error {
	kept := filepath.Join(s.dir, damagedDir, fmt.Sprintf("%s-%s-%s%s", p.table.schema.Name, dayText(p.day), s.now().UTC().Format("20060102T150405.000"), fileSuffix))
	if err := os.MkdirAll(filepath.Dir(kept), 0o777); err != nil {
		return err
	}
	if err := os.Rename(p.path, kept); err != nil {
		return err
	}
	if err := os.Rename(p.path+".wal", kept+".wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := errors.Join(syncDir(p.path), syncDir(kept)); err != nil {
		return err
	}
	s.noteDamage(Damage{Table: p.table.schema.Name, Day: dayText(p.day), Kept: kept, Reason: why.Error()})
	return nil
}

func (s *Store) noteDamage(d Damage) {
	d.At = s.now()
	s.log.Error("something on disk is damaged and was moved aside", "table", d.Table, "day", d.Day, "kept", d.Kept, "reason", d.Reason)
	s.metrics.damaged.Inc()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damages = append(s.damages, d)
}

// reopen closes the session, moves those suspects aside that cannot be read to their end, and opens a new one. Queries wait or are told that
// the store is not ready; rows still go into the journal. Only the applier calls it.
func (s *Store) reopen(why string, suspects []*partition) error {
	if sess := s.withdraw(why); sess != nil {
		sess.close()
	}
	s.metrics.reopens.Inc()
	for _, p := range suspects {
		if p == nil {
			continue
		}
		s.setState(fmt.Sprintf("%s: reading %s of %s", why, dayText(p.day), p.table.schema.Name))
		if err := s.verify(p); err != nil && isDamage(err) {
			if err := s.moveAside(p, err); err != nil {
				return fmt.Errorf("move a damaged file aside: %w", err)
			}
		}
	}
	sess, err := s.openSession(why)
	if err != nil {
		return err
	}
	s.publish(sess)
	return nil
}

// verify reads all that a partition's file holds, in a DuckDB of its own, and returns an error when that cannot be done.
func (s *Store) verify(p *partition) error {
	if _, err := os.Stat(p.path); errors.Is(err, os.ErrNotExist) {
		return nil // retention was faster
	}
	sess, err := s.startSession()
	if err != nil {
		return err
	}
	defer sess.close()
	probe := s.newPartition(p.table, p.day, p.generation)
	if err := sess.attach(probe); err != nil {
		return err
	}
	ctx := context.Background()
	rows, err := sess.writer.Query(ctx, fmt.Sprintf("SELECT CAST(bit_xor(hash(t)) AS VARCHAR) FROM %s.rows t", probe.alias))
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		if _, err := rows.Next(ctx); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
