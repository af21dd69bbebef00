package gpu

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Each step of the script is one interval and what the device tells at its end.
func TestEveryIntervalIsInOneState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		defer b.Close()
		tell := func(utilization, processes, sm, tensor float64) {
			d.on(Utilization, func(s *Snapshot) error { s.Utilization.Set(utilization); return nil })
			d.on(Processes, func(s *Snapshot) error { s.Processes.Set(processes); return nil })
			d.on(Activity, func(s *Snapshot) error { s.SMActivity.Set(sm); s.TensorActivity.Set(tensor); return nil })
		}
		want := map[string]float64{"unbound": 0, "bound_idle": 0, "active": 0, "effective": 0}
		step := func(took time.Duration, state string) {
			time.Sleep(took)
			v := b.must()
			if state != "" {
				want[state] += took.Seconds()
			}
			for state, seconds := range want {
				require.InDelta(t, seconds, v["gpu_time_seconds_total{"+gpu0+",state="+state+"}"], 1e-9, state)
			}
		}
		tell(0, 0, 0, 0)
		step(0, "")
		step(15*time.Second, "unbound")
		tell(0, 2, 0, 0)
		step(15*time.Second, "bound_idle")
		tell(1, 2, 0.05, 0.01)
		step(10*time.Second, "active")
		tell(1, 2, effectiveSM, 0)
		step(10*time.Second, "effective")
		tell(0.5, 2, 0, effectiveTensor)
		step(5*time.Second, "effective")
		tell(0.5, 0, 0, 0) // graphics, or a process in a place that we cannot see
		step(5*time.Second, "active")
		step(maxInterval, "active")
		step(maxInterval+time.Second, "") // nobody knows
		step(time.Second, "active")

		// A reading that fails for a round leaves a hole, which nothing fills.
		d.fail(Utilization, Unknown)
		time.Sleep(15 * time.Second)
		v := b.must()
		require.NotContains(t, v.names(), "gpu_time_seconds_total")
		tell(0.5, 1, 0, 0)
		step(15*time.Second, "")
		step(15*time.Second, "active")

		// So does a driver call that hangs.
		release := make(chan struct{})
		d.on(Power, func(*Snapshot) error { <-release; return nil })
		v, err := b.round()
		require.ErrorContains(t, err, "has not answered")
		require.NotContains(t, v.names(), "gpu_time_seconds_total")
		d.on(Power, nil)
		close(release)
		synctest.Wait()
		step(15*time.Second, "")
		step(15*time.Second, "active")
	})
}

func TestWithoutActivityNothingIsCalledEffective(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		d.fail(Activity, NotSupported)
		b := newBench(t, d)
		defer b.Close()
		b.must()
		time.Sleep(15 * time.Second)
		v := b.must()
		require.Equal(t, 15.0, v["gpu_time_seconds_total{"+gpu0+",state=active}"])
		require.NotContains(t, v, "gpu_time_seconds_total{"+gpu0+",state=effective}")
	})
}

func TestASimulatedGPUMayIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(DefaultConfig(), Settings{Logger: slog.New(slog.DiscardHandler), Source: NewSimulated(SimulateConfig{Devices: 2, Idle: 1, Seed: 7})})
		require.NoError(t, err)
		defer c.Close()
		simulatedRound(t, c)
		time.Sleep(time.Minute)
		v := simulatedRound(t, c)
		id := "uuid=GPU-SIMULATED-0000000000000007-1,model=" + SimulatedModel
		require.Equal(t, 60.0, v["gpu_time_seconds_total{gpu=1,"+id+",state=bound_idle}"])
		require.Equal(t, 0.0, v["gpu_utilization_ratio{gpu=1,"+id+"}"])
		require.Equal(t, 60.0*simulatedIdleWatts, v["gpu_energy_joules_total{gpu=1,"+id+"}"])
		require.Greater(t, v["gpu_memory_utilization_ratio{gpu=1,"+id+"}"], 0.4)
	})
}
