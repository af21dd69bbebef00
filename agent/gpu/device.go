package gpu

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// device is what the collector knows of one physical device that the driver lists.
type device struct {
	Device
	info    Info
	task    task[deviceRound]
	current atomic.Int32 // Reading at which the running round is, or atLayout; for the message when it hangs

	// Used by the running round only; the task orders one round after the other.
	layout      string
	unsupported map[readingKey]bool
}

// atLayout stands for the layout where a Reading is expected.
const atLayout = readings

// readingKey names a reading of the device (gpuInstance -1) or of one of its GPU instances.
type readingKey struct {
	gpuInstance int
	reading     Reading
}

// deviceRound is what one round of one device gave.
type deviceRound struct {
	layout Layout
	whole  Snapshot
	slices []sliceSnapshot // one for each GPU instance
	good   int             // readings that answered
	lacks  []Reading       // what the whole device, or every slice, cannot tell
	faults []fault
	down   error // the round ended here: the device or the library needs a new initialisation
}

type sliceSnapshot struct {
	slice  Slice // the first compute instance of the GPU instance
	shared bool  // there are others in the same GPU instance
	Snapshot
}

// fault is a reading that failed other than by being unsupported.
type fault struct {
	readingKey
	err error
}

func newDevice(d Device) *device {
	return &device{Device: d, info: d.Info(), unsupported: map[readingKey]bool{}}
}

func (d *device) String() string {
	return "gpu " + strconv.Itoa(d.info.Index) + " (" + d.info.UUID + ")"
}

// hung says at which reading the running round has stood since when.
func (d *device) hung() error {
	return fmt.Errorf("%s: the driver has not answered for %s (reading %s)", d, time.Since(d.task.since).Round(time.Millisecond), Reading(d.current.Load()))
}

// read makes one whole round of driver calls. It runs on the device's task.
func (d *device) read() (r deviceRound) {
	defer func() { r.lacks = d.lacks() }()
	defer func() {
		if p := recover(); p != nil { // on a goroutine of ours it would end the agent
			r = deviceRound{faults: []fault{{readingKey{-1, Reading(d.current.Load())}, fmt.Errorf("panic: %v", p)}}}
		}
	}()
	var layout Layout
	if !d.try(&r, readingKey{-1, atLayout}, func() (err error) { layout, err = d.Layout(); return }) {
		return r
	}
	slices.SortFunc(layout.Slices, func(a, b Slice) int {
		return cmp.Or(a.GPUInstance-b.GPUInstance, a.ComputeInstance-b.ComputeInstance)
	})
	r.layout = layout
	if f := layout.fingerprint(); f != d.layout {
		d.layout = f
		clear(d.unsupported) // what a device can tell depends on MIG
	}
	for reading := range readings {
		if layout.withholds(reading) {
			continue
		}
		if !d.try(&r, readingKey{-1, reading}, func() error { return d.Read(reading, &r.whole) }) {
			return r
		}
	}
	for _, s := range layout.Slices {
		if n := len(r.slices); n > 0 && r.slices[n-1].slice.GPUInstance == s.GPUInstance {
			r.slices[n-1].shared = true // memory and activity belong to the GPU instance
		} else {
			r.slices = append(r.slices, sliceSnapshot{slice: s})
			snap := &r.slices[len(r.slices)-1].Snapshot
			for _, reading := range []Reading{Memory, Activity} {
				if !d.try(&r, readingKey{s.GPUInstance, reading}, func() error { return d.ReadSlice(s, reading, snap) }) {
					return r
				}
			}
			snap.Utilization = snap.GraphicsActivity // the driver gives no other
		}
		var one Snapshot
		if !d.try(&r, readingKey{s.GPUInstance, Processes}, func() error { return d.ReadSlice(s, Processes, &one) }) {
			return r
		}
		r.slices[len(r.slices)-1].join(&one)
	}
	return r
}

// join adds the processes of one more compute instance. Where those of one are not known, those of the GPU instance are not.
func (s *sliceSnapshot) join(one *Snapshot) {
	first := !s.shared
	switch {
	case one.Running == nil || !first && s.Running == nil:
		s.Running, s.Processes = nil, Value{}
	default:
		s.Running = append(slices.Clip(s.Running), one.Running...)
		if s.Running == nil {
			s.Running = []Process{}
		}
		if first || s.Processes.OK {
			s.Processes = Value{V: s.Processes.V + one.Processes.V, OK: one.Processes.OK}
		}
	}
}

// lacks returns the readings that are known to be unsupported, of the device or of one of its GPU instances.
func (d *device) lacks() []Reading {
	var all []Reading
	for key := range d.unsupported {
		if !slices.Contains(all, key.reading) {
			all = append(all, key.reading)
		}
	}
	slices.Sort(all)
	return all
}

// withholds reports whether the whole device gives no such reading because its GPU instances do: it would count twice.
func (l Layout) withholds(r Reading) bool {
	return l.MIG && (r == Utilization || r == Processes || r == ProcessUtilization || r == Activity || r == Memory && len(l.Slices) > 0)
}

// try makes one reading unless it is known to be unsupported. It returns false when the round must end.
func (d *device) try(r *deviceRound, key readingKey, read func() error) bool {
	if d.unsupported[key] {
		return true
	}
	d.current.Store(int32(key.reading))
	return r.note(d, key, read())
}

// note sorts the outcome of one call into the round.
func (r *deviceRound) note(d *device, key readingKey, err error) bool {
	switch code := CodeOf(err); {
	case err == nil:
		if key.reading != atLayout {
			r.good++
		}
	case code.unsupported():
		d.unsupported[key] = true
	case code.nothing():
	case code.reopens():
		r.down = fmt.Errorf("%s: %s: %w", d, key.reading, err)
		return false
	default:
		r.faults = append(r.faults, fault{key, err})
	}
	return true
}
