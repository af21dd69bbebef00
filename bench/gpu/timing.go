package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/endscope/endscope/agent/gpu"
)

// slowRound is how long a round takes that is told call by call.
const slowRound = 500 * time.Millisecond

// call is one call of a source or device. Its processor time is that of its thread: near to the wall time, something spins.
type call struct {
	name      string
	wall, cpu time.Duration
}

// calls are those of a round. Safe for concurrent use.
type calls struct {
	mu   sync.Mutex
	list []call
}

// time runs f and notes what it took.
func (c *calls) time(name string, f func()) {
	runtime.LockOSThread() // the call into the driver stays on this thread
	defer runtime.UnlockOSThread()
	before, began := processorTime(rusageThread), time.Now()
	f()
	one := call{name, time.Since(began), processorTime(rusageThread) - before}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, one)
}

// take returns the calls since the last take.
func (c *calls) take() []call {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.list
	c.list = nil
	return list
}

// slowest says which calls took longest.
func slowest(list []call) string {
	slices.SortFunc(list, func(a, b call) int { return cmp.Compare(b.wall, a.wall) })
	var b strings.Builder
	for i, c := range list[:min(len(list), 6)] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s (CPU %s)", c.name, c.wall.Round(time.Microsecond), c.cpu.Round(time.Microsecond))
	}
	return b.String()
}

// timedSource notes the calls of a source and its devices.
type timedSource struct {
	gpu.Source
	calls *calls
}

func (s *timedSource) Open() (err error) {
	s.calls.time("open", func() { err = s.Source.Open() })
	return err
}

func (s *timedSource) Driver() (d gpu.Driver, err error) {
	s.calls.time("driver", func() { d, err = s.Source.Driver() })
	return d, err
}

func (s *timedSource) Devices() (list []gpu.Device, err error) {
	s.calls.time("devices", func() { list, err = s.Source.Devices() })
	for i, d := range list {
		list[i] = &timedDevice{d, s.calls}
	}
	return list, err
}

func (s *timedSource) Events(devices []gpu.Device) (e gpu.Events, err error) {
	inner := make([]gpu.Device, 0, len(devices))
	for _, d := range devices {
		if t, ok := d.(*timedDevice); ok {
			d = t.Device
		}
		inner = append(inner, d)
	}
	s.calls.time("events", func() { e, err = s.Source.Events(inner) })
	return e, err
}

// timedDevice notes the calls of a device.
type timedDevice struct {
	gpu.Device
	calls *calls
}

func (d *timedDevice) Layout() (l gpu.Layout, err error) {
	d.calls.time("layout", func() { l, err = d.Device.Layout() })
	return l, err
}

func (d *timedDevice) Read(reading gpu.Reading, out *gpu.Snapshot) (err error) {
	d.calls.time(reading.String(), func() { err = d.Device.Read(reading, out) })
	return err
}

func (d *timedDevice) ReadSlice(s gpu.Slice, reading gpu.Reading, out *gpu.Snapshot) (err error) {
	d.calls.time(reading.String()+" of "+s.UUID, func() { err = d.Device.ReadSlice(s, reading, out) })
	return err
}

// rusageThread is RUSAGE_THREAD of Linux, which package syscall lacks.
const rusageThread = 1

// processorTime returns the CPU time so far of this process (syscall.RUSAGE_SELF) or of this thread; 0 where it is not told.
func processorTime(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
