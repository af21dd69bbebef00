//go:build linux && cgo

package nvml

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxa100"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxh100"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/server"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/gpu"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a DGX mock whose devices also answer readings, and whose library lacks the symbols that a test takes away.
type rig struct {
	*server.Server
	source  *source
	lacks   map[string]bool
	fields  map[uint32]nvml.FieldValue // by id; others are not supported
	samples atomic.Int32               // GPM samples that live
	events  chan nvml.EventData
}

func newRig(s *server.Server) *rig {
	r := &rig{Server: s, lacks: map[string]bool{"nvmlDeviceGetTemperatureV": true}, fields: map[uint32]nvml.FieldValue{}, events: make(chan nvml.EventData, 10)}
	s.LookupSymbolFunc = func(name string) error {
		if r.lacks[name] {
			return errors.New("undefined symbol")
		}
		return nil
	}
	s.GpmSampleAllocFunc = func() (nvml.GpmSample, nvml.Return) {
		r.samples.Add(1)
		return &mock.GpmSample{FreeFunc: func() nvml.Return { r.samples.Add(-1); return nvml.SUCCESS }}, nvml.SUCCESS
	}
	s.GpmMetricsGetFunc = func(get *nvml.GpmMetricsGetType) nvml.Return {
		for i := range get.NumMetrics {
			get.Metrics[i].Value = float64(get.Metrics[i].MetricId)
		}
		return nvml.SUCCESS
	}
	s.EventSetCreateFunc = func() (nvml.EventSet, nvml.Return) {
		return &mock.EventSet{
			FreeFunc: func() nvml.Return { return nvml.SUCCESS },
			WaitFunc: func(ms uint32) (nvml.EventData, nvml.Return) {
				select {
				case e := <-r.events:
					return e, nvml.SUCCESS
				case <-time.After(time.Duration(ms) * time.Millisecond):
					return nvml.EventData{}, nvml.ERROR_TIMEOUT
				}
			},
		}, nvml.SUCCESS
	}
	for _, d := range s.Devices {
		r.answer(&d.(*server.Device).Device)
	}
	r.source = newSource(s, slog.New(slog.DiscardHandler))
	return r
}

func (r *rig) device(i int) *mock.Device { return &r.Devices[i].(*server.Device).Device }

// answer gives a mock device the readings that the DGX mocks lack.
func (r *rig) answer(d *mock.Device) {
	d.GetVbiosVersionFunc = func() (string, nvml.Return) { return "96.00.89", nvml.SUCCESS }
	d.GetPciInfoFunc = func() (nvml.PciInfo, nvml.Return) {
		var p nvml.PciInfo
		for i, c := range "00000000:1B:00.0" {
			p.BusId[i] = int8(c)
		}
		return p, nvml.SUCCESS
	}
	d.GetUtilizationRatesFunc = func() (nvml.Utilization, nvml.Return) {
		return nvml.Utilization{Gpu: 87, Memory: 40}, nvml.SUCCESS
	}
	d.GetMemoryInfo_v2Func = func() (nvml.Memory_v2, nvml.Return) {
		return nvml.Memory_v2{Total: 80 << 30, Used: 20 << 30, Free: 59 << 30, Reserved: 1 << 30}, nvml.SUCCESS
	}
	d.GetPowerUsageFunc = func() (uint32, nvml.Return) { return 345_678, nvml.SUCCESS }
	d.GetEnforcedPowerLimitFunc = func() (uint32, nvml.Return) { return 700_000, nvml.SUCCESS }
	d.GetTemperatureFunc = func(nvml.TemperatureSensors) (uint32, nvml.Return) { return 54, nvml.SUCCESS }
	d.GetClockInfoFunc = func(c nvml.ClockType) (uint32, nvml.Return) { return 1000 + uint32(c), nvml.SUCCESS }
	d.GetTotalEnergyConsumptionFunc = func() (uint64, nvml.Return) { return 1_234_567, nvml.SUCCESS }
	d.GetTotalEccErrorsFunc = func(k nvml.MemoryErrorType, l nvml.EccCounterType) (uint64, nvml.Return) {
		if l != nvml.VOLATILE_ECC {
			return 999, nvml.SUCCESS
		}
		return uint64(k) + 5, nvml.SUCCESS
	}
	d.GetRemappedRowsFunc = func() (int, int, bool, bool, nvml.Return) { return 2, 1, true, false, nvml.SUCCESS }
	d.GetFieldValuesFunc = func(values []nvml.FieldValue) nvml.Return {
		for i := range values {
			v, ok := r.fields[values[i].FieldId]
			if !ok {
				values[i].NvmlReturn = uint32(nvml.ERROR_NOT_SUPPORTED)
				continue
			}
			values[i].ValueType, values[i].Value, values[i].NvmlReturn = v.ValueType, v.Value, v.NvmlReturn
		}
		return nvml.SUCCESS
	}
	d.GetComputeRunningProcessesFunc = func() ([]nvml.ProcessInfo, nvml.Return) {
		return []nvml.ProcessInfo{{Pid: 11, UsedGpuMemory: 3 << 30}, {Pid: 12, UsedGpuMemory: math.MaxUint64}}, nvml.SUCCESS
	}
	d.GetGraphicsRunningProcessesFunc = func() ([]nvml.ProcessInfo, nvml.Return) { return nil, nvml.SUCCESS }
	d.GetMPSComputeRunningProcessesFunc = func() ([]nvml.ProcessInfo, nvml.Return) { return nil, nvml.ERROR_NOT_SUPPORTED }
	d.GetProcessUtilizationFunc = func(uint64) ([]nvml.ProcessUtilizationSample, nvml.Return) { return nil, nvml.ERROR_NOT_FOUND }
	d.GetNvLinkStateFunc = func(int) (nvml.EnableState, nvml.Return) { return 0, nvml.ERROR_NOT_SUPPORTED }
	d.GpmQueryDeviceSupportFunc = func() (nvml.GpmSupport, nvml.Return) {
		return nvml.GpmSupport{IsSupportedDevice: 1}, nvml.SUCCESS
	}
	d.GpmSampleGetFunc = func(nvml.GpmSample) nvml.Return { return nvml.SUCCESS }
	d.GpmMigSampleGetFunc = func(int, nvml.GpmSample) nvml.Return { return nvml.SUCCESS }
	d.GetSupportedEventTypesFunc = func() (uint64, nvml.Return) { return eventXID | eventDoubleBit | 0x4 | 0x10, nvml.SUCCESS }
	d.RegisterEventsFunc = func(uint64, nvml.EventSet) nvml.Return { return nvml.SUCCESS }
}

// slice returns the handle of a MIG device.
func (r *rig) slice(uuid, name string, gi, ci int) *mock.Device {
	return &mock.Device{
		GetUUIDFunc:              func() (string, nvml.Return) { return uuid, nvml.SUCCESS },
		GetNameFunc:              func() (string, nvml.Return) { return name, nvml.SUCCESS },
		GetGpuInstanceIdFunc:     func() (int, nvml.Return) { return gi, nvml.SUCCESS },
		GetComputeInstanceIdFunc: func() (int, nvml.Return) { return ci, nvml.SUCCESS },
		GetMemoryInfo_v2Func: func() (nvml.Memory_v2, nvml.Return) {
			return nvml.Memory_v2{Total: 10 << 30, Used: uint64(gi) << 30}, nvml.SUCCESS
		},
		GetComputeRunningProcessesFunc: func() ([]nvml.ProcessInfo, nvml.Return) {
			return []nvml.ProcessInfo{{Pid: uint32(100 + 10*gi + ci), UsedGpuMemory: 1 << 30, GpuInstanceId: uint32(gi), ComputeInstanceId: uint32(ci)}}, nvml.SUCCESS
		},
		GetGraphicsRunningProcessesFunc:   func() ([]nvml.ProcessInfo, nvml.Return) { return nil, nvml.SUCCESS },
		GetMPSComputeRunningProcessesFunc: func() ([]nvml.ProcessInfo, nvml.Return) { return nil, nvml.ERROR_NOT_SUPPORTED },
		GetAttributesFunc: func() (nvml.DeviceAttributes, nvml.Return) {
			return nvml.DeviceAttributes{GpuInstanceSliceCount: 3, ComputeInstanceSliceCount: uint32(ci + 1), MemorySizeMB: 40192}, nvml.SUCCESS
		},
	}
}

// cut puts a device into MIG mode with slices at the given indexes.
func (r *rig) cut(i int, slices map[int]*mock.Device) {
	d := r.device(i)
	d.GetMigModeFunc = func() (int, int, nvml.Return) { return nvml.DEVICE_MIG_ENABLE, nvml.DEVICE_MIG_ENABLE, nvml.SUCCESS }
	d.GetMaxMigDeviceCountFunc = func() (int, nvml.Return) { return 7, nvml.SUCCESS }
	d.GetMigDeviceHandleByIndexFunc = func(index int) (nvml.Device, nvml.Return) {
		if s := slices[index]; s != nil {
			return s, nvml.SUCCESS
		}
		return nil, nvml.ERROR_NOT_FOUND
	}
}

func (r *rig) number(id uint32, t nvml.ValueType, n uint64) {
	v := nvml.FieldValue{ValueType: uint32(t)}
	binary.NativeEndian.PutUint64(v.Value[:], n)
	r.fields[id] = v
}

func (r *rig) open(t *testing.T) []gpu.Device {
	t.Helper()
	require.NoError(t, r.source.Open())
	devices, err := r.source.Devices()
	require.NoError(t, err)
	return devices
}

func code(t *testing.T, want gpu.Code, err error) {
	t.Helper()
	require.Equal(t, want, gpu.CodeOf(err), "%v", err)
}

func TestTheDGXServersAreListed(t *testing.T) {
	for name, c := range map[string]struct {
		server                *server.Server
		model, arch, capacity string
	}{
		"A100": {dgxa100.New(), "Mock NVIDIA A100-SXM4-40GB", "ampere", "8.0"},
		"H100": {dgxh100.New(), "NVIDIA H100 80GB HBM3", "hopper", "9.0"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(c.server)
			devices := r.open(t)
			require.Len(t, devices, 8)
			uuids := map[string]bool{}
			for i, d := range devices {
				info := d.Info()
				uuids[info.UUID] = true
				require.Equal(t, gpu.Info{Index: i, UUID: info.UUID, Model: c.model, PCIBusID: "00000000:1B:00.0", Architecture: c.arch, ComputeCapability: c.capacity, VBIOS: "96.00.89"}, info)
				l, err := d.Layout()
				require.NoError(t, err)
				require.Equal(t, gpu.Layout{}, l)
			}
			require.Len(t, uuids, 8)
			driver, err := r.source.Driver()
			require.NoError(t, err)
			require.Equal(t, c.server.DriverVersion, driver.Version)
			require.Regexp(t, `^1\d\.\d$`, driver.CUDA)
			require.NoError(t, r.source.Close())
		})
	}
}

func TestADeviceThatCannotBeListedLeavesTheOthers(t *testing.T) {
	r := newRig(dgxh100.New())
	r.device(3).GetUUIDFunc = func() (string, nvml.Return) { return "", nvml.ERROR_GPU_IS_LOST }
	require.NoError(t, r.source.Open())
	devices, err := r.source.Devices()
	require.Len(t, devices, 7)
	require.ErrorContains(t, err, "gpu 3: nvmlDeviceGetUUID: gpu_is_lost")
	code(t, gpu.GPUIsLost, err)
}

func TestReadingsAreInBaseUnits(t *testing.T) {
	r := newRig(dgxh100.New())
	const ull, u32 = nvml.VALUE_TYPE_UNSIGNED_LONG_LONG, nvml.VALUE_TYPE_UNSIGNED_INT
	r.number(nvml.FI_DEV_MEMORY_TEMP, u32, 61)
	r.number(nvml.FI_DEV_CLOCKS_EVENT_REASON_SW_POWER_CAP, ull, 2_500_000_000)
	r.number(nvml.FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN, ull, 0)
	r.number(nvml.FI_DEV_PERF_POLICY_THERMAL, ull, 3_000_000_000)
	r.number(nvml.FI_DEV_PCIE_COUNT_TX_BYTES, ull, 1000)
	r.number(nvml.FI_DEV_PCIE_COUNT_RX_BYTES, ull, 2000)
	r.number(nvml.FI_DEV_NVLINK_THROUGHPUT_DATA_TX, ull, 3)
	r.number(nvml.FI_DEV_NVLINK_COUNT_RCV_BYTES, ull, 77)
	r.number(nvml.FI_DEV_NVLINK_ERROR_DL_RECOVERY, ull, 4)
	d := r.open(t)[0]
	var s gpu.Snapshot
	for reading := gpu.Utilization; reading < gpu.Activity; reading++ {
		require.NoError(t, d.Read(reading, &s), reading.String())
	}
	v := func(f float64) gpu.Value { return gpu.Value{V: f, OK: true} }
	want := gpu.Snapshot{
		Utilization: v(0.87), MemoryTotal: v(80 << 30), MemoryUsed: v(20 << 30), MemoryFree: v(59 << 30), MemoryReserved: v(1 << 30),
		Power: v(345.678), PowerLimit: v(700), Temperature: v(54), MemoryTemperature: v(61), Energy: v(1234.567),
		ECCCorrected: v(5), ECCUncorrected: v(6), PCIeTransmit: v(1000), PCIeReceive: v(2000), NVLinkTransmit: v(3072), NVLinkReceive: v(77), NVLinkRecoveries: v(4),
		RowsCorrectable: v(2), RowsUncorrectable: v(1), RowsPending: v(1), RowsFailure: v(0), Processes: v(2),
		Running: []gpu.Process{{PID: 11, Memory: v(3 << 30)}, {PID: 12}}, Samples: []gpu.ProcessSample{},
	}
	want.Clocks[gpu.ClockGraphics], want.Clocks[gpu.ClockSM], want.Clocks[gpu.ClockMemory], want.Clocks[gpu.ClockVideo] = v(1000e6), v(1001e6), v(1002e6), v(1003e6)
	want.Throttle[gpu.ThrottlePowerCap], want.Throttle[gpu.ThrottleHardwareThermal], want.Throttle[gpu.ThrottleThermal] = v(2.5), v(0), v(3)
	require.InDelta(t, want.Power.V, s.Power.V, 1e-9)
	require.InDelta(t, want.Energy.V, s.Energy.V, 1e-9)
	s.Power, s.Energy, s.Throttle[gpu.ThrottleThermal] = want.Power, want.Energy, want.Throttle[gpu.ThrottleThermal]
	require.Equal(t, want, s)
}

func TestFieldsThatAreNoValue(t *testing.T) {
	r := newRig(dgxh100.New())
	d := r.open(t)[0]
	read := func(reading gpu.Reading) (gpu.Snapshot, error) {
		var s gpu.Snapshot
		err := d.Read(reading, &s)
		return s, err
	}
	for _, reading := range []gpu.Reading{gpu.MemoryTemperature, gpu.Throttle, gpu.PCIe, gpu.NVLink} {
		s, err := read(reading)
		code(t, gpu.NotSupported, err)
		require.Equal(t, gpu.Snapshot{}, s)
	}
	for _, n := range []uint64{9223372036854775794, math.MaxUint64} {
		r.number(nvml.FI_DEV_PCIE_COUNT_TX_BYTES, nvml.VALUE_TYPE_UNSIGNED_LONG_LONG, n)
		s, err := read(gpu.PCIe)
		code(t, gpu.NotSupported, err)
		require.Equal(t, gpu.Snapshot{}, s)
	}
	// A byte counter of 32 bits wraps many times a minute: no value at all.
	r.number(nvml.FI_DEV_PCIE_COUNT_TX_BYTES, nvml.VALUE_TYPE_UNSIGNED_INT, 12)
	r.number(nvml.FI_DEV_PCIE_COUNT_RX_BYTES, nvml.VALUE_TYPE_UNSIGNED_LONG_LONG, 13)
	s, err := read(gpu.PCIe)
	require.NoError(t, err)
	require.False(t, s.PCIeTransmit.OK)
	require.Equal(t, 13.0, s.PCIeReceive.V)
	r.number(nvml.FI_DEV_MEMORY_TEMP, nvml.VALUE_TYPE_UNSIGNED_INT, math.MaxUint32)
	_, err = read(gpu.MemoryTemperature)
	code(t, gpu.NotSupported, err)
	r.number(nvml.FI_DEV_MEMORY_TEMP, 99, 1)
	_, err = read(gpu.MemoryTemperature)
	code(t, gpu.NotSupported, err)
	// One field without permission, beside one that came; and one that says that the device is lost.
	r.fields[nvml.FI_DEV_PCIE_COUNT_TX_BYTES] = nvml.FieldValue{NvmlReturn: uint32(nvml.ERROR_NO_PERMISSION)}
	s, err = read(gpu.PCIe)
	code(t, gpu.NoPermission, err)
	require.True(t, s.PCIeReceive.OK)
	r.fields[nvml.FI_DEV_PCIE_COUNT_RX_BYTES] = nvml.FieldValue{NvmlReturn: uint32(nvml.ERROR_GPU_IS_LOST)}
	_, err = read(gpu.PCIe)
	code(t, gpu.GPUIsLost, err)
	double := nvml.FieldValue{ValueType: uint32(nvml.VALUE_TYPE_DOUBLE)}
	binary.NativeEndian.PutUint64(double.Value[:], math.Float64bits(1.5))
	f, ok := decode(double)
	require.True(t, ok)
	require.Equal(t, 1.5, f)
}

// A mock without a function panics when it is called, so this shows that a missing symbol is never called.
func TestACallThatTheLibraryLacksIsNotMade(t *testing.T) {
	r := newRig(dgxh100.New())
	for _, symbol := range []string{"nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetFieldValues", "nvmlDeviceGetMigMode", "nvmlDeviceGetTotalEnergyConsumption", "nvmlDeviceGetTotalEccErrors",
		"nvmlDeviceGetRemappedRows", "nvmlGpmMetricsGet", "nvmlEventSetCreate", "nvmlDeviceGetArchitecture", "nvmlDeviceGetCudaComputeCapability", "nvmlDeviceGetVbiosVersion", "nvmlSystemGetCudaDriverVersion"} {
		r.lacks[symbol] = true
	}
	m := r.device(0)
	m.GetMemoryInfo_v2Func, m.GetFieldValuesFunc, m.GetMigModeFunc, m.GetTotalEnergyConsumptionFunc, m.GetTotalEccErrorsFunc, m.GetRemappedRowsFunc = nil, nil, nil, nil, nil, nil
	m.GpmQueryDeviceSupportFunc, m.GpmSampleGetFunc, m.GetArchitectureFunc, m.GetCudaComputeCapabilityFunc, m.GetVbiosVersionFunc = nil, nil, nil, nil, nil
	r.EventSetCreateFunc, r.SystemGetCudaDriverVersionFunc = nil, nil
	devices := r.open(t)
	d := devices[0]
	var s gpu.Snapshot
	for _, reading := range []gpu.Reading{gpu.MemoryTemperature, gpu.Energy, gpu.ECC, gpu.Throttle, gpu.PCIe, gpu.NVLink, gpu.RemappedRows, gpu.Activity} {
		code(t, gpu.FunctionNotFound, d.Read(reading, &s))
	}
	_, err := d.Layout()
	code(t, gpu.FunctionNotFound, err)
	_, err = r.source.Events(devices)
	code(t, gpu.FunctionNotFound, err)
	require.NoError(t, d.Read(gpu.Memory, &s), "version 1 stands in")
	require.Equal(t, float64(80<<30), s.MemoryTotal.V)
	require.False(t, s.MemoryReserved.OK)
	driver, err := r.source.Driver()
	require.NoError(t, err)
	require.Empty(t, driver.CUDA)
}

func TestFallBacks(t *testing.T) {
	r := newRig(dgxh100.New())
	d := r.open(t)[0]
	m := r.device(0)
	var s gpu.Snapshot
	m.GetMemoryInfo_v2Func = func() (nvml.Memory_v2, nvml.Return) { return nvml.Memory_v2{}, nvml.ERROR_ARGUMENT_VERSION_MISMATCH }
	require.NoError(t, d.Read(gpu.Memory, &s))
	require.False(t, s.MemoryReserved.OK)
	m.GetMemoryInfo_v2Func = func() (nvml.Memory_v2, nvml.Return) { return nvml.Memory_v2{}, nvml.ERROR_GPU_IS_LOST }
	code(t, gpu.GPUIsLost, d.Read(gpu.Memory, &s))

	m.GetPowerUsageFunc = func() (uint32, nvml.Return) { return 0, nvml.ERROR_NOT_SUPPORTED }
	code(t, gpu.NotSupported, d.Read(gpu.Power, &s))
	r.number(nvml.FI_DEV_POWER_INSTANT, nvml.VALUE_TYPE_UNSIGNED_INT, 123_000)
	require.NoError(t, d.Read(gpu.Power, &s))
	require.InDelta(t, 123, s.Power.V, 1e-9)

	s = gpu.Snapshot{}
	m.GetClockInfoFunc = func(c nvml.ClockType) (uint32, nvml.Return) {
		if c == nvml.CLOCK_VIDEO {
			return 0, nvml.ERROR_NOT_SUPPORTED
		}
		return 7, nvml.SUCCESS
	}
	require.NoError(t, d.Read(gpu.Clocks, &s), "what it cannot tell is no error beside what it can")
	require.False(t, s.Clocks[gpu.ClockVideo].OK)
	require.True(t, s.Clocks[gpu.ClockSM].OK)
	m.GetClockInfoFunc = func(nvml.ClockType) (uint32, nvml.Return) { return 0, nvml.ERROR_NOT_SUPPORTED }
	code(t, gpu.NotSupported, d.Read(gpu.Clocks, &s))
	m.GetUtilizationRatesFunc = func() (nvml.Utilization, nvml.Return) {
		return nvml.Utilization{Gpu: math.MaxUint32}, nvml.SUCCESS
	}
	require.NoError(t, d.Read(gpu.Utilization, &s))
	require.False(t, s.Utilization.OK)
	code(t, gpu.NotSupported, d.Read(gpu.Reading(99), &s))
	code(t, gpu.NotSupported, d.ReadSlice(gpu.Slice{}, gpu.Power, &s))
}

func TestMIGLayoutHasGapsAndProfiles(t *testing.T) {
	r := newRig(dgxa100.New())
	r.cut(0, map[int]*mock.Device{
		0: r.slice("MIG-0", "NVIDIA A100-SXM4-40GB MIG 1g.5gb", 7, 0),
		3: r.slice("MIG-3", "NVIDIA A100-SXM4-40GB", 2, 2), // an old driver whose names have no profile
		5: r.slice("MIG-5", "NVIDIA A100-SXM4-40GB", 2, 1),
	})
	r.device(0).GetMemoryInfoFunc = func() (nvml.Memory, nvml.Return) { return nvml.Memory{Total: 80 << 30}, nvml.SUCCESS }
	d := r.open(t)[0]
	l, err := d.Layout()
	require.NoError(t, err)
	require.Equal(t, gpu.Layout{MIG: true, Slices: []gpu.Slice{
		{UUID: "MIG-0", GPUInstance: 7, ComputeInstance: 0, Profile: "1g.5gb", Part: 3.0 / 7},
		{UUID: "MIG-3", GPUInstance: 2, ComputeInstance: 2, Profile: "3g.40gb", Part: 3.0 / 7},
		{UUID: "MIG-5", GPUInstance: 2, ComputeInstance: 1, Profile: "2c.3g.40gb", Part: 3.0 / 7},
	}}, l)
	var s gpu.Snapshot
	require.NoError(t, d.ReadSlice(l.Slices[0], gpu.Memory, &s))
	require.Equal(t, float64(7<<30), s.MemoryUsed.V)
	r.device(0).GetMigDeviceHandleByIndexFunc = func(int) (nvml.Device, nvml.Return) { return nil, nvml.ERROR_NO_PERMISSION }
	_, err = d.Layout()
	code(t, gpu.NoPermission, err)
	r.cut(0, nil)
	_, err = d.Layout()
	require.NoError(t, err)
	code(t, gpu.NotFound, d.ReadSlice(l.Slices[0], gpu.Memory, &s))
}

func TestEventsReachTheirDevice(t *testing.T) {
	r := newRig(dgxh100.New())
	var types uint64
	r.device(1).RegisterEventsFunc = func(t uint64, _ nvml.EventSet) nvml.Return { types = t; return nvml.SUCCESS }
	r.device(2).GetSupportedEventTypesFunc = func() (uint64, nvml.Return) { return 0, nvml.ERROR_NOT_SUPPORTED }
	r.device(3).RegisterEventsFunc = func(uint64, nvml.EventSet) nvml.Return { return nvml.ERROR_UNKNOWN }
	devices := r.open(t)
	e, err := r.source.Events(devices)
	require.ErrorContains(t, err, "gpu 3: nvmlDeviceRegisterEvents: unknown")
	require.Len(t, e.Watched(), 6)
	require.Equal(t, eventXID|eventDoubleBit, types, "no performance states, no clocks")
	_, err = e.Wait(time.Millisecond)
	code(t, gpu.Timeout, err)
	r.events <- nvml.EventData{Device: r.Devices[1], EventType: eventXID, EventData: 79, GpuInstanceId: noInstance}
	got, err := e.Wait(time.Second)
	require.NoError(t, err)
	require.Equal(t, gpu.Event{Kind: gpu.EventXID, UUID: devices[1].Info().UUID, GPUInstance: -1, XID: 79}, got)
	r.events <- nvml.EventData{Device: r.Devices[1], EventType: eventXID, EventData: 31, GpuInstanceId: 0}
	got, err = e.Wait(time.Second)
	require.NoError(t, err)
	require.Equal(t, 0, got.GPUInstance)
	require.NoError(t, e.Close())
	kinds := map[gpu.EventKind]bool{}
	for bit := range 16 {
		if eventsOfHealth&(1<<bit) != 0 {
			require.NotZero(t, kind(1<<bit))
			kinds[kind(1<<bit)] = true
		}
	}
	require.Len(t, kinds, 10)
	for i := range devices {
		r.device(i).GetSupportedEventTypesFunc = func() (uint64, nvml.Return) { return 0, nvml.SUCCESS }
	}
	_, err = r.source.Events(devices)
	code(t, gpu.NotSupported, err)
}

// The whole way from a DGX with one partitioned GPU to series.
func TestTheCollectorOverAMockedDGX(t *testing.T) {
	r := newRig(dgxh100.New())
	r.cut(7, map[int]*mock.Device{0: r.slice("MIG-x", "NVIDIA H100 80GB HBM3 MIG 1g.10gb", 9, 0)})
	c, err := gpu.New(gpu.DefaultConfig(), gpu.Settings{Logger: slog.New(slog.DiscardHandler), Source: r.source})
	require.NoError(t, err)
	round := &agent.Round{Time: time.Now()}
	require.NoError(t, c.Collect(t.Context(), round))
	count := map[string]int{}
	for _, reading := range round.Readings {
		count[reading.Desc.Name]++
		if reading.Desc.Name == "gpu_memory_bytes" && reading.LabelValues[1] == "MIG-x" && reading.LabelValues[6] == "used" {
			require.Equal(t, float64(9<<30), reading.Value)
			require.Equal(t, []string{"7", "MIG-x", "NVIDIA H100 80GB HBM3", "9", "0", "1g.10gb", "used"}, reading.LabelValues)
		}
	}
	require.Equal(t, 7, count["gpu_utilization_ratio"])
	require.Equal(t, 8, count["gpu_memory_utilization_ratio"])
	require.Equal(t, 9, count["gpu_info"])
	require.Equal(t, 8, count["gpu_power_watts"])
	require.Zero(t, count["gpu_sm_activity_ratio"], "needs a second sample")
	time.Sleep(minWindow + 50*time.Millisecond)
	round = &agent.Round{Time: time.Now()}
	require.NoError(t, c.Collect(t.Context(), round))
	activity := 0
	for _, reading := range round.Readings {
		if reading.Desc.Name == "gpu_sm_activity_ratio" {
			require.Equal(t, 0.02, reading.Value)
			activity++
		}
	}
	require.Equal(t, 8, activity, "seven GPUs and one slice")
	require.NoError(t, c.Close())
	require.Zero(t, r.samples.Load(), "every sample is freed")
}

// What this machine has: with a driver real readings, and without one a single line and nothing else.
func TestTheRealLibrary(t *testing.T) {
	var logs bytes.Buffer
	var mu sync.Mutex
	log := slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) { mu.Lock(); defer mu.Unlock(); return logs.Write(p) }), nil))
	c, err := gpu.New(gpu.DefaultConfig(), gpu.Settings{Logger: log, Source: New(log)})
	require.NoError(t, err)
	readings := 0
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		round := &agent.Round{Time: time.Now()}
		err := c.Collect(ctx, round)
		cancel()
		if err != nil {
			t.Log(err)
		}
		readings += len(round.Readings)
	}
	require.NoError(t, c.Close())
	mu.Lock()
	defer mu.Unlock()
	t.Logf("%d readings; said: %s", readings, logs.String())
	if readings == 0 {
		require.Equal(t, 1, strings.Count(logs.String(), "\n"))
		require.Contains(t, logs.String(), "no GPU on this machine")
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
