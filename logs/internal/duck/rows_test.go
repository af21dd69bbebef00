package duck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAClosedResultLetsGoOfItsTransaction changes a row again and again after a result was closed. What an open transaction could still want to read of it
// would stay in memory.
func TestAClosedResultLetsGoOfItsTransaction(t *testing.T) {
	for name, read := range map[string]func(*testing.T, *Rows){
		"before its first row": func(*testing.T, *Rows) {},
		"in the middle": func(t *testing.T, r *Rows) {
			_, err := r.Next(t.Context())
			require.NoError(t, err)
		},
		"after its last row": func(t *testing.T, r *Rows) {
			for {
				if _, err := r.Next(t.Context()); errors.Is(err, io.EOF) {
					return
				} else if err != nil {
					t.Fatal(err)
				}
			}
		},
		"after it was interrupted": func(t *testing.T, r *Rows) {
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := r.Next(ended)
			require.ErrorIs(t, err, context.Canceled)
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := Open(nil)
			require.NoError(t, err)
			t.Cleanup(db.Close)
			reader, err := db.Connect()
			require.NoError(t, err)
			t.Cleanup(reader.Close)
			writer, err := db.Connect()
			require.NoError(t, err)
			t.Cleanup(writer.Close)
			require.NoError(t, writer.Exec(t.Context(), "ATTACH '"+filepath.Join(t.TempDir(), "f.duckdb")+"' AS f"))
			require.NoError(t, writer.Exec(t.Context(), "CREATE TABLE f.t AS SELECT range AS n FROM range(10_000)"))
			rows, err := reader.Query(t.Context(), "SELECT n FROM f.t")
			require.NoError(t, err)
			read(t, rows)
			rows.Close()
			const updates = 100
			for i := range updates {
				require.NoError(t, writer.Exec(t.Context(), fmt.Sprintf("UPDATE f.t SET n = %d WHERE n = %d", -i-1, i)))
			}
			held, err := writer.Int(t.Context(), "SELECT CAST(sum(memory_usage_bytes) AS BIGINT) FROM duckdb_memory() WHERE tag = 'TRANSACTION'")
			require.NoError(t, err)
			require.Less(t, held, int64(updates/4*256<<10), "bytes of transactions that are over")
		})
	}
}

// TestAStatementAfterAFailedOneInATransaction also ends a result in a transaction that has failed.
func TestAStatementAfterAFailedOneInATransaction(t *testing.T) {
	c := connect(t, nil)
	require.NoError(t, c.Exec(t.Context(), "CREATE TABLE t (n INTEGER PRIMARY KEY)"))
	require.NoError(t, c.Exec(t.Context(), "BEGIN"))
	require.NoError(t, c.Exec(t.Context(), "INSERT INTO t VALUES (1)"))
	rows, err := c.Query(t.Context(), "SELECT n FROM t")
	require.NoError(t, err)
	rows.Close()
	require.NoError(t, c.Exec(t.Context(), "INSERT INTO t VALUES (2)"), "the result was closed, and the transaction is open")
	require.Error(t, c.Exec(t.Context(), "INSERT INTO t VALUES (1)"))
	_, err = c.Query(t.Context(), "SELECT n FROM t")
	require.Error(t, err)
	require.NoError(t, c.Exec(t.Context(), "ROLLBACK"))
	n, err := c.Int(t.Context(), "SELECT count(*) FROM t")
	require.NoError(t, err)
	require.Zero(t, n)
}
