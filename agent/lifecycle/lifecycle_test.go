package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/process"
)

// calls keeps what Restart was asked.
type calls struct {
	mu   sync.Mutex
	list []string
}

func (c *calls) restart(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, why)
}

func (c *calls) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

// health is a probe's target that says what it is told to.
type health struct{ err atomic.Pointer[error] }

func (h *health) close() {}
func (h *health) set(err error) {
	h.err.Store(&err)
}
func (h *health) check(context.Context) error {
	if err := h.err.Load(); err != nil {
		return *err
	}
	return nil
}

// bench is a Lifecycle whose probes' targets are made up.
type bench struct {
	*Lifecycle
	log
	reg    *prometheus.Registry
	probes map[probe]*health
	stop   func()
}

var errRefused = errors.New("connection refused")

// newBench makes one with the probes, all failing. Run is called; the test must call stop.
func newBench(t *testing.T, cfg Config, set Settings, probes ...probe) *bench {
	t.Helper()
	return newBenchWith(t, errRefused, cfg, set, probes...)
}

// newBenchWith makes one whose probes end with err at first.
func newBenchWith(t *testing.T, first error, cfg Config, set Settings, probes ...probe) *bench {
	t.Helper()
	b := &bench{reg: prometheus.NewRegistry(), probes: map[probe]*health{}}
	set.Record, set.Registerer = b.record, b.reg
	var err error
	b.Lifecycle, err = New(cfg, set)
	require.NoError(t, err)
	for _, p := range probes {
		b.probes[p] = &health{}
		b.probes[p].set(first)
		b.checks[p], b.floods[p] = b.probes[p], &flood{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	b.stop = func() {
		cancel()
		require.NoError(t, <-done)
	}
	return b
}

func at(d time.Duration) { time.Sleep(d); synctest.Wait() }

func TestAStartThatSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}, Image: "vllm:1"}, readiness)
		_, known := series(t, b.reg, "instance_ready")
		require.False(t, known, "nothing is known yet")
		require.True(t, inState(t, b.reg, "") || gauge(t, b.reg, "instance_state", "pending") == -1)
		begin := time.Now()
		b.Process(ProcessEvent{Kind: Created, Time: begin})
		at(time.Second)
		b.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: 42})
		require.True(t, inState(t, b.reg, Starting))
		at(5 * time.Second)
		require.Equal(t, 0.0, gauge(t, b.reg, "instance_ready"), "it was looked at and does not answer")
		b.Line(time.Now(), "INFO Starting to load model m...")
		require.True(t, inState(t, b.reg, Loading))
		at(20 * time.Second)
		b.Line(time.Now(), "INFO Model loading took 14.2488 GiB and 20.000000 seconds")
		b.Line(time.Now(), "INFO Capturing CUDA graphs (decode, FULL):   0%|")
		require.True(t, inState(t, b.reg, Warming))
		at(4 * time.Second)
		b.Line(time.Now(), "INFO Graph capturing finished in 4 secs, took 0.31 GiB")
		b.probes[readiness].set(nil)
		at(time.Second)
		require.True(t, inState(t, b.reg, Ready))
		require.Equal(t, 1.0, gauge(t, b.reg, "instance_ready"))
		at(5 * time.Second)
		b.FirstRequest(time.Now())
		b.FirstRequest(time.Now())
		b.stop()
		require.Equal(t, `0.0 Created: Created container inference-server
1.0 Started: Started container inference-server (process 42)
11.0 ReadinessProbeFailed: Readiness probe of container inference-server failed: connection refused
21.0 ReadinessProbeFailed: Readiness probe of container inference-server failed: connection refused
31.0 Ready: Container inference-server is ready after 31s
6.0 StartPhase: Start 1 of container inference-server: container_start took 6s
26.0 StartPhase: Start 1 of container inference-server: weights_load took 20s
30.0 StartPhase: Start 1 of container inference-server: graph_capture took 4s
31.0 StartPhase: Start 1 of container inference-server: total took 31s
36.0 StartPhase: Start 1 of container inference-server: first_request took 5s
`, b.text(begin))
		n, sum := started(t, b.reg, WeightsLoad, success)
		require.EqualValues(t, 1, n)
		require.Equal(t, 20.0, sum)
		n, _ = started(t, b.reg, Total, failure)
		require.Zero(t, n)
		require.Equal(t, 1.0, gauge(t, b.reg, "instance_info", "", "inference-server", "vllm:1"))
		props := b.named(rowStartPhase)[1].Properties
		require.Equal(t, map[string]any{
			"container": "inference-server", "attempt": 1, "phase": "weights_load", "outcome": "success", "seconds": 20.0, "server": "vllm",
			"startedAt": begin.Add(6 * time.Second).UTC().Format(time.RFC3339Nano), "endedAt": begin.Add(26 * time.Second).UTC().Format(time.RFC3339Nano),
		}, props)
	})
}

func TestAServerThatCrashesWhileItLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}}, readiness)
		begin := time.Now()
		for i, end := range []ProcessEvent{{ExitCode: 1}, {ExitCode: -1, Signal: "SIGKILL", OOMKilled: true}, {ExitCode: -1, Signal: "SIGSEGV"}} {
			b.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: 10 + i})
			at(2 * time.Second)
			b.Line(time.Now(), "Load weight begin. avail mem=77.33 GB")
			at(3 * time.Second)
			end.Kind, end.Time = Exited, time.Now()
			b.Process(end)
			require.True(t, inState(t, b.reg, Failed))
			require.Equal(t, 0.0, gauge(t, b.reg, "instance_ready"))
			b.Process(ProcessEvent{Kind: BackOff, Time: time.Now(), Attempt: i + 1, Wait: 10 * time.Second, ExitCode: end.ExitCode, Signal: end.Signal, OOMKilled: end.OOMKilled})
			at(10 * time.Second)
		}
		b.stop()
		require.Equal(t, `0.0 Started: Started container inference-server (process 10)
5.0 Exited: Container inference-server failed: it exited with code 1 after 5s, before it was ready
5.0 BackOff: Waiting 10s before restarting failed container inference-server (start 1): it exited with code 1
2.0 StartPhase: Start 1 of container inference-server: container_start took 2s
5.0 StartPhase: Start 1 of container inference-server: weights_load failed after 3s
5.0 StartPhase: Start 1 of container inference-server: total failed after 5s
15.0 Started: Started container inference-server (process 11)
20.0 OOMKilled: Container inference-server failed: it was killed for lack of memory (SIGKILL) after 5s, before it was ready
20.0 BackOff: Waiting 10s before restarting failed container inference-server (start 2): it was killed for lack of memory (SIGKILL)
`, strings.Join(strings.SplitAfter(b.text(begin), "\n")[:9], ""))
		n, sum := started(t, b.reg, WeightsLoad, failure)
		require.EqualValues(t, 3, n)
		require.Equal(t, 9.0, sum)
		n, _ = started(t, b.reg, WeightsLoad, success)
		require.Zero(t, n)
		n, _ = started(t, b.reg, Total, failure)
		require.EqualValues(t, 3, n)
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "crash"))
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "oom"))
		require.Equal(t, 0.0, counter(t, b.reg, "instance_restarts_total", "liveness"))
		for _, e := range b.named(rowExited, rowOOM, rowBackOff) {
			require.Contains(t, e.Message, "failed", "the shipped query for failures finds it")
		}
	})
}

func TestAServerThatHangsIsRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Liveness.FailureThreshold, cfg.Liveness.Period = 3, 5*time.Second
		asked := &calls{}
		b := newBench(t, cfg, Settings{Restart: asked.restart}, liveness)
		b.probes[liveness].set(nil)
		b.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: 1})
		at(17 * time.Second) // good at 10 and 15
		begin := time.Now()
		b.probes[liveness].set(errors.New("no answer in time"))
		at(8 * time.Second) // bad at 20 and 25
		b.probes[liveness].set(nil)
		at(5 * time.Second) // good at 30
		b.probes[liveness].set(errors.New("no answer in time"))
		at(10 * time.Second)
		require.Empty(t, asked.all(), "two in a row are not three")
		at(5 * time.Second) // the third at 45
		require.Equal(t, []string{"liveness"}, asked.all())
		require.True(t, inState(t, b.reg, Draining))
		b.Process(ProcessEvent{Kind: Killing, Time: time.Now(), Reason: "liveness"})
		b.Process(ProcessEvent{Kind: Exited, Time: time.Now(), ExitCode: -1, Signal: "SIGKILL"})
		at(time.Minute)
		require.Len(t, asked.all(), 1, "what does not run is not probed")
		b.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: 2})
		at(9 * time.Second)
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "liveness"))
		b.stop()
		require.Equal(t, `3.0 LivenessProbeFailed: Liveness probe of container inference-server failed: no answer in time
8.0 LivenessProbeFailed: Liveness probe of container inference-server failed: no answer in time
18.0 LivenessProbeFailed: Liveness probe of container inference-server failed: no answer in time
23.0 LivenessProbeFailed: Liveness probe of container inference-server failed: no answer in time
28.0 LivenessProbeFailed: Liveness probe of container inference-server failed: no answer in time
28.0 Killing: Container inference-server failed its liveness probe and will restart (failed 3 times in a row; the last: no answer in time)
`, b.text(begin, rowLiveness, rowKilling))
	})
}

func TestAFlapOfReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Readiness.FailureThreshold, cfg.Readiness.SuccessThreshold = 2, 2
		b := newBench(t, cfg, Settings{Restart: func(string) {}}, readiness)
		b.probes[readiness].set(nil)
		begin := time.Now()
		b.Process(ProcessEvent{Kind: Started, Time: begin})
		at(1500 * time.Millisecond)
		require.Equal(t, 0.0, gauge(t, b.reg, "instance_ready"), "two successes are needed")
		at(time.Second)
		require.Equal(t, 1.0, gauge(t, b.reg, "instance_ready"))
		at(10 * time.Second)
		b.probes[readiness].set(errRefused)
		at(10 * time.Second) // fails at 20
		require.Equal(t, 1.0, gauge(t, b.reg, "instance_ready"), "one failure is not two")
		at(10 * time.Second) // fails at 30
		require.Equal(t, 0.0, gauge(t, b.reg, "instance_ready"))
		require.True(t, inState(t, b.reg, Failed))
		b.probes[readiness].set(nil)
		at(10 * time.Second)
		require.Equal(t, 0.0, gauge(t, b.reg, "instance_ready"))
		at(10 * time.Second)
		require.Equal(t, 1.0, gauge(t, b.reg, "instance_ready"))
		require.True(t, inState(t, b.reg, Ready))
		b.stop()
		require.Equal(t, `2.0 Ready: Container inference-server is ready after 2s
30.0 NotReady: Container inference-server is not ready any more: its readiness probe failed 2 times
50.0 Ready: Container inference-server is ready again after 20s
`, b.text(begin, rowReady, rowNotReady))
		n, _ := started(t, b.reg, Total, success)
		require.EqualValues(t, 1, n, "only a start is a start")
	})
}

func TestAFloodOfFailuresIsSummedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Readiness.Period, cfg.Readiness.InitialDelay = time.Second, 0
		b := newBench(t, cfg, Settings{Restart: func(string) {}}, readiness)
		begin := time.Now()
		b.Process(ProcessEvent{Kind: Started, Time: begin})
		at(10 * time.Minute)
		b.stop()
		rows, failures := b.named(rowReadiness), 0
		for _, e := range rows {
			if n, ok := e.Properties["count"].(int); ok {
				failures += n
				require.Contains(t, e.Message, fmt.Sprintf("failed %d more times since ", n))
			} else {
				failures++
			}
		}
		require.Equal(t, 601, failures, "each is told")
		require.Less(t, len(rows), 80)
	})
}

func TestAStartupProbeHoldsTheOthersBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Startup.FailureThreshold, cfg.Liveness.FailureThreshold, cfg.StartPeriod = 5, 1, 0
		asked := &calls{}
		b := newBench(t, cfg, Settings{Restart: asked.restart}, startup, liveness)
		b.Process(ProcessEvent{Kind: Started, Time: time.Now()})
		at(45 * time.Second)
		require.Empty(t, asked.all())
		require.Empty(t, b.named(rowLiveness))
		require.Len(t, b.named(rowStartup), 4)
		b.probes[startup].set(nil)
		at(10 * time.Second)
		require.Equal(t, []string{"liveness"}, asked.all(), "once the startup probe is good, the liveness probe counts")
		b.Process(ProcessEvent{Kind: Exited, Time: time.Now(), ExitCode: 0})
		b.probes[startup].set(errRefused)
		b.Process(ProcessEvent{Kind: Started, Time: time.Now()})
		at(51 * time.Second)
		require.Equal(t, []string{"liveness", "startup"}, asked.all())
		b.stop()
	})
}

func TestAServerThatTheAgentDoesNotRunIsNotSaidToRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Liveness.FailureThreshold = 2
		b := newBench(t, cfg, Settings{}, liveness, readiness)
		b.probes[readiness].set(nil)
		at(25 * time.Second)
		require.Empty(t, b.named(rowKilling))
		require.Len(t, b.named(rowUnhealthy), 1)
		require.Contains(t, b.named(rowUnhealthy)[0].Message, "failed its liveness probe 2 times in a row")
		require.True(t, inState(t, b.reg, Failed))
		b.probes[liveness].set(nil)
		at(10 * time.Second)
		require.True(t, inState(t, b.reg, Ready))
		b.stop()
	})
}

func TestWithoutAProcessTheProbesTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, DefaultConfig(), Settings{Find: func() (process.Main, error) { return process.Main{}, process.ErrNotConfigured }}, readiness)
		at(2 * time.Second)
		require.True(t, inState(t, b.reg, Pending))
		b.probes[readiness].set(nil)
		at(time.Second)
		require.True(t, inState(t, b.reg, Ready))
		n, _ := started(t, b.reg, Total, success)
		require.Zero(t, n, "when it started nobody knows")
		require.Len(t, b.named(rowReady), 1)
		b.stop()
	})
}

func TestAStopOnSomebodysWordIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}}, readiness)
		b.Process(ProcessEvent{Kind: Started, Time: time.Now()})
		at(3 * time.Second)
		b.Process(ProcessEvent{Kind: Killing, Time: time.Now(), Reason: "the agent stops"})
		require.True(t, inState(t, b.reg, Draining))
		b.Process(ProcessEvent{Kind: Exited, Time: time.Now(), ExitCode: -1, Signal: "SIGTERM"})
		require.True(t, inState(t, b.reg, Pending))
		at(5 * time.Second)
		b.Process(ProcessEvent{Kind: Started, Time: time.Now()})
		b.stop()
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "manual"))
		n, _ := started(t, b.reg, Total, failure)
		require.Zero(t, n)
		for _, e := range b.named(rowKilling, rowExited) {
			require.NotContains(t, e.Message, "failed")
		}
	})
}

func TestLinesThatComeLateBelongToTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}}, readiness)
		b.Process(ProcessEvent{Kind: Started, Time: time.Now()})
		at(30 * time.Second)
		b.probes[readiness].set(nil)
		at(time.Second)
		b.Line(time.Now(), "torch.compile takes 12.00 s in total") // printed before, read after
		at(10 * time.Second)
		_, sum := started(t, b.reg, Compile, success)
		require.InDelta(t, 12, sum, 0.001)
		b.Line(time.Now(), "torch.compile takes 3.00 s in total")
		at(10 * time.Second)
		n, _ := started(t, b.reg, Compile, success)
		require.EqualValues(t, 1, n)
		b.stop()
	})
}

func TestTheConsoleAloneTellsThatAServerIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}})
		b.Process(ProcessEvent{Kind: Started, Time: time.Now()})
		at(7 * time.Second)
		_, known := series(t, b.reg, "instance_ready")
		require.False(t, known)
		b.Line(time.Now(), "The server is fired up and ready to roll!")
		require.Equal(t, 1.0, gauge(t, b.reg, "instance_ready"))
		at(5 * time.Second)
		_, sum := started(t, b.reg, Total, success)
		require.Equal(t, 7.0, sum)
		b.Process(ProcessEvent{Kind: Exited, Time: time.Now(), ExitCode: 0})
		require.Equal(t, 0.0, gauge(t, b.reg, "instance_ready"))
		b.stop()
	})
}

// Each failure is in one row: one of its own, or the one that sums up. What a success cut short is not summed up again.
func TestSummariesOfFailuresDoNotOverlap(t *testing.T) {
	begin := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
	var f flood
	for s := range floodRows {
		require.True(t, f.pass(begin.Add(time.Duration(s)*time.Second), "x"))
	}
	for s := range 3 {
		require.False(t, f.pass(begin.Add(time.Duration(10+s)*time.Second), "x"))
	}
	more := func(at time.Duration, now bool) string {
		n, since, _ := f.due(begin.Add(at), now)
		if n == 0 {
			return ""
		}
		return fmt.Sprintf("%d since %s", n, since.Format(time.TimeOnly))
	}
	require.Empty(t, more(13*time.Second, false))
	require.Equal(t, "3 since 10:00:10", more(20*time.Second, true), "it was good in between")
	for s := range 3 {
		require.False(t, f.pass(begin.Add(time.Duration(30+s)*time.Second), "x"), "the rate is bounded all the same")
	}
	require.Equal(t, "3 since 10:00:30", more(time.Minute, false))
	require.Empty(t, more(2*time.Minute, true))
	require.True(t, f.pass(begin.Add(2*time.Minute), "x"))
}
