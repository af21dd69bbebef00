//go:build linux && cgo

package main

// #cgo LDFLAGS: -ldl
// #include "cuda.h"
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"
)

// device is a CUDA context on one GPU with memory that it holds and a kernel that it can run. Used from one locked thread.
type device struct{ state C.struct_load }

// openDevice makes a context on the GPU with an index in CUDA's order and takes memory.
func openDevice(index int, bytes uint64) (*device, error) {
	d := &device{}
	if C.load_open(&d.state, C.int(index), C.size_t(bytes)) != 0 {
		return nil, errors.New(C.GoString(&d.state.message[0]))
	}
	return d, nil
}

// about says what the device is and whether the kernel could be loaded.
func (d *device) about() string {
	return fmt.Sprintf("%s, %d SMs, kernel %s", C.GoString(&d.state.name[0]), int(d.state.sms), C.GoString(&d.state.message[0]))
}

// spin runs kernels of some blocks of 256 threads (of one thread if blocks is 1) one after the other for about d.
func (d *device) spin(blocks int, length time.Duration) error {
	if C.load_spin(&d.state, C.int(blocks), C.double(length.Seconds())) != 0 {
		return errors.New(C.GoString(&d.state.message[0]))
	}
	return nil
}

// copyOnce copies some bytes to the device, or from it.
func (d *device) copyOnce(down bool, bytes uint64) error {
	direction := C.int(0)
	if down {
		direction = 1
	}
	if C.load_copy(&d.state, direction, C.size_t(bytes)) != 0 {
		return errors.New(C.GoString(&d.state.message[0]))
	}
	return nil
}

// copied returns the bytes that went to the device and from it so far.
func (d *device) copied() (up, down uint64) {
	return uint64(d.state.copied[0]), uint64(d.state.copied[1])
}

// fault runs a kernel that writes to an address that is not mapped. It returns the driver's error.
func (d *device) fault() error {
	if C.load_fault(&d.state) != 0 {
		return errors.New(C.GoString(&d.state.message[0]))
	}
	return nil
}

// sms returns the number of multiprocessors.
func (d *device) sms() int { return int(d.state.sms) }

var _ = unsafe.Sizeof(device{})
