// Package nvml implements gpu.Source over NVIDIA's management library.
//
// It is the only package that imports go-nvml, which needs Linux and cgo; elsewhere New returns a source whose Open fails with
// gpu.ErrNotBuilt. It owns the driver calls, their units, and which call falls back to which. It does not own what is done
// about a return code, nor series: that is agent/gpu, which it may import besides agent. The library is loaded by Open, so a
// program that holds this package starts on a machine without a driver.
//
// A symbol that the installed driver lacks ends the process when it is called. So every call is made only after the library was
// asked for its symbol. Devices may be used from different goroutines, one goroutine per device at a time.
package nvml
