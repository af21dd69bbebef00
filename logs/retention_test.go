package logs

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/internal/logrows"
)

// clock is a time that a test moves.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) set(t time.Time)         { c.at.Store(t.UnixNano()) }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d)) }

// daysOnDisk returns the days of a table that have a file.
func daysOnDisk(t *testing.T, dir, table string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, table, "*.duckdb"))
	require.NoError(t, err)
	var days []string
	for _, f := range files {
		days = append(days, filepath.Base(f)[:len(dayForm)])
	}
	return days
}

func TestRetentionByTimeGivesSpaceBack(t *testing.T) {
	dir := t.TempDir()
	var c clock
	c.set(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))
	s := openStore(t, dir, func(o *setup) {
		o.set.Now = c.now
		o.cfg.Retention = 48 * time.Hour
		o.cfg.Tables = map[string]TableConfig{events: {Retention: 240 * time.Hour}}
	})
	for _, table := range []string{traffic, events} {
		for day := range 2 {
			put(t, s, table, row{"TimeGenerated": c.now().Add(-time.Duration(day) * 24 * time.Hour), "EndpointName": "e"})
		}
		require.Equal(t, int64(2), count(t, s, table))
		require.Equal(t, []string{"2026-03-09", "2026-03-10"}, daysOnDisk(t, dir, table))
	}
	c.forward(35 * time.Hour) // 23:00 of the 11th: the 9th still has rows of the last 48 hours
	s.maintain(t.Context())
	require.Equal(t, []string{"2026-03-09", "2026-03-10"}, daysOnDisk(t, dir, traffic))

	// A query that began before keeps its rows, and retention waits for it.
	rows, err := s.Query(everything(), SQL{Table: traffic, To: always, Text: `SELECT "EndpointName" FROM {rows}`, Columns: result(logrows.String)})
	require.NoError(t, err)
	c.forward(2 * time.Hour)
	done := make(chan struct{})
	go func() {
		s.maintain(context.Background())
		close(done)
	}()
	require.Eventually(t, func() bool { return len(s.partitionsOf(s.tables[traffic])) == 1 }, 10*time.Second, time.Millisecond)
	require.Len(t, daysOnDisk(t, dir, traffic), 2, "the query still reads it")
	n := 0
	for {
		batch, err := rows.Next(everything())
		if err != nil {
			break
		}
		n += len(batch)
	}
	require.Equal(t, 2, n)
	require.NoError(t, rows.Close())
	<-done
	require.Equal(t, []string{"2026-03-10"}, daysOnDisk(t, dir, traffic))
	require.Equal(t, int64(1), count(t, s, traffic))
	require.Equal(t, int64(2), count(t, s, events), "another table has its own retention")

	refused, err := s.Append(context.Background(), batch(t, traffic, row{"TimeGenerated": time.Date(2026, 3, 9, 23, 0, 0, 0, time.UTC)}))
	require.NoError(t, err)
	require.Equal(t, ReasonTooOld, refused[0].Reason)
}

func TestRetentionBySizeDeletesTheOldestDays(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, func(o *setup) {
		o.cfg.Tables = map[string]TableConfig{console: {RetentionSize: 16 << 20}}
	})
	r := rand.New(rand.NewPCG(4, 4))
	text := make([]byte, 9<<20) // does not compress
	for i := range text {
		text[i] = byte('a' + r.IntN(26))
	}
	for day := range 4 {
		for i := range 9 {
			put(t, s, console, row{"TimeGenerated": time.Now().Add(-time.Duration(day) * 24 * time.Hour), "Message": string(text[i<<20 : (i+1)<<20])})
		}
	}
	require.Equal(t, int64(36), count(t, s, console))
	used := func() int64 { return sizeOf(s.partitionsOf(s.tables[console])) }
	require.Greater(t, used(), int64(16<<20))
	s.maintain(t.Context())
	require.LessOrEqual(t, used(), int64(16<<20))
	left := daysOnDisk(t, dir, console)
	require.NotEmpty(t, left)
	require.Less(t, len(left), 4)
	require.Equal(t, time.Now().UTC().Format(dayForm), left[len(left)-1], "the newest stays")
	refused, err := s.Append(context.Background(), batch(t, console, row{"TimeGenerated": time.Now().Add(-72 * time.Hour)}))
	require.NoError(t, err)
	require.Equal(t, ReasonTooOld, refused[0].Reason, "a deleted day does not come back")
}

func TestFilesAtRestAreWrittenAnew(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(5, 5))
	yesterday := (dayOf(ticksOf(time.Now())) - 1) * logrows.TicksPerDay
	digest := SQL{Table: traffic, To: always, Text: "SELECT count(*), bit_xor(hash(t))::VARCHAR FROM {rows} t", Columns: result(logrows.Long, logrows.String)}
	var want [][]any
	t.Run("write", func(t *testing.T) {
		s := openStore(t, dir, nil)
		for range 20 { // each its own transaction
			_, err := s.Append(context.Background(), trafficBatch(r, 4000, yesterday+r.Int64N(logrows.TicksPerDay/2), 10_000_000))
			require.NoError(t, err)
			count(t, s, traffic)
		}
		want = ask(t, s, digest)
		part := s.partitionsOf(s.tables[traffic])[0]
		before := part.size()
		s.restAfter = 0

		// A query that reads the old file meanwhile has all its rows.
		rows, err := s.Query(everything(), SQL{Table: traffic, To: always, Text: `SELECT "XRequestId" FROM {rows}`, Columns: result(logrows.String)})
		require.NoError(t, err)
		done := make(chan struct{})
		go func() {
			s.maintain(context.Background())
			close(done)
		}()
		require.Eventually(t, func() bool { return s.partitionsOf(s.tables[traffic])[0] != part }, 30*time.Second, time.Millisecond)
		_, err = s.Append(context.Background(), trafficBatch(r, 10, yesterday, 1))
		require.NoError(t, err)
		require.Equal(t, int64(80010), count(t, s, traffic), "rows go into the new file")
		n := 0
		for {
			batch, err := rows.Next(everything())
			if err != nil {
				break
			}
			n += len(batch)
		}
		require.Equal(t, 80000, n)
		require.NoError(t, rows.Close())
		<-done
		require.NoFileExists(t, part.path)
		after := s.partitionsOf(s.tables[traffic])[0]
		t.Logf("%.1f bytes a row before, %.1f after", float64(before)/80000, float64(after.size())/80010)
		require.Less(t, after.size(), before)
		want = ask(t, s, digest)
		s.maintain(context.Background())
		require.Equal(t, after, s.partitionsOf(s.tables[traffic])[0], "ten more rows are no reason")
	})
	// What a process leaves that dies in the middle.
	unfinished := filepath.Join(dir, traffic, dayText(dayOf(yesterday))+".2.duckdb.unfinished")
	require.NoError(t, os.WriteFile(unfinished, []byte("half"), 0o666))
	old := filepath.Join(dir, traffic, dayText(dayOf(yesterday))+".duckdb")
	require.NoError(t, os.WriteFile(old, []byte("replaced"), 0o666))
	s := openStore(t, dir, nil)
	require.Equal(t, want, ask(t, s, digest))
	require.NoFileExists(t, unfinished)
	require.NoFileExists(t, old)
	require.Empty(t, s.Health().Damages)
}

// TestNewRowsDoNotWaitForAFileAtRest has rows come while a file is written anew: they end that, and it is done later.
func TestNewRowsDoNotWaitForAFileAtRest(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	r := rand.New(rand.NewPCG(6, 6))
	yesterday := (dayOf(ticksOf(time.Now())) - 1) * logrows.TicksPerDay
	for i := range int64(8) {
		_, err := s.Append(context.Background(), trafficBatch(r, 10_000, yesterday+i, 1000))
		require.NoError(t, err)
	}
	want := count(t, s, traffic)
	s.restAfter = 0
	for i := range int64(12) {
		done := make(chan struct{})
		go func() {
			s.maintain(context.Background())
			close(done)
		}()
		time.Sleep(time.Duration(3*i) * time.Millisecond)
		_, err := s.Append(context.Background(), trafficBatch(r, 10, yesterday, 1000))
		require.NoError(t, err)
		want += 10
		require.Equal(t, want, count(t, s, traffic))
		<-done
	}
	s.maintain(context.Background())
	part := s.partitionsOf(s.tables[traffic])[0]
	require.Positive(t, part.generation)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(part.path), "*"))
	require.NoError(t, err)
	for _, f := range files {
		require.Contains(t, []string{part.path, part.path + ".wal"}, f, "nothing is left behind")
	}
	require.Equal(t, want, count(t, s, traffic))
}

func TestConfigurationIsChecked(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	bad := Config{Retention: time.Hour, RetentionSize: 1, Tables: map[string]TableConfig{"Heartbeat": {}, events: {Retention: time.Minute, RetentionSize: 5}}, MaxAhead: -1, Threads: -1, MaxTemp: -1}
	keys := map[string]bool{}
	for _, f := range config.Fields(bad.Validate()) {
		keys[f.Key] = true
	}
	require.Equal(t, map[string]bool{"retention": true, "retention_size": true, "tables": true, "tables." + events + ".retention": true, "tables." + events + ".retention_size": true,
		"max_ahead": true, "max_queue": true, "apply_interval": true, "memory_limit": true, "max_temp": true, "threads": true, "max_queries": true, "query_timeout": true, "min_free": true, "close_timeout": true}, keys)
}
