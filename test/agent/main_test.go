package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/subproc"
	"github.com/endscope/endscope/test/programs"
)

// bin is the folder of the two programs, built once before any test runs.
var bin string

// TestMain is the model server when the agent starts it as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == modelWord {
		os.Exit(modelMain(os.Args[2:]))
	}
	code, err := build(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func build(m *testing.M) (code int, err error) {
	bin = os.Getenv(programs.FoundVariable)
	given := bin != ""
	if !given {
		if bin, err = os.MkdirTemp("", "endscope-agent-test-"); err != nil {
			return 0, err
		}
		defer os.RemoveAll(bin)
		var more []string
		if withRace {
			more = append(more, "-race")
		}
		if err := programs.Build(context.Background(), bin, more...); err != nil {
			return 0, err
		}
	}
	if code, err = programs.Tests(m); err != nil {
		return 0, err
	}
	if given { // what runs with these programs may be others' too
		return code, nil
	}
	return code, leftovers()
}

// leftovers is an error when a process of these tests is still there, and ends it. A model server whose agent was killed dies with it.
func leftovers() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(time.Minute)
	for {
		var left []string
		for _, p := range processes() {
			if p.args[0] == self && len(p.args) > 1 && p.args[1] == modelWord || strings.HasPrefix(p.args[0], bin+string(filepath.Separator)) {
				left = append(left, fmt.Sprintf("%d: %s", p.pid, strings.Join(p.args, " ")))
			}
		}
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes that were left behind:\n%s", strings.Join(left, "\n"))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

type running struct {
	pid  int
	args []string // the program's path first
}

// processes lists what runs on this machine.
func processes() (all []running) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err != nil || len(line) == 0 {
			continue
		}
		all = append(all, running{pid, strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")})
	}
	return all
}

// patience is how long a condition may take on a machine that is busy with other tests; the race detector makes all of it slower.
func patience() time.Duration {
	if withRace {
		return 4 * time.Minute
	}
	return 2 * time.Minute
}

// await waits until f returns nil, and fails the test with f's last error after a generous time, or when the agent has ended.
func (a *agent) await(t *testing.T, f func(context.Context) error) {
	t.Helper()
	require.NoError(t, a.proc.Await(programs.Within(t, patience()), f))
}

// answers is a condition: something at the address answers 200.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := subproc.Get(ctx, url, nil)
		return err
	}
}

// server is an Endscope server that is asked for what the agent told it.
type server struct{ *programs.Server }

// newServer returns a server that is not running yet.
func newServer(t *testing.T) *server { return &server{programs.NewServer(t, bin)} }

// start runs the server and waits until it takes requests.
func (s *server) start() {
	s.Start()
	s.Ready(patience())
}

// The names under which all agents of these tests work.
const (
	endpoint   = "credit-default"
	deployment = "blue"
	instance   = "host-1"
	identity   = `endpoint="` + endpoint + `",deployment="` + deployment + `",instance="` + instance + `"`
)

// agent is one Endscope agent over its restarts, with a model server: identity, addresses and folder stay.
type agent struct {
	t     *testing.T
	dir   string // the agent's data
	page  string // its own page
	proxy string // where clients are served
	model string // where the model server listens
	flags []string
	proc  *subproc.Process
}

// newAgent returns an agent that is not running yet, with everything on and quick intervals. Later flags win.
func newAgent(t *testing.T, s *server, flags ...string) *agent {
	a := &agent{t: t, dir: filepath.Join(t.TempDir(), "agent"), page: programs.FreeAddr(t), proxy: programs.FreeAddr(t), model: programs.FreeAddr(t)}
	a.flags = append([]string{
		"--server", s.URL(), "--endpoint", endpoint, "--deployment", deployment, "--instance", instance,
		"--data-dir", a.dir, "--metrics.listen", a.page, "--interval", "500ms",
		"--proxy.listen", a.proxy, "--proxy.target", "http://" + a.model,
		"--lifecycle.readiness.http", "http://" + a.model + "/health", "--lifecycle.readiness.initial-delay", "0s", "--lifecycle.readiness.period", "300ms",
		"--lifecycle.start-period", "100ms", "--exec.passthrough=false",
		"--logs.flush-interval", "100ms", "--logs.send.backoff-min", "50ms", "--logs.send.backoff-max", "300ms", "--send.backoff-min", "50ms", "--send.backoff-max", "300ms",
		"--logs.send.shutdown-timeout", "30s", "--send.shutdown-timeout", "30s",
	}, flags...)
	return a
}

// scraped makes the agent scrape the model server, too.
func (a *agent) scraped() *agent {
	a.flags = append(a.flags, "--scrape.targets", "http://"+a.model+"/metrics")
	return a
}

func (a *agent) url() string { return "http://" + a.proxy }

// start runs `endscope-agent run`, or exec when there is a command, and does not wait for it.
func (a *agent) start(command ...string) {
	a.t.Helper()
	args := append([]string{"run"}, a.flags...)
	if len(command) > 0 {
		args = append(append([]string{"exec"}, a.flags...), "--")
		args = append(args, command...)
	}
	a.proc = programs.Run(a.t, filepath.Join(bin, "endscope-agent"), args...)
}

// serves waits until a request gets through the proxy.
func (a *agent) serves(path string) {
	a.t.Helper()
	require.NoError(a.t, a.proc.Await(programs.Within(a.t, patience()), answers(a.url()+path)))
}

// modelCommand is the command line of the model server.
func (a *agent) modelCommand(args ...string) []string {
	self, err := os.Executable()
	require.NoError(a.t, err)
	return append([]string{self, modelWord, "-listen", a.model}, args...)
}

// metric returns the sum of the series of the agent's own page that have the name and hold each of the label pairs, such as `type="traffic"`.
func (a *agent) metric(ctx context.Context, name string, pairs ...string) (float64, error) {
	body, err := subproc.Get(ctx, "http://"+a.page+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	sum, found := 0.0, false
lines:
	for line := range strings.Lines(string(body)) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		for _, p := range pairs {
			if !strings.Contains(rest, p) {
				continue lines
			}
		}
		fields := strings.Fields(rest)
		v, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return 0, fmt.Errorf("read %q: %w", line, err)
		}
		sum += v
		found = true
	}
	if !found {
		return 0, fmt.Errorf("%w %s%v", errNoSeries, name, pairs)
	}
	return sum, nil
}

var errNoSeries = errors.New("the agent's page shows no")

// count is metric as a whole number; what is not there fails the test.
func (a *agent) count(name string, pairs ...string) int {
	a.t.Helper()
	v, err := a.metric(a.t.Context(), name, pairs...)
	require.NoError(a.t, err)
	return int(v)
}
