package gpu

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Each step of the script is one interval and what the device tells at its end.
func TestEveryMomentIsInOneState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		defer b.Close()
		absent := -1.0
		tell := func(utilization, graphics, processes, sm, tensor float64) {
			d.on(Utilization, func(s *Snapshot) error { s.Utilization.Set(utilization); return nil })
			d.on(Processes, func(s *Snapshot) error { s.Processes.Set(processes); return nil })
			d.on(Activity, func(s *Snapshot) error {
				if s.SMActivity.Set(sm); graphics != absent {
					s.GraphicsActivity.Set(graphics)
				}
				s.TensorActivity.Set(tensor)
				return nil
			})
		}
		want := map[string]float64{"unbound": 0, "bound_idle": 0, "active": 0, "effective": 0}
		step := func(took time.Duration, seconds map[string]float64) {
			t.Helper()
			time.Sleep(took)
			v := b.must()
			sum := 0.0
			for state, n := range seconds {
				want[state] += n
				sum += n
			}
			if seconds != nil {
				require.InDelta(t, took.Seconds(), sum, 1e-9, "the states share out the whole interval")
			}
			for state, seconds := range want {
				require.InDelta(t, seconds, v["gpu_time_seconds_total{"+gpu0+",state="+state+"}"], 1e-9, state)
			}
		}
		type split = map[string]float64
		tell(0, absent, 0, 0, 0)
		step(0, nil)
		step(15*time.Second, split{"unbound": 15})
		tell(0, absent, 2, 0, 0)
		step(15*time.Second, split{"bound_idle": 15})
		tell(1, absent, 2, 0.05, 0.01)
		step(10*time.Second, split{"active": 10})
		tell(1, absent, 2, effectiveSM, 0)
		step(10*time.Second, split{"effective": 10})
		tell(1, absent, 2, 0, effectiveTensor)
		step(5*time.Second, split{"effective": 5})

		// A part of the interval: the mean of the whole interval counts, where it is told, and not the driver's last sample period.
		tell(0.5, absent, 2, 0.01, 0)
		step(10*time.Second, split{"active": 5, "bound_idle": 5})
		tell(0, 0.1, 2, 0.09, 0) // bursts that use most of the device
		step(10*time.Second, split{"effective": 1, "bound_idle": 9})
		tell(1, 0.1, 2, 0.01, 0.005) // bursts that do not
		step(10*time.Second, split{"active": 1, "bound_idle": 9})
		tell(0.5, absent, 0, 0, 0) // graphics, or a process in a place that we cannot see
		step(5*time.Second, split{"active": 2.5, "bound_idle": 2.5})
		step(maxInterval, split{"active": maxInterval.Seconds() / 2, "bound_idle": maxInterval.Seconds() / 2})
		step(maxInterval+time.Second, nil) // nobody knows
		tell(1, absent, 1, 0, 0)
		step(time.Second, split{"active": 1})

		// A reading that fails for a round leaves a hole, which nothing fills.
		d.fail(Utilization, Unknown)
		time.Sleep(15 * time.Second)
		v := b.must()
		require.NotContains(t, v.names(), "gpu_time_seconds_total")
		tell(1, absent, 1, 0, 0)
		step(15*time.Second, nil)
		step(15*time.Second, split{"active": 15})

		// So does a driver call that hangs.
		release := make(chan struct{})
		d.on(Power, func(*Snapshot) error { <-release; return nil })
		v, err := b.round()
		require.ErrorContains(t, err, "has not answered")
		require.NotContains(t, v.names(), "gpu_time_seconds_total")
		d.on(Power, nil)
		close(release)
		synctest.Wait()
		step(15*time.Second, nil)
		step(15*time.Second, split{"active": 15})
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
		require.Equal(t, 7.5, v["gpu_time_seconds_total{"+gpu0+",state=active}"])
		require.Equal(t, 7.5, v["gpu_time_seconds_total{"+gpu0+",state=bound_idle}"])
		require.NotContains(t, v, "gpu_time_seconds_total{"+gpu0+",state=effective}")
	})
}

// In MIG mode the device itself has no utilisation, and its slices have that of their counters.
func TestEachSliceHasAFunnelOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		d.setLayout(Layout{MIG: true, Slices: []Slice{{UUID: "MIG-1", GPUInstance: 1, Profile: "3g.40gb", Part: 0.5}, {UUID: "MIG-2", GPUInstance: 2, Profile: "1g.10gb", Part: 0.125}, {UUID: "MIG-0", GPUInstance: 9, Profile: "1g.10gb"}}})
		d.onSlice("MIG-1", Activity, func(s *Snapshot) { s.GraphicsActivity.Set(0.5); s.SMActivity.Set(0.4) })
		d.onSlice("MIG-2", Activity, func(s *Snapshot) { s.GraphicsActivity.Set(0) })
		d.onSlice("MIG-2", Processes, func(s *Snapshot) { s.Running = []Process{}; s.Processes.Set(0) })
		d.onSlice("MIG-3", Activity, func(s *Snapshot) { s.GraphicsActivity.Set(0.5) })
		b := newBench(t, d)
		defer b.Close()
		b.must()
		time.Sleep(20 * time.Second)
		v := b.must()
		one, two := sliceID("MIG-1", "1", "3g.40gb"), sliceID("MIG-2", "2", "1g.10gb")
		require.Equal(t, 5.0, v["gpu_time_seconds_total{"+one+",state=effective}"], "half a GPU for half of 20 seconds")
		require.Equal(t, 5.0, v["gpu_time_seconds_total{"+one+",state=bound_idle}"])
		require.Equal(t, 2.5, v["gpu_time_seconds_total{"+two+",state=unbound}"])
		require.NotContains(t, v.names("uuid=MIG-0"), "gpu_time_seconds_total", "nobody knows how much of a GPU it is")
		require.Equal(t, 0.5, v["gpu_utilization_ratio{"+one+"}"])
		require.NotContains(t, v.names("uuid=GPU-0"), "gpu_time_seconds_total")
		// The layout changes: a new slice begins at nothing.
		d.setLayout(Layout{MIG: true, Slices: []Slice{{UUID: "MIG-3", GPUInstance: 1, Profile: "3g.40gb", Part: 0.5}}})
		b.must()
		time.Sleep(20 * time.Second)
		require.Equal(t, 5.0, b.must()["gpu_time_seconds_total{"+sliceID("MIG-3", "1", "3g.40gb")+",state=bound_idle}"])
	})
}

func sliceID(uuid, gpuInstance, profile string) string {
	return "gpu=0,uuid=" + uuid + ",model=Fake H100,gpu_instance=" + gpuInstance + ",compute_instance=0,profile=" + profile
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
