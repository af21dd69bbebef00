package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/logs/internal/duck"
)

const (
	packAbove = 4 << 20   // size in bytes above which a file is worth writing anew
	sortUpTo  = 2_000_000 // rows that are put in order; of more, which came nearly in order anyway, sorting would need too much memory
)

// pack writes the file of a partition anew, and in order of time if it is not huge, when more than an eighth of its rows came since that was last done. Rows that
// come in many small writes leave gaps in a file, and groups of rows that are not full. Queries go on. The caller holds p.writing, and disposes
// of p when it is retired then.
func (s *Store) pack(ctx context.Context, sess *session, p *partition) error {
	size := p.size()
	if size < s.packAbove || p.unsure {
		return nil
	}
	c, err := sess.db.Connect()
	if err != nil {
		return err
	}
	defer c.Close()
	rows, err := c.Int(ctx, fmt.Sprintf("SELECT count(*) FROM %s.rows", p.alias))
	if err != nil || rows-p.packed <= rows/8 {
		return err
	}
	if err := (diskReserve{dir: s.dir, free: s.cfg.MinFree + 2*config.Bytes(size)}).check(); err != nil {
		return err
	}
	next := s.newPartition(p.table, p.day, p.generation+1)
	unfinished := next.path + unfinishedSuffix
	if err := p.rewrite(ctx, c, unfinished, rows); err != nil {
		return errors.Join(fmt.Errorf("write the file anew: %w", err), removeAll(unfinished, unfinished+".wal"))
	}
	if err := os.Rename(unfinished, next.path); err != nil {
		return err
	}
	if err := syncDir(next.path); err != nil {
		return err
	}
	// From here on the new file is the day's, also for the next start.
	if err := sess.attach(next); err != nil {
		return errors.Join(err, next.remove())
	}
	s.mu.Lock()
	p.table.partitions[p.day] = next
	s.mu.Unlock()
	p.retired = true
	s.metrics.packed.WithLabelValues(p.table.schema.Name).Inc()
	s.log.Info("a file of logs was written anew", "table", p.table.schema.Name, "day", dayText(p.day), "rows", rows, "before", size, "after", next.size())
	return nil
}

// rewrite copies the partition's rows, in order of time, into a new file.
func (p *partition) rewrite(ctx context.Context, c *duck.Conn, path string, rows int64) (err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return err
	}
	const alias = "packing"
	if err := c.Exec(ctx, attachStatement(p.table.schema, path, alias, true)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Exec(context.WithoutCancel(ctx), "DETACH "+alias)) }()
	var names []string
	for _, column := range p.table.columns {
		names = append(names, quoteName(column.name))
	}
	columns, order := strings.Join(names, ", "), ""
	if rows <= sortUpTo {
		order = " ORDER BY " + quoteName(columnTime)
	}
	err = transaction(ctx, c,
		p.table.schema.createStatement(alias),
		fmt.Sprintf("INSERT INTO %s.rows (%s) SELECT %[2]s FROM %s.rows%s", alias, columns, p.alias, order),
		fmt.Sprintf("CREATE TABLE %s.applied (journal VARCHAR, through BIGINT, packed BIGINT)", alias),
		fmt.Sprintf("INSERT INTO %s.applied VALUES (%s, %d, %d)", alias, quoteText(p.journal), p.applied, rows))
	if err != nil {
		return err
	}
	return c.Exec(ctx, "CHECKPOINT "+alias)
}

func removeAll(paths ...string) error {
	var errs []error
	for _, path := range paths {
		if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
