//go:build linux && cgo

package nvml

import (
	"math"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/endscope/endscope/agent/gpu"
)

// The bounds of the time between two samples. A shorter one is too coarse, a longer one tells of the past. The lower one leaves
// room for the jitter of a round per second.
const (
	minWindow = 900 * time.Millisecond
	maxWindow = 10 * time.Minute
)

// sample is one reading of the device's performance counters (GPM, Hopper and later). The library owns its memory: free it.
type sample struct {
	nvml.GpmSample
	at     time.Time
	ratios ratios // of the time between the sample before and this one
	moved  moved  // in that time; of a whole device
}

// ratios are graphics activity, SM activity, SM occupancy, tensor activity and DRAM activity.
type ratios [5]gpu.Value

func (r ratios) fill(out *gpu.Snapshot) {
	out.GraphicsActivity, out.SMActivity, out.SMOccupancy, out.TensorActivity, out.DRAMActivity = r[0], r[1], r[2], r[3], r[4]
}

func (s *sample) free() { _ = s.Free() } // it cannot fail but for a nil sample

// activity computes the ratios of the time since the previous sample, which it replaces. When that is younger than minWindow, its
// own ratios still hold, and no traffic is told twice. These counters are independent of the profiler's, so reading them disturbs no one. NoData means that
// there was no previous sample of a good age.
func (d *device) activity(gpuInstance int, out *gpu.Snapshot) error {
	for _, symbol := range []string{"nvmlGpmQueryDeviceSupport", "nvmlGpmSampleAlloc", "nvmlGpmSampleGet", "nvmlGpmMigSampleGet", "nvmlGpmMetricsGet", "nvmlGpmSampleFree"} {
		if err := d.source.need(symbol); err != nil {
			return err
		}
	}
	previous := d.samples[gpuInstance]
	if previous != nil && time.Since(previous.at) < minWindow {
		if previous.ratios == (ratios{}) {
			return &gpu.Error{Call: "nvmlGpmMetricsGet", Code: gpu.NoData}
		}
		previous.ratios.fill(out)
		previous.moved.nothingNew()
		previous.moved.fill(out)
		return nil
	}
	if previous == nil {
		support, ret := d.handle.GpmQueryDeviceSupport()
		if err := fail("nvmlGpmQueryDeviceSupport", ret); err != nil {
			return err
		}
		if support.IsSupportedDevice == 0 {
			return &gpu.Error{Call: "nvmlGpmQueryDeviceSupport", Code: gpu.NotSupported}
		}
	}
	current, err := d.sample(gpuInstance)
	if err != nil {
		return err
	}
	d.samples[gpuInstance] = current
	if previous == nil {
		return &gpu.Error{Call: "nvmlGpmMetricsGet", Code: gpu.NoData}
	}
	defer previous.free()
	if current.at.Sub(previous.at) > maxWindow {
		return &gpu.Error{Call: "nvmlGpmMetricsGet", Code: gpu.NoData}
	}
	err = d.metrics(previous, current, gpuInstance == wholeDevice)
	current.ratios.fill(out)
	current.moved.fill(out)
	out.Window = current.at.Sub(previous.at)
	return err
}

func (d *device) sample(gpuInstance int) (*sample, error) {
	handle, ret := d.source.lib.GpmSampleAlloc()
	if err := fail("nvmlGpmSampleAlloc", ret); err != nil {
		return nil, err
	}
	s := &sample{GpmSample: handle, at: time.Now()}
	call := "nvmlGpmSampleGet"
	if gpuInstance == wholeDevice {
		ret = d.handle.GpmSampleGet(handle)
	} else {
		call = "nvmlGpmMigSampleGet"
		ret = d.handle.GpmMigSampleGet(gpuInstance, handle)
	}
	if err := fail(call, ret); err != nil {
		s.free()
		return nil, err
	}
	return s, nil
}

// metrics sets the ratios of the later sample and, with traffic, what moved. Those that came are set, also when the error says that
// other ratios did not.
func (d *device) metrics(from, to *sample, traffic bool) error {
	wanted := [len(ratios{})]nvml.GpmMetricId{nvml.GPM_METRIC_GRAPHICS_UTIL, nvml.GPM_METRIC_SM_UTIL, nvml.GPM_METRIC_SM_OCCUPANCY, nvml.GPM_METRIC_ANY_TENSOR_UTIL, nvml.GPM_METRIC_DRAM_BW_UTIL}
	get := &nvml.GpmMetricsGetType{Sample1: from.GpmSample, Sample2: to.GpmSample}
	ask := func(id nvml.GpmMetricId) {
		get.Metrics[get.NumMetrics].MetricId = uint32(id)
		get.NumMetrics++
	}
	for _, id := range wanted {
		ask(id)
	}
	if traffic {
		for i, id := range movedMetrics {
			if i < 2 || d.linked() {
				ask(id)
			}
		}
	}
	const call = "nvmlGpmMetricsGet"
	if err := fail(call, d.source.lib.GpmMetricsGet(get)); err != nil {
		return err
	}
	var results outcomes
	for i := range wanted {
		m := get.Metrics[i]
		results.add(call, nvml.Return(m.NvmlReturn))
		if percent := m.Value; nvml.Return(m.NvmlReturn) == nvml.SUCCESS && percent >= 0 && !math.IsInf(percent, 0) {
			to.ratios[i].Set(percent / 100)
		}
	}
	for i := len(wanted); i < int(get.NumMetrics); i++ {
		to.moved.set(i-len(wanted), get.Metrics[i], to.at.Sub(from.at))
	}
	return results.err()
}
