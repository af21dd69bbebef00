package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/scopes"
)

// TestMain runs the tests, or, in a process that a test has started, what that test wants of it.
func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		if err := runWriter(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

const (
	traffic = "AmlOnlineEndpointTrafficLog"
	console = "AmlOnlineEndpointConsoleLog"
	events  = "AmlOnlineEndpointEventLog"
)

// setup is how a test opens a store.
type setup struct {
	cfg Config
	set Settings
}

func newSetup(dir string) setup {
	o := setup{DefaultConfig(), Settings{Dir: dir, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewPedanticRegistry(), Sync: SyncCommit, SyncInterval: time.Second}}
	o.cfg.MinFree = 1 << 20
	return o
}

// openStore opens and runs a store in dir and closes it when the test ends.
func openStore(t testing.TB, dir string, change func(*setup)) *Store {
	t.Helper()
	o := newSetup(dir)
	if change != nil {
		change(&o)
	}
	s, err := Open(o.cfg, o.set)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, s.Close())
	})
	for s.Ready() != nil {
		select {
		case err := <-done:
			done <- nil
			require.NoError(t, err)
			t.Fatal("the store has ended")
		case <-time.After(time.Millisecond):
		}
	}
	return s
}

// everything is a context that sees all rows.
func everything() context.Context {
	return scopes.WithGrants(context.Background(), scopes.AllAccess())
}

// row is a row of a test: values by column.
type row map[string]any

// batch makes a batch of a table.
func batch(t testing.TB, table string, rows ...row) *logrows.Batch {
	t.Helper()
	for _, s := range Schemas() {
		if s.Name != table {
			continue
		}
		b := &logrows.Batch{Table: s.Table, Rows: len(rows), Columns: make([]logrows.Vector, len(s.Columns))}
		for c, column := range s.Columns {
			for _, r := range rows {
				value, ok := r[column.Name]
				appendValue(&b.Columns[c], column.Type, value, ok)
			}
		}
		return b
	}
	t.Fatalf("no table %s", table)
	return nil
}

func appendValue(v *logrows.Vector, t logrows.Type, value any, ok bool) {
	if t != logrows.String {
		v.Nulls = append(v.Nulls, !ok)
	}
	switch t {
	case logrows.Int, logrows.Long, logrows.Datetime, logrows.Timespan:
		var n int64
		switch x := value.(type) {
		case int:
			n = int64(x)
		case int64:
			n = x
		case time.Time:
			n = ticksOf(x)
		}
		v.Longs = append(v.Longs, n)
	case logrows.Real:
		f, _ := value.(float64)
		v.Reals = append(v.Reals, f)
	case logrows.Bool:
		yes, _ := value.(bool)
		v.Bools = append(v.Bools, yes)
	default:
		text, _ := value.(string)
		v.Strings = append(v.Strings, text)
	}
}

// put appends rows and wants all of them to be stored.
func put(t testing.TB, s *Store, table string, rows ...row) {
	t.Helper()
	refused, err := s.Append(context.Background(), batch(t, table, rows...))
	require.NoError(t, err)
	require.Empty(t, refused)
}

// result declares the columns of an answer.
func result(types ...logrows.Type) []logrows.Column {
	var out []logrows.Column
	for i, t := range types {
		out = append(out, logrows.Column{Name: string(rune('a' + i)), Type: t})
	}
	return out
}

const always = int64(1) << 61

// ask runs a query over all time and returns its rows.
func ask(t testing.TB, s *Store, q SQL) [][]any {
	t.Helper()
	if q.To == 0 {
		q.To = always
	}
	rows, err := query(everything(), s, q)
	require.NoError(t, err)
	return rows
}

func query(ctx context.Context, s *Store, q SQL) ([][]any, error) {
	r, err := s.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all [][]any
	for {
		batch, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return all, r.Warning()
		}
		if err != nil {
			return nil, err
		}
		all = append(all, batch...)
	}
}

// count returns the number of rows of a table.
func count(t testing.TB, s *Store, table string) int64 {
	t.Helper()
	return ask(t, s, SQL{Table: table, Text: "SELECT count(*) FROM {rows}", Columns: result(logrows.Long)})[0][0].(int64)
}
