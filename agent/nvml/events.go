//go:build linux && cgo

package nvml

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/endscope/endscope/agent/gpu"
)

// The event types that say something about health, as in the library's header.
const (
	eventSingleBit      uint64 = 0x1
	eventDoubleBit      uint64 = 0x2
	eventXID            uint64 = 0x8
	eventSingleBitStorm uint64 = 0x200
	eventDRAMRetirement uint64 = 0x400
	eventDRAMFailure    uint64 = 0x800
	eventPoison         uint64 = 0x1000
	eventPoisonFatal    uint64 = 0x2000
	eventUnavailable    uint64 = 0x4000
	eventRecoveryAction uint64 = 0x8000
	eventsOfHealth             = eventSingleBit | eventDoubleBit | eventXID | eventSingleBitStorm | eventDRAMRetirement | eventDRAMFailure | eventPoison | eventPoisonFatal | eventUnavailable | eventRecoveryAction
	noInstance          uint32 = math.MaxUint32
)

// events implements gpu.Events.
type events struct {
	set     nvml.EventSet
	uuids   map[nvml.Device]string
	watched []string
	located bool // the library says to which GPU instance an XID belongs
}

// Events registers every device for the health events that it can report.
func (s *source) Events(devices []gpu.Device) (gpu.Events, error) {
	for _, symbol := range []string{"nvmlEventSetCreate", "nvmlEventSetFree", "nvmlDeviceRegisterEvents", "nvmlDeviceGetSupportedEventTypes"} {
		if err := s.need(symbol); err != nil {
			return nil, err
		}
	}
	set, ret := s.lib.EventSetCreate()
	if err := fail("nvmlEventSetCreate", ret); err != nil {
		return nil, err
	}
	e := &events{set: set, uuids: map[nvml.Device]string{}, located: s.has("nvmlEventSetWait_v2")}
	var errs []error
	for _, listed := range devices {
		d, ok := listed.(*device)
		if !ok {
			errs = append(errs, fmt.Errorf("device %s is of another source", listed.Info().UUID))
			continue
		}
		types, ret := d.handle.GetSupportedEventTypes()
		call := "nvmlDeviceGetSupportedEventTypes"
		if types &= eventsOfHealth; ret == nvml.SUCCESS && types != 0 {
			call, ret = "nvmlDeviceRegisterEvents", d.handle.RegisterEvents(types, set)
		}
		switch {
		case ret == nvml.SUCCESS && types != 0:
			e.uuids[d.handle] = d.info.UUID
			e.watched = append(e.watched, d.info.UUID)
		case ret == nvml.SUCCESS, ret == nvml.ERROR_NOT_SUPPORTED:
		default:
			errs = append(errs, fmt.Errorf("gpu %d: %w", d.info.Index, fail(call, ret)))
		}
	}
	if len(e.watched) == 0 {
		err := errors.Join(append(errs, e.Close())...)
		if err == nil {
			err = &gpu.Error{Call: "nvmlDeviceRegisterEvents", Code: gpu.NotSupported}
		}
		return nil, err
	}
	return e, errors.Join(errs...)
}

// Watched returns the devices that could be registered.
func (e *events) Watched() []string { return e.watched }

// Wait waits for the next event.
func (e *events) Wait(d time.Duration) (gpu.Event, error) {
	data, ret := e.set.Wait(uint32(d.Milliseconds()))
	if err := fail("nvmlEventSetWait", ret); err != nil {
		return gpu.Event{}, err
	}
	out := gpu.Event{Kind: kind(data.EventType), GPUInstance: wholeDevice, UUID: e.uuids[data.Device], XID: data.EventData}
	if e.located && data.EventType == eventXID && data.GpuInstanceId != noInstance {
		out.GPUInstance = int(data.GpuInstanceId)
	}
	return out, nil
}

// Close frees the set.
func (e *events) Close() error { return fail("nvmlEventSetFree", e.set.Free()) }

func kind(eventType uint64) gpu.EventKind {
	switch eventType {
	case eventXID:
		return gpu.EventXID
	case eventSingleBit:
		return gpu.EventSingleBitECC
	case eventSingleBitStorm:
		return gpu.EventSingleBitECCStorm
	case eventDoubleBit:
		return gpu.EventDoubleBitECC
	case eventDRAMRetirement:
		return gpu.EventRowRemap
	case eventDRAMFailure:
		return gpu.EventRowRemapFailure
	case eventPoison:
		return gpu.EventPoison
	case eventPoisonFatal:
		return gpu.EventPoisonFatal
	case eventUnavailable:
		return gpu.EventUnavailable
	case eventRecoveryAction:
		return gpu.EventRecoveryAction
	}
	return 0
}
