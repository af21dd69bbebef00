package agent

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/spool"
)

const childEnv = "ENDSCOPE_AGENT_TEST_CHILD"

// childAgent is an agent whose one series counts the rounds of its life. At each round it prints the round before, which is then in the spool.
func childAgent() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg := DefaultConfig()
	cfg.Server, cfg.Endpoint, cfg.Deployment, cfg.Instance = os.Getenv("SERVER"), "e", "d", "i"
	cfg.DataDir, cfg.Interval, cfg.Metrics.Listen = os.Getenv("DIR"), 100*time.Millisecond, ""
	cfg.Send.BackoffMin, cfg.Send.BackoffMax = 10*time.Millisecond, 100*time.Millisecond
	d, n := gaugeDesc("round", "life"), 0
	a, err := New(cfg, Settings{Sources: []Source{{Collector: &collectorFunc{name: "count", collect: func(_ context.Context, r *Round) error {
		fmt.Println("kept", n)
		n++
		r.Add(d, float64(n), os.Getenv("LIFE"))
		return nil
	}}}}})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	if err := a.Run(ctx); err != nil {
		fmt.Println("error", err)
		return 1
	}
	if err := a.Close(); err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("kept", n)
	return 0
}

// childReceiver is a server: Prometheus's receiver over its TSDB.
func childReceiver() int {
	db, err := openTSDB(os.Getenv("DIR"))
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	l, err := net.Listen("tcp", os.Getenv("ADDR"))
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("ready", 0)
	err = http.Serve(l, remote.NewWriteHandler(quiet, nil, db, remoteapi.MessageTypes{remoteapi.WriteV2MessageType}, false, false, false))
	fmt.Println("error", err)
	return 1
}

type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	mu   sync.Mutex
	last map[string]int
	text []string
}

func startChild(t *testing.T, kind string, env ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0]), done: make(chan struct{}), last: map[string]int{}}
	c.cmd.Env = append(append(os.Environ(), childEnv+"="+kind), env...)
	out, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.cmd.Start())
	go func() {
		defer close(c.done)
		for s := bufio.NewScanner(out); s.Scan(); {
			word, rest, _ := strings.Cut(s.Text(), " ")
			c.mu.Lock()
			if n, err := strconv.Atoi(rest); err == nil {
				c.last[word] = n
			}
			c.text = append(c.text, s.Text())
			c.mu.Unlock()
		}
	}()
	t.Cleanup(func() { _ = c.cmd.Process.Kill(); <-c.done })
	return c
}

func (c *child) seen(word string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok := c.last[word]
	if !ok {
		return -1
	}
	return n
}

func (c *child) end(t *testing.T, sig os.Signal) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Signal(sig))
	<-c.done
	err := c.cmd.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	require.NotContains(t, strings.Join(c.text, "\n"), "error")
	if sig == syscall.SIGTERM {
		require.NoError(t, err)
	}
}

// Three lives of an agent, of which two end by SIGKILL, beside a server that is killed and stays away for a while: whatever the agent had kept is
// stored in the end, in the right place, and the last life ends with stale markers.
func TestNothingIsLostWhenAgentAndServerAreKilled(t *testing.T) {
	dir, agentDir := t.TempDir(), t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	startServer := func() *child {
		s := startChild(t, "receiver", "DIR="+dir, "ADDR="+addr)
		require.Eventually(t, func() bool { return s.seen("ready") == 0 }, 20*time.Second, 10*time.Millisecond)
		return s
	}
	startAgent := func(life int) *child {
		return startChild(t, "agent", "DIR="+agentDir, "SERVER=http://"+addr, "LIFE="+strconv.Itoa(life))
	}
	reach := func(a *child, n int) {
		t.Helper()
		require.Eventually(t, func() bool { return a.seen("kept") >= n }, 30*time.Second, 10*time.Millisecond)
	}
	kept := map[int]int{}
	server := startServer()
	a := startAgent(1)
	reach(a, 5)
	server.end(t, syscall.SIGKILL) // an outage begins
	reach(a, 10)
	a.end(t, syscall.SIGKILL)
	kept[1] = a.seen("kept")
	a = startAgent(2) // begins and is killed without a server
	reach(a, 5)
	a.end(t, syscall.SIGKILL)
	kept[2] = a.seen("kept")
	server = startServer()
	a = startAgent(3)
	reach(a, 5)
	a.end(t, syscall.SIGTERM)
	kept[3] = a.seen("kept")
	server.end(t, syscall.SIGKILL)

	s, err := spool.Open(spool.DefaultConfig(), spool.Settings{Dir: agentDir})
	require.NoError(t, err)
	require.Zero(t, s.Stats().Entries, "all was sent before the agent left")
	require.NoError(t, s.Close())
	db, err := openTSDB(dir)
	require.NoError(t, err)
	defer db.Close()
	got := map[int][]string{}
	for _, l := range samples(t, db, "round") {
		_, life, _ := strings.Cut(l.series, `life="`)
		n, err := strconv.Atoi(strings.TrimRight(life, `"}`))
		require.NoError(t, err)
		got[n] = append(got[n], l.value)
	}
	for life, n := range kept {
		require.GreaterOrEqual(t, len(got[life]), n, "life %d", life)
		for i := range n {
			require.Equal(t, strconv.Itoa(i+1), got[life][i], "life %d, every round, in order", life)
		}
	}
	require.Equal(t, "stale", got[3][len(got[3])-1])
	t.Log("rounds kept by life:", kept)
}
