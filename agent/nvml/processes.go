//go:build linux && cgo

package nvml

import (
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/endscope/endscope/agent/gpu"
)

// firstWindow is how far back the first question for samples of processes goes.
const firstWindow = time.Second

// processes lists what holds a device or MIG device: compute processes, those of graphics, and clients of MPS, each process once.
// A process may be in several lists, each time with all of its memory.
func (d *device) processes(h nvml.Device, out *gpu.Snapshot) error {
	lists := []struct {
		symbol string
		list   func() ([]nvml.ProcessInfo, nvml.Return)
	}{
		{"nvmlDeviceGetComputeRunningProcesses", h.GetComputeRunningProcesses},
		{"nvmlDeviceGetMPSComputeRunningProcesses", h.GetMPSComputeRunningProcesses},
		{"nvmlDeviceGetGraphicsRunningProcesses", h.GetGraphicsRunningProcesses},
	}
	const graphics = 2 // in lists
	running, computing := []gpu.Process{}, 0
	at := map[uint32]int{}
	for i, l := range lists {
		if err := d.source.need(l.symbol); err != nil {
			if i == 0 {
				return err
			}
			continue
		}
		list, ret := l.list()
		switch {
		case ret == nvml.SUCCESS:
		case i > 0 && (ret == nvml.ERROR_NOT_SUPPORTED || ret == nvml.ERROR_FUNCTION_NOT_FOUND || ret == nvml.ERROR_NOT_FOUND || ret == nvml.ERROR_DEPRECATED):
			continue // there is no such list, so nobody is on it
		default:
			return fail(l.symbol, ret)
		}
		for _, p := range list {
			k, known := at[p.Pid]
			if !known {
				k = len(running)
				at[p.Pid] = k
				running = append(running, gpu.Process{PID: int(p.Pid)})
			}
			one := &running[k]
			one.MPS = one.MPS || i == 1
			var memory gpu.Value
			memory.SetCount(p.UsedGpuMemory, 1)
			if memory.OK && (!one.Memory.OK || memory.V > one.Memory.V) {
				one.Memory = memory
			}
		}
		if i < graphics {
			computing = len(running)
		}
	}
	out.Processes.Set(float64(computing))
	out.Running = running
	return nil
}

// processUtilization reads what processes used since the previous question. The driver keeps samples of the last seconds and gives
// one mean for each process that has any; it says NOT_FOUND when no process has. It must be told the time of its own latest sample,
// else it counts the same ones again.
func (d *device) processUtilization(out *gpu.Snapshot) error {
	const call = "nvmlDeviceGetProcessUtilization"
	if err := d.source.need(call); err != nil {
		return err
	}
	now := time.Now()
	since := d.lastSeen
	if since > uint64(now.Add(firstWindow).UnixMicro()) {
		since = 0 // the clock was set back: with a time in the future, nothing would ever be found
	}
	switch oldest := uint64(now.Add(-maxWindow).UnixMicro()); {
	case since == 0:
		since = uint64(now.Add(-firstWindow).UnixMicro())
	case since < oldest:
		since = oldest
	}
	samples, ret := d.handle.GetProcessUtilization(since)
	for range 3 { // a process began between the two calls that the binding makes
		if ret != nvml.ERROR_INSUFFICIENT_SIZE {
			break
		}
		samples, ret = d.handle.GetProcessUtilization(since)
	}
	d.lastSeen = since
	switch ret {
	case nvml.SUCCESS:
	case nvml.ERROR_NOT_FOUND:
		out.Samples = []gpu.ProcessSample{}
		return nil
	default:
		return fail(call, ret)
	}
	type mean struct{ sum, n float64 }
	means := map[uint32]mean{}
	var order []uint32
	for _, s := range samples {
		// Drivers fill the rest of their answer with entries that mean nothing.
		if s.Pid == 0 || s.SmUtil > 100 || s.TimeStamp <= since || s.TimeStamp > uint64(now.Add(firstWindow).UnixMicro()) {
			continue
		}
		d.lastSeen = max(d.lastSeen, s.TimeStamp)
		m, known := means[s.Pid]
		if !known {
			order = append(order, s.Pid)
		}
		means[s.Pid] = mean{m.sum + float64(s.SmUtil)/100, m.n + 1}
	}
	out.Samples = make([]gpu.ProcessSample, 0, len(order))
	for _, pid := range order {
		out.Samples = append(out.Samples, gpu.ProcessSample{PID: int(pid), SM: means[pid].sum / means[pid].n})
	}
	return nil
}
