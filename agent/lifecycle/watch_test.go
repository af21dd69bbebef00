package lifecycle

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/process"
)

// server is a real one, in Python: it loads for a while, and then listens and answers what its file says.
const server1 = `
import http.server, sys, time
time.sleep(float(sys.argv[2]))
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/hang": time.sleep(600)
        self.send_response(200 if self.path == "/ok" else 503); self.end_headers(); self.wfile.write(b"loading")
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
`

func serve(t *testing.T, port string, load time.Duration) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("python3", "-c", server1, port, fmt.Sprint(load.Seconds()))
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

// agent is a Lifecycle that watches a real server by its port.
type agent struct {
	*Lifecycle
	*log
	reg  *prometheus.Registry
	stop func()
}

func watchPort(t *testing.T, dir, port string) agent {
	t.Helper()
	address := "127.0.0.1:" + port
	finder, err := process.New(process.DefaultConfig(), process.Settings{Target: address})
	require.NoError(t, err)
	cfg := DefaultConfig()
	cfg.StartPeriod = 100 * time.Millisecond
	cfg.Readiness.HTTP = "http://" + address + "/ok"
	a := agent{log: &log{}, reg: prometheus.NewRegistry()}
	a.Lifecycle, err = New(cfg, Settings{Record: a.record, Registerer: a.reg, Find: finder.Find, Wait: finder.Wait, Dir: dir})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	a.stop = func() {
		cancel()
		require.NoError(t, <-done)
	}
	return a
}

func (a agent) becomes(t *testing.T, s State) {
	t.Helper()
	require.Eventually(t, func() bool { return a.State() == s }, time.Minute, 10*time.Millisecond, "state %s", s)
}

func TestAServerThatTheAgentDidNotStart(t *testing.T) {
	_, port, err := net.SplitHostPort(freeAddress(t))
	require.NoError(t, err)
	dir := t.TempDir()
	a := watchPort(t, dir, port)
	a.becomes(t, Pending)
	require.Equal(t, 0.0, gauge(t, a.reg, "instance_ready"))

	first := serve(t, port, 300*time.Millisecond)
	a.becomes(t, Ready)
	require.Eventually(t, func() bool { return len(a.named(rowStartPhase)) > 0 }, time.Minute, 10*time.Millisecond)
	n, sum := started(t, a.reg, Total, success)
	require.EqualValues(t, 1, n)
	require.Greater(t, sum, 0.3, "from the start of the process, which the agent saw only once it listened")

	require.NoError(t, first.Process.Kill())
	require.Error(t, first.Wait())
	a.becomes(t, Failed)
	require.Equal(t, 0.0, gauge(t, a.reg, "instance_ready"))
	serve(t, port, 0)
	a.becomes(t, Ready)
	require.Equal(t, 1.0, counter(t, a.reg, "instance_restarts_total", "unknown"))
	require.Len(t, a.named(rowStarted), 2)
	require.Len(t, a.named(rowExited), 1)
	a.stop()

	// The agent comes again: the server ran on, so nothing started.
	b := watchPort(t, dir, port)
	b.becomes(t, Ready)
	require.Equal(t, 1.0, gauge(t, b.reg, "instance_ready"))
	b.stop()
	require.Empty(t, b.named())
	n, _ = started(t, b.reg, Total, success)
	require.Zero(t, n)
	require.Zero(t, counter(t, b.reg, "instance_restarts_total", "unknown"))

	// Another agent, which knows nothing, finds a server that is ready.
	c := watchPort(t, t.TempDir(), port)
	c.becomes(t, Ready)
	c.stop()
	require.Len(t, c.named(), 1)
	require.Equal(t, rowAttached, c.named()[0].Name)
	n, _ = started(t, c.reg, Total, success)
	require.Zero(t, n)
}

// watched is a made-up process.
type watched struct {
	mu   sync.Mutex
	main process.Main
	err  error
	oom  int
}

func (w *watched) find() (process.Main, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.main, w.err
}

func (w *watched) kills(process.Main) (int, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.oom, true
}

func (w *watched) change(m process.Main, err error, oom int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.main, w.err, w.oom = m, err, oom
}

func TestAServerThatWasKilledForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}, oom: 3}
		b := newBenchWith(t, nil, DefaultConfig(), Settings{Find: w.find, OOMKills: w.kills}, readiness)
		at(30 * time.Second)
		w.change(process.Main{}, process.ErrNotFound, 4)
		at(2 * time.Second)
		require.Len(t, b.named(rowOOM), 1)
		require.Contains(t, b.named(rowOOM)[0].Message, "failed: it was killed for lack of memory after 3")
		w.change(process.Main{PID: 8, Start: time.Now(), StartTicks: 90}, nil, 4)
		at(2 * time.Second)
		w.change(process.Main{}, process.ErrNotFound, 4)
		at(2 * time.Second)
		require.Len(t, b.named(rowOOM), 1, "the kill of before is not this one's")
		require.Len(t, b.named(rowExited), 1)
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "oom"))
		b.stop()
	})
}

func TestARealServerThatHangs(t *testing.T) {
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	cfg := DefaultConfig()
	cfg.Liveness = ProbeConfig{HTTP: "http://" + address + "/hang", InitialDelay: time.Second, Period: 100 * time.Millisecond, Timeout: 100 * time.Millisecond, SuccessThreshold: 1, FailureThreshold: 3}
	cfg.StartPeriod = 100 * time.Millisecond
	restart := make(chan string, 1)
	rows, reg := &log{}, prometheus.NewRegistry()
	l, err := New(cfg, Settings{Record: rows.record, Registerer: reg, Target: address, Restart: func(why string) {
		select {
		case restart <- why:
		default:
		}
	}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	for range 2 {
		cmd := serve(t, port, 0)
		l.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: cmd.Process.Pid})
		select {
		case why := <-restart:
			require.Equal(t, "liveness", why)
		case <-time.After(time.Minute):
			t.Fatal("nobody asked for a restart")
		}
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		l.Process(ProcessEvent{Kind: Exited, Time: time.Now(), PID: cmd.Process.Pid, ExitCode: -1, Signal: "SIGKILL"})
		select {
		case <-restart: // asked again before it ended
		default:
		}
	}
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, 1.0, counter(t, reg, "instance_restarts_total", "liveness"))
	require.GreaterOrEqual(t, len(rows.named(rowKilling)), 2)
	require.GreaterOrEqual(t, len(rows.named(rowLiveness)), 3)
	require.Len(t, rows.named(rowExited), 2)
}

func TestAnAgentThatComesDuringAStartFollowsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		time.Sleep(20 * time.Second)
		w := &watched{main: process.Main{PID: 7, Start: begin, StartTicks: 70, Command: "/usr/bin/python3 -m vllm"}}
		dir := t.TempDir()
		b := newBench(t, DefaultConfig(), Settings{Find: w.find, Dir: dir}, readiness)
		at(2500 * time.Millisecond)
		require.True(t, inState(t, b.reg, Starting))
		b.Line(time.Now(), "Load weight begin. avail mem=1 GB")
		at(5 * time.Second)
		b.stop() // the agent is replaced in the middle
		b = newBench(t, DefaultConfig(), Settings{Find: w.find, Dir: dir}, readiness)
		at(5500 * time.Millisecond)
		b.Line(time.Now(), "Load weight end. type=X")
		b.probes[readiness].set(nil)
		at(5 * time.Second)
		_, sum := started(t, b.reg, WeightsLoad, success)
		require.Equal(t, 10.5, sum)
		n, sum := started(t, b.reg, Total, success)
		require.EqualValues(t, 1, n)
		require.InDelta(t, 34, sum, 1)
		require.Equal(t, 1.0, gauge(t, b.reg, "instance_info", "python3", "inference-server", ""))
		require.Empty(t, b.named(rowStarted), "the agent before wrote it")
		b.stop()
	})
}

func TestAServerThatStartedAnewWhileTheAgentWasAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
		dir := t.TempDir()
		b := newBenchWith(t, nil, DefaultConfig(), Settings{Find: w.find, Dir: dir}, readiness)
		at(5 * time.Second)
		b.stop()
		w.main = process.Main{PID: 7, Start: time.Now(), StartTicks: 90} // the same id
		at(time.Minute)
		b = newBenchWith(t, nil, DefaultConfig(), Settings{Find: w.find, Dir: dir}, readiness)
		at(5 * time.Second)
		require.True(t, inState(t, b.reg, Ready))
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "unknown"))
		n, _ := started(t, b.reg, Total, success)
		require.Zero(t, n, "when it was ready nobody saw")
		require.Len(t, b.named(rowExited), 1)
		require.Contains(t, b.named(rowExited)[0].Message, "(process 7), started at 2000-01-01T00:00:00Z, ended while no agent watched it")
		b.stop()
	})
}

func TestAStartThatTheAgentMissedTheEndOfIsNotMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
		dir := t.TempDir()
		b := newBench(t, DefaultConfig(), Settings{Find: w.find, Dir: dir}, readiness)
		at(5 * time.Second)
		b.stop()
		at(10 * time.Minute)
		b = newBenchWith(t, nil, DefaultConfig(), Settings{Find: w.find, Dir: dir}, readiness)
		at(5 * time.Second)
		require.True(t, inState(t, b.reg, Ready))
		n, _ := started(t, b.reg, Total, success)
		require.Zero(t, n)
		require.Len(t, b.named(rowAttached), 1)
		b.stop()
	})
}

func TestAnOldProcessThatIsNotReadyIsNotStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
		at(3 * time.Hour)
		b := newBench(t, DefaultConfig(), Settings{Find: w.find}, readiness)
		at(5 * time.Second)
		require.True(t, inState(t, b.reg, Failed))
		b.probes[readiness].set(nil)
		at(20 * time.Second)
		require.True(t, inState(t, b.reg, Ready))
		n, _ := started(t, b.reg, Total, success)
		require.Zero(t, n)
		b.stop()
	})
}
