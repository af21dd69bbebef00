package agent

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// onDisk returns a number of rows of requests that this life of the agent has written down for certain: those that had been recorded before, without
// those that are in memory now.
func (a *agent) onDisk(t *testing.T) int {
	t.Helper()
	most := 0
	for range 3 { // more may come into memory between the two readings
		recorded := a.count("endpoint_data_collection_events_total", `type="traffic"`)
		most = max(most, recorded-a.count("agent_log_queue_rows", `type="traffic"`))
	}
	return most
}

// TestAKilledAgentKeepsWhatItWroteDown kills the agent, and with it its model server, at random moments under load. What was on disk arrives once; what
// is lost are the last rows, which were still in memory; and nothing comes that was not sent.
func TestAKilledAgentKeepsWhatItWroteDown(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, seed))
	s := newServer(t)
	s.start()
	a := newAgent(t, s)
	const lives, clients = 6, 6
	type life struct {
		sent []answer
		safe int // so many of their rows were on disk when the agent was killed
	}
	var all []life
	for i := range lives {
		switch i {
		case 2:
			s.Proc.Kill() // two lives without a server: what they leave, a later one pushes
		case 4:
			s.start()
		}
		a.start(a.modelCommand()...)
		a.serves("/health")
		c := newClient(t, a.url(), false)
		stop := c.load(t, clients, 5*time.Millisecond, "POST", "/score", 512)
		sends(t, a, c, 100+r.IntN(400))
		time.Sleep(time.Duration(r.IntN(150)) * time.Millisecond) // to be anywhere between two writes
		safe := a.onDisk(t)
		a.proc.Kill()
		stop()
		all = append(all, life{c.sent(), safe - 1 - clients}) // without the look whether the proxy serves, and rows on their way into memory
	}
	a.start(a.modelCommand()...)
	a.serves("/health")
	for _, log := range []string{"traffic", "console", "event"} {
		a.await(t, func(ctx context.Context) error {
			n, err := a.metric(ctx, "agent_log_spool_rows", fmt.Sprintf("type=%q", log))
			if err == nil && n > 0 {
				err = fmt.Errorf("%g rows of the %s log wait", n, log)
			}
			return err
		})
	}
	require.Zero(t, a.count("endpoint_data_collection_errors_total"), "rows that are damaged or refused")
	require.Zero(t, a.count("agent_dropped_samples_total"))
	require.NoError(t, a.proc.Stop(programs.Within(t, patience())))

	rows, err := s.rows(t.Context(), trafficLog)
	require.NoError(t, err)
	_, twice := byID(rows)
	require.Empty(t, twice, "rows that came more than once")
	stored := map[string]bool{} // by the client's id
	for _, r := range rows {
		stored[r.text("XMSClientRequestId")] = true
	}
	delete(stored, "") // of the looks whether the proxy serves
	for i, l := range all {
		there, answered := 0, 0
		var lost []int // their places among the answered ones
		for _, sent := range l.sent {
			if stored[sent.clientID] {
				there++
				delete(stored, sent.clientID)
			} else if sent.status > 0 {
				lost = append(lost, answered)
			}
			if sent.status > 0 {
				answered++
			}
		}
		require.GreaterOrEqual(t, there, l.safe, "life %d: rows that were on disk", i)
		for _, at := range lost {
			require.GreaterOrEqual(t, at, answered-len(lost)-2*clients, "life %d: a row is lost that is not among the last %d of %d", i, len(lost), answered)
		}
		t.Logf("life %d: %d answered, %d rows, at least %d of them on disk, %d lost from memory", i, answered, there, l.safe, len(lost))
	}
	require.Empty(t, stored, "rows of requests that were not sent")
	for _, query := range []string{
		eventLog + ` | summarize n = count() by TimeGenerated, Name, Message | where n > 1`,
		consoleLog + ` | where Message has "request" | summarize n = count() by Message | where n > 1`,
	} {
		again, err := s.kql(t.Context(), query)
		require.NoError(t, err)
		require.Empty(t, again, query)
	}
	// A model server may come too early for the port of the one before, and is started again then.
	started, err := s.kql(t.Context(), eventLog+` | where Name == "Started" | count`)
	require.NoError(t, err)
	exited, err := s.kql(t.Context(), eventLog+` | where Name == "Exited" | count`)
	require.NoError(t, err)
	require.LessOrEqual(t, started[0].number("Count"), lives+1+exited[0].number("Count"))
	require.Positive(t, started[0].number("Count"))
}
