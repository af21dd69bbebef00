package logs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/scopes"
)

func TestWhatIsAppendedIsReadAlsoAfterReopening(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Microsecond)
	id := "0f8fad5b-d9cb-469f-a165-70867728950e"
	q := SQL{Table: traffic, Text: `SELECT "TimeGenerated", "EndpointName", "XRequestId", "XMSClientRequestId", "ResponseCode", "ModelStatusCode", "Properties", "_ResourceId", "Type" FROM {rows} ORDER BY "TimeGenerated"`,
		Columns: result(logrows.Datetime, logrows.String, logrows.String, logrows.String, logrows.Int, logrows.Int, logrows.Dynamic, logrows.String, logrows.String)}
	want := [][]any{
		{ticksOf(now.Add(-24 * time.Hour)), "credit", "", id, int32(200), nil, nil, "/subscriptions/" + noID + "/resourceGroups/endscope/providers/Microsoft.MachineLearningServices/workspaces/endscope/onlineEndpoints/credit/deployments/blue", traffic},
		{ticksOf(now), "risk", id, "mine-17", nil, int32(-1), `{"a":1}`, "/subscriptions/" + noID + "/resourceGroups/endscope/providers/Microsoft.MachineLearningServices/workspaces/endscope/onlineEndpoints/risk", traffic},
	}
	t.Run("write", func(t *testing.T) {
		s := openStore(t, dir, nil)
		put(t, s, traffic,
			row{"TimeGenerated": now, "EndpointName": "risk", "XRequestId": id, "XMSClientRequestId": "mine-17", "ModelStatusCode": -1, "Properties": `{"a":1}`},
			row{"TimeGenerated": now.Add(-24 * time.Hour), "EndpointName": "credit", "DeploymentName": "blue", "XMSClientRequestId": id, "ResponseCode": 200})
		require.Equal(t, want, ask(t, s, q))
	})
	s := openStore(t, dir, nil)
	require.Equal(t, want, ask(t, s, q))
	require.Equal(t, int64(0), count(t, s, events), "a table without files is empty, not an error")
}

func TestRowsThatCannotBeKeptAreRefusedOneByOne(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	now := time.Now()
	b := batch(t, traffic,
		row{"TimeGenerated": now, "EndpointName": "a"},
		row{"EndpointName": "b"},
		row{"TimeGenerated": now.Add(-31 * 24 * time.Hour), "EndpointName": "c"},
		row{"TimeGenerated": now.Add(2 * time.Hour), "EndpointName": "d"},
		row{"TimeGenerated": now, "EndpointName": "e", "ResponseCode": 1 << 31},
		row{"TimeGenerated": now.Add(time.Minute), "EndpointName": "f\xff", "ResponseCode": -1 << 31})
	refused, err := s.Append(context.Background(), b)
	require.NoError(t, err)
	var got []any
	for _, r := range refused {
		got = append(got, r.Row, r.Reason)
	}
	require.Equal(t, []any{1, ReasonNoTime, 2, ReasonTooOld, 3, ReasonFuture, 4, ReasonOutOfRange}, got)
	require.Contains(t, refused[2].Message, "1h0m0s")
	require.Contains(t, refused[3].Message, "ResponseCode 2147483648")
	require.Equal(t, [][]any{{"a", nil}, {"f\uFFFD", int32(-1 << 31)}},
		ask(t, s, SQL{Table: traffic, Text: `SELECT "EndpointName", "ResponseCode" FROM {rows} ORDER BY 1`, Columns: result(logrows.String, logrows.Int)}))

	refused, err = s.Append(context.Background(), batch(t, traffic, row{}))
	require.NoError(t, err)
	require.Len(t, refused, 1, "a batch of which nothing is left")
	require.Equal(t, int64(2), count(t, s, traffic))

	_, err = s.Append(context.Background(), &logrows.Batch{Table: &logrows.Table{Name: "Heartbeat"}, Rows: 1})
	var unknown *UnknownTableError
	require.ErrorAs(t, err, &unknown)
	require.Contains(t, err.Error(), traffic)
	_, err = s.Append(context.Background(), &logrows.Batch{Table: eventTable().Table, Rows: 1})
	require.ErrorContains(t, err, "no batch of table")
	short := batch(t, events, row{"TimeGenerated": now}, row{"TimeGenerated": now})
	short.Columns[1].Strings = short.Columns[1].Strings[:1]
	_, err = s.Append(context.Background(), short)
	require.ErrorContains(t, err, "EndpointName of a batch of 2 rows has 1 values")
}

func TestAColumnWithoutValuesIsNullOrEmpty(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	table := trafficTable()
	b := &logrows.Batch{Table: table.Table, Rows: 2, Columns: make([]logrows.Vector, len(table.Columns))}
	b.Columns[0].Longs = []int64{ticksOf(time.Now()), ticksOf(time.Now())}
	refused, err := s.Append(context.Background(), b)
	require.NoError(t, err)
	require.Empty(t, refused)
	want := []any{"", "", nil, nil, "", Hash("")}
	require.Equal(t, [][]any{want, want}, ask(t, s, SQL{Table: traffic,
		Text:    `SELECT "EndpointName", "XRequestId", "ResponseCode", "Properties", "_ResourceId", "XRequestId$hash" FROM {rows}`,
		Columns: result(logrows.String, logrows.String, logrows.Int, logrows.Dynamic, logrows.String, logrows.Long)}))
}

// TestQueriesSeeWhatWasAcknowledged lets writers count what was acknowledged, and asks for at least that.
func TestQueriesSeeWhatWasAcknowledged(t *testing.T) {
	s := openStore(t, t.TempDir(), func(o *setup) { o.cfg.ApplyInterval = time.Minute })
	var acknowledged atomic.Int64
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 25 {
				b := batch(t, console, row{"TimeGenerated": time.Now(), "Message": "x"}, row{"TimeGenerated": time.Now().Add(-48 * time.Hour), "Message": "y"})
				if _, err := s.Append(context.Background(), b); err != nil {
					t.Error(err)
				}
				acknowledged.Add(2)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		writers.Wait()
		close(done)
	}()
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		before := acknowledged.Load()
		require.GreaterOrEqual(t, count(t, s, console), before)
	}
	require.Equal(t, int64(200), count(t, s, console))
	n, err := s.Rows(context.Background(), console)
	require.NoError(t, err)
	require.Equal(t, int64(200), n)
}

func TestEveryColumnCanBeAskedForAlone(t *testing.T) {
	for _, filled := range []bool{false, true} {
		s := openStore(t, t.TempDir(), nil)
		for _, schema := range s.Tables() {
			if filled {
				put(t, s, schema.Name, row{"TimeGenerated": time.Now()}, row{"TimeGenerated": time.Now().Add(-48 * time.Hour), "EndpointName": "e"})
			}
			for _, c := range schema.Columns {
				rows := ask(t, s, SQL{Table: schema.Name, Text: "SELECT " + quoteName(c.Name) + " FROM {rows}", Columns: []logrows.Column{c}})
				require.Len(t, rows, map[bool]int{false: 0, true: 2}[filled], c.Name)
			}
			rows := ask(t, s, SQL{Table: schema.Name, Text: "SELECT count(*), count(*) FILTER (\"Type\" = $1 AND \"_BilledSize\" > 0 AND \"_IsBillable\" = 'False') FROM {rows}",
				Args: []any{schema.Name}, Columns: result(logrows.Long, logrows.Long)})
			require.Equal(t, rows[0][0], rows[0][1])
		}
	}
}

func TestTheRangeOfTimeIsInclusive(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	midnight := (dayOf(ticksOf(time.Now())) - 1) * logrows.TicksPerDay
	for i := int64(-2); i <= 2; i++ {
		put(t, s, events, row{"TimeGenerated": midnight + i, "Name": fmt.Sprint(i)})
	}
	f := func(from, to int64, want ...string) {
		t.Helper()
		var got []string
		for _, r := range ask(t, s, SQL{Table: events, From: midnight + from, To: midnight + to, Text: `SELECT "Name" FROM {rows} ORDER BY "TimeGenerated"`, Columns: result(logrows.String)}) {
			got = append(got, r[0].(string))
		}
		require.Equal(t, want, got)
	}
	f(-2, 2, "-2", "-1", "0", "1", "2")
	f(-1, 1, "-1", "0", "1")
	f(0, 0, "0")
	f(-1, -1, "-1")
	f(3, 100)
	f(1, 0)
}

func TestGrantsNarrowEveryQuery(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	now := time.Now()
	for _, path := range [][3]string{{"credit", "blue", "b-1"}, {"credit", "green", "g-1"}, {"risk", "blue", "b-1"}, {"", "", ""}} {
		put(t, s, traffic, row{"TimeGenerated": now, "EndpointName": path[0], "DeploymentName": path[1], "InstanceId": path[2]})
	}
	f := func(want int64, patterns ...string) {
		t.Helper()
		var granted []scopes.Pattern
		for _, p := range patterns {
			pattern, err := scopes.ParsePattern(p)
			require.NoError(t, err)
			granted = append(granted, pattern)
		}
		ctx := scopes.WithGrants(context.Background(), scopes.GrantScopes(granted...))
		rows, err := query(ctx, s, SQL{Table: traffic, To: always, Text: "SELECT count(*) FROM {rows}", Columns: result(logrows.Long)})
		require.NoError(t, err)
		require.Equal(t, want, rows[0][0], patterns)
	}
	f(0)
	f(2, "credit")
	f(1, "credit/blue")
	f(2, "*/blue")
	f(2, "*/*/b-1")
	f(3, "credit", "risk/blue/b-1")
	f(3, "*")
	require.Equal(t, int64(4), count(t, s, traffic), "all access shows also rows outside the tree of scopes")
	_, err := s.Query(context.Background(), SQL{Table: traffic, To: always, Text: "SELECT count(*) FROM {rows}", Columns: result(logrows.Long)})
	require.ErrorIs(t, err, scopes.ErrNoGrants)
}

func TestSQLReachesNothingButTheTable(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	secret := filepath.Join(t.TempDir(), "secret.csv")
	require.NoError(t, os.WriteFile(secret, []byte("a\nb\n"), 0o666))
	for _, text := range []string{
		"SELECT count(*) FROM read_csv('" + secret + "'), {rows}",
		"SELECT count(*) FROM glob('" + filepath.Dir(secret) + "/*'), {rows}",
		"COPY (SELECT 1 FROM {rows}) TO '" + secret + ".out'",
		"SET memory_limit = '100GB' -- {rows}",
		"INSTALL httpfs -- {rows}",
	} {
		_, err := query(everything(), s, SQL{Table: events, To: always, Text: text, Columns: result(logrows.Long)})
		require.Error(t, err, text)
	}
	require.NoFileExists(t, secret+".out")
}

func TestTheDirectoryBelongsToOneStore(t *testing.T) {
	dir := t.TempDir()
	openStore(t, dir, nil)
	o := newSetup(dir)
	_, err := Open(o.cfg, o.set)
	require.ErrorContains(t, err, dir+" is in use by another server")
}

func TestAFullDiskRefusesRowsAndAnswersQueries(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	put(t, s, events, row{"TimeGenerated": time.Now()})
	s.reserve.free = 1 << 60
	_, err := s.Append(context.Background(), batch(t, events, row{"TimeGenerated": time.Now()}))
	var unwritable *UnwritableError
	require.ErrorAs(t, err, &unwritable)
	require.ErrorIs(t, err, unix.ENOSPC)
	require.ErrorAs(t, s.Writable(), &unwritable)
	require.NoError(t, s.Ready())
	require.Equal(t, int64(1), count(t, s, events))
}

func TestEverySyncModeKeepsRowsOverAReopening(t *testing.T) {
	for _, mode := range []SyncMode{SyncCommit, SyncInterval, SyncOff} {
		t.Run(string(mode), func(t *testing.T) {
			dir := t.TempDir()
			change := func(o *setup) { o.set.Sync, o.set.SyncInterval = mode, 10*time.Millisecond }
			t.Run("write", func(t *testing.T) {
				s := openStore(t, dir, change)
				for range 20 {
					put(t, s, events, row{"TimeGenerated": time.Now()})
				}
			})
			require.Equal(t, int64(20), count(t, openStore(t, dir, change), events))
		})
	}
}

func TestNothingSaidMeansDurable(t *testing.T) {
	o := newSetup(t.TempDir())
	o.set.Sync, o.set.SyncInterval = "", 0
	s, err := Open(o.cfg, o.set)
	require.NoError(t, err)
	require.Equal(t, SyncCommit, s.set.Sync)
	require.Equal(t, time.Second, s.set.SyncInterval)
	require.NoError(t, s.Close())
	o.set.Sync, o.set.Registerer = "sometimes", prometheus.NewRegistry()
	_, err = Open(o.cfg, o.set)
	require.ErrorContains(t, err, `"sometimes"`)
}

func TestAClosedStoreSaysSo(t *testing.T) {
	o := newSetup(t.TempDir())
	s, err := Open(o.cfg, o.set)
	require.NoError(t, err)
	require.ErrorIs(t, s.Ready(), ErrNotReady)
	_, err = s.Append(context.Background(), batch(t, events, row{"TimeGenerated": time.Now()}))
	require.ErrorIs(t, err, ErrNotReady)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err = s.Append(context.Background(), batch(t, events, row{"TimeGenerated": time.Now()}))
	require.ErrorIs(t, err, ErrClosed)
	_, err = s.Query(everything(), SQL{Table: events, Text: "SELECT 1 FROM {rows}", Columns: result(logrows.Int)})
	require.ErrorIs(t, err, ErrClosed)
	_, err = s.Subscribe(everything(), events)
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, s.Run(context.Background()), ErrClosed)
}
