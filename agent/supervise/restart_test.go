package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

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
