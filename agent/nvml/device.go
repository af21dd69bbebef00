//go:build linux && cgo

package nvml

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/endscope/endscope/agent/gpu"
)

// device implements gpu.Device.
type device struct {
	source *source
	handle nvml.Device
	info   gpu.Info

	slices  map[string]nvml.Device // MIG devices of the latest layout, by UUID
	samples map[int]*sample        // previous GPM sample of the device (wholeDevice) or of a GPU instance

	hasLink    bool      // an NVLink was active once
	linksAsked time.Time // when that was last looked for

	parts parts // see part

	lastSeen uint64 // the driver's time of the latest sample of processes, in microseconds; see processUtilization
}

// wholeDevice stands where the number of a GPU instance is expected.
const wholeDevice = -1

// Info returns what was read when the device was listed.
func (d *device) Info() gpu.Info { return d.info }

// Release frees the samples.
func (d *device) Release() {
	for _, s := range d.samples {
		s.free()
	}
	clear(d.samples)
}

// Layout walks the MIG devices. Their indexes have gaps.
func (d *device) Layout() (gpu.Layout, error) {
	if err := d.source.need("nvmlDeviceGetMigMode"); err != nil {
		return gpu.Layout{}, err
	}
	mode, _, ret := d.handle.GetMigMode()
	if err := fail("nvmlDeviceGetMigMode", ret); err != nil {
		return gpu.Layout{}, err
	}
	layout := gpu.Layout{MIG: mode == nvml.DEVICE_MIG_ENABLE}
	if !layout.MIG {
		d.parts = parts{} // the mode can have changed
	}
	handles := map[string]nvml.Device{}
	if layout.MIG {
		count, ret := d.handle.GetMaxMigDeviceCount()
		if err := fail("nvmlDeviceGetMaxMigDeviceCount", ret); err != nil {
			return layout, err
		}
		for i := range count {
			h, ret := d.handle.GetMigDeviceHandleByIndex(i)
			if ret == nvml.ERROR_NOT_FOUND {
				continue
			}
			if err := fail("nvmlDeviceGetMigDeviceHandleByIndex", ret); err != nil {
				return layout, err
			}
			s, err := d.slice(h)
			if err != nil {
				return layout, err
			}
			layout.Slices = append(layout.Slices, s)
			handles[s.UUID] = h
		}
	}
	for uuid := range d.slices {
		if handles[uuid] == nil { // the numbers of GPU instances are used again: no sample may outlive a slice
			d.Release()
			break
		}
	}
	d.slices = handles
	return layout, nil
}

func (d *device) slice(h nvml.Device) (s gpu.Slice, err error) {
	var ret nvml.Return
	if s.UUID, ret = h.GetUUID(); ret != nvml.SUCCESS {
		return s, fail("nvmlDeviceGetUUID", ret)
	}
	if s.GPUInstance, ret = h.GetGpuInstanceId(); ret != nvml.SUCCESS {
		return s, fail("nvmlDeviceGetGpuInstanceId", ret)
	}
	if s.ComputeInstance, ret = h.GetComputeInstanceId(); ret != nvml.SUCCESS {
		return s, fail("nvmlDeviceGetComputeInstanceId", ret)
	}
	s.Profile = d.profile(h)
	s.Part = d.part(h)
	return s, nil
}

// profile takes the profile from the MIG device's name ("… MIG 1g.10gb"), or works it out from its attributes.
func (d *device) profile(h nvml.Device) string {
	if name, ret := h.GetName(); ret == nvml.SUCCESS {
		if _, profile, ok := strings.Cut(name, " MIG "); ok {
			return profile
		}
	}
	if !d.source.has("nvmlDeviceGetAttributes_v2") && !d.source.has("nvmlDeviceGetAttributes") {
		return ""
	}
	a, ret := h.GetAttributes()
	if ret != nvml.SUCCESS {
		return ""
	}
	memory, ret := d.handle.GetMemoryInfo()
	if ret != nvml.SUCCESS || memory.Total == 0 {
		return ""
	}
	// Profiles are named by eighths of the whole memory.
	eighths := math.Ceil(float64(a.MemorySizeMB<<20) / float64(memory.Total) * 8)
	gib := math.Round(eighths / 8 * math.Ceil(float64(memory.Total)/(1<<30)))
	if a.ComputeInstanceSliceCount != a.GpuInstanceSliceCount {
		return fmt.Sprintf("%dc.%dg.%.0fgb", a.ComputeInstanceSliceCount, a.GpuInstanceSliceCount, gib)
	}
	return fmt.Sprintf("%dg.%.0fgb", a.GpuInstanceSliceCount, gib)
}

// ReadSlice reads memory and activity of a GPU instance, and the processes of a compute instance.
func (d *device) ReadSlice(slice gpu.Slice, reading gpu.Reading, out *gpu.Snapshot) error {
	h := d.slices[slice.UUID]
	if h == nil && (reading == gpu.Memory || reading == gpu.Processes) {
		return &gpu.Error{Call: "nvmlDeviceGetMigDeviceHandleByIndex", Code: gpu.NotFound}
	}
	switch reading {
	case gpu.Memory:
		return d.memory(h, out)
	case gpu.Processes:
		return d.processes(h, out)
	case gpu.Activity:
		return d.activity(slice.GPUInstance, out)
	}
	return &gpu.Error{Call: reading.String(), Code: gpu.NotSupported}
}

// Read makes the driver calls of one reading.
func (d *device) Read(reading gpu.Reading, out *gpu.Snapshot) error {
	switch reading {
	case gpu.Utilization:
		u, ret := d.handle.GetUtilizationRates()
		if ret == nvml.SUCCESS {
			set32(&out.Utilization, u.Gpu, 0.01)
		}
		return fail("nvmlDeviceGetUtilizationRates", ret)
	case gpu.Memory:
		return d.memory(d.handle, out)
	case gpu.Power:
		return d.power(out)
	case gpu.PowerLimit:
		limit, ret := d.handle.GetEnforcedPowerLimit()
		if ret == nvml.SUCCESS {
			set32(&out.PowerLimit, limit, 1e-3)
		}
		return fail("nvmlDeviceGetEnforcedPowerLimit", ret)
	case gpu.Temperature:
		return d.temperature(out)
	case gpu.MemoryTemperature:
		return d.fields(field{nvml.FI_DEV_MEMORY_TEMP, 0, 1, &out.MemoryTemperature})
	case gpu.Clocks:
		return d.clocks(out)
	case gpu.Energy:
		if err := d.source.need("nvmlDeviceGetTotalEnergyConsumption"); err != nil {
			return err
		}
		millijoules, ret := d.handle.GetTotalEnergyConsumption()
		if ret == nvml.SUCCESS {
			out.Energy.SetCount(millijoules, 1e-3)
		}
		return fail("nvmlDeviceGetTotalEnergyConsumption", ret)
	case gpu.ECC:
		return d.ecc(out)
	case gpu.Throttle:
		return d.throttle(out)
	case gpu.PCIe:
		// nvmlDeviceGetPcieThroughput would block for 20 ms in each direction.
		return d.fields(field{nvml.FI_DEV_PCIE_COUNT_TX_BYTES, 0, 1, &out.PCIeTransmit}, field{nvml.FI_DEV_PCIE_COUNT_RX_BYTES, 0, 1, &out.PCIeReceive})
	case gpu.NVLink:
		return d.nvlink(out)
	case gpu.RemappedRows:
		return d.remappedRows(out)
	case gpu.Processes:
		return d.processes(d.handle, out)
	case gpu.ProcessUtilization:
		return d.processUtilization(out)
	case gpu.Activity:
		return d.activity(wholeDevice, out)
	}
	return &gpu.Error{Call: reading.String(), Code: gpu.NotSupported}
}

// set32 sets v to n × unit unless n is a mark for "not available".
func set32(v *gpu.Value, n uint32, unit float64) {
	if !gpu.Sentinel32(n) {
		v.Set(float64(n) * unit)
	}
}

// memory prefers version 2, which tells reserved memory from used memory.
func (d *device) memory(h nvml.Device, out *gpu.Snapshot) error {
	if d.source.has("nvmlDeviceGetMemoryInfo_v2") {
		m, ret := h.GetMemoryInfo_v2()
		switch ret {
		case nvml.SUCCESS:
			out.MemoryTotal.SetCount(m.Total, 1)
			out.MemoryUsed.SetCount(m.Used, 1)
			out.MemoryFree.SetCount(m.Free, 1)
			out.MemoryReserved.SetCount(m.Reserved, 1)
			return nil
		case nvml.ERROR_FUNCTION_NOT_FOUND, nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_ARGUMENT_VERSION_MISMATCH, nvml.ERROR_DEPRECATED:
		default:
			return fail("nvmlDeviceGetMemoryInfo_v2", ret)
		}
	}
	m, ret := h.GetMemoryInfo()
	if ret == nvml.SUCCESS {
		out.MemoryTotal.SetCount(m.Total, 1)
		out.MemoryUsed.SetCount(m.Used, 1)
		out.MemoryFree.SetCount(m.Free, 1)
	}
	return fail("nvmlDeviceGetMemoryInfo", ret)
}

// power takes the driver's figure: the mean of a second from Ampere on (but for GA100), the instant before.
func (d *device) power(out *gpu.Snapshot) error {
	milliwatts, ret := d.handle.GetPowerUsage()
	switch ret {
	case nvml.SUCCESS:
		set32(&out.Power, milliwatts, 1e-3)
		return nil
	case nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_DEPRECATED:
		return d.fields(field{nvml.FI_DEV_POWER_INSTANT, 0, 1e-3, &out.Power})
	}
	return fail("nvmlDeviceGetPowerUsage", ret)
}

func (d *device) temperature(out *gpu.Snapshot) error {
	if d.source.has("nvmlDeviceGetTemperatureV") {
		t, ret := d.handle.GetTemperatureV().V1()
		switch ret {
		case nvml.SUCCESS:
			set32(&out.Temperature, uint32(t.Temperature), 1)
			return nil
		case nvml.ERROR_FUNCTION_NOT_FOUND, nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_ARGUMENT_VERSION_MISMATCH, nvml.ERROR_DEPRECATED, nvml.ERROR_INVALID_ARGUMENT:
		default:
			return fail("nvmlDeviceGetTemperatureV", ret)
		}
	}
	t, ret := d.handle.GetTemperature(nvml.TEMPERATURE_GPU)
	if ret == nvml.SUCCESS {
		set32(&out.Temperature, t, 1)
	}
	return fail("nvmlDeviceGetTemperature", ret)
}

// clocks reads each clock that there is.
func (d *device) clocks(out *gpu.Snapshot) error {
	var results outcomes
	for domain, clock := range map[gpu.ClockDomain]nvml.ClockType{
		gpu.ClockGraphics: nvml.CLOCK_GRAPHICS, gpu.ClockSM: nvml.CLOCK_SM, gpu.ClockMemory: nvml.CLOCK_MEM, gpu.ClockVideo: nvml.CLOCK_VIDEO,
	} {
		mhz, ret := d.handle.GetClockInfo(clock)
		if ret == nvml.SUCCESS {
			set32(&out.Clocks[domain], mhz, 1e6)
		}
		results.add("nvmlDeviceGetClockInfo", ret)
	}
	return results.err()
}

// ecc reads the volatile counts, which begin anew when the driver is loaded.
func (d *device) ecc(out *gpu.Snapshot) error {
	if err := d.source.need("nvmlDeviceGetTotalEccErrors"); err != nil {
		return err
	}
	var results outcomes
	for kind, v := range map[nvml.MemoryErrorType]*gpu.Value{
		nvml.MEMORY_ERROR_TYPE_CORRECTED: &out.ECCCorrected, nvml.MEMORY_ERROR_TYPE_UNCORRECTED: &out.ECCUncorrected,
	} {
		n, ret := d.handle.GetTotalEccErrors(kind, nvml.VOLATILE_ECC)
		if ret == nvml.SUCCESS {
			v.SetCount(n, 1)
		}
		results.add("nvmlDeviceGetTotalEccErrors", ret)
	}
	return results.err()
}

func (d *device) remappedRows(out *gpu.Snapshot) error {
	if err := d.source.need("nvmlDeviceGetRemappedRows"); err != nil {
		return err
	}
	correctable, uncorrectable, pending, failure, ret := d.handle.GetRemappedRows()
	if ret == nvml.SUCCESS {
		set32(&out.RowsCorrectable, uint32(correctable), 1)
		set32(&out.RowsUncorrectable, uint32(uncorrectable), 1)
		out.RowsPending.Set(flag(pending))
		out.RowsFailure.Set(flag(failure))
	}
	return fail("nvmlDeviceGetRemappedRows", ret)
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
