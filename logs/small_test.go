package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
)

// heldByTransactions returns the bytes that DuckDB keeps for transactions that are over.
func heldByTransactions(t testing.TB, s *Store) int64 {
	t.Helper()
	sess, err := s.acquire()
	require.NoError(t, err)
	defer sess.release()
	c := <-sess.idle
	defer func() { sess.idle <- c }()
	n, err := c.Int(context.Background(), "SELECT CAST(sum(memory_usage_bytes + temporary_storage_bytes) AS BIGINT) FROM duckdb_memory() WHERE tag = 'TRANSACTION'")
	require.NoError(t, err)
	return n
}

// settleAll waits until every row is in its table.
func settleAll(t testing.TB, s *Store) {
	t.Helper()
	for _, table := range s.order {
		warning, err := s.settle(context.Background(), table, 0, always)
		require.NoError(t, err)
		require.NoError(t, warning)
	}
}

// TestManySmallTransactionsLeaveNothingInMemory opens a store, reads a table only partly, and then applies a few rows at a time.
func TestManySmallTransactionsLeaveNothingInMemory(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	put(t, s, events, row{"TimeGenerated": time.Now()}, row{"TimeGenerated": time.Now()})
	r, err := s.Query(everything(), SQL{Table: events, To: always, Text: `SELECT "TimeGenerated" FROM {rows}`, Columns: result(logrows.Datetime)})
	require.NoError(t, err)
	require.NoError(t, r.Close())
	const rounds = 64
	for range rounds {
		put(t, s, events, row{"TimeGenerated": time.Now()})
		settleAll(t, s)
	}
	require.Less(t, heldByTransactions(t, s), int64(rounds/4*256<<10))

	r, err = s.Query(everything(), SQL{Table: events, To: always, Text: `SELECT "TimeGenerated" FROM {rows}`, Columns: result(logrows.Datetime)})
	require.NoError(t, err)
	defer r.Close()
	rows := 0
	for {
		batch, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		rows += len(batch)
	}
	require.Equal(t, rounds+2, rows)
}

// BenchmarkSmallPushes measures a second of a small installation: 45 pushes, of two requests or one line, and one round of the applier.
func BenchmarkSmallPushes(b *testing.B) {
	s := openStore(b, b.TempDir(), func(o *setup) { o.cfg.ApplyInterval = time.Minute })
	r := rand.New(rand.NewPCG(3, 3))
	const pushes = 45
	made := make([]*logrows.Batch, pushes)
	rows := 0
	for i := range made {
		now := time.Now()
		if i%3 == 0 {
			made[i] = trafficBatch(r, 2, ticksOf(now), 10_000)
		} else {
			made[i] = batch(b, console, row{"TimeGenerated": now, "EndpointName": "credit-default", "DeploymentName": "blue", "InstanceId": "blue-1",
				"ContainerName": "scorer", "Message": fmt.Sprintf("scored applicant %d in %d ms: %.3f", r.IntN(1e6), r.IntN(40), r.Float64())})
		}
		rows += made[i].Rows
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	for range b.N {
		for _, batch := range made {
			if _, err := s.Append(context.Background(), copyOf(batch)); err != nil {
				b.Fatal(err)
			}
		}
		settleAll(b, s)
	}
	cpu := cpuTime(b) - before
	b.ReportMetric(float64(cpu.Microseconds())/float64(b.N*pushes), "cpu-µs/push")
	b.ReportMetric(float64(b.N*rows)/cpu.Seconds(), "rows/cpu-s")
	b.ReportMetric(float64(heldByTransactions(b, s))/(1<<20), "MiB-of-transactions")
}
