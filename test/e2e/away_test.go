package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// rounds returns the times, in Unix milliseconds and rising, at which the agent e/d/i read itself, as the server has them.
func rounds(ctx context.Context, s *programs.Server) ([]int64, error) {
	found, err := instant(ctx, s.URL(), `agent_spool_entries{endpoint="e",deployment="d",instance="i"}[10m]`, time.Now())
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var at []int64
	for _, p := range found[0].Values {
		at = append(at, p.at)
	}
	return at, nil
}

// spooled returns how many rounds wait in the agent's spool.
func spooled(ctx context.Context, a *agent) (int, error) {
	n, err := a.metric(ctx, "agent_spool_entries")
	return int(n), err
}

// awaitSpooled waits until at least n rounds wait in the agent's spool, and returns how many do and a time after they were read.
func awaitSpooled(t *testing.T, a *agent, n int) (int, time.Time) {
	t.Helper()
	var got int
	require.NoError(t, a.proc.Await(programs.Within(t, 20*time.Second), func(ctx context.Context) (err error) {
		if got, err = spooled(ctx, a); err == nil && got < n {
			err = fmt.Errorf("%d of %d rounds in the spool", got, n)
		}
		return err
	}))
	return got, time.Now()
}

// only returns those of the sorted times that lie in [from, to].
func only(at []int64, from, to time.Time) (in []int64) {
	for _, v := range at {
		if v >= from.UnixMilli() && v <= to.UnixMilli() {
			in = append(in, v)
		}
	}
	return in
}

// selfOnly makes a round be one request with the agent's own readings and nothing else, so that rounds can be counted from outside.
var selfOnly = []string{"--interval", "200ms", "--collectors.host.enabled=false", "--collectors.gpu.enabled=false", "--send.backoff-max", "500ms"}

// TestNoGapWhileTheServerWasAway kills the server, lets the agent read on for a while, and wants every round of that time once the
// server is back.
func TestNoGapWhileTheServerWasAway(t *testing.T) {
	t.Parallel()
	s := programs.NewServer(t, bin)
	s.Start()
	s.Ready(20 * time.Second)
	a := newAgent(t, s.URL(), selfOnly...)
	a.start()
	arrives := func(after time.Time) {
		t.Helper()
		require.NoError(t, a.proc.Await(programs.Within(t, 20*time.Second), func(ctx context.Context) error {
			at, err := rounds(ctx, s)
			if err == nil && (len(at) == 0 || at[len(at)-1] <= after.UnixMilli()) {
				err = errors.New("no such round has arrived")
			}
			return err
		}))
	}
	began := time.Now()
	arrives(began.Add(time.Second))
	s.Proc.Kill()
	killed := time.Now()
	before, err := spooled(t.Context(), a) // read, but perhaps not sent when the server died
	require.NoError(t, err)
	n, back := awaitSpooled(t, a, before+20) // at 5 rounds a second, 4 s
	s.Start()
	arrives(back.Add(time.Second))

	at, err := rounds(t.Context(), s)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(only(at, killed.Add(-200*time.Millisecond), back)), n-before, "rounds of the time that the server was away")
	for i := 1; i < len(at); i++ { // a busy machine may skip a tick, but not many
		require.Less(t, at[i]-at[i-1], int64(1500), "a gap after %s", time.UnixMilli(at[i-1]))
	}
	require.Less(t, at[0], began.Add(2*time.Second).UnixMilli())
}

// TestAKilledAgentLosesNothingThatItRead kills the agent while its rounds wait for a server, and wants every one of them after it and the
// server are back.
func TestAKilledAgentLosesNothingThatItRead(t *testing.T) {
	t.Parallel()
	s := programs.NewServer(t, bin)
	a := newAgent(t, s.URL(), selfOnly...)
	began := time.Now()
	var killed time.Time
	total := 0
	for life := range 3 {
		a.start()
		n, seen := awaitSpooled(t, a, total+5+life)
		a.proc.Kill()
		killed, total = seen, n
	}
	s.Start()
	s.Ready(20 * time.Second)
	restarted := time.Now()
	a.start()
	require.NoError(t, a.proc.Await(programs.Within(t, 20*time.Second), func(ctx context.Context) error {
		at, err := rounds(ctx, s)
		if err == nil && len(only(at, restarted, time.Now())) < 2 {
			err = errors.New("the new life's rounds have not arrived")
		}
		return err
	}))
	at, err := rounds(t.Context(), s)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(only(at, began, killed)), total, "rounds that were in the spool when the agent was killed")
}
