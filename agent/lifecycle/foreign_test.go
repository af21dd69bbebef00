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
		third := time.Now()
		w.change(process.Main{PID: 9, Start: third, StartTicks: 99}, nil, 0)
		at(2 * time.Minute)
		b.Restarted(ProcessEvent{ExitCode: -1, Reason: "liveness"}) // after
		b.Event(records.Event{Time: third.Add(500 * time.Millisecond), Name: rowStarted, Message: "Started container model"})
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
		require.Equal(t, `0.0 Exited: Container inference-server failed: it could not be started: exec: "vllm": executable file not found in $PATH
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

// ofKubernetes is a row as agent/kube makes it: times have whole seconds.
func ofKubernetes(at time.Time, name, container string) records.Event {
	return records.Event{Time: at.Truncate(time.Second), Name: name, Message: "by Kubernetes", Properties: map[string]any{"source": "kubernetes", "container": container}}
}

func byKubernetes(rows []records.Event) (theirs, own int) {
	for _, e := range rows {
		if e.Properties["source"] == "kubernetes" {
			theirs++
		} else {
			own++
		}
	}
	return theirs, own
}

func TestAnEndIsToldOnce(t *testing.T) {
	for name, c := range map[string]struct {
		oom, before bool // killed for memory; Kubernetes tells before the agent sees it
		told        []string
		container   string
		theirs, own int
		want        []string
	}{
		"error":                   {told: []string{"Terminated"}, theirs: 1},
		"error, told before":      {told: []string{"Terminated"}, before: true, theirs: 1},
		"memory":                  {told: []string{"OOMKilled"}, oom: true, theirs: 1},
		"memory, told before":     {told: []string{"OOMKilled"}, oom: true, before: true, theirs: 1},
		"memory of a child":       {told: []string{"Terminated"}, oom: true, theirs: 1, want: []string{rowOOM}},
		"memory, as Error before": {told: []string{"Terminated"}, oom: true, before: true, theirs: 1, own: 1, want: []string{"Terminated", rowOOM}},
		"Kubernetes alone knows":  {told: []string{"OOMKilled"}, theirs: 1},
		"not told":                {own: 1},
		"of another container":    {told: []string{"Terminated"}, container: "other", theirs: 1, own: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
				b := newBenchWith(t, nil, DefaultConfig(), Settings{Find: w.find, OOMKills: w.kills, Foreign: true, Container: "model"}, readiness)
				at(30 * time.Second)
				b.Event(ofKubernetes(time.Now().Add(-2*time.Hour), "Terminated", "model")) // an end of long ago
				ended := time.Now()
				tell := func() {
					for _, reason := range c.told {
						container := "model"
						if c.container != "" {
							container = c.container
						}
						b.Event(ofKubernetes(ended, reason, container))
					}
				}
				if c.before {
					tell()
				}
				kills := 0
				if c.oom {
					kills = 1
				}
				w.change(process.Main{}, process.ErrNotFound, kills)
				at(12 * time.Second)
				if !c.before {
					tell()
				}
				at(10 * time.Minute)
				b.stop()
				rows := b.named(rowExited, rowOOM, "Terminated")[1:]
				theirs, own := byKubernetes(rows)
				require.Equal(t, []int{c.theirs, c.own}, []int{theirs, own}, "%v", rows)
				for i, want := range c.want {
					require.Equal(t, want, rows[i].Name)
				}
			})
		})
	}
}

func TestEndsOfACrashLoopAreToldOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
		b := newBenchWith(t, nil, DefaultConfig(), Settings{Find: w.find, Foreign: true, Container: "model"}, readiness)
		at(30 * time.Second)
		var ends []time.Time
		for i := range 4 {
			ends = append(ends, time.Now())
			w.change(process.Main{}, process.ErrNotFound, 0)
			at(5 * time.Second)
			w.change(process.Main{PID: 8 + i, Start: time.Now(), StartTicks: uint64(80 + i)}, nil, 0)
			at(5 * time.Second)
		}
		for _, e := range []time.Time{ends[0], ends[1], ends[3]} { // the state of a container holds the last ends alone
			b.Event(ofKubernetes(e, "Terminated", "model"))
		}
		at(10 * time.Minute)
		b.stop()
		theirs, own := byKubernetes(b.named(rowExited, "Terminated"))
		require.Equal(t, []int{3, 1}, []int{theirs, own})
		require.WithinDuration(t, ends[2], b.named(rowExited)[0].Time, 2*time.Second, "the one that nobody else told")
	})
}

func TestAProbeThatKubernetesAsksTooIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
		b := newBenchWith(t, nil, DefaultConfig(), Settings{Find: w.find, Foreign: true, Container: "model"}, liveness, readiness)
		at(30 * time.Second)
		b.probes[liveness].set(errRefused)
		b.probes[readiness].set(errRefused)
		for range 3 { // a minute in which it asks for readiness as well
			at(20 * time.Second)
			b.Event(ofKubernetes(time.Now().Add(-3*time.Second), rowReadiness, "model"))
			b.Event(ofKubernetes(time.Now().Add(-3*time.Second), rowLiveness, "other"))
		}
		b.probes[liveness].set(nil)
		b.probes[readiness].set(nil)
		at(time.Minute)
		b.probes[readiness].set(errRefused) // and now Kubernetes has said too much and is silent
		at(20 * time.Second)
		b.probes[readiness].set(nil)
		at(foreignHold)
		b.stop()
		theirs, own := byKubernetes(b.named(rowReadiness))
		require.Equal(t, []int{3, 2}, []int{theirs, own})
		theirs, own = byKubernetes(b.named(rowLiveness))
		require.Equal(t, []int{3, 6}, []int{theirs, own}, "another container's probe says nothing of this one")
	})
}

func TestAFailedProbeThatKubernetesDoesNotTellIsNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
		b := newBenchWith(t, nil, DefaultConfig(), Settings{Find: w.find, Foreign: true}, readiness)
		at(30 * time.Second)
		b.probes[readiness].set(errRefused)
		at(20 * time.Second)
		require.Empty(t, b.named(rowReadiness))
		at(2 * time.Minute)
		require.NotEmpty(t, b.named(rowReadiness))
		b.stop()
	})
}
