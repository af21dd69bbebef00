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

func bytes4(s *gpu.Snapshot) [4]gpu.Value {
	return [4]gpu.Value{s.PCIeTransmitted, s.PCIeReceived, s.NVLinkTransmitted, s.NVLinkReceived}
}

func TestTrafficIsToldOnceAndWithTheActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(dgxh100.New())
		links := 0
		r.device(0).GetNvLinkStateFunc = func(link int) (nvml.EnableState, nvml.Return) {
			if links++; link < 3 {
				return nvml.FEATURE_DISABLED, nvml.SUCCESS
			}
			return nvml.FEATURE_ENABLED, nvml.SUCCESS
		}
		taken, asked := 0, 0
		r.device(0).GpmSampleGetFunc = func(nvml.GpmSample) nvml.Return { taken++; return nvml.SUCCESS }
		ids := r.GpmMetricsGetFunc
		r.GpmMetricsGetFunc = func(get *nvml.GpmMetricsGetType) nvml.Return { asked++; return ids(get) }
		d := r.open(t)[0]
		defer d.Release()
		read := func(after time.Duration) (s gpu.Snapshot) {
			t.Helper()
			time.Sleep(after)
			require.NoError(t, d.Read(gpu.Activity, &s))
			return s
		}
		var s gpu.Snapshot
		code(t, gpu.NoData, d.Read(gpu.Activity, &s))
		require.Equal(t, [4]gpu.Value{}, bytes4(&s))
		// The mock tells the number of each metric: 20 and 21 of PCIe from and to the GPU, 61 and 60 of NVLink, in MiB per second.
		v := func(mib float64) gpu.Value { return gpu.Value{V: mib * (1 << 20), OK: true} }
		s = read(2 * time.Second)
		require.Equal(t, [4]gpu.Value{v(40), v(42), v(122), v(120)}, bytes4(&s))
		require.Equal(t, 2*time.Second, s.Window)
		s = read(100 * time.Millisecond)
		require.Equal(t, [4]gpu.Value{v(0), v(0), v(0), v(0)}, bytes4(&s), "told before")
		s = read(3900 * time.Millisecond)
		require.Equal(t, [4]gpu.Value{v(80), v(84), v(244), v(240)}, bytes4(&s))
		require.Equal(t, 3, taken, "no sample beside those of the activity")
		require.Equal(t, 2, asked)
		require.Equal(t, 4, links, "a link that is there is not looked for again")

		r.GpmMetricsGetFunc = func(get *nvml.GpmMetricsGetType) nvml.Return {
			for i := range get.NumMetrics {
				switch get.Metrics[i].MetricId {
				case 20:
					get.Metrics[i].Value = math.NaN()
				case 21:
					get.Metrics[i].Value = 1e12
				case 60:
					get.Metrics[i].Value = -1
				case 61:
					get.Metrics[i].NvmlReturn = uint32(nvml.ERROR_NO_PERMISSION)
				}
			}
			return nvml.SUCCESS
		}
		s = read(2 * time.Second)
		require.Equal(t, [4]gpu.Value{}, bytes4(&s))
		require.True(t, s.SMActivity.OK)
	})
}

func TestADeviceWithoutLinksHasNoNVLinkTraffic(t *testing.T) {
	for name, state := range map[string]func(int) (nvml.EnableState, nvml.Return){
		"none":     func(int) (nvml.EnableState, nvml.Return) { return 0, nvml.ERROR_NOT_SUPPORTED },
		"inactive": func(int) (nvml.EnableState, nvml.Return) { return nvml.FEATURE_DISABLED, nvml.SUCCESS },
		"invalid": func(link int) (nvml.EnableState, nvml.Return) {
			if link < 2 {
				return nvml.FEATURE_DISABLED, nvml.SUCCESS
			}
			return nvml.FEATURE_ENABLED, nvml.ERROR_INVALID_ARGUMENT
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(dgxh100.New())
				r.device(0).GetNvLinkStateFunc = state
				d := r.open(t)[0]
				defer d.Release()
				var s gpu.Snapshot
				code(t, gpu.NoData, d.Read(gpu.Activity, &s))
				time.Sleep(2 * time.Second)
				require.NoError(t, d.Read(gpu.Activity, &s))
				require.True(t, s.PCIeReceived.OK)
				require.False(t, s.NVLinkTransmitted.OK)
				require.False(t, s.NVLinkReceived.OK)
				// The fabric comes up.
				r.device(0).GetNvLinkStateFunc = func(int) (nvml.EnableState, nvml.Return) { return nvml.FEATURE_ENABLED, nvml.SUCCESS }
				time.Sleep(askLinksEvery)
				require.NoError(t, d.Read(gpu.Activity, &s))
				require.True(t, s.NVLinkTransmitted.OK)
			})
		})
	}
}

func TestASliceIsAPartOfTheDevice(t *testing.T) {
	r := newRig(dgxh100.New())
	r.cut(0, map[int]*mock.Device{0: r.slice("MIG-a", "H100 MIG 3g.40gb", 2, 0)})
	l, err := r.open(t)[0].Layout()
	require.NoError(t, err)
	require.Equal(t, 3.0/7, l.Slices[0].Part)

	r.device(0).GetGpuInstanceProfileInfoFunc = func(profile int) (nvml.GpuInstanceProfileInfo, nvml.Return) {
		if profile == nvml.GPU_INSTANCE_PROFILE_4_SLICE {
			return nvml.GpuInstanceProfileInfo{SliceCount: 4}, nvml.SUCCESS
		}
		return nvml.GpuInstanceProfileInfo{}, nvml.ERROR_NOT_SUPPORTED
	}
	l, err = r.open(t)[0].Layout()
	require.NoError(t, err)
	require.Equal(t, 3.0/4, l.Slices[0].Part)

	r.device(0).GetGpuInstanceProfileInfoFunc = func(int) (nvml.GpuInstanceProfileInfo, nvml.Return) {
		return nvml.GpuInstanceProfileInfo{}, nvml.ERROR_NO_PERMISSION
	}
	l, err = r.open(t)[0].Layout()
	require.NoError(t, err)
	require.Zero(t, l.Slices[0].Part, "not known is not a whole")
}
