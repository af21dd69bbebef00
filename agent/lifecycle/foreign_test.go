package lifecycle

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/process"
	"github.com/endscope/endscope/agent/records"
)

func TestWhatKubernetesTellsIsNotToldTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
		b := newBench(t, DefaultConfig(), Settings{Find: w.find, Foreign: true}, readiness)
		at(5 * time.Second)
		b.Event(records.Event{Time: time.Now().Add(-5 * time.Second), Name: rowStarted, Message: "Started container model"})
		at(time.Second)
		w.change(process.Main{}, process.ErrNotFound, 0)
		at(2 * time.Second)
		w.change(process.Main{PID: 8, Start: time.Now(), StartTicks: 90}, nil, 0)
		b.Restarted(ProcessEvent{ExitCode: 1}) // before the agent saw it
		b.Event(records.Event{Time: time.Now(), Name: rowStarted, Message: "Started container model"})
		at(2 * time.Second)
		w.change(process.Main{}, process.ErrNotFound, 0)
		at(2 * time.Second)
		w.change(process.Main{PID: 9, Start: time.Now(), StartTicks: 99}, nil, 0)
		at(2 * time.Minute)
		b.Restarted(ProcessEvent{ExitCode: -1, Reason: "liveness"}) // after
		b.Event(records.Event{Time: time.Now(), Name: rowStarted, Message: "Started container model"})
		at(10 * time.Minute)
		b.stop()
		require.Len(t, b.named(rowStarted), 3)
		for _, e := range b.named(rowStarted) {
			require.Equal(t, "Started container model", e.Message)
		}
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "crash"))
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "liveness"))
		require.Zero(t, counter(t, b.reg, "instance_restarts_total", "unknown"))
	})
}

func TestWhatKubernetesDoesNotTellIsToldInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
		b := newBench(t, DefaultConfig(), Settings{Find: w.find, Foreign: true}, readiness)
		at(5 * time.Second)
		w.change(process.Main{}, process.ErrNotFound, 0)
		at(2 * time.Second)
		w.change(process.Main{PID: 8, Start: time.Now(), StartTicks: 90}, nil, 0)
		at(2 * time.Second)
		require.Empty(t, b.named(rowStarted))
		at(foreignHold)
		require.Len(t, b.named(rowStarted), 2)
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "unknown"))
		b.stop()
	})
}

func TestPhasesThatOthersSaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, DefaultConfig(), Settings{Foreign: true, Restart: func(string) {}})
		begin := time.Now()
		b.StartPhase(ImagePull, begin, begin.Add(12500*time.Millisecond), false)
		b.StartPhase(ModelDownload, begin, begin.Add(3*time.Second), true)
		b.StartPhase("anything", begin, begin, true)
		b.StartPhase(ImagePull, begin, begin.Add(-time.Second), false)
		n, sum := started(t, b.reg, ImagePull, success)
		require.EqualValues(t, 2, n)
		require.Equal(t, 12.5, sum)
		_, sum = started(t, b.reg, ModelDownload, failure)
		require.Equal(t, 3.0, sum)
		require.Equal(t, 1, b.named(rowStartPhase)[0].Properties["attempt"])
		b.stop()
	})
}

func TestAServerThatDoesNotEndWhenAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Liveness.FailureThreshold = 1
		b := newBench(t, cfg, Settings{Restart: func(string) {}}, liveness)
		begin := time.Now()
		b.Process(ProcessEvent{Kind: Created, Time: begin})
		b.Process(ProcessEvent{Kind: Exited, Time: begin, ExitCode: 127, Reason: "exec: \"vllm\": executable file not found in $PATH"})
		b.Process(ProcessEvent{Kind: BackOff, Time: begin, Wait: time.Second, ExitCode: 127})
		b.Process(ProcessEvent{Kind: Created, Time: begin})
		b.Process(ProcessEvent{Kind: Started, Time: begin, PID: 3})
		at(10 * time.Second)
		b.Process(ProcessEvent{Kind: Killing, Time: time.Now(), PID: 3, Reason: "liveness"})
		b.Process(ProcessEvent{Kind: Killing, Time: time.Now(), PID: 3, Reason: "it did not end within 10s"})
		b.Process(ProcessEvent{Kind: Exited, Time: time.Now(), PID: 3, ExitCode: 128 + 9, Signal: "SIGKILL", Reason: "liveness"})
		b.Process(ProcessEvent{Kind: BackOff, Time: time.Now(), Wait: 2 * time.Second, ExitCode: 128 + 9})
		b.Process(ProcessEvent{Kind: Started, Time: time.Now(), PID: 4})
		b.stop()
		require.Equal(t, `0.0 Exited: Container inference-server failed: it could not be started: exec: "vllm": executable file not found in $PATH after 0s, before it was ready
0.0 BackOff: Waiting 1s before restarting failed container inference-server: it could not be started: exec: "vllm": executable file not found in $PATH
10.0 Killing: Container inference-server failed its liveness probe and will restart (failed once in a row; the last: connection refused)
10.0 Killing: Killing container inference-server: it did not end within 10s
10.0 Exited: Container inference-server failed: it was ended by SIGKILL after 10s, before it was ready
10.0 BackOff: Waiting 2s before restarting failed container inference-server: it was ended by SIGKILL
`, b.text(begin, rowExited, rowBackOff, rowKilling))
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "liveness"))
		require.Equal(t, 1.0, counter(t, b.reg, "instance_restarts_total", "crash"))
		require.Zero(t, counter(t, b.reg, "instance_restarts_total", "manual"))
	})
}
