package duck

import (
	"context"
	"errors"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T, settings map[string]string) *Conn {
	t.Helper()
	db, err := Open(settings)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	c, err := db.Connect()
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func all(ctx context.Context, c *Conn, text string, args ...any) ([][]any, error) {
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]any
	for {
		batch, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, batch...)
	}
}

func TestValuesOfEveryType(t *testing.T) {
	c := connect(t, nil)
	f := func(expr string, want any) {
		t.Helper()
		got, err := all(t.Context(), c, "SELECT "+expr)
		require.NoError(t, err, expr)
		require.Equal(t, [][]any{{want}}, got, expr)
	}
	f("NULL", nil)
	f("true", true)
	f("CAST(-7 AS TINYINT)", int32(-7))
	f("CAST(-700 AS SMALLINT)", int32(-700))
	f("CAST(200 AS UTINYINT)", int32(200))
	f("CAST(60000 AS USMALLINT)", int32(60000))
	f("CAST(-2147483648 AS INTEGER)", int32(math.MinInt32))
	f("CAST(4294967295 AS UINTEGER)", int64(math.MaxUint32))
	f("CAST(-9223372036854775808 AS BIGINT)", int64(math.MinInt64))
	f("CAST(9223372036854775807 AS UBIGINT)", int64(math.MaxInt64))
	f("sum(x) FROM (VALUES (-5::BIGINT), (3::BIGINT)) t(x)", int64(-2))
	f("CAST(1.5 AS FLOAT)", 1.5)
	f("CAST('NaN' AS DOUBLE) = 'NaN'::DOUBLE", true)
	f("1.50", "1.50")
	f("CAST(-0.05 AS DECIMAL(18, 2))", "-0.05")
	f("CAST(-123456789012345678901234.5 AS DECIMAL(38, 1))", "-123456789012345678901234.5")
	f("''", "")
	f("'twelve bytes'", "twelve bytes")
	f("'thirteen byte'", "thirteen byte")
	f("'a' || chr(0) || 'ö'", "a\x00ö")
	f("CAST('0f8fad5b-d9cb-469f-a165-70867728950e' AS UUID)", "0f8fad5b-d9cb-469f-a165-70867728950e")
	f("CAST('ffffffff-ffff-ffff-ffff-ffffffffffff' AS UUID)", "ffffffff-ffff-ffff-ffff-ffffffffffff")

	_, err := all(t.Context(), c, "SELECT CAST(9223372036854775808 AS UBIGINT)")
	require.ErrorContains(t, err, "9223372036854775808")
	_, err = all(t.Context(), c, "SELECT 9223372036854775808::HUGEINT AS big")
	require.ErrorContains(t, err, `"big": 9223372036854775808`)
	_, err = all(t.Context(), c, "SELECT [1, 2] AS list")
	require.ErrorContains(t, err, `"list"`)
}

func TestArgumentsOfEveryType(t *testing.T) {
	c := connect(t, nil)
	got, err := all(t.Context(), c, "SELECT $1::BIGINT, $2, $3, $4::BIGINT, $5, $6, $7, list_contains($8, 'b'), list_sum($9), list_sum($10)",
		nil, true, int32(-3), 1<<40, int64(-1)<<40, 2.5, "it's\x00ö", []string{"a", "b"}, []int64{1, 2}, []float64{0.5, 0.25})
	require.NoError(t, err)
	require.Equal(t, [][]any{{nil, true, int32(-3), int64(1) << 40, int64(-1) << 40, 2.5, "it's\x00ö", true, int64(3), 0.75}}, got)

	_, err = all(t.Context(), c, "SELECT $1", struct{}{})
	require.ErrorContains(t, err, "struct {}")
	_, err = all(t.Context(), c, "SELECT $1, $2", 1)
	require.ErrorContains(t, err, "2 parameters and is given 1")
}

func TestAQueryOnlyReads(t *testing.T) {
	c := connect(t, nil)
	require.NoError(t, c.Exec(t.Context(), "CREATE TABLE t (n INTEGER)"))
	for _, text := range []string{"DROP TABLE t", "INSERT INTO t VALUES (1)", "SET threads = 1", "SELECT 1; DROP TABLE t", "EXPLAIN SELECT 1"} {
		_, err := all(t.Context(), c, text)
		require.Error(t, err, text)
	}
	n, err := c.Int(t.Context(), "SELECT count(*) FROM t")
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = all(t.Context(), c, "WITH x AS (SELECT 1 AS a) SELECT a FROM x")
	require.NoError(t, err)
}

func TestErrorsHaveTheirKind(t *testing.T) {
	c := connect(t, map[string]string{"memory_limit": "64MB", "temp_directory": ""})
	f := func(text string, want Kind) {
		t.Helper()
		_, err := all(t.Context(), c, text)
		require.Error(t, err, text)
		require.Equal(t, want, KindOf(err), "%s: %v", text, err)
	}
	f("SELEKT 1", Other)
	f("SELECT nothing", Other)
	f("SELECT 9223372036854775807::BIGINT + range FROM range(1, 3)", OutOfRange)
	f("SELECT CAST('x' || range AS BIGINT) FROM range(3)", OutOfRange)
	f("SELECT count(*) FROM (SELECT DISTINCT repeat(range::VARCHAR, 20) FROM range(3_000_000))", OutOfMemory)
	n, err := c.Int(t.Context(), "SELECT count(*) FROM range(1000)")
	require.NoError(t, err, "the connection goes on")
	require.Equal(t, int64(1000), n)
}

func TestAContextEndsAStatement(t *testing.T) {
	c := connect(t, nil)
	const endless = "SELECT count(*) FROM range(10_000_000_000) a(i), range(10_000_000_000) b(j) WHERE i * j % 7 = 3"
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := all(ctx, c, endless)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(start), 20*time.Second)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = all(ended, c, "SELECT 1")
	require.ErrorIs(t, err, context.Canceled)

	// In the middle of a result too, and the connection goes on.
	rows, err := c.Query(t.Context(), "SELECT i FROM range(10_000_000_000) t(i)")
	require.NoError(t, err)
	_, err = rows.Next(t.Context())
	require.NoError(t, err)
	_, err = rows.Next(ended)
	require.ErrorIs(t, err, context.Canceled)
	rows.Close()
	_, err = c.Int(t.Context(), "SELECT 1")
	require.NoError(t, err)
}

func TestAppendedRowsComeBack(t *testing.T) {
	c := connect(t, nil)
	require.NoError(t, c.Exec(t.Context(), "ATTACH "+"'"+filepath.Join(t.TempDir(), "f.duckdb")+"' AS f"))
	require.NoError(t, c.Exec(t.Context(), "CREATE TABLE f.t (n INTEGER, b BOOLEAN, i INTEGER, l BIGINT, d DOUBLE, s VARCHAR, o VARCHAR, u UUID, e VARCHAR, z DOUBLE)"))
	types := []Type{Integer, Boolean, Integer, Bigint, Double, Varchar, Varchar, UUID, Varchar, Double}
	rapid.Check(t, func(rt *rapid.T) {
		// More rows than a chunk has, sometimes.
		n := rapid.SampledFrom([]int{1, 3, 100, ChunkRows - 1, ChunkRows, ChunkRows + 1, 2*ChunkRows + 5}).Draw(rt, "rows")
		text := rapid.OneOf(rapid.StringN(0, 6, 12), rapid.StringN(0, 40, 60), rapid.Just("exactly12byt"), rapid.Just("exactly13byte"))
		texts := rapid.SliceOfN(text, 1, 12).Draw(rt, "texts")
		columns := make([]Vector, len(types))
		columns[8].Empty = true
		want := make([][]any, n)
		for i := range n {
			seed := i*2654435761 + len(texts)
			var u [16]byte
			u[0], u[15] = byte(i), byte(seed)
			columns[0].Longs = append(columns[0].Longs, int64(i))
			columns[1].Bools = append(columns[1].Bools, seed%2 == 0)
			columns[2].Longs = append(columns[2].Longs, int64(int32(seed)))
			columns[2].Nulls = append(columns[2].Nulls, seed%5 == 0)
			columns[3].Longs = append(columns[3].Longs, int64(seed))
			columns[4].Reals = append(columns[4].Reals, float64(seed)/3)
			columns[5].Strings = append(columns[5].Strings, texts[i%len(texts)])
			columns[6].Strings = append(columns[6].Strings, texts[(i+1)%len(texts)])
			columns[6].Nulls = append(columns[6].Nulls, seed%3 == 0)
			columns[7].UUIDs = append(columns[7].UUIDs, u)
			want[i] = []any{int32(i), seed%2 == 0, int32(seed), int64(seed), float64(seed) / 3, texts[i%len(texts)], texts[(i+1)%len(texts)], uuidText(u), "", nil}
			if seed%5 == 0 {
				want[i][2] = nil
			}
			if seed%3 == 0 {
				want[i][6] = nil
			}
		}
		only := rapid.Bool().Draw(rt, "only")
		require.NoError(rt, c.Exec(t.Context(), "BEGIN"))
		a, err := c.Appender("f", "t", types)
		require.NoError(rt, err)
		if only { // every second row
			var rows []int
			var half [][]any
			for i := 0; i < n; i += 2 {
				rows, half = append(rows, i), append(half, want[i])
			}
			want = half
			require.NoError(rt, a.Append(columns, 0, len(rows), rows))
		} else {
			require.NoError(rt, a.Append(columns, 0, n, nil))
		}
		require.NoError(rt, a.Flush(t.Context()))
		a.Close()
		got, err := all(t.Context(), c, "SELECT * FROM f.t ORDER BY n")
		require.NoError(rt, err)
		require.Equal(rt, want, got)
		require.NoError(rt, c.Exec(t.Context(), "ROLLBACK"))
		left, err := c.Int(t.Context(), "SELECT count(*) FROM f.t")
		require.NoError(rt, err)
		require.Zero(rt, left, "the appender is part of the transaction")
	})
}

func uuidText(u [16]byte) string { return hugeIntOf(u).uuid() }

func TestAppenderRefusesAnotherTable(t *testing.T) {
	c := connect(t, nil)
	require.NoError(t, c.Exec(t.Context(), "CREATE TABLE t (n INTEGER)"))
	_, err := c.Appender("memory", "t", []Type{Integer, Integer})
	require.ErrorContains(t, err, "1 columns, the appender 2")
	_, err = c.Appender("memory", "missing", []Type{Integer})
	require.True(t, strings.Contains(err.Error(), "missing"), err)
}

func TestSettingsAreChecked(t *testing.T) {
	_, err := Open(map[string]string{"no_such_setting": "1"})
	require.ErrorContains(t, err, "no_such_setting")
}
