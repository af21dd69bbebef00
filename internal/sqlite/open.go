package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// ErrNewer says that a file was written by a newer version of this program.
var ErrNewer = errors.New("the database was written by a newer version")

// Open opens or creates the database file at path, readable only by its owner, and brings its schema up to date: the migrations that
// the file has not seen are run in order, each in a transaction of its own. A commit is on disk when it returns.
// Reads may be concurrent; writes wait for each other. Errors name the file. The caller closes the database.
func Open(ctx context.Context, path string, migrations []string) (_ *sql.DB, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	q := url.Values{
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
		}
	}()
	db.SetMaxOpenConns(8)
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return nil, err
	}
	if version > len(migrations) {
		return nil, fmt.Errorf("%w: its schema is %d, and this one knows %d", ErrNewer, version, len(migrations))
	}
	for i := version; i < len(migrations); i++ {
		if err := migrate(ctx, db, migrations[i], i+1); err != nil {
			return nil, fmt.Errorf("bring the schema to %d: %w", i+1, err)
		}
	}
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB, statements string, version int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // says only that it was committed
	if _, err := tx.ExecContext(ctx, statements); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return tx.Commit()
}
