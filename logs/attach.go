package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/endscope/endscope/logs/internal/duck"
)

// attach attaches the partition's file, makes it when there is none, and learns what is in it. Files of an older server get the columns
// that they lack.
func (sess *session) attach(p *partition) error {
	ctx := context.Background()
	sess.adminMu.Lock()
	defer sess.adminMu.Unlock()
	sess.aliases++
	p.alias = fmt.Sprintf("p%d", sess.aliases)
	path, err := filepath.Abs(p.path)
	if err != nil {
		return err
	}
	fresh := false
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		fresh = true
		// What is left of a file that was deleted or moved away is not of this one.
		if err := os.Remove(path + ".wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := sess.admin.Exec(ctx, attachStatement(p.table.schema, path, p.alias, fresh)); err != nil {
		return err
	}
	if err := sess.prepare(ctx, p); err != nil {
		return errors.Join(err, sess.admin.Exec(ctx, "DETACH "+p.alias))
	}
	return nil
}

// attachStatement returns the statement that attaches a file under a name.
func attachStatement(schema *Schema, path, alias string, fresh bool) string {
	options := fmt.Sprintf("STORAGE_VERSION '%s'", storageVersion)
	if fresh {
		options += fmt.Sprintf(", BLOCK_SIZE %d", schema.block)
	}
	return fmt.Sprintf("ATTACH %s AS %s (%s)", quoteText(path), alias, options)
}

// storageVersion is the oldest version of DuckDB that can read the files. Newer ones compress texts much better than the default does.
const storageVersion = "v1.4.0"

// prepare makes the tables of an attached file where they are missing, and reads how far the journal is in it.
func (sess *session) prepare(ctx context.Context, p *partition) error {
	n, err := sess.admin.Int(ctx, "SELECT count(*) FROM duckdb_tables() WHERE database_name = $1 AND table_name IN ('rows', 'applied')", p.alias)
	if err != nil {
		return err
	}
	if n < 2 {
		// Made in one transaction, so a file has both or none.
		err := transaction(ctx, sess.admin,
			p.table.schema.createStatement(p.alias),
			fmt.Sprintf("CREATE TABLE %s.applied (journal VARCHAR, through BIGINT, packed BIGINT)", p.alias),
			fmt.Sprintf("INSERT INTO %s.applied VALUES ('', 0, 0)", p.alias))
		if err != nil {
			return err
		}
	}
	if err := sess.match(ctx, p); err != nil {
		return err
	}
	return p.readApplied(ctx, sess.admin)
}

// readApplied learns how far the journal is in the file.
func (p *partition) readApplied(ctx context.Context, c *duck.Conn) error {
	rows, err := c.Query(ctx, fmt.Sprintf("SELECT journal, through, packed FROM %s.applied", p.alias))
	if err != nil {
		return err
	}
	defer rows.Close()
	batch, err := rows.Next(ctx)
	if err != nil {
		return err
	}
	p.journal, p.applied, p.packed = batch[0][0].(string), uint64(batch[0][1].(int64)), batch[0][2].(int64)
	p.unsure = false
	return nil
}

// transaction runs statements of which either all take effect or none.
func transaction(ctx context.Context, c *duck.Conn, statements ...string) error {
	for _, text := range slices.Concat([]string{"BEGIN"}, statements, []string{"COMMIT"}) {
		if err := c.Exec(ctx, text); err != nil {
			_ = c.Exec(context.WithoutCancel(ctx), "ROLLBACK") // fails where DuckDB has rolled back itself
			return err
		}
	}
	return nil
}

// errNewer says that a newer server made a file.
var errNewer = errors.New("a newer server wrote it")

// match adds the columns that the table has got since the file was made, and learns the order of the file's columns.
func (sess *session) match(ctx context.Context, p *partition) error {
	names, err := sess.columnsOf(ctx, p)
	if err != nil {
		return err
	}
	p.layout = nil
	for _, name := range names {
		i := slices.IndexFunc(p.table.columns, func(c physical) bool { return c.name == name })
		if i < 0 {
			return fmt.Errorf("%s has a column %q: %w", p.path, name, errNewer)
		}
		p.layout = append(p.layout, i)
	}
	for i, c := range p.table.columns {
		if slices.Contains(p.layout, i) {
			continue
		}
		if err := sess.admin.Exec(ctx, fmt.Sprintf("ALTER TABLE %s.rows ADD COLUMN %s", p.alias, c.declaration())); err != nil {
			return err
		}
		p.layout = append(p.layout, i)
	}
	return nil
}

func (sess *session) columnsOf(ctx context.Context, p *partition) ([]string, error) {
	rows, err := sess.admin.Query(ctx, "SELECT column_name FROM duckdb_columns() WHERE database_name = $1 AND table_name = 'rows' ORDER BY column_index", p.alias)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for {
		batch, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		for _, row := range batch {
			names = append(names, row[0].(string))
		}
	}
}
