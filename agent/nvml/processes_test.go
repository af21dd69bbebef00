//go:build linux && cgo

package nvml

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxh100"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/gpu"
)

func TestAProcessInSeveralListsCountsOnce(t *testing.T) {
	r := newRig(dgxh100.New())
	m := r.device(0)
	list := func(infos ...nvml.ProcessInfo) func() ([]nvml.ProcessInfo, nvml.Return) {
		return func() ([]nvml.ProcessInfo, nvml.Return) { return infos, nvml.SUCCESS }
	}
	m.GetComputeRunningProcessesFunc = list(nvml.ProcessInfo{Pid: 1, UsedGpuMemory: 100}, nvml.ProcessInfo{Pid: 2, UsedGpuMemory: 30})
	m.GetMPSComputeRunningProcessesFunc = list(nvml.ProcessInfo{Pid: 1, UsedGpuMemory: 90}, nvml.ProcessInfo{Pid: 3, UsedGpuMemory: math.MaxUint64})
	m.GetGraphicsRunningProcessesFunc = list(nvml.ProcessInfo{Pid: 2, UsedGpuMemory: 40}, nvml.ProcessInfo{Pid: 4, UsedGpuMemory: 5})
	d := r.open(t)[0]
	var s gpu.Snapshot
	require.NoError(t, d.Read(gpu.Processes, &s))
	v := func(f float64) gpu.Value { return gpu.Value{V: f, OK: true} }
	require.Equal(t, []gpu.Process{{PID: 1, Memory: v(100), MPS: true}, {PID: 2, Memory: v(40)}, {PID: 3, MPS: true}, {PID: 4, Memory: v(5)}}, s.Running)
	require.Equal(t, v(3), s.Processes, "graphics alone does not bind a GPU")

	// Without the other lists there is one; a list that fails means that the holders are not known.
	for _, ret := range []nvml.Return{nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_NOT_FOUND, nvml.ERROR_FUNCTION_NOT_FOUND} {
		m.GetGraphicsRunningProcessesFunc = func() ([]nvml.ProcessInfo, nvml.Return) { return nil, ret }
		s = gpu.Snapshot{}
		require.NoError(t, d.Read(gpu.Processes, &s))
		require.Len(t, s.Running, 3)
	}
	m.GetGraphicsRunningProcessesFunc = func() ([]nvml.ProcessInfo, nvml.Return) { return nil, nvml.ERROR_UNKNOWN }
	s = gpu.Snapshot{}
	code(t, gpu.Unknown, d.Read(gpu.Processes, &s))
	require.Nil(t, s.Running)
	m.GetComputeRunningProcessesFunc = func() ([]nvml.ProcessInfo, nvml.Return) { return nil, nvml.ERROR_NO_PERMISSION }
	code(t, gpu.NoPermission, d.Read(gpu.Processes, &s))
	r.lacks["nvmlDeviceGetGraphicsRunningProcesses"], r.lacks["nvmlDeviceGetMPSComputeRunningProcesses"] = true, true
	r.source.symbols = map[string]bool{}
	m.GetGraphicsRunningProcessesFunc, m.GetMPSComputeRunningProcessesFunc = nil, nil
	m.GetComputeRunningProcessesFunc = list()
	require.NoError(t, d.Read(gpu.Processes, &s))
	require.NotNil(t, s.Running)
	require.Empty(t, s.Running)
	require.Equal(t, v(0), s.Processes)
}

func TestSamplesOfProcessesAreAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(dgxh100.New())
		m := r.device(0)
		d := r.open(t)[0]
		micros := func(ago time.Duration) uint64 { return uint64(time.Now().Add(-ago).UnixMicro()) }
		var asked []uint64
		answer := func(ret nvml.Return, samples ...nvml.ProcessUtilizationSample) {
			m.GetProcessUtilizationFunc = func(since uint64) ([]nvml.ProcessUtilizationSample, nvml.Return) {
				asked = append(asked, since)
				return samples, ret
			}
		}
		read := func() []gpu.ProcessSample {
			t.Helper()
			var s gpu.Snapshot
			require.NoError(t, d.Read(gpu.ProcessUtilization, &s))
			require.NotNil(t, s.Samples)
			return s.Samples
		}
		at := micros(100 * time.Millisecond)
		answer(nvml.SUCCESS, nvml.ProcessUtilizationSample{Pid: 7, TimeStamp: at, SmUtil: 40}, nvml.ProcessUtilizationSample{Pid: 8, TimeStamp: at - 5, SmUtil: 10}, nvml.ProcessUtilizationSample{Pid: 8, TimeStamp: at - 9, SmUtil: 20},
			nvml.ProcessUtilizationSample{}, nvml.ProcessUtilizationSample{Pid: 9, TimeStamp: at, SmUtil: 4_000_000}, nvml.ProcessUtilizationSample{Pid: 6, TimeStamp: micros(time.Hour), SmUtil: 1}, nvml.ProcessUtilizationSample{Pid: 6, TimeStamp: math.MaxUint64, SmUtil: 1})
		require.Equal(t, []gpu.ProcessSample{{PID: 7, SM: 0.4}, {PID: 8, SM: 0.15000000000000002}}, read())
		require.Equal(t, micros(firstWindow), asked[0])
		time.Sleep(15 * time.Second)
		answer(nvml.ERROR_NOT_FOUND) // nothing ran
		require.Empty(t, read())
		require.Equal(t, at, asked[1], "from the driver's latest sample on")
		time.Sleep(15 * time.Second)
		require.Empty(t, read())
		require.Equal(t, at, asked[2])
		time.Sleep(time.Hour)
		require.Empty(t, read())
		require.Equal(t, micros(maxWindow), asked[3])

		// A clock that was set back must not make it look idle for ever.
		d.(*device).lastSeen = micros(-time.Hour)
		require.Empty(t, read())
		require.Equal(t, micros(firstWindow), asked[4])

		// A table that grows between two calls is asked for again, but not without end.
		asked = nil
		answer(nvml.ERROR_INSUFFICIENT_SIZE)
		var s gpu.Snapshot
		code(t, gpu.InsufficientSize, d.Read(gpu.ProcessUtilization, &s))
		require.Len(t, asked, 4)
		require.Nil(t, s.Samples)
		answer(nvml.ERROR_NOT_SUPPORTED)
		code(t, gpu.NotSupported, d.Read(gpu.ProcessUtilization, &s))
		require.Nil(t, s.Samples, "not told is not idle")
	})
}

func TestProcessesOfAMIGDevice(t *testing.T) {
	r := newRig(dgxh100.New())
	r.cut(0, map[int]*mock.Device{0: r.slice("MIG-a", "H100 MIG 1g.10gb", 9, 0), 1: r.slice("MIG-b", "H100 MIG 1c.2g.20gb", 5, 1)})
	d := r.open(t)[0]
	l, err := d.Layout()
	require.NoError(t, err)
	for i, pid := range []int{190, 151} {
		var s gpu.Snapshot
		require.NoError(t, d.ReadSlice(l.Slices[i], gpu.Processes, &s))
		require.Equal(t, []gpu.Process{{PID: pid, Memory: gpu.Value{V: 1 << 30, OK: true}}}, s.Running)
	}
	var s gpu.Snapshot
	code(t, gpu.NotFound, d.ReadSlice(gpu.Slice{UUID: "MIG-gone"}, gpu.Processes, &s))
}
