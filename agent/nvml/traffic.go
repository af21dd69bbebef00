//go:build linux && cgo

package nvml

import (
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/endscope/endscope/agent/gpu"
)

// mostPerSecond bounds what GPM may say of traffic, in bytes per second: several times what the fastest links carry. More is no
// measurement, and would stay in a counter for good.
const mostPerSecond = 16e12

// moved is what went over PCIe (transmit, receive) and over all NVLinks (transmit, receive) between two samples, in bytes. The
// library's directions are the GPU's: TX of PCIe is "traffic from this GPU", and RX of NVLink what it reads.
type moved [4]gpu.Value

var movedMetrics = [len(moved{})]nvml.GpmMetricId{nvml.GPM_METRIC_PCIE_TX_PER_SEC, nvml.GPM_METRIC_PCIE_RX_PER_SEC, nvml.GPM_METRIC_NVLINK_TOTAL_TX_PER_SEC, nvml.GPM_METRIC_NVLINK_TOTAL_RX_PER_SEC}

// set takes the mean rate of a window, in MiB per second.
func (m *moved) set(i int, metric nvml.GpmMetric, window time.Duration) {
	rate := metric.Value * (1 << 20)
	if nvml.Return(metric.NvmlReturn) == nvml.SUCCESS && rate >= 0 && rate <= mostPerSecond { // not a NaN either
		m[i].Set(rate * window.Seconds())
	}
}

func (m *moved) fill(out *gpu.Snapshot) {
	out.PCIeTransmitted, out.PCIeReceived, out.NVLinkTransmitted, out.NVLinkReceived = m[0], m[1], m[2], m[3]
}

// nothingNew keeps what can be told and takes away how much, which has been told.
func (m *moved) nothingNew() {
	for i := range m {
		m[i].V = 0
	}
}

// askLinksEvery is how often a device without an active NVLink is asked for one: links come up when the fabric does.
const askLinksEvery = time.Minute

// linked reports whether the device has an active NVLink. Without one its counters stand at 0, which is no measurement.
func (d *device) linked() bool {
	if d.hasLink || !d.linksAsked.IsZero() && time.Since(d.linksAsked) < askLinksEvery {
		return d.hasLink
	}
	d.linksAsked = time.Now()
	if !d.source.has("nvmlDeviceGetNvLinkState") {
		return false
	}
	for link := range nvml.NVLINK_MAX_LINKS {
		state, ret := d.handle.GetNvLinkState(link)
		if ret != nvml.SUCCESS {
			break // NOT_SUPPORTED: no NVLink at all; INVALID_ARGUMENT: no further link
		}
		if state == nvml.FEATURE_ENABLED {
			d.hasLink = true
			break
		}
	}
	return d.hasLink
}
