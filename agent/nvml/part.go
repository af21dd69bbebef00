//go:build linux && cgo

package nvml

import "github.com/NVIDIA/go-nvml/pkg/nvml"

// parts remembers into how many compute slices the device can be cut.
type parts struct {
	asked bool
	most  uint32 // 7 of most GPUs, 4 of some; 0 where the driver does not tell
}

// part returns the share of the device's compute slices that the GPU instance of a MIG device has, or 0 where the driver does not tell.
// It is what the profile's name says: 3g of 7 is 3/7. Memory is cut in other steps, and parts of both would not add up.
func (d *device) part(h nvml.Device) float64 {
	if !d.parts.asked {
		d.parts = parts{asked: true, most: d.mostSlices()}
	}
	if d.parts.most == 0 || !d.source.has("nvmlDeviceGetAttributes_v2") && !d.source.has("nvmlDeviceGetAttributes") {
		return 0
	}
	a, ret := h.GetAttributes()
	if ret != nvml.SUCCESS || a.GpuInstanceSliceCount > d.parts.most {
		return 0
	}
	return float64(a.GpuInstanceSliceCount) / float64(d.parts.most)
}

// mostSlices returns the compute slices of the largest profile, which is the whole device.
func (d *device) mostSlices() (most uint32) {
	if !d.source.has("nvmlDeviceGetGpuInstanceProfileInfo") {
		return 0
	}
	for profile := range nvml.GPU_INSTANCE_PROFILE_COUNT {
		if info, ret := d.handle.GetGpuInstanceProfileInfo(profile); ret == nvml.SUCCESS {
			most = max(most, info.SliceCount)
		}
	}
	return most
}
