package gpu

import (
	"log/slog"
	"maps"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

func simulatedRound(t *testing.T, c *Collector) values {
	t.Helper()
	r := &agent.Round{Time: time.Now()}
	require.NoError(t, c.Collect(t.Context(), r))
	return valuesOf(t, c, r)
}

func TestASimulatedGPUCanNotBeTakenForARealOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(DefaultConfig(), Settings{Logger: slog.New(slog.DiscardHandler), Source: NewSimulated(SimulateConfig{Devices: 2, Seed: 7})})
		require.NoError(t, err)
		defer c.Close()
		v := simulatedRound(t, c)
		require.Len(t, v.names("gpu=0"), 22)
		require.Len(t, v.names("gpu=1"), 22)
		for key := range v {
			require.Contains(t, key, "model=Simulated ")
			require.Contains(t, key, "uuid=GPU-SIMULATED-")
		}
		require.True(t, strings.HasPrefix(SimulatedModel, "Simulated "))
	})
}

// The same seed and instant give the same values, however often they are read; counters are what the gauges add up to.
func TestSimulatedValuesDependOnSeedAndClockOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		open := func(seed uint64) *Collector {
			c, err := New(DefaultConfig(), Settings{Logger: slog.New(slog.DiscardHandler), Source: NewSimulated(SimulateConfig{Seed: seed, Start: start})})
			require.NoError(t, err)
			return c
		}
		often, seldom, other := open(1), open(1), open(2)
		defer often.Close()
		defer seldom.Close()
		defer other.Close()
		energy, powers := 0.0, 0.0
		var before values
		lowest, highest := 1.0, 0.0
		for i := range 4000 {
			v := simulatedRound(t, often)
			for key, now := range v {
				require.False(t, math.IsNaN(now) || now < 0, key)
				if strings.Contains(key, "_ratio") {
					require.LessOrEqual(t, now, 1.0, key)
				}
				if strings.Contains(key, "_total") && before != nil {
					require.GreaterOrEqual(t, now, before[key], key)
				}
				switch {
				case strings.HasPrefix(key, "gpu_energy_joules_total"):
					energy = now
				case strings.HasPrefix(key, "gpu_power_watts") && i < 3999:
					powers += now
				case strings.HasPrefix(key, "gpu_utilization_ratio"):
					lowest, highest = min(lowest, now), max(highest, now)
				}
			}
			before = v
			time.Sleep(time.Second)
		}
		require.InEpsilon(t, powers, energy, 0.001, "joules are watts times seconds")
		require.Greater(t, highest-lowest, 0.3, "it moves")
		// Time is counted by who reads: these are two agents.
		now := func(c *Collector) values {
			v := simulatedRound(t, c)
			maps.DeleteFunc(v, func(key string, _ float64) bool { return strings.HasPrefix(key, "gpu_time_seconds_total") })
			return v
		}
		require.Equal(t, now(often), now(seldom))
		require.NotEqual(t, simulatedRound(t, often), simulatedRound(t, other))
		key := "gpu_throttle_seconds_total{gpu=0,uuid=GPU-SIMULATED-0000000000000001-0,model=" + SimulatedModel + ",reason=sw_power_cap}"
		require.InDelta(t, 6*throttleLength, before[key], throttleLength)
	})
}

// A round must cost little beside what the driver itself takes.
func BenchmarkRoundOfEightGPUs(b *testing.B) {
	c, err := New(DefaultConfig(), Settings{Logger: slog.New(slog.DiscardHandler), Source: NewSimulated(SimulateConfig{Devices: 8})})
	require.NoError(b, err)
	defer c.Close()
	samples := 0
	b.ReportAllocs()
	for b.Loop() {
		r := &agent.Round{Time: time.Now()}
		require.NoError(b, c.Collect(b.Context(), r))
		samples += len(r.Readings)
	}
	b.ReportMetric(float64(samples)/b.Elapsed().Seconds(), "samples/s")
}
