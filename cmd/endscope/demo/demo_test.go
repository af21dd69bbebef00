package demo

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/internal/config"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{agentCommand, instanceCommand, mountCommand}, os.Args[1]) { // a fleet starts its own program again
		env := cli.Env{Stdout: os.Stdout, Stderr: os.Stderr}
		root := env.NewRoot("endscope", "", "")
		for _, command := range []func(cli.Env) (*cobra.Command, error){NewAgent, NewInstance, NewMount} {
			cmd, err := command(env)
			if err != nil {
				panic(err)
			}
			root.AddCommand(cmd)
		}
		os.Exit(env.Execute(root, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

func discard() cli.Env { return cli.Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}} }

// newFleet returns a fleet whose agents find no server; they keep what they have to push. Its servers do not wait for their models.
func newFleet(t *testing.T, roles ...role) *fleet {
	program, err := os.Executable()
	require.NoError(t, err)
	for i := range roles {
		roles[i].behaviour.Fetch = 0
	}
	log, _ := cli.NewLogger(cli.LogConfig{Level: "error", Format: "logfmt"}, os.Stderr)
	return &fleet{program: program, dir: t.TempDir(), server: "http://127.0.0.1:1", interval: time.Second, roles: roles, log: log, started: make(chan []*target, 1)}
}

// runFleet starts a fleet and returns its targets. ended gets what run returns; the fleet ends with the test at the latest.
func runFleet(t *testing.T, f *fleet) (targets []*target, stop func(), ended <-chan error) {
	ctx, cancel := context.WithCancel(context.Background())
	done, gone := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(gone)
		done <- f.run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-gone
	})
	select {
	case targets = <-f.started:
	case err := <-done:
		require.NoError(t, err)
	}
	return targets, cancel, done
}

// servers returns the addresses on which the scoring servers of a demo listen, by the names of their instances.
func servers(t *testing.T) map[string]string {
	out := map[string]string{}
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, f := range files {
		text, _ := os.ReadFile(f) // of a process that may be gone
		if m := regexp.MustCompile(instanceCommand + "\x00--name=([^\x00]+)\x00.*--listen=([^\x00]+)").FindStringSubmatch(string(text)); m != nil {
			out[m[1]] = m[2]
		}
	}
	return out
}

func requireFree(t *testing.T, address string) {
	require.Eventually(t, func() bool {
		l, err := net.Listen("tcp", address)
		return err == nil && l.Close() == nil
	}, 20*time.Second, 20*time.Millisecond, "the port is free")
}

func TestFleetServesAndStops(t *testing.T) {
	f := newFleet(t, cast()[0], cast()[2])
	f.roles[0].instance, f.roles[1].instance = "stops-1", "stops-2"
	targets, stop, ended := runFleet(t, f)
	require.Len(t, targets, 2)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Post(targets[1].url+"/score", "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusFailedDependency, resp.StatusCode)
	require.Equal(t, "400", resp.Header.Get("ms-azureml-model-error-statuscode"))
	listening := servers(t)
	require.Contains(t, listening, "stops-1")

	stop()
	began := time.Now()
	require.NoError(t, <-ended)
	require.Less(t, time.Since(began), stopTimeout)
	for _, target := range targets {
		requireFree(t, strings.TrimPrefix(target.url, "http://"))
		requireFree(t, listening[target.instance])
	}
}

func TestFleetGoesOnWithoutAnInstance(t *testing.T) {
	f := newFleet(t, cast()[0], cast()[1])
	f.roles[0].instance, f.roles[1].instance = "gone-1", "gone-2"
	targets, _, ended := runFleet(t, f)
	require.NotNil(t, choose(targets, 0.9))
	listening := servers(t)
	require.NoError(t, syscall.Kill(targets[0].pid, syscall.SIGKILL))
	<-targets[0].gone
	requireFree(t, listening["gone-1"]) // the server has gone with its agent
	for _, x := range []float64{0, 0.3, 0.99} {
		require.Equal(t, targets[1], choose(targets, x), "all traffic goes to who is left")
	}
	require.NoError(t, syscall.Kill(targets[1].pid, syscall.SIGKILL))
	require.ErrorContains(t, <-ended, "every sample instance has ended")
	require.Nil(t, choose(targets, 0.5))
}

func TestFleetSaysWhyAnInstanceDoesNotStart(t *testing.T) {
	f := newFleet(t, cast()[0])
	f.interval = time.Millisecond
	err := f.run(t.Context())
	require.ErrorContains(t, err, "start blue-1: its agent ended before the server was ready: exit status 2: ")
	require.ErrorContains(t, err, "interval: must be at least 100ms (got 1ms)")

	f = newFleet(t, cast()[0])
	f.program = "/nonexistent/endscope"
	require.ErrorIs(t, f.run(t.Context()), os.ErrNotExist)
}

func TestAServerEndsWithItsStandardInput(t *testing.T) {
	in, demo := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- serve(t.Context(), cast()[0], "127.0.0.1:0", in, io.Discard) }()
	require.NoError(t, demo.Close())
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on")
	}
	require.ErrorContains(t, serve(t.Context(), role{model: "oracle"}, "127.0.0.1:0", in, io.Discard), `no model is called "oracle"`)
}

func TestFreeAddressesDiffer(t *testing.T) {
	free, err := freeAddresses(20)
	require.NoError(t, err)
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(free))), 20)
	l, err := net.Listen("tcp", free[7])
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

// events takes rows of the event log and nothing else.
type events struct {
	mu   sync.Mutex
	rows []eventRow
}

type eventRow struct {
	InstanceId, Name string
	Properties       struct{ Container string }
}

func (e *events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/AmlOnlineEndpointEventLog") {
		_, _ = io.WriteString(w, "{}")
		return
	}
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for rows := json.NewDecoder(body); ; {
		var row eventRow
		if rows.Decode(&row) != nil {
			break
		}
		e.rows = append(e.rows, row)
	}
	_, _ = io.WriteString(w, "{}")
}

// names returns what happened to a container, in order, without how its start went.
func (e *events) names(container string) (out []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.rows {
		if r.Properties.Container == container && !slices.Contains([]string{"StartPhase", "ReadinessProbeFailed"}, r.Name) {
			out = append(out, r.InstanceId+" "+r.Name)
		}
	}
	return out
}

func TestTheLifeOfContainersIsPushedToTheEnd(t *testing.T) {
	e := &events{}
	server := httptest.NewServer(e)
	defer server.Close()
	f := newFleet(t, cast()[3])
	f.server = server.URL
	_, stop, ended := runFleet(t, f)
	once := []string{"green-2 Created", "green-2 Started", "green-2 Exited"}
	twice := slices.Concat(once, once, []string{"green-2 BackOff"}, once) // the first restart is made at once
	require.Eventually(t, func() bool { return len(e.names(mountContainer)) >= len(twice) }, 30*time.Second, 10*time.Millisecond)
	require.Equal(t, twice, e.names(mountContainer)[:len(twice)])
	require.Eventually(t, func() bool { return slices.Contains(e.names(serverContainer), "green-2 Ready") }, 30*time.Second, 10*time.Millisecond)
	stop()
	require.NoError(t, <-ended)
	require.Equal(t, []string{"green-2 Created", "green-2 Started", "green-2 Ready", "green-2 Killing", "green-2 Exited"}, e.names(serverContainer))
}

func TestSharesAreAsCast(t *testing.T) {
	var targets []*target
	total := 0.0
	for _, r := range cast() {
		targets = append(targets, &target{role: r, gone: make(chan struct{})})
		total += r.share
	}
	require.InDelta(t, 1, total, 1e-9)
	counts := map[string]int{}
	for i := range 1000 {
		counts[choose(targets, float64(i)/1000).deployment]++
	}
	require.InDelta(t, 700, counts["blue"], 2)
	require.InDelta(t, 300, counts["green"], 2)
}

func TestABusyPortNamesTheWayOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	cfg := DefaultConfig()
	cfg.Listen, cfg.DataDir = l.Addr().String(), t.TempDir()
	err = Run(t.Context(), cfg, discard())
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.ErrorContains(t, err, "--listen 127.0.0.1:9290")
}

func TestConfigNamesWhatIsOutOfBounds(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	cfg := Config{Listen: "x", Rate: 1e6, Interval: time.Hour, Duration: -1, Log: cli.DefaultLogConfig()}
	var keys []string
	for _, f := range config.Fields(cfg.Validate()) {
		keys = append(keys, f.Key)
	}
	require.Equal(t, []string{"listen", "rate", "interval", "duration"}, keys)
}

func TestCommandsCanBePasted(t *testing.T) {
	s := &story{program: "bin/endscope", url: "http://127.0.0.1:9190"}
	q := question{args: []string{"instant", `sum(x{a="b"})`}}
	require.Equal(t, `bin/endscope query instant 'sum(x{a="b"})'`, s.command(q))
	s.url = "http://127.0.0.1:9290"
	require.Equal(t, `bin/endscope query instant 'sum(x{a="b"})' --server http://127.0.0.1:9290`, s.command(q))
}

func TestAnAnswerIsCompleteWithEveryRow(t *testing.T) {
	require.True(t, complete("deployment  value\nblue  1\ngreen  2\n", 2))
	require.False(t, complete("deployment  value\nblue  1\n", 2))
	require.False(t, complete("deployment  value\nblue  1\ngreen  NaN\n", 2))
	require.False(t, complete("no series match\n", 2))
}
