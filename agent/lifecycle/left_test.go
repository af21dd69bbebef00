package lifecycle

import (
	"os/exec"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// killed returns the folder of an agent that ran a server (process 7) for a while and was killed: nothing of it ran at its end.
func killed(t *testing.T, then ...ProcessEvent) (dir string) {
	t.Helper()
	dir = t.TempDir()
	l, err := New(DefaultConfig(), Settings{Record: (&log{}).record, Restart: func(string) {}, Dir: dir})
	require.NoError(t, err)
	l.Process(ProcessEvent{Kind: Created, Time: time.Now()})
	l.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: 7})
	for _, e := range then {
		time.Sleep(time.Second)
		e.Time = time.Now()
		l.Process(e)
	}
	return dir
}

func TestAServerThatDiedWithItsAgentIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := killed(t)
		at(time.Minute)
		for range 2 { // the second one is killed before it starts anything
			b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}, Dir: dir}, readiness)
			at(2 * time.Second)
			require.Empty(t, b.named(rowExited), "no start has begun")
			b.stop()
		}
		b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}, Dir: dir}, readiness)
		begin := time.Now()
		b.Process(ProcessEvent{Kind: Created, Time: begin})
		b.Process(ProcessEvent{Kind: Started, Time: begin, PID: 8})
		b.stop()
		require.Equal(t, `0.0 Exited: Container inference-server (process 7), started at 2000-01-01T00:00:00Z, ended while no agent watched it, and how is not known
0.0 Created: Created container inference-server
0.0 Started: Started container inference-server (process 8)
`, b.text(begin))
		require.Equal(t, map[string]any{"container": "inference-server", "reason": "unknown", "attempt": 1, "pid": 7}, b.named(rowExited)[0].Properties)
		require.Equal(t, 2, b.named(rowStarted)[0].Properties["attempt"])
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "unknown"))
	})
}

func TestAServerWhoseEndItsAgentSawIsNotToldAgain(t *testing.T) {
	for name, then := range map[string][]ProcessEvent{
		"crashed, and the agent was killed while it waited": {{Kind: Exited, PID: 7, ExitCode: 1}, {Kind: BackOff, Wait: time.Minute}},
		"stopped by the agent":                              {{Kind: Killing, Reason: "the agent stops"}, {Kind: Exited, PID: 7, Signal: "SIGTERM"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := killed(t, then...)
				rows, reg := &log{}, prometheus.NewRegistry()
				l, err := New(DefaultConfig(), Settings{Record: rows.record, Registerer: reg, Restart: func(string) {}, Dir: dir})
				require.NoError(t, err)
				l.Process(ProcessEvent{Kind: Created, Time: time.Now()})
				l.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: 8})
				require.Empty(t, rows.named(rowExited))
				require.Zero(t, counter(t, reg, "instance_restarts_total", "unknown"))
			})
		})
	}
}

func TestAServerThatOutlivesItsAgentHasNotEnded(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	require.NoError(t, cmd.Start())
	dir := t.TempDir()
	agent := func() (*Lifecycle, *log) {
		rows := &log{}
		l, err := New(DefaultConfig(), Settings{Record: rows.record, Restart: func(string) {}, Dir: dir, Outlives: true})
		require.NoError(t, err)
		return l, rows
	}
	l, _ := agent()
	l.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: cmd.Process.Pid})
	l, rows := agent()
	l.left(time.Now())
	require.Empty(t, rows.named(rowExited), "it lives")
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	l, rows = agent()
	l.left(time.Now())
	require.Len(t, rows.named(rowExited), 1, "now it does not")
}

func TestARestartOfTheAgentsContainerIsCountedOnce(t *testing.T) {
	for name, before := range map[string]bool{"Kubernetes tells before": true, "Kubernetes tells after": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reg := prometheus.NewRegistry()
				l, err := New(DefaultConfig(), Settings{Record: (&log{}).record, Registerer: reg, Restart: func(string) {}, Dir: killed(t)})
				require.NoError(t, err)
				if before {
					l.Restarted(ProcessEvent{OOMKilled: true})
				}
				l.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: 8})
				if !before {
					l.Restarted(ProcessEvent{OOMKilled: true})
				}
				require.Equal(t, 1.0, counter(t, reg, "instance_restarts_total", "unknown")+counter(t, reg, "instance_restarts_total", "oom"))
				l.Restarted(ProcessEvent{OOMKilled: true})
				require.Equal(t, 2.0, counter(t, reg, "instance_restarts_total", "unknown")+counter(t, reg, "instance_restarts_total", "oom"))
			})
		})
	}
}
