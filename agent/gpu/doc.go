// Package gpu reads NVIDIA GPUs and writes the canonical gpu_* series.
//
// It owns the Source interface (what a driver must be able to answer), the collector with its policy for every return code of
// the driver, the counting of health events, and a simulated source for machines without a GPU. It does not own the driver
// binding (agent/nvml implements Source), the schedule or the sending of stale markers (agent). It may import agent, scopes and
// internal/config.
//
// A driver call can hang for good and cannot be cancelled. So every device is read on a goroutine of its own, one at a time: the
// round goes on without a device whose call has not come back, leaves its readings out, names it in the error of Collect, and
// takes it up again once the call returns. Opening and listing are guarded in the same way. Absent is absent: a reading that the
// device cannot give is left out, never written as 0.
//
// A Collector is used by one goroutine, as agent.Collector says. A Source and its Devices are called from several goroutines,
// but never two at a time for one Device, and Open and Close never during another call.
package gpu
