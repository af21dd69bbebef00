package lifecycle

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/records"
)

func TestConfigNamesItsBounds(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	f := func(want string, change func(*Config)) {
		t.Helper()
		c := DefaultConfig()
		change(&c)
		require.ErrorContains(t, c.Validate(), want)
	}
	f(`liveness.http: must be a URL such as http://127.0.0.1:8000/health (got "localhost:80")`, func(c *Config) { c.Liveness.HTTP = "localhost:80" })
	f(`readiness.tcp: must not be set together with http (got http and tcp)`, func(c *Config) { c.Readiness.HTTP, c.Readiness.TCP = "http://a/", "a:1" })
	f(`readiness.tcp: must be host:port, such as 127.0.0.1:8000 (got "a")`, func(c *Config) { c.Readiness.TCP = "a" })
	f(`startup.exec: must begin with a command`, func(c *Config) { c.Startup.Exec = []string{""} })
	f(`startup.headers: must be names and values of HTTP headers (got "A b")`, func(c *Config) { c.Startup.Headers = map[string]string{"A b": "c"} })
	f(`liveness.initial_delay: must be between 0 and 24h (got -1s)`, func(c *Config) { c.Liveness.InitialDelay = -time.Second })
	f(`liveness.period: must be between 100ms and 1h (got 0s)`, func(c *Config) { c.Liveness.Period = 0 })
	f(`liveness.timeout: must be between 10ms and 10m (got 0s)`, func(c *Config) { c.Liveness.Timeout = 0 })
	f(`liveness.success_threshold: must be between 1 and 1000 (got 0)`, func(c *Config) { c.Liveness.SuccessThreshold = 0 })
	f(`liveness.failure_threshold: must be between 1 and 100000 (got 0)`, func(c *Config) { c.Liveness.FailureThreshold = 0 })
	f(`start_period: must be 0, or between 100ms and 1m (got 1ms)`, func(c *Config) { c.StartPeriod = time.Millisecond })
	f(`process.pid: must be a process id`, func(c *Config) { c.Process.PID = -1 })
}

func TestSettingsAreChecked(t *testing.T) {
	_, err := New(DefaultConfig(), Settings{})
	require.ErrorContains(t, err, "Record is required")
	_, err = New(DefaultConfig(), Settings{Record: func(records.Event) {}, Target: "nowhere"})
	require.ErrorContains(t, err, `target "nowhere" is not host:port`)
	l, err := New(DefaultConfig(), Settings{Record: func(records.Event) {}, Target: "127.0.0.1:1"})
	require.NoError(t, err)
	require.Equal(t, tcpCheck("127.0.0.1:1"), l.checks[readiness], "the target is the readiness probe where there is none")
	require.Nil(t, l.checks[liveness])
}

// The page for operators has every row, state, reason, phase and line.
func TestThePageIsComplete(t *testing.T) {
	text, err := os.ReadFile("../../docs/agent/lifecycle.md")
	require.NoError(t, err)
	page := string(text)
	has := func(what string) {
		t.Helper()
		require.Contains(t, page, "`"+what+"`")
	}
	for _, name := range []string{rowCreated, rowStarted, rowLiveness, rowReadiness, rowStartup, rowKilling, rowBackOff, rowUnhealthy, rowExited, rowOOM, rowReady, rowNotReady, rowAttached, rowStartPhase, "Pulled"} {
		has(name)
	}
	for _, s := range states() {
		has(string(s))
	}
	for _, r := range restartReasons() {
		has(r)
	}
	for _, p := range phases() {
		has(string(p))
	}
	for _, key := range []string{"http", "headers", "tcp", "exec", "initial_delay", "period", "timeout", "success_threshold", "failure_threshold", "start_period", "pid", "pid_file", "port", "cgroup", "command"} {
		has(key)
	}
	for _, r := range rules() {
		if !strings.Contains(page, strings.TrimSpace(r.has)) {
			t.Errorf("the page does not name the line %q", r.has)
		}
	}
}
