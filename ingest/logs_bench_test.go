package ingest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
)

// nowhere is a LogStore that takes everything, so that a benchmark measures ingest alone.
type nowhere struct{ rows int }

func (s *nowhere) LogTables() []*logrows.Table { return testLogTables() }

func (s *nowhere) AppendLogs(_ context.Context, b *logrows.Batch) ([]LogRowError, error) {
	s.rows += b.Rows
	return nil, nil
}

// trafficRows is a body of n rows with 26 fields each, as an agent writes them.
func trafficRows(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 7, 1, 11, 0, 0, 0, time.UTC)
	var b bytes.Buffer
	for i := range n {
		at = at.Add(time.Duration(rng.IntN(3_000_000)))
		code, reason := 200, "OK"
		if rng.IntN(50) == 0 {
			code, reason = 503, "Service Unavailable"
		}
		up, wait := rng.IntN(20), rng.IntN(400)
		fmt.Fprintf(&b, `{"TimeGenerated":%q,"OperationName":"Score","Method":"POST","Path":"/v1/chat/completions","Protocol":"HTTP/1.1",`+
			`"AzureMLWorkspaceId":"5c6f9a52-7f4b-4a9b-9c21-0d0f5fbb1a10","AzureMLWorkspaceName":"fraud-team","EndpointName":"endpoint-%d","DeploymentName":"blue",`+
			`"InstanceId":"host-%d:8000","Location":"westeurope","AuthType":"Key","IdentityData":"","ResponseCode":%d,"ResponseCodeReason":%q,"ModelStatusCode":%d,`+
			`"ModelStatusReason":%q,"RequestPayloadSize":%d,"ResponsePayloadSize":%d,"UserAgent":"python-requests/2.32.3","XRequestId":"%08x-%04x-4%03x-8%03x-%012x",`+
			`"XMSClientRequestId":"%08x-%04x-4%03x-8%03x-%012x","RequestDurationMs":%d,"ResponseDurationMs":%d,"TotalDurationMs":%d,"RequestThrottlingDelayMs":0,`+
			`"ResponseThrottlingDelayMs":0}`+"\n",
			at.Format(time.RFC3339Nano), i%20, i%3, code, reason, code, reason, rng.IntN(90_000), rng.IntN(20_000),
			rng.Uint32(), rng.IntN(1<<16), rng.IntN(1<<12), rng.IntN(1<<12), rng.Uint64N(1<<48), rng.Uint32(), rng.IntN(1<<16), rng.IntN(1<<12), rng.IntN(1<<12),
			rng.Uint64N(1<<48), up, up+wait, up+wait+rng.IntN(100))
	}
	return b.Bytes()
}

func benchLogs(b *testing.B) *logHarness {
	h := newLogHarness(b)
	h.in.logs = &nowhere{}
	return h
}

// BenchmarkWriteLogs measures a body's way to columns: 5000 traffic rows of 26 fields.
func BenchmarkWriteLogs(b *testing.B) {
	h := benchLogs(b)
	const n = 5000
	body := trafficRows(n)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		result, err := h.in.WriteLogs(h.ctx, trafficTable, "", body)
		require.NoError(b, err)
		require.Equal(b, n, result.Rows, result.Err())
	}
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "rows/s")
}
