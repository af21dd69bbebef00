package gpu

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

// Summary is what is known of one GPU, for people.
type Summary struct {
	Info
	Driver      Driver
	MIG         bool
	Slices      []Slice
	LastRead    time.Time // of the latest whole round; zero if it never answered
	Unsupported []string  // readings that the GPU, or one of its GPU instances, cannot give
	Denied      []string  // readings that the agent may not make
	Failed      []string  // readings that failed in the latest round, with the reason
	Shares      []Share   // what the instance holds of it
}

// Share is what an instance holds of a GPU or GPU instance.
type Share struct {
	UUID        string // of the GPU, or of the first MIG device of the GPU instance
	GPUInstance int    // -1 for a whole GPU
	Method      string // one of the methods; see MethodError
	Memory      Value  // bytes
	Utilization Value  // ratio
}

// summary keeps a Summary of each device that is listed. Safe for concurrent use.
type summary struct {
	mu      sync.Mutex
	devices []*Summary
}

// begin keeps the devices that are listed now and forgets the others.
func (s *summary) begin(devices []*device, driver Driver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make([]*Summary, 0, len(devices))
	for _, d := range devices {
		i := slices.IndexFunc(s.devices, func(have *Summary) bool { return have.UUID == d.info.UUID })
		one := &Summary{}
		if i >= 0 {
			one = s.devices[i]
		}
		one.Info, one.Driver = d.info, driver
		kept = append(kept, one)
	}
	s.devices = kept
}

// of returns the summary of a device. The lock is held.
func (s *summary) of(uuid string) *Summary {
	for _, d := range s.devices {
		if d.UUID == uuid {
			return d
		}
	}
	return &Summary{}
}

// answered notes what a round gave.
func (s *summary) answered(d *device, r *deviceRound, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of(d.info.UUID)
	one.MIG, one.Slices, one.LastRead = r.layout.MIG, r.layout.Slices, at
	one.Unsupported, one.Denied, one.Failed, one.Shares = nil, nil, nil, nil
	for _, reading := range r.lacks {
		one.Unsupported = append(one.Unsupported, reading.String())
	}
	for _, f := range r.faults {
		name := f.reading.String()
		if f.gpuInstance >= 0 {
			name += " of GPU instance " + strconv.Itoa(f.gpuInstance)
		}
		if CodeOf(f.err) == NoPermission {
			one.Denied = append(one.Denied, name)
		} else {
			one.Failed = append(one.Failed, name+": "+f.err.Error())
		}
	}
}

// sliceUUIDs returns the MIG devices of all GPUs.
func (s *summary) sliceUUIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, d := range s.devices {
		for _, slice := range d.Slices {
			all = append(all, slice.UUID)
		}
	}
	return all
}

// share notes a share of a device or one of its GPU instances.
func (s *summary) share(device string, id *identity, part share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Share{UUID: id[1], GPUInstance: -1, Method: part.method, Memory: part.memory, Utilization: part.utilization}
	if n, err := strconv.Atoi(id[3]); err == nil {
		out.GPUInstance = n
	}
	one := s.of(device)
	one.Shares = append(one.Shares, out)
}

// Devices returns what the rounds so far have found, by the driver's index. The share of the time in which something ran needs two
// rounds. Safe for concurrent use.
func (c *Collector) Devices() []Summary {
	c.summary.mu.Lock()
	defer c.summary.mu.Unlock()
	out := make([]Summary, 0, len(c.summary.devices))
	for _, d := range c.summary.devices {
		one := *d
		one.Slices, one.Unsupported, one.Denied, one.Failed, one.Shares = slices.Clone(d.Slices), slices.Clone(d.Unsupported), slices.Clone(d.Denied), slices.Clone(d.Failed), slices.Clone(d.Shares)
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Summary) int { return a.Index - b.Index })
	return out
}
