package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// names counts the rows of the event log by name.
func (s *server) names(t *testing.T) map[string]int {
	t.Helper()
	rows, err := s.rows(t.Context(), eventLog)
	require.NoError(t, err)
	m := map[string]int{}
	for _, r := range rows {
		m[r.text("Name")]++
	}
	return m
}

// TestAModelServerThatHangs hangs in one request, which the proxy ends by its own times, and then as a whole, deaf to SIGTERM as well: its liveness probe
// gets it killed and started again.
func TestAModelServerThatHangs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.start()
	a := newAgent(t, s, "--proxy.header-timeout", "3s", "--exec.stop-timeout", "1s")
	a.flags = append(a.flags, "--lifecycle.liveness.http", "http://"+a.model+"/health", "--lifecycle.liveness.initial-delay", "0s",
		"--lifecycle.liveness.period", "500ms", "--lifecycle.liveness.timeout", "3s", "--lifecycle.liveness.failure-threshold", "3")
	a.start(a.modelCommand()...)
	a.await(t, s.is(`instance_ready`, 1))
	a.await(t, s.is(`sum(instance_restarts_total)`, 0))

	c := newClient(t, a.url(), false)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { c.send(t.Context(), "GET", "/hang", 0) })
		all.Go(func() { c.send(t.Context(), "POST", "/score", 100) })
	}
	all.Wait()
	require.Equal(t, map[string]int{"200": 10, "504": 10}, statuses(c.sent()), "a request that hangs is ended, and others go on")
	require.Equal(t, 0, s.names(t)["Killing"])

	c.send(t.Context(), "POST", "/freeze", 0)
	for range 5 {
		all.Go(func() { c.send(t.Context(), "POST", "/score", 100) })
	}
	all.Wait()
	for _, got := range c.sent()[21:] {
		require.GreaterOrEqual(t, got.status, 500, "%+v", got)
	}
	a.await(t, s.is(`instance_restarts_total{reason="liveness"}`, 1))
	a.await(t, s.is(`instance_ready`, 1))
	require.Equal(t, 200, c.send(t.Context(), "POST", "/score", 100).status)
	a.await(t, s.holds(eventLog, `Name == "Ready"`, 2))
	events := s.names(t)
	require.GreaterOrEqual(t, events["LivenessProbeFailed"], 3)
	require.Equal(t, 2, events["Started"])
	require.NoError(t, s.holds(eventLog, `Name == "Killing" and Message has "failed its liveness probe and will restart"`, 1)(t.Context()))
	require.NoError(t, s.holds(eventLog, `Name == "Killing" and Message has "did not end within"`, 1)(t.Context()))
	a.await(t, s.holds(trafficLog, `XMSClientRequestId != ""`, c.count()))
	a.await(t, s.is(`sum(histogram_count(endpoint_request_duration_seconds))`, float64(c.count())))
	require.NoError(t, a.proc.Stop(programs.Within(t, patience())))
}

// TestAModelServerThatCrashes crashes at five starts in a row and then runs.
func TestAModelServerThatCrashes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.start()
	crashes := filepath.Join(t.TempDir(), "crashes")
	require.NoError(t, os.WriteFile(crashes, []byte("5"), 0o600))
	a := newAgent(t, s, "--exec.backoff-min", "600ms", "--exec.backoff-max", "1200ms")
	c := newClient(t, a.url(), false)
	a.start(a.modelCommand("-crashes", crashes)...)
	a.await(t, func(ctx context.Context) error { // while there is no server
		if got := c.send(ctx, "POST", "/score", 100); got.status != http.StatusBadGateway {
			return fmt.Errorf("%+v", got)
		}
		return nil
	})
	a.await(t, s.is(`instance_ready`, 1))
	require.Equal(t, 200, c.send(t.Context(), "POST", "/score", 100).status)
	a.await(t, s.holds(eventLog, `Name == "Ready"`, 1))
	events := s.names(t)
	require.Equal(t, []int{6, 6, 5, 4}, []int{events["Created"], events["Started"], events["Exited"], events["BackOff"]}, "%v: the first restart does not wait", events)
	require.NoError(t, s.holds(eventLog, `Name == "Exited" and toint(Properties.exitCode) == 3`, 5)(t.Context()))
	require.NoError(t, s.holds(consoleLog, `Message has "RuntimeError"`, 5)(t.Context()))
	for expr, want := range map[string]float64{
		`instance_restarts_total{reason="crash"}`:                                           5,
		`sum(instance_restarts_total)`:                                                      5,
		`increase(instance_restarts_total{reason="crash"}[1h] anchored)`:                    5,
		`histogram_count(instance_start_duration_seconds{phase="total",outcome="failure"})`: 5,
		`histogram_count(instance_start_duration_seconds{phase="total",outcome="success"})`: 1,
		`instance_state{state="ready"}`:                                                     1,
	} {
		a.await(t, s.is(expr, want))
	}
	var answered int
	for _, got := range c.sent() {
		if got.status > 0 {
			answered++
		}
	}
	a.await(t, s.holds(trafficLog, `ResponseCode > 0 and XMSClientRequestId != ""`, answered))
	require.NoError(t, a.proc.Stop(programs.Within(t, patience())))
}

// TestAModelServerThatFloodsItsConsole prints as fast as a pipe takes it. What it printed are rows or is counted as lost; the agent's memory stays bounded;
// and requests get through meanwhile.
func TestAModelServerThatFloodsItsConsole(t *testing.T) {
	s := newServer(t)
	s.start()
	a := newAgent(t, s, "--console.multiline.enabled=false")
	a.start(a.modelCommand("-quiet")...)
	a.await(t, s.is(`instance_ready`, 1))
	lines := 3_000_000 // 300 MB
	limit := int64(160 << 20)
	if withRace {
		lines, limit = 500_000, 1<<30
	}
	// What the agent needs without it.
	c := newClient(t, a.url(), false)
	for range 200 {
		c.send(t.Context(), "POST", "/score", 1024)
	}
	before, err := a.proc.RSS()
	require.NoError(t, err)

	var flood struct {
		Lines   int
		Seconds float64
	}
	var all sync.WaitGroup
	done := make(chan struct{})
	all.Go(func() {
		defer close(done)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://%s/flood?lines=%d", a.model, lines), nil)
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err := json.Unmarshal(body, &flood); err != nil {
			t.Error(err, string(body))
		}
		if err != nil {
			t.Error(err)
		}
	})
	var took []time.Duration
	under := newClient(t, a.url(), false)
	for alive := true; alive; {
		select {
		case <-done:
			alive = false
		case <-time.After(5 * time.Millisecond):
		}
		began := time.Now()
		under.send(t.Context(), "POST", "/score", 1024)
		took = append(took, time.Since(began))
	}
	all.Wait()
	require.Equal(t, lines, flood.Lines)
	require.Equal(t, map[string]int{"200": under.count()}, statuses(under.sent()), "requests during the flood")
	slices.Sort(took)
	require.Less(t, took[len(took)/2], 5*time.Second, "half of the requests during the flood")

	// Nothing waits any more, so that the counts are final.
	a.await(t, func(ctx context.Context) error {
		read, err := a.metric(ctx, "agent_console_lines_total", `source="exec"`)
		queued, err2 := a.metric(ctx, "agent_log_queue_rows", `type="console"`)
		waiting, err3 := a.metric(ctx, "agent_log_spool_rows", `type="console"`)
		if err == nil && err2 == nil && err3 == nil && (int(read) != lines+2 || queued+waiting > 0) {
			err = fmt.Errorf("%g of %d lines read; %g rows in memory, %g on disk", read, lines+2, queued, waiting)
		}
		return err
	})
	peak, err := a.proc.PeakRSS()
	require.NoError(t, err)
	require.Less(t, peak, limit, "resident memory at the most")
	// Every line is a row or counted as lost. The agent's own rows, which tell of lines that were lost, may be lost in the queue like any other row:
	// so many were recorded as there are more rows recorded than lines let through.
	var stored, lost, lostNotes int
	a.await(t, func(ctx context.Context) error { // the last lines may not have left the pipeline yet
		got, err := s.kql(ctx, consoleLog+` | summarize n = countif(Message startswith "flood "), notes = countif(Message startswith "endscope-agent: ")`)
		if err != nil {
			return err
		}
		all, err := a.metric(ctx, "endpoint_data_collection_errors_total", `type="console"`)
		limited, err2 := a.metric(ctx, "endpoint_data_collection_errors_total", `type="console"`, `reason="rate_limit"`)
		if errors.Is(err2, errNoSeries) {
			err2 = nil // a busy machine prints too slowly for it
		}
		backlog, err3 := a.metric(ctx, "endpoint_data_collection_errors_total", `type="console"`, `reason="backlog"`)
		if errors.Is(err3, errNoSeries) {
			err3 = nil
		}
		recorded, err4 := a.metric(ctx, "endpoint_data_collection_events_total", `type="console"`)
		if err := errors.Join(err, err2, err3, err4); err != nil {
			return err
		}
		stored, lost = got[0].number("n"), int(all)
		lostNotes = int(recorded) - (lines + 2 - int(limited+backlog)) - got[0].number("notes")
		if lostNotes < 0 || stored+lost-lostNotes != lines {
			return fmt.Errorf("%d rows and %d counted as lost, %d of them the agent's own, of %d lines", stored, lost, lostNotes, lines)
		}
		return nil
	})
	require.Positive(t, stored)
	require.LessOrEqual(t, lostNotes, 10)
	a.await(t, s.holds(consoleLog, `not(Message matches regex @"^flood \d{9} #+$") and not(Message startswith "endscope-agent: ")`, 2)) // none is torn; two are of the start
	again, err := s.kql(t.Context(), consoleLog+` | where Message startswith "flood " | summarize n = count() by Message | where n > 1 | count`)
	require.NoError(t, err)
	require.Zero(t, again[0].number("Count"), "lines that came more than once")
	a.await(t, s.holds(trafficLog, `XMSClientRequestId != ""`, c.count()+under.count()))
	// Every lost line is told of between the lines.
	var told int
	a.await(t, func(ctx context.Context) error {
		got, err := s.kql(ctx, consoleLog+` | where Message startswith "endscope-agent: " | extend n = tolong(extract(@"^endscope-agent: (\d+) lines", 1, Message)) | summarize n = sum(n), rows = count()`)
		if err != nil {
			return err
		}
		if told = got[0].number("n"); told != lost-lostNotes {
			return fmt.Errorf("%d rows tell of %d lines, of %d", got[0].number("rows"), told, lost-lostNotes)
		}
		return nil
	})
	t.Logf("%.0f MB/s: %d lines, %d rows, %d lost, %d of them told between the lines; RSS %d MiB before, %d MiB at the most; %d requests, half of them within %s, the slowest %s",
		float64(lines)/1e4/flood.Seconds, lines, stored, lost-lostNotes, told, before>>20, peak>>20, under.count(), took[len(took)/2], took[len(took)-1])
	require.NoError(t, a.proc.Stop(programs.Within(t, patience())))
}
