package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Snapshot copies the store into dir, which must not exist or be empty; a server that is started on the copy has every row that was acknowledged
// before the call, and each row that came meanwhile once or not at all. Writes and queries go on; rows of the day that is being copied wait
// in the journal.
func (s *Store) Snapshot(ctx context.Context, dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("snapshot directory %s is not empty", dir)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, t := range s.order {
		warning, err := s.settle(ctx, t, 0, 1<<62)
		if err == nil {
			err = warning
		}
		if err != nil {
			return fmt.Errorf("snapshot: %w", err)
		}
	}
	sess, err := s.acquire() // as long as it is held, nobody else opens the files
	if err != nil {
		return err
	}
	defer sess.release()
	for _, t := range s.order {
		parts := s.use(t, 0, 1<<62)
		err = s.copyPartitions(ctx, parts, filepath.Join(dir, t.schema.Name))
		s.disuse(parts)
		if err != nil {
			return fmt.Errorf("snapshot of %s: %w", t.schema.Name, err)
		}
	}
	return nil
}

func (s *Store) copyPartitions(ctx context.Context, parts []*partition, dir string) error {
	for _, p := range parts {
		if err := s.copyPartition(ctx, p, dir); err != nil {
			return err
		}
	}
	return nil
}

// copyPartition copies one file while nothing writes it.
func (s *Store) copyPartition(ctx context.Context, p *partition, dir string) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	// Nothing of DuckDB's log would be left to copy. When it cannot be brought into the file now, a copy of both is as good.
	if err := s.checkpoint(ctx, p); err != nil {
		s.log.Debug("a file is copied with its log", "file", p.path, "err", err)
	}
	to := filepath.Join(dir, filepath.Base(p.path))
	if err := copyFile(p.path, to); err != nil {
		return err
	}
	if info, err := os.Stat(p.path + ".wal"); err == nil && info.Size() > 0 {
		return copyFile(p.path+".wal", to+".wal")
	}
	return nil
}
