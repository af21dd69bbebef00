package supervise

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
