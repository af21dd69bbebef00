package lifecycle

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/process"
)

func TestASummaryOfFailuresComesBeforeReady(t *testing.T) {
	for name, threshold := range map[string]int{"first good look": 1, "second good look": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := DefaultConfig()
				cfg.Readiness.Period, cfg.Readiness.InitialDelay, cfg.Readiness.SuccessThreshold = 4*time.Second, 0, threshold
				b := newBench(t, cfg, Settings{Restart: func(string) {}}, readiness)
				begin := time.Now()
				b.Process(ProcessEvent{Kind: Started, Time: begin})
				at(28500 * time.Millisecond) // fails eight times, every four seconds
				b.probes[readiness].set(nil)
				at(5 * time.Minute)
				b.stop()
				rows := b.named(rowReadiness, rowReady)
				require.Len(t, rows, 8)
				require.Contains(t, rows[6].Message, "failed 2 more times since ")
				require.Equal(t, rowReady, rows[7].Name)
				require.True(t, rows[6].Time.Before(rows[7].Time), "also in the order of time")
			})
		})
	}
}

func TestAnEndOfAnotherProcessIsToldInGoodWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
		b := newBenchWith(t, nil, DefaultConfig(), Settings{Find: w.find}, readiness)
		at(167 * time.Second)
		w.change(process.Main{}, process.ErrNotFound, 0)
		at(2 * time.Second)
		b.stop()
		require.Len(t, b.named(rowExited), 1)
		require.Regexp(t, `^Container inference-server ended after 2m4\d(\.\ds|s), and how is not known, as it is not the agent's child$`, b.named(rowExited)[0].Message)
	})
}

func TestAnEndTellsHowLongTheServerRan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBenchWith(t, nil, DefaultConfig(), Settings{Restart: func(string) {}, Command: "vllm"}, readiness)
		require.Equal(t, 1.0, gauge(t, b.reg, "instance_info", "vllm", "inference-server", ""))
		b.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: 7})
		at(90 * time.Second)
		b.Process(ProcessEvent{Kind: Exited, Time: time.Now(), PID: 7, ExitCode: 3})
		b.stop()
		require.Equal(t, "Container inference-server failed: it exited with code 3 after 1m30s", b.named(rowExited)[0].Message)
	})
}

func TestTrafficBeforeTheProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}}, readiness)
		begin := time.Now()
		b.Process(ProcessEvent{Kind: Started, Time: begin})
		at(7500 * time.Millisecond)
		b.FirstRequest(time.Now())
		at(5 * time.Second) // the probe hangs
		require.Empty(t, b.named(rowReady))
		b.probes[readiness].set(nil)
		at(time.Second)
		b.FirstRequest(time.Now())
		at(5 * time.Second)
		b.stop()
		require.Equal(t, `7.5 StartPhase: Start 1 of container inference-server: container_start took 7.5s
7.5 StartPhase: Start 1 of container inference-server: total took 7.5s
13.0 Ready: Container inference-server is ready after 13s; it had answered a request 5.5s before
7.5 StartPhase: Start 1 of container inference-server: first_request took 0s
`, b.text(begin, rowReady, rowStartPhase))
	})
}

func TestTrafficWithAProbeThatIsNeverGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}}, readiness)
		b.Process(ProcessEvent{Kind: Started, Time: time.Now()})
		at(3 * time.Second)
		b.FirstRequest(time.Now())
		at(firstHold + 2*time.Second)
		n, sum := started(t, b.reg, FirstRequest, success)
		require.EqualValues(t, 1, n)
		require.Zero(t, sum)
		b.stop()
	})
}

func TestTheFirstRequestIsToldAfterTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}}, readiness)
		begin := time.Now()
		b.Process(ProcessEvent{Kind: Started, Time: begin})
		at(2500 * time.Millisecond)
		b.probes[readiness].set(nil)
		at(time.Second)
		b.FirstRequest(time.Now()) // half a second after it, while the last lines of the start come in
		at(5 * time.Second)
		b.stop()
		require.Equal(t, `3.0 Ready: Container inference-server is ready after 3s
3.0 StartPhase: Start 1 of container inference-server: container_start took 3s
3.0 StartPhase: Start 1 of container inference-server: total took 3s
3.5 StartPhase: Start 1 of container inference-server: first_request took 500ms
`, b.text(begin, rowReady, rowStartPhase))
	})
}
