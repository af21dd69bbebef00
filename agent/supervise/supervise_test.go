package supervise

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const dieEnv = "ENDSCOPE_SUPERVISE_DIE"

func TestMain(m *testing.M) {
	if os.Getenv(dieEnv) != "" {
		superviseForEver()
	}
	goleak.VerifyTestMain(m)
}

// superviseForEver is an agent that is killed.
func superviseForEver() {
	s, err := New(DefaultConfig(), Settings{Command: []string{"sh", "-c", "echo server $$; sleep 600"}, Stdout: os.Stdout})
	if err != nil {
		panic(err)
	}
	panic(s.Run(context.Background()))
}

func TestTheServerDiesWithAKilledAgent(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), dieEnv+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	var pid int
	_, err = fmt.Sscanf(line, "server %d", &pid)
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	eventually(t, func() bool {
		st, ok := statOf(pid)
		return !ok || st.state == 'Z' // whose parent may not reap
	})
}

// watcher keeps what a supervisor tells.
type watcher struct {
	mu     sync.Mutex
	events []ProcessEvent
	out    map[string]*bytes.Buffer
	closed map[string]int
}

func (w *watcher) event(e ProcessEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

func (w *watcher) kinds() (kinds []EventKind) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (w *watcher) of(kind EventKind) (events []ProcessEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Kind == kind {
			events = append(events, e)
		}
	}
	return events
}

func (w *watcher) text(stream string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b := w.out[stream]; b != nil {
		return b.String()
	}
	return ""
}

type output struct {
	w      *watcher
	stream string
}

func (o output) Write(p []byte) (int, error) {
	o.w.mu.Lock()
	defer o.w.mu.Unlock()
	return o.w.out[o.stream].Write(p)
}

func (o output) Close() error {
	o.w.mu.Lock()
	defer o.w.mu.Unlock()
	o.w.closed[o.stream]++
	return nil
}

func (w *watcher) settings(command ...string) Settings {
	w.out, w.closed = map[string]*bytes.Buffer{"stdout": {}, "stderr": {}}, map[string]int{}
	return Settings{Command: command, Event: w.event, Output: func(stream string) io.WriteCloser { return output{w, stream} }}
}

// start runs a supervisor; the function returned waits for it.
func start(t *testing.T, cfg Config, set Settings) (*Supervisor, func() error) {
	t.Helper()
	s, err := New(cfg, set)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	var once sync.Once
	var result error
	wait := func() error {
		once.Do(func() { result = <-done })
		return result
	}
	t.Cleanup(func() {
		cancel()
		_ = wait()
	})
	return s, wait
}

func never() Config {
	c := DefaultConfig()
	c.Restart = RestartNever
	return c
}

func eventually(t *testing.T, f func() bool) {
	t.Helper()
	require.Eventually(t, f, 30*time.Second, 5*time.Millisecond)
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		command string
		code    int
		signal  string
	}{{"exit 0", 0, ""}, {"exit 3", 3, ""}, {"kill -KILL $$", 137, "SIGKILL"}, {"kill -SEGV $$", 139, "SIGSEGV"}} {
		w := &watcher{}
		_, wait := start(t, never(), w.settings("sh", "-c", "echo out; echo err >&2; "+c.command))
		err := wait()
		if c.code == 0 {
			require.NoError(t, err)
		} else {
			var exit *ExitError
			require.ErrorAs(t, err, &exit, c.command)
			require.Equal(t, c.code, exit.Code, c.command)
		}
		require.Equal(t, []EventKind{Created, Started, Exited}, w.kinds())
		e := w.of(Exited)[0]
		require.Equal(t, c.code, e.ExitCode)
		require.Equal(t, c.signal, e.Signal)
		require.Equal(t, w.of(Started)[0].PID, e.PID)
		require.Equal(t, "out\n", w.text("stdout"))
		require.Equal(t, "err\n", w.text("stderr"))
		require.Equal(t, map[string]int{"stdout": 1, "stderr": 1}, w.closed)
	}
}

func TestAProgramThatCannotBeStartedEndsAtOnce(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	require.NoError(t, os.WriteFile(plain, []byte("no program"), 0o600))
	for name, code := range map[string]int{"endscope-no-such-program": 127, "/endscope/no/such/program": 127, plain: 126} {
		w := &watcher{}
		_, wait := start(t, DefaultConfig(), w.settings(name))
		var exit *ExitError
		require.ErrorAs(t, wait(), &exit, name)
		require.Equal(t, code, exit.Code, name)
		require.ErrorContains(t, exit, filepath.Base(name))
		require.Equal(t, []EventKind{Created, Exited}, w.kinds())
	}
	_, err := New(DefaultConfig(), Settings{})
	require.ErrorContains(t, err, "a command is required")
}

func TestRestartsWaitAsInKubernetes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := filepath.Join(t.TempDir(), "ran")
		w := &watcher{}
		set := w.settings("sh", "-c", "echo x >>"+ran+"; exit 1")
		signals := make(chan os.Signal)
		set.Signals = signals
		began := time.Now()
		_, wait := start(t, DefaultConfig(), set)
		time.Sleep(30 * time.Minute)
		signals <- syscall.SIGTERM
		var exit *ExitError
		require.ErrorAs(t, wait(), &exit, "stopped while it waited: the code is that of the last run")
		require.Equal(t, 1, exit.Code)
		var waits []time.Duration
		for _, e := range w.of(BackOff) {
			waits = append(waits, e.Wait)
		}
		require.Equal(t, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 300 * time.Second}, waits[:6])
		require.Equal(t, 5*time.Minute, waits[len(waits)-1])
		text, err := os.ReadFile(ran)
		require.NoError(t, err)
		require.Len(t, strings.Fields(string(text)), len(w.of(Started)))
		require.Equal(t, w.of(Started)[1].Time.Sub(began).Round(time.Second), time.Duration(0), "the first restart is made at once")
	})
}

func TestBackoffBeginsAnewAfterALongRun(t *testing.T) {
	b := backoff{min: 10 * time.Second, max: 5 * time.Minute, reset: 10 * time.Minute}
	var got []time.Duration
	for _, ran := range []time.Duration{0, 0, 0, 9 * time.Minute, 10 * time.Minute, 0, 0} {
		got = append(got, b.wait(ran))
	}
	s := time.Second
	require.Equal(t, []time.Duration{0, 10 * s, 20 * s, 40 * s, 0, 10 * s, 20 * s}, got)
}

func TestOnlyFailuresAreRestartedWhereThatIsAsked(t *testing.T) {
	once := filepath.Join(t.TempDir(), "once")
	w := &watcher{}
	cfg := DefaultConfig()
	cfg.Restart = RestartOnFailure
	_, wait := start(t, cfg, w.settings("sh", "-c", "test -e "+once+" && exit 0; touch "+once+"; exit 5"))
	require.NoError(t, wait())
	require.Equal(t, []EventKind{Created, Started, Exited, Created, Started, Exited}, w.kinds())
}

const trapping = `
import os, signal, sys, time
def got(n, f):
    print(signal.Signals(n).name, flush=True)
    if n == signal.SIGTERM: sys.exit(0)
for s in ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGQUIT"):
    signal.signal(getattr(signal, s), got)
print("ready", flush=True)
while True: time.sleep(60)
`

func TestSignalsArePassedOn(t *testing.T) {
	w := &watcher{}
	set := w.settings("python3", "-c", trapping)
	signals := make(chan os.Signal)
	set.Signals = signals
	_, wait := start(t, DefaultConfig(), set)
	want := "ready\n"
	eventually(t, func() bool { return w.text("stdout") == want })
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGQUIT, syscall.SIGURG, syscall.SIGTERM} {
		signals <- sig
		if sig != syscall.SIGURG {
			want += signalName(sig) + "\n"
			eventually(t, func() bool { return w.text("stdout") == want })
		}
	}
	require.NoError(t, wait(), "it ended by itself after SIGTERM, with 0")
	require.Equal(t, []EventKind{Created, Started, Killing, Exited}, w.kinds())
	require.Equal(t, "the agent got SIGTERM", w.of(Killing)[0].Reason)
}

func TestTheExitCodeAfterASignalIsTheServers(t *testing.T) {
	w := &watcher{}
	set := w.settings("sleep", "600")
	signals := make(chan os.Signal, 1)
	set.Signals = signals
	_, wait := start(t, DefaultConfig(), set)
	eventually(t, func() bool { return len(w.of(Started)) == 1 })
	signals <- syscall.SIGTERM
	var exit *ExitError
	require.ErrorAs(t, wait(), &exit)
	require.Equal(t, 143, exit.Code)
	require.Equal(t, "SIGTERM", exit.Signal)
}

func TestAServerThatHangsIsKilled(t *testing.T) {
	w := &watcher{}
	cfg := DefaultConfig()
	cfg.StopTimeout = 50 * time.Millisecond
	set := w.settings("sh", "-c", "trap '' TERM INT; echo ready; sleep 600 & wait; sleep 600")
	signals := make(chan os.Signal, 1)
	set.Signals = signals
	_, wait := start(t, cfg, set)
	eventually(t, func() bool { return w.text("stdout") == "ready\n" })
	signals <- os.Interrupt
	var exit *ExitError
	require.ErrorAs(t, wait(), &exit)
	require.Equal(t, 137, exit.Code)
	require.Equal(t, []EventKind{Created, Started, Killing, Killing, Exited}, w.kinds())
	require.Equal(t, "it did not end within 50ms", w.of(Killing)[1].Reason)
}

func TestTheEndOfTheContextEndsTheServer(t *testing.T) {
	w := &watcher{}
	s, err := New(DefaultConfig(), w.settings("sleep", "600"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	eventually(t, func() bool { return s.PID() != 0 })
	pid := s.PID()
	cancel()
	require.NoError(t, <-done)
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	require.Zero(t, s.PID())
}

func TestRestartOnRequest(t *testing.T) {
	w := &watcher{}
	cfg := DefaultConfig()
	cfg.Restart = RestartOnFailure
	idle, err := New(cfg, w.settings("true"))
	require.NoError(t, err)
	idle.Restart("nothing runs yet")
	require.Empty(t, idle.restart)
	s, _ := start(t, cfg, w.settings("python3", "-c", trapping)) // ends with 0 after SIGTERM, and is started nevertheless
	eventually(t, func() bool { return strings.Count(w.text("stdout"), "ready") == 1 })
	s.Restart("failed its liveness probe")
	s.Restart("failed its liveness probe")
	eventually(t, func() bool { return strings.Count(w.text("stdout"), "ready") == 2 })
	require.Equal(t, []EventKind{Created, Started, Killing, Exited, Created, Started}, w.kinds())
	require.Equal(t, "failed its liveness probe", w.of(Killing)[0].Reason)
	require.Equal(t, 2, w.of(Started)[1].Attempt)
	require.NotEqual(t, w.of(Started)[0].PID, s.PID())
}

// doubleFork leaves an orphan that lives on in a session of its own, one that ends at once, and one that keeps stdout open.
const doubleFork = `
import os, sys, time
def say(s): os.write(1, (s + "\n").encode()) # whole, whoever else writes
def orphan(f):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            f()
            os._exit(0)
        os._exit(0)
    os.wait()
def live():
    say("orphan %d" % os.getpid())
    time.sleep(600)
def die():
    say("dying %d" % os.getpid())
orphan(live)
orphan(die)
say("ready")
sys.stdin.readline()
sys.exit(4)
`

func TestOrphansAreReapedAndKilled(t *testing.T) {
	stdin, tell, err := os.Pipe()
	require.NoError(t, err)
	defer tell.Close()
	w := &watcher{}
	set := w.settings("python3", "-c", doubleFork)
	set.Stdin = stdin
	_, wait := start(t, never(), set)
	var live, dying int
	defer func() {
		if t.Failed() {
			t.Logf("stdout %q, stderr %q, events %v", w.text("stdout"), w.text("stderr"), w.kinds())
		}
	}()
	eventually(t, func() bool {
		if !strings.Contains(w.text("stdout"), "ready") || strings.Count(w.text("stdout"), "\n") != 3 {
			return false
		}
		for line := range strings.Lines(w.text("stdout")) {
			_, _ = fmt.Sscanf(line, "orphan %d", &live)
			_, _ = fmt.Sscanf(line, "dying %d", &dying)
		}
		return live != 0 && dying != 0
	})
	st, ok := statOf(live)
	require.True(t, ok)
	require.Equal(t, os.Getpid(), st.parent, "the orphan was adopted")
	eventually(t, func() bool { _, ok := statOf(dying); return !ok }) // reaped: not even a zombie is left
	_, err = tell.WriteString("end\n")
	require.NoError(t, err)
	var exit *ExitError
	require.ErrorAs(t, wait(), &exit)
	require.Equal(t, 4, exit.Code, "reaping has not taken the server's own exit code")
	_, ok = statOf(live)
	require.False(t, ok, "what the server left behind is gone when Run returns")
	_ = stdin.Close()
}

func TestOtherPartsKeepTheirChildren(t *testing.T) {
	w := &watcher{}
	_, _ = start(t, DefaultConfig(), w.settings("sleep", "600"))
	eventually(t, func() bool { return len(w.of(Started)) == 1 })
	// A child that ended and that its part of the agent waits for later.
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "exit 7"}, &os.ProcAttr{Files: []*os.File{nil, nil, nil}})
	require.NoError(t, err)
	eventually(t, func() bool { st, ok := statOf(p.Pid); return ok && st.state == 'Z' })
	time.Sleep(2 * reapEvery)
	state, err := p.Wait()
	require.NoError(t, err)
	require.Equal(t, 7, state.ExitCode())
}

func TestAServerThatClosesItsOutputLivesOn(t *testing.T) {
	w := &watcher{}
	s, _ := start(t, DefaultConfig(), w.settings("sh", "-c", "echo last; exec >&- 2>&-; sleep 600"))
	eventually(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.closed["stdout"] == 1 && w.closed["stderr"] == 1
	})
	eventually(t, func() bool { return s.PID() != 0 }) // the child may be faster than the note of its number
	require.Empty(t, w.of(Exited))
}

func TestOutputIsPassedThrough(t *testing.T) {
	for _, on := range []bool{true, false} {
		w := &watcher{}
		cfg := never()
		cfg.Passthrough = on
		set := w.settings("sh", "-c", "echo out; echo err >&2")
		var out, errs bytes.Buffer
		set.Stdout, set.Stderr = &out, &errs
		_, wait := start(t, cfg, set)
		require.NoError(t, wait())
		require.Equal(t, on, out.String() == "out\n")
		require.Equal(t, on, errs.String() == "err\n")
	}
}

// stuck is an output that nobody reads for a while.
type stuck struct {
	release chan struct{}
	mu      sync.Mutex
	got     bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.release
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.Write(p)
}

func TestAnOutputThatIsStuckDoesNotHoldTheServer(t *testing.T) {
	w := &watcher{}
	set := w.settings("sh", "-c", "head -c 8000000 /dev/zero | tr '\\0' x; echo; echo end")
	out := &stuck{release: make(chan struct{})}
	set.Stdout = out
	s, wait := start(t, never(), set)
	eventually(t, func() bool { return len(w.of(Exited)) == 1 })
	close(out.release)
	require.NoError(t, wait())
	require.Len(t, w.text("stdout"), 8_000_005)
	out.mu.Lock()
	defer out.mu.Unlock()
	require.Contains(t, out.got.String(), "bytes of output are left out here")
	lost := counterValue(t, s)
	require.Positive(t, lost)
	notes := 0
	for line := range strings.Lines(out.got.String()) {
		if strings.HasPrefix(line, "[endscope-agent: ") {
			notes += len(line) + 1
		}
	}
	require.Equal(t, 8_000_005, out.got.Len()-notes+lost)
}

func TestOOMKillsAreRead(t *testing.T) {
	root := t.TempDir()
	put := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	_, ok := oomKills(root)
	require.False(t, ok)
	put("proc/self/cgroup", "4:memory:/pod/x\n0::/\n")
	put("sys/fs/cgroup/memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
	n, ok := oomKills(root)
	require.True(t, ok)
	require.EqualValues(t, 3, n)
	put("proc/self/cgroup", "0::/service\n")
	put("sys/fs/cgroup/service/memory.events", "low 0\noom 1\noom_kill 0\noom_group_kill 0\n")

	w := &watcher{}
	set := w.settings("sh", "-c", "sed -i 's/oom_kill 0/oom_kill 1/' "+filepath.Join(root, "sys/fs/cgroup/service/memory.events")+"; kill -KILL $$")
	set.Root = root
	_, wait := start(t, never(), set)
	require.Error(t, wait())
	require.True(t, w.of(Exited)[0].OOMKilled)
}

func TestValidateNamesKeyValueAndBound(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	c := DefaultConfig()
	c.Restart, c.StopTimeout, c.BackoffMin = "sometimes", -time.Second, time.Hour
	err := c.Validate()
	for _, want := range []string{`restart: must be always, on-failure or never (got "sometimes")`, "stop_timeout: must be between 0s and 24h (got -1s)", "backoff_min: must be between 0s and backoff_max (got 1h0m0s)"} {
		require.ErrorContains(t, err, want)
	}
	_, err = New(c, Settings{Command: []string{"true"}})
	require.Error(t, err)
	require.Equal(t, "the server could not be started: x", (&ExitError{Code: 127, Err: errors.New("x")}).Error())
}

func counterValue(t *testing.T, s *Supervisor) int {
	t.Helper()
	return int(testutil.ToFloat64(s.lost))
}
