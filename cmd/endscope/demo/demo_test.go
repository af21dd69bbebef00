package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/internal/config"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == instanceCommand { // a fleet starts its own program again
		env := cli.Env{Stdout: os.Stdout, Stderr: os.Stderr}
		root := env.NewRoot("endscope", "", "")
		root.AddCommand(NewInstance(env))
		os.Exit(env.Execute(root, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

func discard() cli.Env { return cli.Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}} }

// newFleet returns a fleet whose agents find no server; they keep their rounds.
func newFleet(t *testing.T, roles ...role) *fleet {
	program, err := os.Executable()
	require.NoError(t, err)
	log, _ := cli.NewLogger(cli.LogConfig{Level: "error", Format: "logfmt"}, os.Stderr)
	f := &fleet{program: program, arg0: os.Args[0], stderr: os.Stderr, log: log, started: make(chan []*target, 1)}
	for _, r := range roles {
		f.instances = append(f.instances, &instance{
			role: r, server: "http://127.0.0.1:1", interval: time.Second, dataDir: t.TempDir(), log: cli.LogConfig{Level: "error", Format: "logfmt"},
		})
	}
	return f
}

func TestFleetServesAndStops(t *testing.T) {
	f := newFleet(t, cast()[0], cast()[2])
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f.run(ctx) }()
	targets := <-f.started
	require.Len(t, targets, 2)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Post(targets[1].url+"/score", "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)

	cancel()
	began := time.Now()
	require.NoError(t, <-done)
	require.Less(t, time.Since(began), stopTimeout)
	for _, target := range targets {
		_, err := net.Dial("tcp", strings.TrimPrefix(target.url, "http://"))
		require.Error(t, err, "the port is free")
	}
}

func TestFleetGoesOnWithoutAnInstance(t *testing.T) {
	f := newFleet(t, cast()[0], cast()[1])
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f.run(ctx) }()
	targets := <-f.started
	require.NotNil(t, choose(targets, 0.9))
	require.NoError(t, syscall.Kill(targets[0].pid, syscall.SIGKILL))
	<-targets[0].gone
	for _, x := range []float64{0, 0.3, 0.99} {
		require.Equal(t, targets[1], choose(targets, x), "all traffic goes to who is left")
	}
	require.NoError(t, syscall.Kill(targets[1].pid, syscall.SIGKILL))
	require.ErrorContains(t, <-done, "every sample instance has ended")
	require.Nil(t, choose(targets, 0.5))
}

func TestFleetSaysWhyAnInstanceDoesNotStart(t *testing.T) {
	f := newFleet(t, role{deployment: "blue", instance: "blue-1", model: "oracle"})
	f.stderr = &bytes.Buffer{}
	require.ErrorContains(t, f.run(t.Context()), "start blue-1: it ended before it listened: exit status 2")
	require.Contains(t, f.stderr.(*bytes.Buffer).String(), `no model is called "oracle"`)

	f = newFleet(t, cast()[0])
	f.program = "/nonexistent/endscope"
	require.ErrorIs(t, f.run(t.Context()), os.ErrNotExist)
}

func TestAnInstanceEndsWithItsStandardInput(t *testing.T) {
	f := newFleet(t, cast()[0])
	p, err := f.startOne(f.instances[0])
	require.NoError(t, err)
	defer stop([]*process{p})
	_, err = addresses(t.Context(), f.instances, []*process{p})
	require.NoError(t, err)
	p.stdin.close()
	select {
	case <-p.gone:
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on")
	}
}

func TestAnInstancePushesTheLifeOfItsContainersToTheEnd(t *testing.T) {
	s := &tables{rows: map[string][]string{}}
	server := httptest.NewServer(s)
	defer server.Close()
	f := newFleet(t, cast()[3])
	f.instances[0].server = server.URL
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f.run(ctx) }()
	<-f.started
	names := func() (out []string) {
		for _, line := range s.get("Event") {
			var row eventRow
			_ = json.Unmarshal([]byte(line), &row)
			if row.who != (who{sampleEndpoint, "green", "green-2"}) || time.Since(row.TimeGenerated).Abs() > time.Minute {
				return []string{line}
			}
			if row.Name != lifeNotReady { // it is a matter of how fast the machine is
				out = append(out, row.Name)
			}
		}
		return out
	}
	once := []string{lifeCreated, lifeStarted, lifeBackOff}
	require.Eventually(t, func() bool { return len(names()) >= 10 }, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, slices.Concat([]string{lifePulled, lifeCreated, lifeStarted, lifePulled}, once, once), names()[:10])
	cancel()
	require.NoError(t, <-done)
	all := names()
	require.Equal(t, lifeKilling, all[len(all)-1])
	console := strings.Join(s.get("Console"), "\n")
	require.Contains(t, console, `"ContainerName":"model-mount","ContainerImageName":"model-mount:1","Message":"ConnectionError: dial tcp 127.0.0.1:1: connect: connection refused"`)
	require.Contains(t, console, `"Message":"INFO:     Finished server process [`)
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
