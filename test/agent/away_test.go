package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// sends waits until the client has sent n more requests.
func sends(t *testing.T, a *agent, c *client, n int) {
	t.Helper()
	want := c.count() + n
	a.await(t, func(context.Context) error {
		if got := c.count(); got < want {
			return fmt.Errorf("%d of %d requests", got, want)
		}
		return nil
	})
}

// TestNothingIsLostWhileTheServerIsAway kills the server under load, more than once and also while it takes in what has waited, and wants every row,
// line and increase of a counter once. bench/agent does the same for minutes.
func TestNothingIsLostWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.start()
	a := newAgent(t, s).scraped()
	a.start(a.modelCommand()...)
	a.await(t, s.is(`endpoint_data_collection_events_total{type="traffic"}`, 0)) // what comes is a rise
	a.await(t, s.is(`instance_ready`, 1))
	c := newClient(t, a.url(), false)
	stop := c.load(t, 6, 10*time.Millisecond, "POST", "/score", 1024)

	sends(t, a, c, 200)
	before, err := a.metric(t.Context(), "agent_spool_entries") // rounds that a busy server has not taken yet
	require.NoError(t, err)
	s.Proc.Kill()
	killed := time.Now()
	sends(t, a, c, 1000)
	require.Positive(t, a.count("agent_log_spool_rows", `type="traffic"`))
	var waiting float64
	a.await(t, func(ctx context.Context) (err error) {
		if waiting, err = a.metric(ctx, "agent_spool_entries"); err == nil && waiting < 5 {
			err = errors.New("too few rounds wait")
		}
		return err
	})
	back := time.Now()
	for range 3 {
		s.start()
		select { // while it takes in what has waited
		case <-time.After(time.Duration(rand.IntN(300)) * time.Millisecond):
		case <-s.Proc.Exited():
			t.Fatalf("the server has ended: %s", s.Proc.Tail())
		}
		s.Proc.Kill()
		sends(t, a, c, 50)
	}
	s.start()
	sends(t, a, c, 200)
	stop()

	all := c.sent()
	require.Equal(t, map[string]int{"200": len(all)}, statuses(all), "clients notice nothing")
	a.await(t, s.holds(trafficLog, "true", len(all)))
	rows, err := s.rows(t.Context(), trafficLog)
	require.NoError(t, err)
	one, twice := byID(rows)
	require.Empty(t, twice, "rows that came more than once")
	for _, got := range all {
		require.Contains(t, one, got.requestID, "a row that is lost")
	}
	a.await(t, s.holds(consoleLog, `Message has "request"`, len(all)))
	lines, err := s.kql(t.Context(), consoleLog+` | where Message has "request" | summarize n = count() by Message | where n > 1`)
	require.NoError(t, err)
	require.Empty(t, lines, "lines that came more than once")
	a.await(t, s.holds(eventLog, `Name == "Started"`, 1))

	// Counters have no gap and no second rise: what they rose by over everything is what happened.
	for _, expr := range []string{
		`sum(histogram_count(endpoint_request_duration_seconds))`,
		`increase(endpoint_data_collection_events_total{type="traffic"}[1h] anchored)`,
		`sum(histogram_count(increase(endpoint_request_duration_seconds[1h] anchored)))`,
	} {
		a.await(t, s.is(expr, float64(len(all))))
	}
	for _, expr := range []string{
		`sum(resets(endpoint_data_collection_events_total[1h]))`, `sum(endpoint_data_collection_errors_total)`, `sum(agent_dropped_samples_total)`,
		`agent_log_spool_rows{type="traffic"}`,
	} {
		a.await(t, s.is(expr, 0))
	}
	found, err := s.promql(t.Context(), `agent_spool_entries[1h]`)
	require.NoError(t, err)
	require.Len(t, found, 1)
	rounds := 0
	for _, at := range found[0].times {
		if at >= float64(killed.UnixMilli())/1000-0.5 && at <= float64(back.UnixMilli())/1000 {
			rounds++
		}
	}
	require.GreaterOrEqual(t, rounds, int(waiting-before)-1, "rounds of the time that the server was away")
	require.NoError(t, a.proc.Stop(programs.Within(t, patience())))
}
