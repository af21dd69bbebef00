package demo

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/endscope/endscope/cmd/endscope/demo/scoring"
)

// What a sender of logs holds and how long it goes on.
const (
	maxQueuedRows = 10_000 // of each table; more are dropped
	maxPushRows   = 1000
	pushTimeout   = 10 * time.Second
	firstRetry    = 250 * time.Millisecond
	lastRetry     = 2 * time.Second
	lastHeard     = 500 * time.Millisecond  // how long to wait for the last rows, once it is to end
	lastPush      = 1500 * time.Millisecond // and how long to go on pushing
)

// logSender pushes the rows of one instance to the log tables, a batch every so often. Rows are at least once in their table, as a push
// whose answer is lost is sent again; those that cannot be pushed are dropped and counted. add may be called concurrently.
type logSender struct {
	server string
	every  time.Duration
	counts *scoring.Collection
	log    *slog.Logger
	full   chan struct{} // holds a value when a whole batch waits

	mu     sync.Mutex
	queues []*logQueue
	ended  bool
}

// logQueue is the rows of one table that wait, as lines of JSON.
type logQueue struct {
	kind, table string
	lines       [][]byte
}

func newLogSender(server string, every time.Duration, counts *scoring.Collection, log *slog.Logger) *logSender {
	return &logSender{
		server: server, every: every, counts: counts, log: log, full: make(chan struct{}, 1),
		queues: []*logQueue{
			{kind: scoring.EventTraffic, table: "AmlOnlineEndpointTrafficLog"},
			{kind: scoring.EventConsole, table: "AmlOnlineEndpointConsoleLog"},
			{kind: scoring.EventLife, table: "AmlOnlineEndpointEventLog"},
		},
	}
}

// add queues a row of the table that holds events of a kind. It drops the row when too many wait.
func (s *logSender) add(kind string, row any) {
	line, err := json.Marshal(row)
	if err != nil {
		s.counts.Dropped(kind, scoring.DroppedRefused, 1)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		switch {
		case q.kind != kind:
			continue
		case s.ended:
			s.counts.Dropped(kind, scoring.DroppedUndelivered, 1)
		case len(q.lines) >= maxQueuedRows:
			s.counts.Dropped(kind, scoring.DroppedFull, 1)
		default:
			if q.lines = append(q.lines, line); len(q.lines) == maxPushRows {
				select {
				case s.full <- struct{}{}:
				default:
				}
			}
		}
	}
}

// take returns at most a batch of the rows that wait, and whether more do.
func (s *logSender) take(q *logQueue) (lines [][]byte, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(q.lines), maxPushRows)
	lines, q.lines = q.lines[:n:n], q.lines[n:]
	if len(q.lines) == 0 {
		q.lines = nil
	}
	return lines, len(q.lines) > 0
}

// run pushes until ctx ends, and then what is left, once last is closed: for lastPush at most.
func (s *logSender) run(ctx context.Context, last <-chan struct{}) error {
	client := &http.Client{Timeout: pushTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute}}
	defer client.CloseIdleConnections()
	// A push that is under way goes on when ctx ends: broken off, it would be sent twice.
	pushing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastPush, cancel) })()

	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-s.full:
		}
		s.flush(ctx, pushing, client)
	}
	select {
	case <-last:
	case <-time.After(lastHeard):
	}
	s.flush(pushing, pushing, client)
	s.end()
	return nil
}

// flush pushes what waits, until nothing does or ctx ends; pushes that are under way then end with pushing.
func (s *logSender) flush(ctx, pushing context.Context, client *http.Client) {
	for _, q := range s.queues {
		for more := true; more && ctx.Err() == nil; {
			var lines [][]byte
			lines, more = s.take(q)
			if len(lines) > 0 && !s.push(ctx, pushing, client, q, lines) {
				s.putBack(q, lines)
			}
		}
	}
}

// putBack queues rows again, before those that came since.
func (s *logSender) putBack(q *logQueue, lines [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.lines = append(lines, q.lines...)
	if over := len(q.lines) - maxQueuedRows; over > 0 {
		q.lines = q.lines[over:] // the oldest
		s.counts.Dropped(q.kind, scoring.DroppedFull, over)
	}
}

// end drops what still waits, and whatever comes.
func (s *logSender) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, q := range s.queues {
		if len(q.lines) > 0 {
			s.counts.Dropped(q.kind, scoring.DroppedUndelivered, len(q.lines))
			s.log.Warn("rows of a log are dropped, as the server does not take them", "table", q.table, "rows", len(q.lines))
			q.lines = nil
		}
	}
}

// push sends one batch, again and again until the server has taken or refused it. It returns false when ctx ends before.
func (s *logSender) push(ctx, pushing context.Context, client *http.Client, q *logQueue, lines [][]byte) bool {
	body := packed(lines)
	for retry := firstRetry; ; retry = min(2*retry, lastRetry) {
		stored, err := s.post(pushing, client, q.table, body, len(lines))
		var refused *refusedError
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil:
			return false
		case errors.As(err, &refused):
			s.counts.Dropped(q.kind, scoring.DroppedRefused, len(lines)-stored)
			s.log.Warn("rows of a log are refused", "table", q.table, "rows", len(lines)-stored, "why", refused.why)
			return true
		}
		s.log.Debug("push of logs failed; it is tried again", "table", q.table, "rows", len(lines), "after", retry, "why", err)
		if !wait(ctx, retry) {
			return false
		}
	}
}

// refusedError is the answer to rows that will never be taken.
type refusedError struct{ why string }

func (e *refusedError) Error() string { return e.why }

// post sends a body of rows once, and returns how many of them are stored. Errors other than *refusedError may pass.
func (s *logSender) post(ctx context.Context, client *http.Client, table string, body []byte, rows int) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.server+"/api/v1/logs/"+table, bytes.NewReader(body))
	if err != nil {
		return 0, &refusedError{err.Error()}
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, err
	}
	switch {
	case resp.StatusCode < 300:
		return rows, nil
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout:
		return 0, fmt.Errorf("status %d: %s", resp.StatusCode, text)
	}
	var problem struct {
		Detail string
		Stored struct{ Rows int } // those of a push of which a part was refused
	}
	if err := json.Unmarshal(text, &problem); err != nil {
		problem.Detail = string(text)
	}
	return problem.Stored.Rows, &refusedError{fmt.Sprintf("status %d: %s", resp.StatusCode, problem.Detail)}
}

// packed returns lines as one gzip body.
func packed(lines [][]byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is a known one, and a buffer takes everything
	for _, line := range lines {
		_, _ = w.Write(line)
		_, _ = w.Write([]byte{'\n'})
	}
	_ = w.Close()
	return b.Bytes()
}
