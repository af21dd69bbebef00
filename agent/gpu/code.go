package gpu

import (
	"errors"
	"fmt"
	"strconv"
)

// Code is a return code of the driver's management library, with the numbers of nvmlReturn_t.
type Code int

// The codes that the collector tells apart. All others are handled as Unknown.
const (
	Success              Code = 0
	Uninitialized        Code = 1
	InvalidArgument      Code = 2
	NotSupported         Code = 3
	NoPermission         Code = 4
	NotFound             Code = 6
	InsufficientSize     Code = 7
	DriverNotLoaded      Code = 9
	Timeout              Code = 10
	LibraryNotFound      Code = 12
	FunctionNotFound     Code = 13
	GPUIsLost            Code = 15
	ResetRequired        Code = 16
	LibRMVersionMismatch Code = 18
	NoData               Code = 21
	Deprecated           Code = 26
	NotReady             Code = 27
	GPUNotFound          Code = 28
	Unknown              Code = 999
)

// String returns a short lower-case name, fit for a label value.
func (c Code) String() string {
	switch c {
	case Success:
		return "success"
	case Uninitialized:
		return "uninitialized"
	case InvalidArgument:
		return "invalid_argument"
	case NotSupported:
		return "not_supported"
	case NoPermission:
		return "no_permission"
	case NotFound:
		return "not_found"
	case InsufficientSize:
		return "insufficient_size"
	case DriverNotLoaded:
		return "driver_not_loaded"
	case Timeout:
		return "timeout"
	case LibraryNotFound:
		return "library_not_found"
	case FunctionNotFound:
		return "function_not_found"
	case GPUIsLost:
		return "gpu_is_lost"
	case ResetRequired:
		return "reset_required"
	case LibRMVersionMismatch:
		return "lib_rm_version_mismatch"
	case NoData:
		return "no_data"
	case Deprecated:
		return "deprecated"
	case NotReady:
		return "not_ready"
	case GPUNotFound:
		return "gpu_not_found"
	case Unknown:
		return "unknown"
	}
	return "code_" + strconv.Itoa(int(c))
}

// Error says that one call of the driver's library did not succeed.
type Error struct {
	Call string // such as "nvmlDeviceGetPowerUsage"
	Code Code
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Call, e.Code) }

// ErrNotBuilt is what Open returns in a program that was built without the driver binding.
var ErrNotBuilt = errors.New("built without NVML (needs Linux and cgo)")

// CodeOf returns the code inside err: Success for nil, Unknown for an error that holds none.
func CodeOf(err error) Code {
	if err == nil {
		return Success
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Unknown
}

// absent reports whether err means that this machine has no GPU that we could ever read: not a failure of the collector.
func absent(err error) bool {
	code := CodeOf(err)
	return code == DriverNotLoaded || code == LibraryNotFound || errors.Is(err, ErrNotBuilt)
}

// unsupported reports whether the device or driver cannot give the reading, now or later, until MIG or the driver changes.
func (c Code) unsupported() bool {
	return c == NotSupported || c == FunctionNotFound || c == Deprecated
}

// nothing reports whether the code means that there is no value at present and nothing is wrong.
func (c Code) nothing() bool { return c == NotFound || c == NoData || c == NotReady }

// deviceDown reports whether the device has left us, so that every handle to it is worthless.
func (c Code) deviceDown() bool { return c == GPUIsLost || c == ResetRequired || c == GPUNotFound }

// reopens reports whether only a new initialisation of the library can help.
func (c Code) reopens() bool {
	return c.deviceDown() || c == Uninitialized || c == LibRMVersionMismatch
}
