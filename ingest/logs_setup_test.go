package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/scopes"
)

const trafficTable = "AmlOnlineEndpointTrafficLog"

// testLogTables are declared here as the store will declare them: what senders of the three logs may rely on.
func testLogTables() []*logrows.Table {
	columns := func(text string) (out []logrows.Column) {
		for _, field := range strings.Fields(text + " OperationName:string _ResourceId:string _SubscriptionId:string TenantId:string SourceSystem:string Type:string _BilledSize:real _IsBillable:string Properties:dynamic") {
			name, typ, _ := strings.Cut(field, ":")
			c := logrows.Column{Name: name, Type: logrows.String}
			for t := logrows.Dynamic; t <= logrows.GUID; t++ {
				if t.String() == typ {
					c.Type = t
				}
			}
			out = append(out, c)
		}
		return out
	}
	return []*logrows.Table{
		{Name: trafficTable, Columns: columns("TimeGenerated:datetime Method:string Path:string Protocol:string SubscriptionId:string AzureMLWorkspaceId:string " +
			"AzureMLWorkspaceName:string EndpointName:string DeploymentName:string InstanceId:string Location:string AuthType:string IdentityData:string " +
			"ResponseCode:int ResponseCodeReason:string ModelStatusCode:int ModelStatusReason:string RequestPayloadSize:int ResponsePayloadSize:int " +
			"UserAgent:string XRequestId:string XMSClientRequestId:string RequestDurationMs:int ResponseDurationMs:int TotalDurationMs:int " +
			"RequestThrottlingDelayMs:int ResponseThrottlingDelayMs:int")},
		{Name: consoleTable, Columns: columns("TimeGenerated:datetime EndpointName:string DeploymentName:string InstanceId:string ContainerName:string ContainerImageName:string Message:string")},
		{Name: eventTable, Columns: columns("TimeGenerated:datetime EndpointName:string DeploymentName:string InstanceId:string Name:string Message:string")},
		{Name: "Everything", Columns: columns("TimeGenerated:datetime EndpointName:string DeploymentName:string InstanceId:string B:bool I:int L:long R:real D:decimal T:datetime S:timespan Text:string G:guid Any:dynamic")},
	}
}

// memoryLogs is a LogStore that keeps rows as maps of what they have, and refuses rows of before 1900.
type memoryLogs struct {
	mu      sync.Mutex
	rows    map[string][]map[string]any
	sources map[string]int
	keys    map[string]bool
	err     error
}

func (s *memoryLogs) LogTables() []*logrows.Table { return testLogTables() }

func (s *memoryLogs) AppendLogs(_ context.Context, b *logrows.Batch) ([]LogRowError, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	rows, err := rowsOf(b)
	if err != nil {
		return nil, err
	}
	if key := b.Table.Name + "/" + b.Key; b.Key != "" {
		if s.keys[key] {
			return nil, ErrLogsRepeated
		}
		s.keys[key] = true
	}
	var refused []LogRowError
	for i, r := range rows {
		if at, _ := r[columnTime].(string); at < "1900" {
			refused = append(refused, LogRowError{i, ReasonTooOld, "older than everything"})
			continue
		}
		if r[columnSource] == nil {
			return nil, fmt.Errorf("row %v does not say what brought it", r)
		}
		s.sources[r[columnSource].(string)]++
		delete(r, columnSource)
		s.rows[b.Table.Name] = append(s.rows[b.Table.Name], r)
	}
	return refused, nil
}

// take returns the rows of a table and forgets them.
func (s *memoryLogs) take(table string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := s.rows[table]
	delete(s.rows, table)
	return rows
}

// rowsOf copies a batch's rows and checks its shape. Nulls and empty strings are left out.
func rowsOf(b *logrows.Batch) ([]map[string]any, error) {
	if len(b.Columns) != len(b.Table.Columns) || b.Rows == 0 {
		return nil, fmt.Errorf("batch of %d rows and %d columns", b.Rows, len(b.Columns))
	}
	out := make([]map[string]any, b.Rows)
	for i := range out {
		out[i] = map[string]any{}
	}
	for c, v := range b.Columns {
		col := b.Table.Columns[c]
		n := max(len(v.Bools), len(v.Longs), len(v.Reals), len(v.Strings))
		if n == 0 && v.Nulls == nil {
			continue
		}
		if n != b.Rows || v.Nulls != nil && (len(v.Nulls) != b.Rows || col.Type == logrows.String) {
			return nil, fmt.Errorf("column %s has %d values and %d nulls of %d rows", col.Name, n, len(v.Nulls), b.Rows)
		}
		for r := range b.Rows {
			if v.Nulls != nil && v.Nulls[r] {
				continue
			}
			switch col.Type {
			case logrows.Bool:
				out[r][col.Name] = v.Bools[r]
			case logrows.Int, logrows.Long, logrows.Timespan:
				if col.Type == logrows.Int && v.Longs[r] != int64(int32(v.Longs[r])) {
					return nil, fmt.Errorf("column %s holds %d", col.Name, v.Longs[r])
				}
				out[r][col.Name] = v.Longs[r]
			case logrows.Datetime:
				if v.Longs[r] < 0 || v.Longs[r] > logrows.MaxDatetime {
					return nil, fmt.Errorf("column %s holds %d", col.Name, v.Longs[r])
				}
				out[r][col.Name] = timeOf(v.Longs[r]).Format(time.RFC3339Nano)
			case logrows.Real:
				out[r][col.Name] = v.Reals[r]
				if f := v.Reals[r]; math.IsNaN(f) || math.IsInf(f, 0) {
					out[r][col.Name] = fmt.Sprint(f)
				}
			default:
				if v.Strings[r] != "" {
					out[r][col.Name] = strings.Clone(v.Strings[r])
				}
			}
		}
	}
	return out, nil
}

// logHarness is an Ingester over memory with the clock at now.
type logHarness struct {
	t        testing.TB
	in       *Ingester
	store    *memoryLogs
	registry *prometheus.Registry
	now      time.Time
	ctx      context.Context
}

var logNow = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func newLogHarness(t testing.TB, change ...func(*Config)) *logHarness {
	t.Helper()
	cfg := DefaultConfig()
	for _, f := range change {
		f(&cfg)
	}
	h := &logHarness{t: t, now: logNow, store: &memoryLogs{rows: map[string][]map[string]any{}, sources: map[string]int{}, keys: map[string]bool{}}, registry: prometheus.NewRegistry(),
		ctx: scopes.WithGrants(context.Background(), scopes.AllAccess())}
	var err error
	h.in, err = New(cfg, Settings{Logger: slog.New(slog.DiscardHandler), Registerer: h.registry, Now: func() time.Time { return h.now }})
	require.NoError(t, err)
	require.NoError(t, h.in.UseLogStore(h.store))
	return h
}

// write pushes a body and returns what was stored, without the time where it is that of receipt.
func (h *logHarness) write(table, body string) ([]map[string]any, LogsResult) {
	h.t.Helper()
	result, err := h.in.WriteLogs(h.ctx, table, "", []byte(body))
	require.NoError(h.t, err)
	rows := h.store.take(table)
	require.Len(h.t, rows, result.Rows)
	received(rows, h.now)
	return rows, result
}

func received(rows []map[string]any, now time.Time) {
	for _, r := range rows {
		if r["TimeGenerated"] == now.Format(time.RFC3339Nano) {
			delete(r, "TimeGenerated")
		}
	}
}

// counters compares the counters of log rows that are not 0.
func (h *logHarness) counters(want string) {
	h.t.Helper()
	families, err := h.registry.Gather()
	require.NoError(h.t, err)
	var kept []*dto.MetricFamily
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "endscope_ingest_log_") {
			continue
		}
		f.Metric = slices.DeleteFunc(f.Metric, func(m *dto.Metric) bool { return m.GetCounter().GetValue() == 0 })
		if len(f.Metric) > 0 {
			kept = append(kept, f)
		}
	}
	require.NoError(h.t, testutil.GatherAndCompare(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return kept, nil }), strings.NewReader(want)))
}
