package logs

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
)

// endless is a statement that would run for years.
var endless = SQL{Table: events, To: always, Text: "SELECT count(*) FROM range(10_000_000_000) a(i), range(10_000_000_000) b(j), {rows} WHERE i * j % 7 = 3", Columns: result(logrows.Long)}

// works wants the store to answer and take rows.
func works(t *testing.T, s *Store) {
	t.Helper()
	before := count(t, s, events)
	put(t, s, events, row{"TimeGenerated": time.Now()})
	require.Equal(t, before+1, count(t, s, events))
}

func TestAQueryThatNeedsTooMuchMemoryEndsAlone(t *testing.T) {
	s := openStore(t, t.TempDir(), func(o *setup) { o.cfg.MemoryLimit, o.cfg.MaxTemp = 128<<20, 0 })
	put(t, s, events, row{"TimeGenerated": time.Now()})
	_, err := query(everything(), s, SQL{Table: events, To: always, Columns: result(logrows.Long),
		Text: "SELECT count(*) FROM (SELECT DISTINCT repeat(range::VARCHAR, 30) FROM range(5_000_000), {rows})"})
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
	require.Contains(t, []string{"logs.memory_limit", "logs.max_temp"}, limit.Key)
	require.Contains(t, err.Error(), limit.Limit)
	works(t, s)
}

func TestAQueryThatTakesTooLongEndsAlone(t *testing.T) {
	s := openStore(t, t.TempDir(), func(o *setup) { o.cfg.QueryTimeout = 100 * time.Millisecond })
	put(t, s, events, row{"TimeGenerated": time.Now()})
	start := time.Now()
	_, err := query(everything(), s, endless)
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
	require.Equal(t, LimitError{What: "time", Limit: "100ms", Key: "logs.query_timeout"}, *limit)
	require.Less(t, time.Since(start), 20*time.Second)
	s.cfg.QueryTimeout = time.Minute
	works(t, s)
}

func TestACanceledQueryEnds(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	put(t, s, events, row{"TimeGenerated": time.Now()})
	ctx, cancel := context.WithCancel(everything())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	_, err := query(ctx, s, endless)
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(start), 20*time.Second)
	works(t, s)
}

func TestQueriesWaitForOneAnother(t *testing.T) {
	s := openStore(t, t.TempDir(), func(o *setup) { o.cfg.MaxQueries = 1 })
	put(t, s, events, row{"TimeGenerated": time.Now()})
	first, err := s.Query(everything(), SQL{Table: events, To: always, Text: `SELECT "Name" FROM {rows}`, Columns: result(logrows.String)})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(everything(), 30*time.Millisecond)
	defer cancel()
	_, err = s.Query(ctx, SQL{Table: events, To: always, Text: `SELECT "Name" FROM {rows}`, Columns: result(logrows.String)})
	require.ErrorIs(t, err, context.DeadlineExceeded, "the caller's own limit is the caller's")
	put(t, s, events, row{"TimeGenerated": time.Now()}) // reads never block writes
	require.NoError(t, first.Close())
	require.NoError(t, first.Close())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			rows, err := query(everything(), s, SQL{Table: events, To: always, Text: "SELECT count(*) FROM {rows}", Columns: result(logrows.Long)})
			if err != nil || rows[0][0] != int64(2) {
				t.Error(rows, err)
			}
		})
	}
	all.Wait()
}

func TestAStatementThatIsWrongSaysWhy(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	put(t, s, events, row{"TimeGenerated": time.Now(), "Name": "x"})
	f := func(want string, q SQL) {
		t.Helper()
		q.Table, q.To = events, always
		_, err := query(everything(), s, q)
		require.ErrorContains(t, err, want)
	}
	f(`"Nome"`, SQL{Text: `SELECT "Nome" FROM {rows}`, Columns: result(logrows.String)})
	f("2 columns, and 1 were declared", SQL{Text: `SELECT "Name", 1 FROM {rows}`, Columns: result(logrows.String)})
	f("column a of the answer is long, and the statement gives x", SQL{Text: `SELECT "Name" FROM {rows}`, Columns: result(logrows.Long)})
	_, err := query(everything(), s, SQL{Table: events, To: always, Text: "SELECT 9223372036854775807 + length(\"Name\") FROM {rows}", Columns: result(logrows.Long)})
	require.ErrorIs(t, err, ErrOutOfRange)
	_, err = query(everything(), s, SQL{Table: "Heartbeat"})
	var unknown *UnknownTableError
	require.ErrorAs(t, err, &unknown)
	works(t, s)
}

// TestAFailingApplierDoesNotHoldQueries has rows that cannot get into their table: queries answer without them, and say so.
func TestAFailingApplierDoesNotHoldQueries(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	put(t, s, events, row{"TimeGenerated": time.Now()})
	require.Equal(t, int64(1), count(t, s, events))
	s.setFailing(unixFull())
	part := s.partitionsOf(s.tables[events])[0]
	part.writing.Lock()
	put(t, s, events, row{"TimeGenerated": time.Now()})
	r, err := s.Query(everything(), SQL{Table: events, To: always, Text: "SELECT count(*) FROM {rows}", Columns: result(logrows.Long)})
	require.NoError(t, err)
	require.ErrorContains(t, r.Warning(), "newest rows of "+events+" are missing")
	got, err := r.Next(everything())
	require.NoError(t, err)
	require.Equal(t, int64(1), got[0][0])
	require.NoError(t, r.Close())
	require.Error(t, s.Health().Failing)
	part.writing.Unlock()
	require.Eventually(t, func() bool { return s.Health().Failing == nil }, 20*time.Second, time.Millisecond)
	require.Equal(t, int64(2), count(t, s, events))
}

func unixFull() error { return &UnwritableError{Reason: "no space left on device"} }
