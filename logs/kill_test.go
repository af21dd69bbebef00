package logs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/internal/subproc"
)

// Environment of the process that TestKilledStoreKeepsWhatItAcknowledged kills.
const (
	writerDir   = "ENDSCOPE_LOGS_TEST_WRITER" // the store's directory
	writerStart = "ENDSCOPE_LOGS_TEST_FIRST"  // numbers of the first batch of each writer, with commas
)

const (
	killWriters = 4
	killRows    = 50 // in a batch
)

// killedBatch is batch n of a writer: rows of two tables' worth of days, each with a name of its own.
func killedBatch(writer, n int, now time.Time) *logrows.Batch {
	s := eventTable()
	b := &logrows.Batch{Table: s.Table, Key: fmt.Sprintf("%d/%d", writer, n), Rows: killRows, Columns: make([]logrows.Vector, len(s.Columns))}
	for i := range killRows {
		at := now.Add(-time.Duration(i%3) * 24 * time.Hour) // three partitions
		b.Columns[s.Column(columnTime)].Longs = append(b.Columns[s.Column(columnTime)].Longs, ticksOf(at))
		b.Columns[s.Column("Message")].Strings = append(b.Columns[s.Column("Message")].Strings, fmt.Sprintf("%d/%d/%d", writer, n, i))
	}
	return b
}

// runWriter is what the killed process does: it appends numbered batches and says which were acknowledged.
func runWriter(dir string) error {
	var first [killWriters]int
	for w, text := range strings.Split(os.Getenv(writerStart), ",") {
		var err error
		if first[w], err = strconv.Atoi(text); err != nil {
			return err
		}
	}
	o := newSetup(dir)
	o.cfg.ApplyInterval = 20 * time.Millisecond
	o.cfg.MaxQueue = 8 << 20
	s, err := Open(o.cfg, o.set)
	if err != nil {
		return err
	}
	s.restAfter, s.packAbove = 0, 0 // files are written anew all the time
	go func() {
		if err := s.Run(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	for s.Ready() != nil {
		time.Sleep(time.Millisecond)
	}
	var writers sync.WaitGroup
	errs := make(chan error, killWriters+1)
	go func() {
		for {
			s.maintain(context.Background())
		}
	}()
	for w := range killWriters {
		writers.Go(func() {
			for n := first[w]; ; n++ {
				refused, err := s.Append(context.Background(), killedBatch(w, n, time.Now()))
				if n == first[w] && errors.Is(err, ErrRepeated) { // the process that was killed had stored it, and could not say so
					fmt.Printf("repeated %d %d\n", w, n)
					err = nil
				}
				if err != nil || len(refused) > 0 {
					errs <- fmt.Errorf("writer %d: %v %w", w, refused, err)
					return
				}
				fmt.Printf("acknowledged %d %d\n", w, n) // one write(2) each
			}
		})
	}
	writers.Go(func() { // queries make the applier run at any moment
		for {
			if _, err := s.Rows(context.Background(), events); err != nil {
				errs <- err
				return
			}
			if _, err := query(everything(), s, SQL{Table: events, To: always, Text: "SELECT count(*) FROM {rows}", Columns: result(logrows.Long)}); err != nil {
				errs <- err
				return
			}
		}
	})
	return <-errs
}

// acknowledged reads what the killed process said: writer and batch.
func acknowledged(t *testing.T, log string) map[[2]int]bool {
	t.Helper()
	f, err := os.Open(log)
	require.NoError(t, err)
	defer f.Close()
	out := map[[2]int]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var w, n int
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d %d", &w, &n); err == nil {
			out[[2]int{w, n}] = true
		}
	}
	return out
}

// TestKilledStoreKeepsWhatItAcknowledged kills a process that appends, again and again at a random moment, and once while it starts: no
// acknowledged row is lost, and none is there twice, although each process first sends the batch again that the one before had no answer to.
func TestKilledStoreKeepsWhatItAcknowledged(t *testing.T) {
	dir, log := filepath.Join(t.TempDir(), "logs"), filepath.Join(t.TempDir(), "out")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, seed))
	require.NoError(t, os.WriteFile(log, nil, 0o666))
	for round := range 6 {
		so := acknowledged(t, log)
		before := len(so)
		var first []string
		for w := range killWriters {
			n := 0
			for so[[2]int{w, n}] {
				n++
			}
			first = append(first, strconv.Itoa(n))
		}
		t.Setenv(writerDir, dir)
		t.Setenv(writerStart, strings.Join(first, ","))
		p, err := subproc.Start(log, os.Args[0])
		require.NoError(t, err)
		if round == 3 {
			select {
			case <-time.After(time.Duration(r.IntN(60)) * time.Millisecond):
			case <-p.Exited():
			}
		} else {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			want := before + 20 + r.IntN(200)
			err := p.Await(ctx, func(context.Context) error {
				if got := len(acknowledged(t, log)); got < want {
					return fmt.Errorf("%d of %d acknowledgements", got, want)
				}
				// A busy machine comes late to files at rest: the last round goes on until one was written anew.
				anew, err := filepath.Glob(filepath.Join(dir, events, "*.*"+fileSuffix))
				if round == 5 && len(anew) == 0 {
					return errors.Join(errors.New("no file was written anew"), err)
				}
				return nil
			})
			cancel()
			require.NoError(t, err)
		}
		p.Kill()
	}
	require.NoError(t, os.Unsetenv(writerDir))
	acked := acknowledged(t, log)
	s := openStore(t, dir, nil)
	require.Empty(t, s.Health().Damages)
	found := map[[2]int]int{}
	for _, row := range ask(t, s, SQL{Table: events, Text: `SELECT "Message", count(*) FROM {rows} GROUP BY 1`, Columns: result(logrows.String, logrows.Long)}) {
		require.Equal(t, int64(1), row[1], "row %s is there more than once", row[0])
		parts := strings.Split(row[0].(string), "/")
		w, err := strconv.Atoi(parts[0])
		require.NoError(t, err)
		n, err := strconv.Atoi(parts[1])
		require.NoError(t, err)
		found[[2]int{w, n}]++
	}
	for batch := range acked {
		require.Equal(t, killRows, found[batch], "rows of batch %d of writer %d, which was acknowledged", batch[1], batch[0])
	}
	for batch, rows := range found {
		require.Equal(t, killRows, rows, "batch %v is there in part", batch)
	}
	generations := 0
	for _, p := range s.partitionsOf(s.tables[events]) {
		generations += p.generation
	}
	require.Positive(t, generations, "no file was written anew")
	t.Logf("%d batches acknowledged, %d found, files written anew %d times", len(acked), len(found), generations)
}
