package agent

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage/remote"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/agent/spool"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "agent":
		os.Exit(childAgent())
	case "receiver":
		os.Exit(childReceiver())
	}
	goleak.VerifyTestMain(m)
}

var quiet = slog.New(slog.DiscardHandler)

// collectorFunc is a collector made of a function.
type collectorFunc struct {
	name    string
	collect func(context.Context, *Round) error
	closed  int
}

func (c *collectorFunc) Name() string                                { return c.name }
func (c *collectorFunc) Describe() []*Desc                           { return nil }
func (c *collectorFunc) Collect(ctx context.Context, r *Round) error { return c.collect(ctx, r) }
func (c *collectorFunc) Close() error                                { c.closed++; return nil }

func gaugeDesc(name string, labelNames ...string) *Desc {
	return &Desc{Name: name, Help: "Help of " + name + ".", Type: model.MetricTypeGauge, Labels: labelNames}
}

// line is one sample of a request, readable.
type line struct {
	series string // as labels.Labels prints it
	value  string
	at     time.Time
}

func unpack(t testing.TB, packed []byte) writev2.Request {
	t.Helper()
	plain, err := snappy.Decode(nil, packed)
	require.NoError(t, err)
	var req writev2.Request
	require.NoError(t, req.Unmarshal(plain))
	require.Equal(t, "", req.Symbols[0])
	return req
}

func lines(t testing.TB, req writev2.Request) []line {
	t.Helper()
	var out []line
	b := labels.NewScratchBuilder(8)
	for _, ts := range req.Timeseries {
		last := ""
		for i := 0; i < len(ts.LabelsRefs); i += 2 {
			name := req.Symbols[ts.LabelsRefs[i]]
			require.Less(t, last, name, "labels are sorted and appear once")
			last = name
		}
		ls, err := ts.ToLabels(&b, req.Symbols)
		require.NoError(t, err)
		for _, s := range ts.Samples {
			v := fmt.Sprint(s.Value)
			if isStale(s.Value) {
				v = "stale"
			}
			out = append(out, line{ls.String(), v, time.UnixMilli(s.Timestamp)})
		}
		for _, h := range ts.Histograms {
			v := h.ToIntHistogram().String()
			if isStale(h.Sum) {
				v = "stale"
			}
			out = append(out, line{ls.String(), v, time.UnixMilli(h.Timestamp)})
		}
	}
	return out
}

// memorySpool is an appender that keeps requests as lines, for tests of the schedule.
type memorySpool struct {
	t      testing.TB
	mu     sync.Mutex
	rounds [][]line
	err    error
}

func (m *memorySpool) Append(payload []byte, samples int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	l := lines(m.t, unpack(m.t, payload))
	require.Len(m.t, l, samples)
	m.rounds = append(m.rounds, l)
	return nil
}

func (m *memorySpool) take() [][]line {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.rounds
	m.rounds = nil
	return out
}

func testMetrics(t testing.TB) (*metrics, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	m, err := newMetrics(reg, func() spool.Stats { return spool.Stats{} })
	require.NoError(t, err)
	return m, reg
}

// receiver is Prometheus's own remote-write handler over a real TSDB, with a hook in front of it.
type receiver struct {
	db   *promtsdb.DB
	next http.Handler

	mu     sync.Mutex
	before func(w http.ResponseWriter, r *http.Request, body []byte) bool // true: it has answered
	types  []string                                                       // content types of the requests
}

func openTSDB(dir string) (*promtsdb.DB, error) {
	o := promtsdb.DefaultOptions()
	o.OutOfOrderTimeWindow = (24 * time.Hour).Milliseconds()
	o.WALSegmentSize = 1 << 20
	o.EnableExemplarStorage, o.MaxExemplars = true, 1000
	return promtsdb.Open(dir, quiet, nil, o, nil)
}

func newReceiver(t testing.TB, messages ...remoteapi.WriteMessageType) *receiver {
	t.Helper()
	if len(messages) == 0 {
		messages = remoteapi.MessageTypes{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType}
	}
	db, err := openTSDB(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return &receiver{db: db, next: remote.NewWriteHandler(quiet, nil, db, messages, false, false, false)}
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	rc.mu.Lock()
	before := rc.before
	rc.types = append(rc.types, r.Header.Get("Content-Type"))
	rc.mu.Unlock()
	if before != nil && before(w, r, body) {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	rc.next.ServeHTTP(w, r)
}

func (rc *receiver) hook(f func(w http.ResponseWriter, r *http.Request, body []byte) bool) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.before = f
}

// server starts rc on loopback.
func (rc *receiver) server(t testing.TB) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("POST /api/v1/write", rc)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// samples returns every stored sample of the series with that name, as "labels value" in the order of time; NaN marks of staleness as stale.
func samples(t testing.TB, db *promtsdb.DB, name string) []line {
	t.Helper()
	q, err := db.Querier(0, time.Now().Add(24*365*time.Hour*100).UnixMilli())
	require.NoError(t, err)
	defer q.Close()
	set := q.Select(context.Background(), true, nil, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, name))
	var out []line
	for set.Next() {
		s := set.At()
		it := s.Iterator(nil)
		for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
			at, v := int64(0), ""
			if typ == chunkenc.ValFloat {
				ts, f := it.At()
				at, v = ts, fmt.Sprint(f)
				if isStale(f) {
					v = "stale"
				}
			} else {
				ts, h := it.AtFloatHistogram(nil)
				at, v = ts, fmt.Sprint(h.Count)
				if isStale(h.Sum) {
					v = "stale"
				}
			}
			out = append(out, line{s.Labels().String(), v, time.UnixMilli(at)})
		}
		require.NoError(t, it.Err())
	}
	require.NoError(t, set.Err())
	return out
}

// handlerTransport answers requests by calling a handler, so that synctest's clock is not held up by sockets.
type handlerTransport struct{ http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func testConfig(t testing.TB, server string) Config {
	cfg := DefaultConfig()
	cfg.Server, cfg.Endpoint, cfg.Deployment, cfg.Instance = server, "e", "d", "i"
	cfg.DataDir = t.TempDir()
	cfg.Interval = 100 * time.Millisecond
	cfg.Spool.Sync = spool.SyncOff
	cfg.Send.BackoffMin, cfg.Send.BackoffMax = 5*time.Millisecond, 50*time.Millisecond
	cfg.Metrics.Listen = "127.0.0.1:0"
	return cfg
}
