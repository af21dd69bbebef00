package sqlite_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/sqlite"
)

func TestOpenBringsTheSchemaUpToDate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder", "50% of what?.db")
	db, err := sqlite.Open(t.Context(), path, []string{"CREATE TABLE a(x INTEGER); INSERT INTO a VALUES (1)"})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "others may not read it: it holds secrets")

	both := []string{"not run again", "ALTER TABLE a ADD COLUMN y INTEGER DEFAULT 7"}
	db, err = sqlite.Open(t.Context(), path, both)
	require.NoError(t, err)
	var x, y int
	require.NoError(t, db.QueryRow("SELECT x, y FROM a").Scan(&x, &y))
	require.Equal(t, []int{1, 7}, []int{x, y})

	var mode string
	require.NoError(t, db.QueryRow("PRAGMA journal_mode").Scan(&mode))
	require.Equal(t, "wal", mode)
	var sync int
	require.NoError(t, db.QueryRow("PRAGMA synchronous").Scan(&sync))
	require.Equal(t, 2, sync, "FULL: a commit survives a power cut")
	require.NoError(t, db.Close())

	_, err = sqlite.Open(t.Context(), path, both[:1])
	require.ErrorIs(t, err, sqlite.ErrNewer)
	require.ErrorContains(t, err, path)
}

func TestAFailedMigrationLeavesTheSchemaAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	_, err := sqlite.Open(t.Context(), path, []string{"CREATE TABLE a(x)", "CREATE TABLE b(x); CREATE TABLE b(x)"})
	require.ErrorContains(t, err, "bring the schema to 2")
	db, err := sqlite.Open(t.Context(), path, []string{"", "CREATE TABLE b(x)"})
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func TestWhatIsNoDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	require.NoError(t, os.WriteFile(path, []byte("this is a text, and it is long enough to be looked at as a header of a database file, which it is not"), 0o600))
	_, err := sqlite.Open(t.Context(), path, nil)
	require.ErrorContains(t, err, path)
}

func TestWritersWaitForEachOther(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), []string{"CREATE TABLE a(n INTEGER); INSERT INTO a VALUES (0)"})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			for range 20 {
				tx, err := db.Begin()
				if err == nil {
					_, err = tx.Exec("UPDATE a SET n = n + 1")
				}
				if err == nil {
					err = tx.Commit()
				}
				if err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	var n int
	require.NoError(t, db.QueryRow("SELECT n FROM a").Scan(&n))
	require.Equal(t, 160, n)
}
