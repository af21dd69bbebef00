package logs

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/endscope/endscope/internal/logrows"
)

// benchRows is the size of the data set that queries are measured on. The numbers in docs are of 10,000,000.
func benchRows() int {
	if n, err := strconv.Atoi(os.Getenv("ENDSCOPE_LOGS_BENCH_ROWS")); err == nil {
		return n
	}
	return 600_000
}

const (
	benchBatch = 5000
	benchDays  = 30
)

var agents = []string{"azsdk-python-ai-ml/1.20.0 Python/3.11.4 (Linux-5.15)", "python-requests/2.31.0", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)", "curl/8.5.0", "Go-http-client/2.0"}

func randomUUID(r *rand.Rand) string {
	var b [16]byte
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// trafficBatch makes realistic requests to 20 endpoints, the first at start and one every step.
func trafficBatch(r *rand.Rand, rows int, start, step int64) *logrows.Batch {
	s := trafficTable()
	b := &logrows.Batch{Table: s.Table, Rows: rows, Columns: make([]logrows.Vector, len(s.Columns))}
	text := func(column, value string) {
		v := &b.Columns[s.Column(column)]
		v.Strings = append(v.Strings, value)
	}
	number := func(column string, value int64) {
		v := &b.Columns[s.Column(column)]
		v.Longs = append(v.Longs, value)
	}
	for i := range rows {
		endpoint := fmt.Sprintf("endpoint-%02d", r.IntN(20))
		deployment := []string{"blue", "green"}[r.IntN(2)]
		code, reason := int64(200), "OK"
		switch r.IntN(60) {
		case 0:
			code, reason = 424, "Failed Dependency"
		case 1:
			code, reason = 503, "Service Unavailable"
		case 2:
			code, reason = 401, "Unauthorized"
		}
		upload := int64(r.IntN(20))
		wait := upload + int64(r.ExpFloat64()*120)
		number(columnTime, start+int64(i)*step+r.Int64N(step))
		text("Method", "POST")
		text("Path", "/score")
		text("Protocol", "HTTP/1.1")
		text("EndpointName", endpoint)
		text("DeploymentName", deployment)
		text("InstanceId", fmt.Sprintf("%s-%s-%d", endpoint, deployment, r.IntN(4)))
		text("AuthType", "Key")
		number("ResponseCode", code)
		text("ResponseCodeReason", reason)
		number("ModelStatusCode", code)
		text("ModelStatusReason", reason)
		number("RequestPayloadSize", 200+int64(r.ExpFloat64()*2000))
		number("ResponsePayloadSize", 100+int64(r.ExpFloat64()*500))
		text("UserAgent", agents[r.IntN(len(agents))])
		text("XRequestId", randomUUID(r))
		text("XMSClientRequestId", randomUUID(r))
		number("RequestDurationMs", upload)
		number("ResponseDurationMs", wait)
		number("TotalDurationMs", wait+int64(r.IntN(30)))
		number("RequestThrottlingDelayMs", 0)
		number("ResponseThrottlingDelayMs", 0)
		text("SourceSystem", "Agent")
	}
	return b
}

// copyOf returns a batch that shares no slices with b, since the store owns what it is given.
func copyOf(b *logrows.Batch) *logrows.Batch {
	rows := make([]int, b.Rows)
	for i := range rows {
		rows[i] = i
	}
	return pick(b, rows)
}

// cpuTime returns the time that the process has had on CPUs.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkAppend measures acknowledged traffic rows, in batches of 5,000 by eight senders, until they are in their tables.
func BenchmarkAppend(b *testing.B) {
	for _, mode := range []SyncMode{SyncCommit, SyncInterval} {
		b.Run(string(mode), func(b *testing.B) {
			s := openStore(b, b.TempDir(), func(o *setup) { o.set.Sync = mode })
			r := rand.New(rand.NewPCG(1, 1))
			now := ticksOf(time.Now().Add(-time.Hour))
			made := make([]*logrows.Batch, 16)
			for i := range made {
				made[i] = trafficBatch(r, benchBatch, now, 10_000)
			}
			b.ReportAllocs()
			b.ResetTimer()
			before := cpuTime(b)
			var senders sync.WaitGroup
			work := make(chan *logrows.Batch)
			for range 8 {
				senders.Go(func() {
					for batch := range work {
						if _, err := s.Append(context.Background(), batch); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := range b.N {
				work <- copyOf(made[i%len(made)])
			}
			close(work)
			senders.Wait()
			require.Equal(b, int64(b.N*benchBatch), count(b, s, traffic))
			b.ReportMetric(float64(b.N*benchBatch)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(b.N*benchBatch)/(cpuTime(b)-before).Seconds(), "rows/cpu-s")
		})
	}
}

// fillStore puts a data set into the store that ends now and covers 30 days, and returns one request id of it.
func fillStore(b testing.TB, s *Store, rows int) string {
	b.Helper()
	r := rand.New(rand.NewPCG(2, 2))
	start := time.Now().Add(-benchDays*24*time.Hour + time.Hour)
	step := int64(benchDays*24-2) * 3600 * logrows.TicksPerSecond / int64(rows)
	id := ""
	for at := 0; at < rows; at += benchBatch {
		batch := trafficBatch(r, min(benchBatch, rows-at), ticksOf(start)+int64(at)*step, step)
		if id == "" && at >= rows/2 {
			id = batch.Columns[batch.Table.Column("XRequestId")].Strings[17]
		}
		_, err := s.Append(context.Background(), batch)
		require.NoError(b, err)
	}
	require.Equal(b, int64(rows), count(b, s, traffic))
	return id
}

// BenchmarkQuery measures queries over a data set of 30 days.
func BenchmarkQuery(b *testing.B) {
	dir, rows := b.TempDir(), benchRows()
	id := ""
	func() {
		o := newSetup(dir)
		o.cfg.CloseTimeout = 10 * time.Minute
		s, err := Open(o.cfg, o.set)
		require.NoError(b, err)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		for s.Ready() != nil {
			time.Sleep(time.Millisecond)
		}
		start := time.Now()
		id = fillStore(b, s, rows)
		b.Logf("%d rows in %s", rows, time.Since(start))
		cancel()
		require.NoError(b, <-done)
		require.NoError(b, s.Close())
	}()
	start := time.Now()
	s := openStore(b, dir, nil)
	size := func() float64 { return float64(sizeOf(s.partitionsOf(s.tables[traffic]))) / float64(rows) }
	b.Logf("opened in %s, %.1f bytes a row", time.Since(start), size())
	start = time.Now()
	for _, p := range s.partitionsOf(s.tables[traffic]) { // the store begins at once
		for rested := false; !rested; time.Sleep(10 * time.Millisecond) {
			p.writing.Lock()
			rested = p.rested || p.retired
			p.writing.Unlock()
		}
	}
	b.Logf("at rest after %s, %.1f bytes a row", time.Since(start), size())
	now := ticksOf(time.Now())
	day := now - 5*logrows.TicksPerDay
	for _, q := range []struct {
		name string
		sql  SQL
	}{
		{"request id over all days", SQL{From: 0, To: now, Text: `SELECT "TimeGenerated", "EndpointName", "TotalDurationMs" FROM {rows} WHERE "XRequestId$hash" = $1 AND "XRequestId" = $2`,
			Args: []any{Hash(id), id}, Columns: result(logrows.Datetime, logrows.String, logrows.Int)}},
		{"client request id over all days", SQL{From: 0, To: now, Text: `SELECT * FROM {rows} WHERE "XMSClientRequestId$hash" = CAST($1 AS INTEGER) AND "XMSClientRequestId" = $2 LIMIT 0`,
			Args: []any{Hash(id), id}, Columns: append(trafficTable().Columns, result(logrows.Int, logrows.Int)...)}},
		{"failures by deployment, one day", SQL{From: day, To: day + logrows.TicksPerDay, Text: `SELECT "EndpointName", "DeploymentName", "ResponseCode", count(*), max("TimeGenerated") FROM {rows} WHERE "ResponseCode" >= 400 GROUP BY ALL ORDER BY 4 DESC`,
			Columns: result(logrows.String, logrows.String, logrows.Int, logrows.Long, logrows.Datetime)}},
		{"percentiles, one day", SQL{From: day, To: day + logrows.TicksPerDay, Text: `SELECT "EndpointName", quantile_disc("TotalDurationMs", [0.5, 0.95, 0.99])[2], avg("RequestDurationMs") FROM {rows} GROUP BY 1`,
			Columns: result(logrows.String, logrows.Int, logrows.Real)}},
		{"bins of five minutes, one day", SQL{From: day, To: day + logrows.TicksPerDay, Text: `SELECT "DeploymentName", "TimeGenerated" - "TimeGenerated" % 3000000000 AS bin, count(*) FILTER ("ResponseCode" < 400) FROM {rows} GROUP BY ALL`,
			Columns: result(logrows.String, logrows.Datetime, logrows.Long)}},
		{"latest 100 failures over all days", SQL{From: 0, To: now, Text: `SELECT "TimeGenerated", "EndpointName", "ResponseCode", "XRequestId" FROM {rows} WHERE "ResponseCode" NOT IN (100, 200) ORDER BY 1 DESC LIMIT 100`,
			Columns: result(logrows.Datetime, logrows.String, logrows.Int, logrows.String)}},
		{"failure rate over all days", SQL{From: 0, To: now, Text: `SELECT "EndpointName", count(*), count(*) FILTER ("ResponseCode" >= 500) FROM {rows} GROUP BY 1`,
			Columns: result(logrows.String, logrows.Long, logrows.Long)}},
		{"nothing, over all days", SQL{From: 0, To: now, Text: `SELECT "EndpointName" FROM {rows} LIMIT 0`, Columns: result(logrows.String)}},
	} {
		b.Run(q.name, func(b *testing.B) {
			q.sql.Table = traffic
			for range b.N {
				ask(b, s, q.sql)
			}
		})
	}
}
