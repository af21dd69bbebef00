package process

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a real process and returns it with the first line that it printed. It ends with the test.
func start(t *testing.T, attr *syscall.SysProcAttr, name string, args ...string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = attr
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.True(t, err == nil || err == io.EOF, "%v", err)
	return cmd, strings.TrimSpace(line)
}

const listener = `
import socket, sys, time, os
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
if len(sys.argv) > 1:
    for _ in range(2):
        if os.fork() == 0: time.sleep(600)
print(s.getsockname()[1], flush=True)
time.sleep(600)
`

func find(t *testing.T, cfg Config, set Settings) *Finder {
	t.Helper()
	f, err := New(cfg, set)
	require.NoError(t, err)
	return f
}

func TestTheProcessThatListensIsFound(t *testing.T) {
	cmd, port := start(t, nil, "python3", "-c", listener)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	for name, f := range map[string]*Finder{
		"port":     find(t, Config{Port: n}, Settings{}),
		"target":   find(t, Config{}, Settings{Target: "127.0.0.1:" + port}),
		"narrowed": find(t, Config{Port: n, Command: "python"}, Settings{}),
	} {
		m, err := f.Find()
		require.NoError(t, err, name)
		require.Equal(t, cmd.Process.Pid, m.PID, name)
		require.Contains(t, m.Command, "socket.socket()")
		require.Contains(t, m.Name(), "python")
		require.WithinDuration(t, time.Now(), m.Start, time.Minute)
		again, err := f.Find()
		require.NoError(t, err)
		require.Equal(t, m, again, "the start of a process does not move")
	}
	_, err = find(t, Config{Port: n, Command: "^tritonserver"}, Settings{}).Find()
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, "does not match")
}

func TestOfServersThatShareASocketTheFirstIsTheMainOne(t *testing.T) {
	cmd, port := start(t, &syscall.SysProcAttr{Setpgid: true}, "python3", "-c", listener, "fork")
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	f := find(t, Config{Port: n}, Settings{})
	m, err := f.Find()
	require.NoError(t, err)
	require.Equal(t, cmd.Process.Pid, m.PID)
	require.Len(t, f.PIDs(), 3)
	require.Contains(t, f.PIDs(), m.PID)
}

func TestAPortThatTheAgentHoldsIsNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, err = find(t, Config{}, Settings{Target: l.Addr().String()}).Find()
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, "the agent itself")
}

func TestAnotherProcessThatTakesThePortIsTheNextMainOne(t *testing.T) {
	first, port := start(t, nil, "python3", "-c", listener)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	f := find(t, Config{Port: n}, Settings{})
	m, err := f.Find()
	require.NoError(t, err)
	require.NoError(t, first.Process.Kill())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, f.Wait(ctx, m))
	_, err = f.Find()
	require.ErrorIs(t, err, ErrNotFound)
	second, _ := start(t, nil, "python3", "-c", strings.Replace(listener, `("127.0.0.1", 0)`, fmt.Sprintf(`("127.0.0.1", %d)`, n), 1))
	next, err := f.Find()
	require.NoError(t, err)
	require.Equal(t, second.Process.Pid, next.PID)
	require.False(t, next.Same(m))
}

func TestWaitEndsWithTheContext(t *testing.T) {
	cmd, _ := start(t, nil, "python3", "-c", listener)
	f := find(t, Config{PID: cmd.Process.Pid}, Settings{})
	m, err := f.Find()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, f.Wait(ctx, m), context.Canceled)
	m.StartTicks++ // another process with the same id
	require.False(t, f.Alive(m))
	require.NoError(t, f.Wait(t.Context(), m))
}

func TestAnEndedProcessThatNobodyWaitedForIsGone(t *testing.T) {
	cmd := exec.Command("true")
	require.NoError(t, cmd.Start())
	f := find(t, Config{}, Settings{PID: func() int { return cmd.Process.Pid }})
	require.Eventually(t, func() bool { _, err := f.Find(); return err != nil }, time.Minute, 5*time.Millisecond)
	_, err := f.Find()
	require.ErrorIs(t, err, ErrNotFound)
	require.NoError(t, cmd.Wait())
}

func TestPIDFilesAndCommands(t *testing.T) {
	cmd, _ := start(t, nil, "python3", "-c", listener+"# marker-of-this-test")
	name := filepath.Join(t.TempDir(), "server.pid")
	f := find(t, Config{PIDFile: name}, Settings{})
	_, err := f.Find()
	require.ErrorIs(t, err, ErrNotFound)
	require.NoError(t, os.WriteFile(name, []byte("none"), 0o600))
	_, err = f.Find()
	require.ErrorContains(t, err, "not a process id")
	require.NoError(t, os.WriteFile(name, fmt.Appendf(nil, "%d\n", cmd.Process.Pid), 0o600))
	m, err := f.Find()
	require.NoError(t, err)
	require.Equal(t, cmd.Process.Pid, m.PID)

	m, err = find(t, Config{Command: "marker-of-this-test"}, Settings{}).Find()
	require.NoError(t, err)
	require.Equal(t, cmd.Process.Pid, m.PID)

	require.NoError(t, os.WriteFile(name, []byte("4194304999"), 0o600))
	_, err = f.Find()
	require.ErrorIs(t, err, ErrNotFound, "the file names another process now")
}

func TestAChildThatLostItsParentStaysInTheTree(t *testing.T) {
	// The shell's child starts a grandchild in a session of its own and ends.
	cmd, _ := start(t, &syscall.SysProcAttr{Setpgid: true}, "python3", "-c", `
import os, sys, time
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    time.sleep(float(2))
    os._exit(0)
print("up", flush=True)
os.wait()
time.sleep(600)
`)
	f := find(t, Config{PID: cmd.Process.Pid}, Settings{})
	require.Eventually(t, func() bool { return len(f.PIDs()) == 3 }, time.Minute, 5*time.Millisecond)
	seen := f.PIDs()
	require.Eventually(t, func() bool { return len(f.PIDs()) == 2 }, time.Minute, 20*time.Millisecond)
	left := f.PIDs()
	require.Subset(t, seen, left)
	for _, pid := range left {
		if pid != cmd.Process.Pid {
			s, err := f.stat(pid)
			require.NoError(t, err)
			require.NotEqual(t, cmd.Process.Pid, s.parent, "it has another parent now")
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		}
	}
}

func TestNothingChosenIsAnErrorOfItsOwn(t *testing.T) {
	for _, target := range []string{"", "8000", "192.0.2.7:8000", "model.example.com:80", "127.0.0.1:99999"} {
		f := find(t, Config{}, Settings{Target: target})
		require.False(t, f.Configured(), target)
		_, err := f.Find()
		require.ErrorIs(t, err, ErrNotConfigured)
		require.Nil(t, f.PIDs())
	}
}

func TestConfigNamesItsBounds(t *testing.T) {
	for want, cfg := range map[string]Config{
		"pid: must be a process id, or 0 (got -1)":                   {PID: -1},
		"port: must be between 1 and 65535, or 0 (got 65536)":        {Port: 65536},
		`cgroup: must be a path that begins with / and has no ..`:    {Cgroup: "/a/../../b"},
		"command: must be a regular expression (RE2)":                {Command: "("},
		"port: must not be set together with pid (got pid and port)": {PID: 1, Port: 1},
	} {
		require.ErrorContains(t, cfg.Validate(), want)
	}
	require.NoError(t, DefaultConfig().Validate())
}
