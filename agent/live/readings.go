package live

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/internal/liveframe"
)

// readings are what collectors read last.
type readings struct {
	mu     sync.Mutex
	source string // the collector whose GPUs these are
	gpus   []liveframe.GPU
	read   time.Time
	cpu    *float64
	memory *float64
}

// own is the collector that is believed before others that know of GPUs.
const own = "gpu"

// take keeps what a collector has just read.
func (r *readings) take(collector string, list []agent.Reading, now time.Time) {
	devices := map[string]*liveframe.GPU{}
	var cpu, memory *float64
	for i := range list {
		d := &list[i]
		switch d.Desc.Name {
		case "instance_cpu_utilization_ratio":
			cpu = ratio(d.Value)
		case "instance_memory_utilization_ratio":
			memory = ratio(d.Value)
		case "gpu_utilization_ratio", "gpu_memory_utilization_ratio":
			key, name := "", ""
			for j, label := range d.Desc.Labels {
				if label == "gpu" {
					name = d.LabelValues[j]
				}
				if label == "gpu" || label == "uuid" {
					key += "\xff" + d.LabelValues[j]
				}
			}
			if devices[key] == nil {
				devices[key] = &liveframe.GPU{GPU: name}
			}
			if d.Desc.Name == "gpu_utilization_ratio" {
				devices[key].Utilization = ratio(d.Value)
			} else {
				devices[key].Memory = ratio(d.Value)
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if cpu != nil {
		r.cpu = cpu
	}
	if memory != nil {
		r.memory = memory
	}
	if collector == r.source || len(devices) > 0 && r.source != own {
		r.source, r.read, r.gpus = collector, now, nil
		for _, d := range devices {
			r.gpus = append(r.gpus, *d)
		}
		slices.SortFunc(r.gpus, func(x, y liveframe.GPU) int {
			return cmp.Or(cmp.Compare(len(x.GPU), len(y.GPU)), cmp.Compare(x.GPU, y.GPU))
		})
	}
}

// fill puts into a frame what is known.
func (r *readings) fill(f *liveframe.Frame, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.CPU, f.Memory = r.cpu, r.memory
	if len(r.gpus) > 0 {
		f.GPUs, f.GPUAgeMS = slices.Clone(r.gpus), max(now.Sub(r.read).Milliseconds(), 0)
	}
}

// ratio returns a share in [0, 1], nil for what is none.
func ratio(v float64) *float64 {
	if !(v >= 0) {
		return nil
	}
	v = min(v, 1)
	return &v
}
