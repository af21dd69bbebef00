//go:build linux && cgo

package nvml

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/endscope/endscope/agent/gpu"
)

// Built says whether this program can talk to a driver.
const Built = true

// New returns a source over the driver's library, libnvidia-ml.so.1, which Open loads.
func New(log *slog.Logger) gpu.Source { return newSource(nvml.New(), log) }

func newSource(lib nvml.Interface, log *slog.Logger) *source {
	return &source{lib: lib, log: log, symbols: map[string]bool{}}
}

// source implements gpu.Source.
type source struct {
	lib nvml.Interface
	log *slog.Logger

	mu      sync.Mutex
	symbols map[string]bool // whether the loaded library has the symbol
}

// fail returns nil for success and else a *gpu.Error.
func fail(call string, ret nvml.Return) error {
	if ret == nvml.SUCCESS {
		return nil
	}
	return &gpu.Error{Call: call, Code: gpu.Code(ret)}
}

// has asks the library for a symbol, once. A call without its symbol would end the process.
func (s *source) has(symbol string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	have, known := s.symbols[symbol]
	if !known {
		have = s.lib.Extensions().LookupSymbol(symbol) == nil
		s.symbols[symbol] = have
	}
	return have
}

// need returns a *gpu.Error with FunctionNotFound if the library lacks the symbol.
func (s *source) need(symbol string) error {
	if s.has(symbol) {
		return nil
	}
	return &gpu.Error{Call: symbol, Code: gpu.FunctionNotFound}
}

// Open loads and initialises the library.
func (s *source) Open() error {
	s.mu.Lock()
	clear(s.symbols)
	s.mu.Unlock()
	return fail("nvmlInit", s.lib.Init())
}

// Close shuts the library down.
func (s *source) Close() error {
	if ret := s.lib.Shutdown(); ret != nvml.ERROR_UNINITIALIZED {
		return fail("nvmlShutdown", ret)
	}
	return nil
}

// Driver returns the versions. The CUDA version comes from the driver and not from libcuda, which may not be there.
func (s *source) Driver() (gpu.Driver, error) {
	var d gpu.Driver
	version, ret := s.lib.SystemGetDriverVersion()
	if err := fail("nvmlSystemGetDriverVersion", ret); err != nil {
		return d, err
	}
	d.Version = version
	if s.has("nvmlSystemGetCudaDriverVersion") {
		if cuda, ret := s.lib.SystemGetCudaDriverVersion(); ret == nvml.SUCCESS {
			d.CUDA = fmt.Sprintf("%d.%d", cuda/1000, cuda%1000/10)
		}
	}
	return d, nil
}

// Devices lists the devices. One that does not answer becomes a part of the error.
func (s *source) Devices() ([]gpu.Device, error) {
	count, ret := s.lib.DeviceGetCount()
	if err := fail("nvmlDeviceGetCount", ret); err != nil {
		return nil, err
	}
	var devices []gpu.Device
	var errs []error
	for i := range count {
		d, err := s.device(i)
		if err != nil {
			errs = append(errs, fmt.Errorf("gpu %d: %w", i, err))
			continue
		}
		devices = append(devices, d)
	}
	return devices, errors.Join(errs...)
}

func (s *source) device(index int) (*device, error) {
	h, ret := s.lib.DeviceGetHandleByIndex(index)
	if err := fail("nvmlDeviceGetHandleByIndex", ret); err != nil {
		return nil, err
	}
	info := gpu.Info{Index: index}
	if info.UUID, ret = h.GetUUID(); ret != nvml.SUCCESS {
		return nil, fail("nvmlDeviceGetUUID", ret)
	}
	if info.Model, ret = h.GetName(); ret != nvml.SUCCESS {
		return nil, fail("nvmlDeviceGetName", ret)
	}
	// The rest is good to know and no reason to go without the device.
	if pci, ret := h.GetPciInfo(); ret == nvml.SUCCESS {
		info.PCIBusID = text(pci.BusId[:])
	}
	if s.has("nvmlDeviceGetArchitecture") {
		if a, ret := h.GetArchitecture(); ret == nvml.SUCCESS {
			info.Architecture = architecture(a)
		}
	}
	if s.has("nvmlDeviceGetCudaComputeCapability") {
		if major, minor, ret := h.GetCudaComputeCapability(); ret == nvml.SUCCESS {
			info.ComputeCapability = fmt.Sprintf("%d.%d", major, minor)
		}
	}
	if s.has("nvmlDeviceGetVbiosVersion") {
		if v, ret := h.GetVbiosVersion(); ret == nvml.SUCCESS {
			info.VBIOS = v
		}
	}
	return &device{source: s, handle: h, info: info, slices: map[string]nvml.Device{}, samples: map[int]*sample{}}, nil
}

// text reads a C string out of a field of fixed size.
func text(field []int8) string {
	var b strings.Builder
	for _, c := range field {
		if c == 0 {
			break
		}
		b.WriteByte(byte(c))
	}
	return b.String()
}

func architecture(a nvml.DeviceArchitecture) string {
	switch a {
	case nvml.DEVICE_ARCH_KEPLER:
		return "kepler"
	case nvml.DEVICE_ARCH_MAXWELL:
		return "maxwell"
	case nvml.DEVICE_ARCH_PASCAL:
		return "pascal"
	case nvml.DEVICE_ARCH_VOLTA:
		return "volta"
	case nvml.DEVICE_ARCH_TURING:
		return "turing"
	case nvml.DEVICE_ARCH_AMPERE:
		return "ampere"
	case nvml.DEVICE_ARCH_ADA:
		return "ada"
	case nvml.DEVICE_ARCH_HOPPER:
		return "hopper"
	case nvml.DEVICE_ARCH_BLACKWELL:
		return "blackwell"
	}
	return ""
}
