package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/gpu"
)

func TestBadFlagsAreNamed(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"-mib: must be between 64 and 1048576 (got 1)", []string{"-mib", "1"}},
		{"-rounds: must be between 1 and 1000 (got 0)", []string{"-rounds", "0"}},
		{"-interval: must be between 1s and 1m (got 1ms)", []string{"-interval", "1ms"}},
		{`unexpected argument "x"`, []string{"x"}},
	} {
		require.EqualError(t, run(t.Context(), c.args, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}), c.want)
	}
}

// With a GPU the program runs its phases; without, it says so, and so does a child.
func TestItEndsWellWithoutAGPU(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), []string{"-rounds", "1", "-interval", "1s", "-mib", "64"}, strings.NewReader(""), &out, &bytes.Buffer{})
	if strings.Contains(out.String(), "no GPU can be read here") {
		require.NoError(t, err)
		out.Reset()
		require.Error(t, run(t.Context(), []string{"-child", "-mib", "64"}, strings.NewReader(""), &out, &bytes.Buffer{}))
		require.Empty(t, out.String(), "it is not ready")
		return
	}
	require.Contains(t, out.String(), "## Phases")
}

func TestWhatIsAbsentPassesNoComparison(t *testing.T) {
	var out bytes.Buffer
	b := &bench{out: &out}
	var m sharedMean
	s := m.shared()
	b.near("utilisation", s.utilization, 0, 0.5)
	b.holds("A", s, 64)
	require.Equal(t, 2, b.failures)
	m.method = gpu.MethodPIDTree
	m.memory.add(100 << 20)
	m.utilization.add(0.2)
	m.utilization.add(0.4)
	s = m.shared()
	b.near("utilisation", s.utilization, 0.3, 0.01)
	b.holds("A", s, 64)
	require.Equal(t, 2, b.failures)
	require.Equal(t, 4, b.made)
	require.Equal(t, "pid_tree 100 MiB 0.300", s.String())
}

func TestSlowCallsAreTold(t *testing.T) {
	require.Equal(t, "events 2s (CPU 1.9s), energy 3ms (CPU 1ms)", slowest([]call{{"energy", 3 * time.Millisecond, time.Millisecond}, {"events", 2 * time.Second, 1900 * time.Millisecond}}))
	var c calls
	s := &timedSource{gpu.NewSimulated(gpu.SimulateConfig{Devices: 1}), &c}
	require.NoError(t, s.Open())
	devices, err := s.Devices()
	require.NoError(t, err)
	var out gpu.Snapshot
	require.NoError(t, devices[0].Read(gpu.Power, &out))
	require.True(t, out.Power.OK)
	_, err = s.Events(devices)
	require.Error(t, err, "the source gets its own devices")
	var names []string
	for _, one := range c.take() {
		names = append(names, one.name)
		require.Positive(t, one.wall)
	}
	require.Equal(t, []string{"open", "devices", "power", "events"}, names)
	require.Empty(t, c.take())
}

func TestBusyThreadsAreTold(t *testing.T) {
	told := busyThreads(map[string]time.Duration{"0": time.Second, "00": time.Second}, map[string]time.Duration{"0": 2 * time.Second, "00": time.Second, "000": 3 * time.Second})
	require.Equal(t, "thread 000 3s (wchan , syscall ); thread 0 1s (wchan , syscall )", told)
}

func TestCopiesMustBeCountedInTheirDirection(t *testing.T) {
	for _, c := range []struct {
		copied, counted, other float64
		failures               int
	}{
		{1000, 1100, 80, 0},
		{1000, 1301, 80, 1},
		{1000, 80, 1100, 2}, // the directions are mixed up
		{0, 0, 0, 2},        // nothing was copied, so nothing was measured
	} {
		b := &bench{out: &bytes.Buffer{}}
		b.copiedAs("receive", c.copied, c.counted, c.other)
		require.Equal(t, c.failures, b.failures, "%+v", c)
	}
	i := &instance{round: map[string]float64{"gpu_pcie_bytes_total{gpu=0,uuid=x,direction=transmit}": 5, "gpu_pcie_bytes_total{gpu=1,uuid=y,direction=receive}": 6}}
	v, ok := i.pcie("transmit")
	require.True(t, ok)
	require.Equal(t, 5.0, v)
	_, ok = i.pcie("receive")
	require.False(t, ok)
}
