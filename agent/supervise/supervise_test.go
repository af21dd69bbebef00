package supervise

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
