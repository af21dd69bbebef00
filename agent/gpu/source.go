package gpu

import (
	"fmt"
	"strings"
	"time"
)

// Source answers for the driver of one machine. Errors hold a *Error where a driver call gave a code, and ErrNotBuilt where
// there is no binding. Any call may block for good.
type Source interface {
	// Open loads and initialises the library. It may be called again after Close or after it has failed.
	Open() error
	// Driver returns the versions of what is loaded. It is called after Open.
	Driver() (Driver, error)
	// Devices lists the physical devices. Those that answered come back even when err says that others did not. The caller
	// releases each of them.
	Devices() ([]Device, error)
	// Events begins to record the events of devices, which come from Devices. Those before it are lost. The caller closes it
	// before it closes the Source.
	Events(devices []Device) (Events, error)
	// Close shuts the library down. All Devices and Events have been given back before.
	Close() error
}

// Driver names the versions of the driver. An empty string means that it did not tell.
type Driver struct {
	Version string // kernel driver, such as "550.54.15"
	CUDA    string // highest CUDA version that the driver supports, such as "12.4"
}

// Device is one physical device.
type Device interface {
	// Info returns what was read when the device was listed. It makes no driver call.
	Info() Info
	// Layout returns how the device is partitioned at this moment.
	Layout() (Layout, error)
	// Read fills the fields of out that belong to the reading. What it has filled counts even when it returns an error.
	Read(reading Reading, out *Snapshot) error
	// ReadSlice does so for one MIG GPU instance, which came from the latest Layout. Only Memory, Activity and Processes are asked
	// for; the last one is of the compute instance.
	ReadSlice(slice Slice, reading Reading, out *Snapshot) error
	// Release gives back what the device holds. It is not used after that.
	Release()
}

// Info is the identity of a physical device. Only Index, UUID and Model are always set.
type Info struct {
	Index             int    // the driver's; changes after a reset, so never a key
	UUID              string // "GPU-…"
	Model             string // the product's name, such as "NVIDIA H100 80GB HBM3"
	PCIBusID          string
	Architecture      string // "hopper"
	ComputeCapability string // "9.0"
	VBIOS             string
}

// Layout says how a device is partitioned.
type Layout struct {
	MIG    bool // MIG mode is on; the device itself then has no utilisation
	Slices []Slice
}

// Slice is one MIG device: a compute instance in a GPU instance. Ids are used again after re-partitioning; the UUID is not.
type Slice struct {
	UUID            string // "MIG-…"
	GPUInstance     int
	ComputeInstance int
	Profile         string // "1g.10gb", or "1c.3g.40gb" for a part of a GPU instance; empty where unknown

	// Part is the GPU instance's share of the GPU's compute slices, such as 3/7 for 3g of 7; 0 where the driver does not tell. The parts
	// of all GPU instances of a GPU add up to at most 1.
	Part float64
}

// fingerprint is equal for two layouts with the same slices.
func (l Layout) fingerprint() string {
	var b strings.Builder
	fmt.Fprint(&b, l.MIG)
	for _, s := range l.Slices {
		fmt.Fprintf(&b, " %s/%d/%d/%s", s.UUID, s.GPUInstance, s.ComputeInstance, s.Profile)
	}
	return b.String()
}

// Events is a stream of events. One goroutine uses it.
type Events interface {
	// Watched returns the UUIDs of the devices whose events are recorded.
	Watched() []string
	// Wait returns the next event. After at most d without one it returns a *Error with Timeout.
	Wait(d time.Duration) (Event, error)
	// Close ends the recording.
	Close() error
}

// EventKind says what an event is about.
type EventKind int

// The kinds of event that a driver reports.
const (
	EventXID EventKind = iota + 1
	EventSingleBitECC
	EventSingleBitECCStorm
	EventDoubleBitECC
	EventRowRemap        // DRAM retirement: a row was, or will be, mapped away
	EventRowRemapFailure // DRAM retirement failed: the board needs replacement
	EventPoison          // uncorrectable error, contained
	EventPoisonFatal     // uncorrectable error, not contained
	EventUnavailable     // the device cannot be used
	EventRecoveryAction  // the driver asks for a reset or reboot
)

// Event is one thing that the driver reported. It carries no time of its own.
type Event struct {
	Kind        EventKind
	UUID        string // of the physical device; empty where it could not be told
	GPUInstance int    // MIG GPU instance to which the event belongs, or -1
	XID         uint64 // for EventXID; 999 means that the driver does not know the code
}
