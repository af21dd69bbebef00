package records

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/spool"
	"github.com/endscope/endscope/scopes"
)

var testID = scopes.Path{Endpoint: "e", Deployment: "d", Instance: "i"}

// logServer is a server of logs that knows repeated keys. Its hook may answer in its place.
type logServer struct {
	t   testing.TB
	url string

	mu     sync.Mutex
	hook   func(w http.ResponseWriter, table string, rows []map[string]any) bool // true: it has answered
	rows   map[string][]map[string]any
	keys   map[string]bool
	pushes int
	header http.Header
}

func newLogServer(t testing.TB) *logServer {
	t.Helper()
	s := &logServer{t: t, rows: map[string][]map[string]any{}, keys: map[string]bool{}}
	mux := http.NewServeMux()
	mux.Handle("POST /api/v1/logs/{table}", s)
	hs := httptest.NewServer(mux)
	t.Cleanup(hs.Close)
	s.url = hs.URL
	return s
}

func (s *logServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rows, err := readRows(r.Body)
	if err != nil {
		s.t.Error(err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushes++
	s.header = r.Header
	table := path.Base(r.URL.Path)
	if s.hook != nil && s.hook(w, table, rows) {
		return
	}
	s.store(r.Header.Get("Idempotency-Key"), table, rows)
	_, _ = fmt.Fprintf(w, `{"rows": %d}`, len(rows))
}

func (s *logServer) store(key, table string, rows []map[string]any) {
	if !s.keys[table+key] {
		s.keys[table+key] = true
		s.rows[table] = append(s.rows[table], rows...)
	}
}

func readRows(body io.Reader) ([]map[string]any, error) {
	z, err := gzip.NewReader(body)
	if err != nil {
		return nil, err
	}
	var rows []map[string]any
	for d := json.NewDecoder(z); ; {
		var row map[string]any
		if err := d.Decode(&row); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

func (s *logServer) setHook(f func(w http.ResponseWriter, table string, rows []map[string]any) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = f
}

// messages returns the column Message of what is stored in the console log.
func (s *logServer) messages() []string { return s.column("AmlOnlineEndpointConsoleLog", "Message") }

func (s *logServer) column(table, name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, row := range s.rows[table] {
		all = append(all, fmt.Sprint(row[name]))
	}
	return all
}

func testConfig() Config {
	cfg := DefaultConfig()
	cfg.FlushInterval = 20 * time.Millisecond
	cfg.Spool.Traffic.Sync, cfg.Spool.Console.Sync, cfg.Spool.Event.Sync = spool.SyncOff, spool.SyncOff, spool.SyncOff
	cfg.Send.BackoffMin, cfg.Send.BackoffMax = 5*time.Millisecond, 50*time.Millisecond
	return cfg
}

// started is a Recorder that runs until stop.
type started struct {
	*Recorder
	dir  string
	reg  *prometheus.Registry
	said *syncBuffer
	stop func()
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newRecorder(t testing.TB, cfg Config, server, dir string) *started {
	t.Helper()
	s := &started{dir: dir, reg: prometheus.NewRegistry(), said: &syncBuffer{}}
	client := &http.Client{Transport: &http.Transport{}}
	var err error
	s.Recorder, err = New(cfg, Settings{DataDir: dir, Server: server, HTTPClient: client, Identity: testID, Registerer: s.reg, Logger: slog.New(slog.NewTextHandler(s.said, nil))})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()); client.CloseIdleConnections() })
	return s
}

func start(t testing.TB, cfg Config, server, dir string) *started {
	t.Helper()
	s := newRecorder(t, cfg, server, dir)
	ctx, cancel := contextOf(t)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(s.stop)
	return s
}

func (s *started) lost(kind Kind, reason string) float64 {
	return testutil.ToFloat64(s.metrics.errors.WithLabelValues(string(kind), reason))
}

func TestRowsOfAllLogsReachTheServer(t *testing.T) {
	srv := newLogServer(t)
	r := start(t, testConfig(), srv.url+"/", t.TempDir())
	r.Traffic(Traffic{Method: "POST", Code: 200})
	r.Console(Console{Container: "inference-server", Message: "first"})
	r.Event(Event{Name: "Started", Message: "Started container inference-server"})
	require.NoError(t, r.AppendConsole(t.Context(), []Console{{Message: "durable"}}))
	require.Eventually(t, func() bool {
		return len(srv.messages()) == 2 && len(srv.column("AmlOnlineEndpointTrafficLog", "Method")) == 1 && len(srv.column("AmlOnlineEndpointEventLog", "Name")) == 1
	}, 20*time.Second, 5*time.Millisecond)
	require.ElementsMatch(t, []string{"first", "durable"}, srv.messages())
	r.stop()
	require.Equal(t, "application/x-ndjson", srv.header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(srv.header.Get("User-Agent"), "endscope-agent/"))
	for _, s := range r.Stats() {
		require.Zero(t, s.QueuedRows+s.SpoolRows, s.Kind)
		require.Positive(t, s.Pushed)
	}
	require.Equal(t, 2.0, testutil.ToFloat64(r.metrics.events.WithLabelValues("console")))
	_, err := r.reg.Gather()
	require.NoError(t, err)
}
