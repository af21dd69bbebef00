package records

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/spool"
)

const childEnv = "ENDSCOPE_RECORDS_TEST_CHILD"

// child is a process of its own around a Recorder: one that runs until it is killed, or one whose disk is full for a while.
func child(kind string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	fail := func(err error) int { fmt.Println("error", err); return 1 }
	cfg := testConfig()
	cfg.FlushInterval = 10 * time.Millisecond
	r, err := New(cfg, Settings{DataDir: os.Getenv("DIR"), Server: os.Getenv("SERVER"), HTTPClient: &http.Client{}, Identity: testID, Registerer: prometheus.NewRegistry()})
	if err != nil {
		return fail(err)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	switch kind {
	case "killed":
		for n := 0; ; n++ {
			rows := make([]Console, 1+n%7)
			for i := range rows {
				rows[i] = Console{Container: "c", Message: fmt.Sprintf("%s %d %d", os.Getenv("LIFE"), n, i)}
			}
			if err := r.AppendConsole(ctx, rows); err != nil {
				return fail(err)
			}
			fmt.Println("kept", n)
			time.Sleep(time.Millisecond)
		}
	case "full":
		// A file may grow no further: writes fail as they do on a full disk, and a part of each may be written.
		signal.Ignore(syscall.SIGXFSZ)
		limit := func(n uint64) error {
			var now syscall.Rlimit
			if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
				return err
			}
			now.Cur = min(n, now.Max)
			return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now)
		}
		if err := limit(20_000); err != nil {
			return fail(err)
		}
		deadline := time.Now().Add(30 * time.Second)
		n, refused := 0, 0
		for ; refused < 3 && time.Now().Before(deadline); n++ {
			noise := make([]byte, 1500)
			for i := range noise {
				noise[i] = byte('!' + rand.N(90))
			}
			r.Traffic(Traffic{Method: strconv.Itoa(n), Path: string(noise), Code: 200})
			if err := r.Flush(ctx); err != nil {
				refused++
			}
		}
		err := r.AppendConsole(ctx, []Console{{Message: strings.Repeat("x", 100)}})
		fmt.Println("refused", refused, err)
		if err := limit(1 << 40); err != nil {
			return fail(err)
		}
		for r.Stats()[0].QueuedRows > 0 && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		fmt.Println("recorded", n)
		fmt.Println("dropped", lostOf(r.metrics, KindTraffic))
		stop()
		running.Wait()
		if err := r.Close(); err != nil {
			return fail(err)
		}
	}
	return 0
}

func lostOf(m *metrics, kind Kind) float64 {
	sum := 0.0
	for _, reason := range []string{ReasonQueueFull, ReasonClosed, ReasonRowTooLarge, ReasonSpoolError, ReasonSpoolAge, ReasonSpoolBytes, ReasonSpoolCorrupt, ReasonRefused} {
		sum += testutil.ToFloat64(m.errors.WithLabelValues(string(kind), reason))
	}
	return sum
}

func startChild(t *testing.T, kind string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childEnv+"="+kind), env...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

// Four lives that end by SIGKILL beside a server that fails now and then, and one that sends what they left: every row that AppendConsole returned
// for is stored, once and in order.
func TestNoRowThatIsKeptIsLostBySIGKILL(t *testing.T) {
	srv := newLogServer(t)
	failures := 0
	srv.setHook(func(w http.ResponseWriter, _ string, _ []map[string]any) bool {
		if failures++; failures%4 == 0 {
			w.WriteHeader(503)
			return true
		}
		return false
	})
	dir := t.TempDir()
	kept := make([]int, 4)
	for life := range kept {
		cmd, lines := startChild(t, "killed", "DIR="+dir, "SERVER="+srv.url, "LIFE="+strconv.Itoa(life))
		timer := time.AfterFunc(time.Duration(400+rand.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		kept[life] = -1
		for lines.Scan() {
			word, rest, _ := strings.Cut(lines.Text(), " ")
			require.NotEqual(t, "error", word, rest)
			if n, err := strconv.Atoi(rest); err == nil {
				kept[life] = n
			}
		}
		timer.Stop()
		require.Error(t, cmd.Wait())
	}
	srv.setHook(nil)
	r := start(t, testConfig(), srv.url, dir)
	require.Eventually(t, func() bool { return r.Stats()[1].SpoolRows == 0 }, 60*time.Second, 10*time.Millisecond)
	r.stop()
	require.Zero(t, lostOf(r.metrics, KindConsole))
	next := map[int][2]int{}
	life := -1
	for _, m := range srv.messages() {
		var l, n, i int
		_, err := fmt.Sscan(m, &l, &n, &i)
		require.NoError(t, err)
		require.GreaterOrEqual(t, l, life, "one life after the other")
		life = l
		require.Equal(t, next[l], [2]int{n, i}, "in order, none missing, none twice")
		if i++; i == 1+n%7 {
			n, i = n+1, 0
		}
		next[l] = [2]int{n, i}
	}
	for life, n := range kept {
		require.Greater(t, next[life][0], n, "life %d", life)
		require.Zero(t, next[life][1], "all of a call or nothing")
	}
	t.Log("calls kept by life:", kept)
}

func TestAFullDiskKeepsRowsInMemoryUntilThereIsRoom(t *testing.T) {
	srv := newLogServer(t)
	srv.setHook(func(w http.ResponseWriter, _ string, _ []map[string]any) bool { w.WriteHeader(503); return true })
	dir := t.TempDir()
	cmd, lines := startChild(t, "full", "DIR="+dir, "SERVER="+srv.url)
	told := map[string]string{}
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		told[word] = rest
	}
	require.NoError(t, cmd.Wait(), told)
	require.True(t, strings.HasPrefix(told["refused"], "3 "), told)
	require.Equal(t, "0", told["dropped"])
	srv.setHook(nil)
	r := start(t, testConfig(), srv.url, dir)
	require.Eventually(t, func() bool { return r.Stats()[0].SpoolRows == 0 }, 30*time.Second, 10*time.Millisecond)
	n, err := strconv.Atoi(told["recorded"])
	require.NoError(t, err)
	methods := srv.column("AmlOnlineEndpointTrafficLog", "Method")
	require.Len(t, methods, n)
	for i, m := range methods {
		require.Equal(t, strconv.Itoa(i), m, "in order, none missing, none twice")
	}
}

// The server is away for long while more comes than the spool may hold: the newest that fit are kept, and every other is counted.
func TestAServerThatIsDownUnderLoad(t *testing.T) {
	srv := newLogServer(t)
	down := func(w http.ResponseWriter, _ string, _ []map[string]any) bool { w.WriteHeader(503); return true }
	srv.setHook(down)
	cfg := testConfig()
	cfg.MaxQueue, cfg.BatchRows, cfg.BatchBytes = 200, 100, 64<<10
	cfg.Spool.Traffic.MaxBytes = 1 << 20
	r := start(t, cfg, srv.url, t.TempDir())
	const each, producers = 4000, 4
	var recording sync.WaitGroup
	for p := range producers {
		recording.Go(func() {
			noise := make([]byte, 600)
			for n := range each {
				for i := range noise {
					noise[i] = byte('!' + rand.N(90))
				}
				r.Traffic(Traffic{Method: fmt.Sprint(p), Path: string(noise), Code: n})
				r.Console(Console{Message: "few"})
				if n%40 == 0 {
					if err := r.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	recording.Wait()
	require.NoError(t, r.Flush(t.Context()))
	st := r.Stats()[0]
	require.LessOrEqual(t, st.SpoolBytes, int64(1<<20))
	size := int64(0)
	require.NoError(t, filepath.Walk(r.dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && strings.Contains(info.Name(), "spool-") {
			size += info.Size()
		}
		return err
	}))
	require.Less(t, size, int64(8<<20), "the disk, too, is bounded")
	require.Greater(t, r.lost(KindTraffic, ReasonSpoolBytes), 0.0)
	srv.setHook(nil)
	require.Eventually(t, func() bool { return r.Stats()[0].SpoolRows+r.Stats()[1].SpoolRows == 0 }, 60*time.Second, 10*time.Millisecond)
	r.stop()
	stored := len(srv.column("AmlOnlineEndpointTrafficLog", "Method"))
	require.EqualValues(t, each*producers, testutil.ToFloat64(r.metrics.events.WithLabelValues("traffic")))
	require.EqualValues(t, each*producers, float64(stored)+lostOf(r.metrics, KindTraffic), "stored or counted")
	require.EqualValues(t, each*producers, float64(len(srv.messages()))+lostOf(r.metrics, KindConsole))
	require.Zero(t, r.lost(KindConsole, ReasonSpoolBytes), "one log does not push out another")
	require.Contains(t, r.said.String(), "server does not take rows of a log")
	require.Contains(t, r.said.String(), "server takes rows of a log again")
}

func TestAppendConsoleWaitsForRoomAndForItsTurn(t *testing.T) {
	srv := newLogServer(t)
	cfg := testConfig()
	cfg.BatchBytes, cfg.Spool.Console.MaxBytes = 64<<10, 1<<20
	r := newRecorder(t, cfg, srv.url, t.TempDir())
	noisy := func() []Console {
		rows := make([]Console, 50)
		for i := range rows {
			noise := make([]byte, 2000)
			for i := range noise {
				noise[i] = byte('!' + rand.N(90))
			}
			rows[i].Message = string(noise)
		}
		return rows
	}
	kept := 0
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		err := r.AppendConsole(ctx, noisy())
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			break
		}
		kept++
	}
	require.Greater(t, kept, 5)
	require.Equal(t, kept*50, r.Stats()[1].SpoolRows)
	require.EqualValues(t, kept*50, testutil.ToFloat64(r.metrics.events.WithLabelValues("console")), "what was given back does not count")
	require.Zero(t, lostOf(r.metrics, KindConsole))

	var waiting sync.WaitGroup
	for range 3 {
		waiting.Go(func() {
			if err := r.AppendConsole(t.Context(), noisy()); err != nil {
				t.Error(err)
			}
		})
	}
	ctx, cancel := contextOf(t)
	running := make(chan error, 1)
	go func() { running <- r.Run(ctx) }() // the server takes rows, so that there is room again
	waiting.Wait()
	require.Eventually(t, func() bool { return len(srv.messages()) == (kept+3)*50 }, 20*time.Second, 10*time.Millisecond)
	cancel()
	require.NoError(t, <-running)
}

func TestWhatIsInMemoryIsWrittenAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	r := newRecorder(t, testConfig(), "http://127.0.0.1:1", dir)
	r.Console(Console{Message: "without Run"})
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	r.Console(Console{Message: "too late"})
	require.Equal(t, 1.0, r.lost(KindConsole, ReasonClosed))
	require.ErrorIs(t, r.AppendConsole(t.Context(), []Console{{}}), spool.ErrClosed)

	srv := newLogServer(t)
	cfg := testConfig()
	cfg.FlushInterval = time.Minute
	r = start(t, cfg, srv.url, dir)
	r.Console(Console{Message: "before the end"})
	r.stop()
	require.Equal(t, []string{"without Run", "before the end"}, srv.messages())
}

func TestTheEndIsBounded(t *testing.T) {
	srv := newLogServer(t)
	block := make(chan struct{})
	defer close(block)
	srv.setHook(func(http.ResponseWriter, string, []map[string]any) bool { <-block; return true })
	cfg := testConfig()
	cfg.Send.ShutdownTimeout = 50 * time.Millisecond
	r := start(t, cfg, srv.url, t.TempDir())
	r.Event(Event{Name: "Started"})
	require.Eventually(t, func() bool { return r.Stats()[2].SpoolRows == 1 }, 10*time.Second, time.Millisecond)
	begin := time.Now()
	r.stop()
	require.Less(t, time.Since(begin), 10*time.Second)
	require.Equal(t, 1, r.Stats()[2].SpoolRows, "it waits for the next start")
	require.Contains(t, r.said.String(), "agent stops with rows of a log in the spool")
}
