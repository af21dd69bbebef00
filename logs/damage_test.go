package logs

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/internal/duck"
)

// spoil overwrites a part of a file.
func spoil(t *testing.T, path string, at, n int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteAt(bytes.Repeat([]byte{0xa5}, int(n)), at)
	require.NoError(t, err)
}

// filled makes a store with some thousand traffic rows on each of three days, closed again, and returns its files.
func filled(t *testing.T, dir string) []string {
	t.Helper()
	t.Run("fill", func(t *testing.T) {
		s := openStore(t, dir, nil)
		r := rand.New(rand.NewPCG(3, 3))
		for day := range 3 {
			b := trafficBatch(r, 5000, ticksOf(time.Now().Add(-time.Duration(day)*24*time.Hour)), 1)
			_, err := s.Append(context.Background(), b)
			require.NoError(t, err)
		}
		require.Equal(t, int64(15000), count(t, s, traffic))
	})
	t.Run("begin a new journal", func(t *testing.T) { openStore(t, dir, nil) }) // the old one could bring the rows back
	files, err := filepath.Glob(filepath.Join(dir, traffic, "*.duckdb"))
	require.NoError(t, err)
	require.Len(t, files, 3)
	return files
}

func TestADamagedFileCostsItsDay(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string){
		"header":    func(t *testing.T, path string) { spoil(t, path, 0, 12288) },
		"first 16":  func(t *testing.T, path string) { spoil(t, path, 0, 16) },
		"cut short": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 9000)) },
		"empty":     func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) },
		"text": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("not a database"), 0o666))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := filled(t, dir)
			damage(t, files[1])
			found, err := os.ReadFile(files[1])
			require.NoError(t, err)
			s := openStore(t, dir, nil)
			damages := s.Health().Damages
			require.Len(t, damages, 1)
			require.Equal(t, traffic, damages[0].Table)
			require.Contains(t, files[1], damages[0].Day)
			require.NotEmpty(t, damages[0].Reason)
			kept, err := os.ReadFile(damages[0].Kept)
			require.NoError(t, err)
			require.True(t, bytes.Equal(found, kept), "the copy is what was found")
			require.Equal(t, int64(10000), count(t, s, traffic))
			put(t, s, traffic, row{"TimeGenerated": time.Now().Add(-24 * time.Hour)})
			require.Equal(t, int64(10001), count(t, s, traffic), "the day goes on in a new file")
		})
	}
}

// TestDamageInsideAFileIsFoundByAQuery spoils what only reading the rows finds. The query fails, and the store goes on without the day.
func TestDamageInsideAFileIsFoundByAQuery(t *testing.T) {
	dir := t.TempDir()
	files := filled(t, dir)
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	spoil(t, files[0], info.Size()*2/5, info.Size()/5)
	s := openStore(t, dir, nil)
	q := SQL{Table: traffic, To: always, Text: "SELECT bit_xor(hash(t))::VARCHAR, count(*) FROM {rows} t", Columns: result(logrows.String, logrows.Long)}
	if len(s.Health().Damages) == 0 { // else its catalogue lay there
		_, err = query(everything(), s, q)
		require.Error(t, err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		rows, err := query(everything(), s, q)
		if err == nil {
			require.Equal(t, int64(10000), rows[0][1])
			break
		}
		require.True(t, time.Now().Before(deadline), "still %v", err)
		time.Sleep(10 * time.Millisecond)
	}
	require.Len(t, s.Health().Damages, 1)
	put(t, s, traffic, row{"TimeGenerated": time.Now()})
	require.Equal(t, int64(10001), count(t, s, traffic))
}

// alter changes the table of a file behind the store's back, as another version of this server would have it.
func alter(t *testing.T, path, change string) {
	t.Helper()
	db, err := duck.Open(nil)
	require.NoError(t, err)
	defer db.Close()
	c, err := db.Connect()
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Exec(t.Context(), "ATTACH '"+path+"' AS f"))
	require.NoError(t, c.Exec(t.Context(), "ALTER TABLE f.rows "+change))
}

func TestAnotherVersionsFileIsNotDamage(t *testing.T) {
	dir := t.TempDir()
	files := filled(t, dir)
	alter(t, files[1], `ADD COLUMN "Later" VARCHAR`)
	o := newSetup(dir)
	s, err := Open(o.cfg, o.set)
	require.NoError(t, err)
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = s.Run(ctx)
	require.ErrorContains(t, err, "a newer server wrote it")
	require.ErrorContains(t, err, files[1])
	require.FileExists(t, files[1])
	require.NoDirExists(t, filepath.Join(dir, damagedDir))

	for _, message := range []string{
		"IO Error: Trying to read a database file with version number 999, but we can only read versions between 64 and 67.",
		"IO Error: Could not set lock on file \"f\": Conflicting lock is held",
		"IO Error: Cannot open file \"f\": Too many open files",
		"IO Error: Cannot open file \"f\": Permission denied",
	} {
		require.False(t, isDamage(&duck.Error{Kind: duck.IO, Message: message}), message)
	}
}

func TestAFileOfAnOlderServerGetsWhatItLacks(t *testing.T) {
	dir := t.TempDir()
	files := filled(t, dir)
	alter(t, files[1], `DROP COLUMN "DeploymentName"`)
	alter(t, files[1], `DROP COLUMN "ResponseCode"`)
	s := openStore(t, dir, nil)
	require.Equal(t, int64(15000), count(t, s, traffic))
	put(t, s, traffic, row{"TimeGenerated": time.Now().Add(-24 * time.Hour), "EndpointName": "new", "DeploymentName": "blue", "ResponseCode": 418, "TotalDurationMs": 7})
	require.Equal(t, [][]any{{"blue", int32(418), int32(7)}}, ask(t, s, SQL{Table: traffic,
		Text: `SELECT "DeploymentName", "ResponseCode", "TotalDurationMs" FROM {rows} WHERE "EndpointName" = 'new'`, Columns: result(logrows.String, logrows.Int, logrows.Int)}))
	require.Equal(t, [][]any{{int64(5000), int64(5000)}}, ask(t, s, SQL{Table: traffic,
		Text:    `SELECT count(*) FILTER ("DeploymentName" = ''), count(*) FILTER ("ResponseCode" IS NULL) FROM {rows}`,
		Columns: result(logrows.Long, logrows.Long)}), "old rows have no values in the new columns")
}

// TestADamagedJournalIsKept spoils a journal that a killed process left, in the middle.
func TestADamagedJournalIsKept(t *testing.T) {
	dir := t.TempDir()
	lie := filepath.Join(t.TempDir(), "copy")
	t.Run("write", func(t *testing.T) {
		s := openStore(t, dir, func(o *setup) { o.cfg.ApplyInterval = time.Minute })
		for i := range 100 {
			put(t, s, events, row{"TimeGenerated": time.Now(), "Name": fmt.Sprint(i)})
		}
		// What a killed process would leave: the journal, and no tables.
		require.NoError(t, os.CopyFS(filepath.Join(lie, journalDir), os.DirFS(filepath.Join(dir, journalDir))))
	})
	segments, err := filepath.Glob(filepath.Join(lie, journalDir, "*"))
	require.NoError(t, err)
	require.Len(t, segments, 1)
	info, err := os.Stat(segments[0])
	require.NoError(t, err)
	spoil(t, segments[0], info.Size()/2, 1)
	s := openStore(t, lie, nil)
	damages := s.Health().Damages
	require.Len(t, damages, 1)
	require.Empty(t, damages[0].Table)
	require.FileExists(t, damages[0].Kept)
	n := count(t, s, events)
	require.Greater(t, n, int64(30))
	require.Less(t, n, int64(70))
}

// TestAFailingInstanceIsOpenedAgain has the applier and queries go on after DuckDB has given itself up.
func TestAFailingInstanceIsOpenedAgain(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	put(t, s, events, row{"TimeGenerated": time.Now()})
	require.Equal(t, int64(1), count(t, s, events))
	s.suspect(nil)
	for s.metrics.reopensSoFar() == 0 {
		time.Sleep(time.Millisecond)
		put(t, s, events, row{"TimeGenerated": time.Now()})
	}
	before := s.mustRows(t, events)
	put(t, s, events, row{"TimeGenerated": time.Now()})
	require.Equal(t, before+1, count(t, s, events))
	require.Empty(t, s.Health().Damages)
}

func (m *metrics) reopensSoFar() float64 {
	var out dto.Metric
	if err := m.reopens.Write(&out); err != nil {
		panic(err)
	}
	return out.GetCounter().GetValue()
}

// mustRows waits until the store is ready and counts.
func (s *Store) mustRows(t *testing.T, table string) int64 {
	t.Helper()
	for {
		rows, err := query(everything(), s, SQL{Table: table, To: always, Text: "SELECT count(*) FROM {rows}", Columns: result(logrows.Long)})
		if err == nil {
			return rows[0][0].(int64)
		}
		require.ErrorIs(t, err, ErrNotReady)
		time.Sleep(time.Millisecond)
	}
}
