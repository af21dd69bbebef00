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

func TestActivityNeedsTwoSamplesOfAGoodAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(dgxh100.New())
		d := r.open(t)[0]
		read := func() (gpu.Snapshot, error) {
			var s gpu.Snapshot
			err := d.Read(gpu.Activity, &s)
			return s, err
		}
		_, err := read()
		code(t, gpu.NoData, err)
		time.Sleep(time.Second / 2)
		_, err = read()
		code(t, gpu.NoData, err)
		time.Sleep(time.Second / 2)
		s, err := read()
		require.NoError(t, err)
		want := gpu.Snapshot{GraphicsActivity: gpu.Value{V: 0.01, OK: true}, SMActivity: gpu.Value{V: 0.02, OK: true}, SMOccupancy: gpu.Value{V: 0.03, OK: true}, TensorActivity: gpu.Value{V: 0.05, OK: true}, DRAMActivity: gpu.Value{V: 0.1, OK: true}}
		traffic := func() { // it has tests of its own
			s.PCIeTransmitted, s.PCIeReceived, s.Window = gpu.Value{}, gpu.Value{}, 0
		}
		traffic()
		require.Equal(t, want, s)
		require.Equal(t, int32(1), r.samples.Load())
		time.Sleep(100 * time.Millisecond)
		s, err = read()
		require.NoError(t, err)
		traffic()
		require.Equal(t, want, s, "rounds that are close together do not make the series flicker")
		time.Sleep(11 * time.Minute)
		_, err = read()
		code(t, gpu.NoData, err)
		time.Sleep(15 * time.Second)
		r.GpmMetricsGetFunc = func(get *nvml.GpmMetricsGetType) nvml.Return {
			get.Metrics[0].Value = -1
			get.Metrics[1].Value = math.NaN()
			get.Metrics[2].NvmlReturn = uint32(nvml.ERROR_NOT_SUPPORTED)
			get.Metrics[3].Value = math.Inf(1)
			get.Metrics[4].Value = 50
			get.Metrics[5].NvmlReturn, get.Metrics[6].NvmlReturn = uint32(nvml.ERROR_NOT_SUPPORTED), uint32(nvml.ERROR_NOT_SUPPORTED)
			return nvml.SUCCESS
		}
		s, err = read()
		require.NoError(t, err)
		require.Equal(t, 15*time.Second, s.Window)
		traffic()
		require.Equal(t, gpu.Snapshot{DRAMActivity: gpu.Value{V: 0.5, OK: true}}, s)
		time.Sleep(15 * time.Second)
		r.device(0).GpmSampleGetFunc = func(nvml.GpmSample) nvml.Return { return nvml.ERROR_GPU_IS_LOST }
		_, err = read()
		code(t, gpu.GPUIsLost, err)
		d.Release()
		require.Zero(t, r.samples.Load())
	})
}

func TestActivityIsUnsupportedBeforeHopper(t *testing.T) {
	r := newRig(dgxh100.New())
	r.device(0).GpmQueryDeviceSupportFunc = func() (nvml.GpmSupport, nvml.Return) { return nvml.GpmSupport{}, nvml.SUCCESS }
	r.device(1).GpmQueryDeviceSupportFunc = func() (nvml.GpmSupport, nvml.Return) {
		return nvml.GpmSupport{}, nvml.ERROR_NOT_SUPPORTED
	}
	devices := r.open(t)
	var s gpu.Snapshot
	code(t, gpu.NotSupported, devices[0].Read(gpu.Activity, &s))
	code(t, gpu.NotSupported, devices[1].Read(gpu.Activity, &s))
	require.Zero(t, r.samples.Load())
}

// The number of a GPU instance is used again after re-partitioning: its sample must not be.
func TestSamplesDoNotOutliveTheirSlice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(dgxh100.New())
		r.cut(0, map[int]*mock.Device{0: r.slice("MIG-a", "H100 MIG 1g.10gb", 9, 0)})
		d := r.open(t)[0]
		l, err := d.Layout()
		require.NoError(t, err)
		var s gpu.Snapshot
		code(t, gpu.NoData, d.ReadSlice(l.Slices[0], gpu.Activity, &s))
		time.Sleep(time.Second)
		_, err = d.Layout()
		require.NoError(t, err)
		require.NoError(t, d.ReadSlice(l.Slices[0], gpu.Activity, &s))
		require.Equal(t, 0.02, s.SMActivity.V)
		r.cut(0, map[int]*mock.Device{0: r.slice("MIG-b", "H100 MIG 3g.40gb", 9, 0)})
		l, err = d.Layout()
		require.NoError(t, err)
		require.Zero(t, r.samples.Load())
		time.Sleep(time.Second)
		code(t, gpu.NoData, d.ReadSlice(l.Slices[0], gpu.Activity, &s))
		d.Release()
		require.Zero(t, r.samples.Load())
	})
}
