//go:build linux && cgo

package nvml

import (
	"encoding/binary"
	"math"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/endscope/endscope/agent/gpu"
)

// allLinks is the scope of an NVLink field that sums all links.
const allLinks = math.MaxUint32

// field is one value of nvmlDeviceGetFieldValues and where it goes, times unit.
type field struct {
	id, scope uint32
	unit      float64
	out       *gpu.Value
}

// fields asks for several values in one driver call. Those that came are set, also when the error says that others did not.
func (d *device) fields(fields ...field) error {
	const call = "nvmlDeviceGetFieldValues"
	if err := d.source.need(call); err != nil {
		return err
	}
	values := make([]nvml.FieldValue, len(fields))
	for i, f := range fields {
		values[i].FieldId, values[i].ScopeId = f.id, f.scope
	}
	if ret := d.handle.GetFieldValues(values); ret != nvml.SUCCESS {
		return fail(call, ret)
	}
	var results outcomes
	for i, v := range values {
		ret := nvml.Return(v.NvmlReturn)
		if ret == nvml.ERROR_INVALID_ARGUMENT {
			ret = nvml.ERROR_NOT_SUPPORTED // a driver that does not know the field says so
		}
		if ret == nvml.SUCCESS {
			n, ok := decode(v)
			if ok && counts32(v) && cumulative(v.FieldId) {
				ok = false
			}
			if !ok {
				ret = nvml.ERROR_NOT_SUPPORTED
			} else {
				fields[i].out.Set(n * fields[i].unit)
			}
		}
		results.add(call, ret)
	}
	return results.err()
}

// cumulative reports whether the field counts bytes. One of 32 bits would wrap many times between two rounds, and what is left
// of it looks like a value and is none.
func cumulative(id uint32) bool {
	return id == nvml.FI_DEV_PCIE_COUNT_TX_BYTES || id == nvml.FI_DEV_PCIE_COUNT_RX_BYTES
}

func counts32(v nvml.FieldValue) bool {
	t := nvml.ValueType(v.ValueType)
	return t == nvml.VALUE_TYPE_UNSIGNED_INT || t == nvml.VALUE_TYPE_SIGNED_INT || t == nvml.VALUE_TYPE_UNSIGNED_SHORT
}

// decode reads a field value by its type. It refuses the marks for "not available" and types that it does not know.
func decode(v nvml.FieldValue) (float64, bool) {
	n := binary.NativeEndian.Uint64(v.Value[:])
	n32 := binary.NativeEndian.Uint32(v.Value[:])
	switch nvml.ValueType(v.ValueType) {
	case nvml.VALUE_TYPE_DOUBLE:
		f := math.Float64frombits(n)
		return f, !math.IsNaN(f) && !math.IsInf(f, 0)
	case nvml.VALUE_TYPE_UNSIGNED_INT:
		return float64(n32), !gpu.Sentinel32(n32)
	case nvml.VALUE_TYPE_UNSIGNED_LONG, nvml.VALUE_TYPE_UNSIGNED_LONG_LONG:
		return float64(n), !gpu.Sentinel64(n)
	case nvml.VALUE_TYPE_SIGNED_LONG_LONG:
		return float64(int64(n)), !gpu.Sentinel64(n)
	case nvml.VALUE_TYPE_SIGNED_INT:
		return float64(int32(n32)), !gpu.Sentinel32(n32)
	case nvml.VALUE_TYPE_UNSIGNED_SHORT:
		n16 := binary.NativeEndian.Uint16(v.Value[:])
		return float64(n16), n16 != math.MaxUint16
	}
	return 0, false
}

// throttle reads the counters of nanoseconds for which clocks were held down. Drivers before 570 count thermal time as a policy.
func (d *device) throttle(out *gpu.Snapshot) error {
	t := &out.Throttle
	var policy gpu.Value
	err := d.fields(
		field{nvml.FI_DEV_CLOCKS_EVENT_REASON_SW_POWER_CAP, 0, 1e-9, &t[gpu.ThrottlePowerCap]},
		field{nvml.FI_DEV_CLOCKS_EVENT_REASON_SYNC_BOOST, 0, 1e-9, &t[gpu.ThrottleSyncBoost]},
		field{nvml.FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN, 0, 1e-9, &t[gpu.ThrottleThermal]},
		field{nvml.FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN, 0, 1e-9, &t[gpu.ThrottleHardwareThermal]},
		field{nvml.FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN, 0, 1e-9, &t[gpu.ThrottlePowerBrake]},
		field{nvml.FI_DEV_PERF_POLICY_BOARD_LIMIT, 0, 1e-9, &t[gpu.ThrottleBoardLimit]},
		field{nvml.FI_DEV_PERF_POLICY_RELIABILITY, 0, 1e-9, &t[gpu.ThrottleReliability]},
		field{nvml.FI_DEV_PERF_POLICY_THERMAL, 0, 1e-9, &policy},
	)
	if !t[gpu.ThrottleThermal].OK {
		t[gpu.ThrottleThermal] = policy
	}
	return err
}

// nvlink reads the payload over all links, in KiB, or from the fifth generation on in bytes.
func (d *device) nvlink(out *gpu.Snapshot) error {
	var transmit5, receive5, total, recoveries gpu.Value
	err := d.fields(
		field{nvml.FI_DEV_NVLINK_THROUGHPUT_DATA_TX, allLinks, 1024, &out.NVLinkTransmit},
		field{nvml.FI_DEV_NVLINK_THROUGHPUT_DATA_RX, allLinks, 1024, &out.NVLinkReceive},
		field{nvml.FI_DEV_NVLINK_COUNT_XMIT_BYTES, allLinks, 1, &transmit5},
		field{nvml.FI_DEV_NVLINK_COUNT_RCV_BYTES, allLinks, 1, &receive5},
		field{nvml.FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL, 0, 1, &total},
		field{nvml.FI_DEV_NVLINK_ERROR_DL_RECOVERY, allLinks, 1, &recoveries},
	)
	prefer(&out.NVLinkTransmit, transmit5)
	prefer(&out.NVLinkReceive, receive5)
	out.NVLinkRecoveries = total
	prefer(&out.NVLinkRecoveries, recoveries)
	return err
}

// prefer sets v to other if v has no value.
func prefer(v *gpu.Value, other gpu.Value) {
	if !v.OK {
		*v = other
	}
}

// outcomes joins the return codes of several calls that make one reading.
type outcomes struct {
	worst  error // a code after which the device or the library is of no use, else the first that is not NOT_SUPPORTED
	absent error // the first NOT_SUPPORTED
	good   bool
}

func (o *outcomes) add(call string, ret nvml.Return) {
	switch ret {
	case nvml.SUCCESS:
		o.good = true
	case nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_FUNCTION_NOT_FOUND, nvml.ERROR_DEPRECATED, nvml.ERROR_NOT_FOUND, nvml.ERROR_NO_DATA, nvml.ERROR_NOT_READY:
		if o.absent == nil {
			o.absent = fail(call, ret)
		}
	case nvml.ERROR_UNINITIALIZED, nvml.ERROR_GPU_IS_LOST, nvml.ERROR_RESET_REQUIRED, nvml.ERROR_GPU_NOT_FOUND, nvml.ERROR_LIB_RM_VERSION_MISMATCH:
		o.worst = fail(call, ret)
	default:
		if o.worst == nil {
			o.worst = fail(call, ret)
		}
	}
}

// err is nil when something came and nothing was wrong: what the device cannot tell is no error beside what it can.
func (o *outcomes) err() error {
	if o.worst != nil || o.good {
		return o.worst
	}
	return o.absent
}
