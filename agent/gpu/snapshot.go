package gpu

import (
	"math"
	"time"
)

// Reading names a group of values that one or a few driver calls give. It is the unit in which the collector remembers that a
// device cannot tell something.
type Reading int

// The readings of a device. Memory, Processes and Activity are also asked of MIG GPU instances.
const (
	Utilization Reading = iota
	Memory
	Power
	PowerLimit
	Temperature
	MemoryTemperature
	Clocks
	Energy
	ECC
	Throttle
	PCIe
	NVLink
	RemappedRows
	Processes
	ProcessUtilization
	Activity // GPM: needs two samples, so the first call gives nothing
	readings
)

// String returns the name that messages and labels use.
func (r Reading) String() string {
	switch r {
	case Utilization:
		return "utilization"
	case Memory:
		return "memory"
	case Power:
		return "power"
	case PowerLimit:
		return "power_limit"
	case Temperature:
		return "temperature"
	case MemoryTemperature:
		return "memory_temperature"
	case Clocks:
		return "clocks"
	case Energy:
		return "energy"
	case ECC:
		return "ecc"
	case Throttle:
		return "throttle"
	case PCIe:
		return "pcie"
	case NVLink:
		return "nvlink"
	case RemappedRows:
		return "remapped_rows"
	case Processes:
		return "processes"
	case ProcessUtilization:
		return "process_utilization"
	case Activity:
		return "activity"
	}
	return "layout"
}

// Value is a number that may be absent.
type Value struct {
	V  float64
	OK bool
}

// Set gives the value.
func (v *Value) Set(f float64) { *v = Value{V: f, OK: true} }

// SetCount gives the value as n times unit, unless n is one of the driver's marks for "not available".
func (v *Value) SetCount(n uint64, unit float64) {
	if !Sentinel64(n) {
		v.Set(float64(n) * unit)
	}
}

// Sentinel64 reports whether a 64-bit answer is a mark for "not available" rather than a value. Such marks have leaked into
// dashboards as 9223372036854775794.
func Sentinel64(n uint64) bool { return n >= 0x7ffffffffffffff0 }

// Sentinel32 reports the same of a 32-bit answer.
func Sentinel32(n uint32) bool { return n >= 0x7ffffff0 }

// ThrottleReason is why the driver or the board held the clocks down.
type ThrottleReason int

// The reasons for which drivers count time.
const (
	ThrottlePowerCap ThrottleReason = iota
	ThrottleThermal
	ThrottleHardwareThermal
	ThrottlePowerBrake
	ThrottleSyncBoost
	ThrottleBoardLimit
	ThrottleReliability
	throttleReasons
)

var throttleNames = [throttleReasons]string{"sw_power_cap", "sw_thermal", "hw_thermal", "hw_power_brake", "sync_boost", "board_limit", "reliability"}

// ClockDomain is one of the device's clocks.
type ClockDomain int

// The clocks that are read.
const (
	ClockGraphics ClockDomain = iota
	ClockSM
	ClockMemory
	ClockVideo
	clockDomains
)

var clockNames = [clockDomains]string{"graphics", "sm", "memory", "video"}

// Snapshot holds what one device or MIG GPU instance answered in one round, in base units. Counters count since the driver was
// loaded and start again when it is reloaded.
type Snapshot struct {
	Utilization Value // ratio of the last sample period in which any kernel ran

	MemoryTotal, MemoryUsed, MemoryFree Value // bytes
	MemoryReserved                      Value // bytes; absent where the driver folds it into used

	Power, PowerLimit              Value // watts, whole board
	Temperature, MemoryTemperature Value // °C
	Clocks                         [clockDomains]Value
	Energy                         Value // joules, counter

	ECCCorrected, ECCUncorrected Value                  // errors, counters
	Throttle                     [throttleReasons]Value // seconds, counters

	PCIeTransmit, PCIeReceive     Value // bytes, counters
	NVLinkTransmit, NVLinkReceive Value // bytes of payload over all links, counters
	NVLinkRecoveries              Value // link recoveries over all links, counter

	RowsCorrectable, RowsUncorrectable Value // rows mapped away
	RowsPending, RowsFailure           Value // 0 or 1: a reset is needed; the board must be replaced

	Processes Value           // compute processes that hold the device
	Running   []Process       // all that hold it, each once; nil where that is not told
	Samples   []ProcessSample // what they used since the previous reading; nil where that is not told, empty when none ran

	// Ratios of the time since the previous reading. GraphicsActivity is the share of it in which anything ran.
	GraphicsActivity, SMActivity, SMOccupancy, TensorActivity, DRAMActivity Value

	// Bytes since the previous reading of Activity, by the same performance counters, headers of packets included; each byte is in one
	// answer only, so 0 means that nothing new is told. Only of a whole device, and of NVLink only where it has links.
	PCIeTransmitted, PCIeReceived, NVLinkTransmitted, NVLinkReceived Value
	Window                                                           time.Duration // in which these bytes moved
}

// Process is one process that holds a device or a MIG device.
type Process struct {
	PID    int   // in the PID namespace that the driver answers in, which is not always ours
	Memory Value // bytes of device memory, its contexts included; absent where the driver does not tell
	MPS    bool  // a client of a Multi-Process Service
}

// ProcessSample is what one process used of the device's SMs, on average over the driver's samples since the previous reading.
type ProcessSample struct {
	PID int
	SM  float64 // ratio
}

// plausible drops what no device can mean: NaN, infinities, negative numbers and the marks for "not available".
func plausible(v Value) (float64, bool) {
	if !v.OK || math.IsNaN(v.V) || v.V < 0 || v.V >= 0x7ffffffffffffff0 {
		return 0, false
	}
	return v.V, true
}

// ratio drops what is not a ratio. Drivers overshoot by a few per cent; that is cut to 1.
func ratio(v Value) (float64, bool) {
	f, ok := plausible(v)
	if !ok || f > 1.1 {
		return 0, false
	}
	return min(f, 1), true
}
