package supervise

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
