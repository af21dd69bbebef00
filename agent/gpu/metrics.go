package gpu

import (
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/agent"
)

// identityLabels are on every series of a device or MIG slice. The last three are absent for a whole device.
var identityLabels = [...]string{"gpu", "uuid", "model", "gpu_instance", "compute_instance", "profile"}

// identity holds the values of identityLabels.
type identity [len(identityLabels)]string

// with returns the label values of a series that has extra labels after the identity.
func (id *identity) with(extra ...string) []string { return append(id[:len(id):len(id)], extra...) }

func gauge(name, unit, help string, labels ...string) *agent.Desc {
	return &agent.Desc{Name: name, Help: help, Unit: unit, Type: model.MetricTypeGauge, Labels: append(identityLabels[:len(identityLabels):len(identityLabels)], labels...)}
}

func counter(name, unit, help string, labels ...string) *agent.Desc {
	d := gauge(name, unit, help, labels...)
	d.Type = model.MetricTypeCounter
	return d
}

// shareLabels are on every series of the instance's share. The last two are absent for a whole device.
var shareLabels = [...]string{"gpu", "uuid", "gpu_instance", "compute_instance"}

// share returns the label values of a series of the instance's share that has extra labels.
func (id *identity) share(extra ...string) []string {
	return append([]string{id[0], id[1], id[3], id[4]}, extra...)
}

func shareGauge(name, unit, help string, labels ...string) *agent.Desc {
	return &agent.Desc{Name: name, Help: help, Unit: unit, Type: model.MetricTypeGauge, Labels: append(shareLabels[:len(shareLabels):len(shareLabels)], labels...)}
}

// series holds the descriptions of everything that the collector emits.
type series struct {
	info, lastRead                                 *agent.Desc
	utilization, memoryUtilization, memory         *agent.Desc
	power, powerLimit, temperature, memTemperature *agent.Desc
	clock, energy, ecc, throttle, pcie, nvlink     *agent.Desc
	rows                                           *agent.Desc
	smActivity, smOccupancy, tensor, dram          *agent.Desc
	time                                           *agent.Desc
	xid, health                                    *agent.Desc
	shareInfo, shareMemory, shareUtilization       *agent.Desc
	denied, failed                                 *agent.Desc
}

func newSeries() *series {
	return &series{
		info: gauge("gpu_info", "", "Always 1; one for each GPU and each MIG device, to join on uuid.",
			"parent_uuid", "driver_version", "cuda_version", "pci_bus_id", "architecture", "compute_capability", "vbios_version", "mig"),
		lastRead: gauge("gpu_last_read_timestamp_seconds", "seconds", "When the GPU last answered a whole round, as Unix time. It stays when the GPU stops answering."),

		utilization:       gauge("gpu_utilization_ratio", "ratio", "Share of the driver's last sample period in which any kernel ran. It says nothing about how much of the GPU that kernel used. Absent in MIG mode."),
		memoryUtilization: gauge("gpu_memory_utilization_ratio", "ratio", "Used memory ÷ total memory."),
		memory:            gauge("gpu_memory_bytes", "bytes", "GPU memory by state. In MIG mode it is given once for each GPU instance and not for the whole GPU.", "state"),
		power:             gauge("gpu_power_watts", "watts", "Power draw of the whole board."),
		powerLimit:        gauge("gpu_power_limit_watts", "watts", "Power limit in force."),
		temperature:       gauge("gpu_temperature_celsius", "celsius", "Temperature of the GPU die."),
		memTemperature:    gauge("gpu_memory_temperature_celsius", "celsius", "Temperature of the GPU memory."),
		clock:             gauge("gpu_clock_hertz", "hertz", "Current clock frequency.", "clock"),
		energy:            counter("gpu_energy_joules_total", "joules", "Energy used by the whole board since the driver was loaded."),
		ecc:               counter("gpu_ecc_errors_total", "", "ECC errors since the driver was loaded.", "type"),
		throttle:          counter("gpu_throttle_seconds_total", "seconds", "Time for which the clocks were held down, by reason, since the driver was loaded. Reasons can overlap.", "reason"),
		pcie:              counter("gpu_pcie_bytes_total", "bytes", "Bytes over PCIe, seen from the GPU, since the driver was loaded or, where only performance counters tell, since the agent started.", "direction"),
		nvlink:            counter("gpu_nvlink_bytes_total", "bytes", "Bytes over all NVLinks, seen from the GPU: payload since the driver was loaded or, where only performance counters tell, all bytes since the agent started.", "direction"),
		rows:              gauge("gpu_remapped_rows", "", "Memory rows mapped away after errors; for kind pending and failure, 1 when a reset or a replacement is needed.", "kind"),

		smActivity:  gauge("gpu_sm_activity_ratio", "ratio", "Share of SM cycles with at least one warp, since the previous reading."),
		smOccupancy: gauge("gpu_sm_occupancy_ratio", "ratio", "Resident warps ÷ the most that could be resident, since the previous reading."),
		tensor:      gauge("gpu_tensor_activity_ratio", "ratio", "Share of cycles in which any tensor pipe was active, since the previous reading."),
		dram:        gauge("gpu_dram_activity_ratio", "ratio", "Share of the peak memory bandwidth in use, since the previous reading."),

		time: counter("gpu_time_seconds_total", "seconds", "Time since the agent started, by what the GPU did in it. Exactly one state holds at a time. A MIG slice counts by its part of the GPU's compute slices.", "state"),

		xid:    counter("gpu_xid_errors_total", "", "XID errors that the driver reported while the agent watched.", "xid"),
		health: counter("gpu_health_events_total", "", "Health events of the GPU since the agent started.", "kind", "severity"),

		shareInfo:        shareGauge("instance_gpu_info", "", "1; one for each GPU or GPU instance that this instance holds or held, with the method by which its share is found.", "method"),
		shareMemory:      shareGauge("instance_gpu_memory_bytes", "bytes", "GPU memory that this instance holds."),
		shareUtilization: shareGauge("instance_gpu_utilization_ratio", "ratio", "Share of the time in which work of this instance ran on the GPU."),

		denied: &agent.Desc{Name: "agent_reading_denied_total", Help: "Readings that the collector may not make, each counted once per device.", Type: model.MetricTypeCounter, Labels: []string{"collector", "reading"}},
		failed: &agent.Desc{Name: "agent_reading_errors_total", Help: "Readings that failed in a way that is neither unsupported nor denied.", Type: model.MetricTypeCounter, Labels: []string{"collector", "reading", "code"}},
	}
}

func (s *series) all() []*agent.Desc {
	return []*agent.Desc{
		s.info, s.lastRead, s.utilization, s.memoryUtilization, s.memory, s.power, s.powerLimit, s.temperature, s.memTemperature,
		s.clock, s.energy, s.ecc, s.throttle, s.pcie, s.nvlink, s.rows, s.smActivity, s.smOccupancy, s.tensor, s.dram,
		s.time, s.xid, s.health, s.shareInfo, s.shareMemory, s.shareUtilization, s.denied, s.failed,
	}
}

// emit adds every value of one snapshot that is there and can be true.
func (s *series) emit(r *agent.Round, id *identity, snap *Snapshot) {
	add := func(d *agent.Desc, v Value, extra ...string) {
		if f, ok := plausible(v); ok {
			r.Add(d, f, id.with(extra...)...)
		}
	}
	share := func(d *agent.Desc, v Value) {
		if f, ok := ratio(v); ok {
			r.Add(d, f, id.with()...)
		}
	}
	share(s.utilization, snap.Utilization)
	if total, ok := plausible(snap.MemoryTotal); ok && total > 0 && snap.MemoryUsed.OK {
		share(s.memoryUtilization, Value{V: snap.MemoryUsed.V / total, OK: true})
	}
	add(s.memory, snap.MemoryTotal, "total")
	add(s.memory, snap.MemoryUsed, "used")
	add(s.memory, snap.MemoryFree, "free")
	add(s.memory, snap.MemoryReserved, "reserved")
	add(s.power, snap.Power)
	add(s.powerLimit, snap.PowerLimit)
	add(s.temperature, snap.Temperature)
	add(s.memTemperature, snap.MemoryTemperature)
	for i, v := range snap.Clocks {
		add(s.clock, v, clockNames[i])
	}
	add(s.energy, snap.Energy)
	add(s.ecc, snap.ECCCorrected, "corrected")
	add(s.ecc, snap.ECCUncorrected, "uncorrected")
	for i, v := range snap.Throttle {
		add(s.throttle, v, throttleNames[i])
	}
	add(s.pcie, snap.PCIeTransmit, "transmit")
	add(s.pcie, snap.PCIeReceive, "receive")
	add(s.nvlink, snap.NVLinkTransmit, "transmit")
	add(s.nvlink, snap.NVLinkReceive, "receive")
	add(s.rows, snap.RowsCorrectable, "correctable")
	add(s.rows, snap.RowsUncorrectable, "uncorrectable")
	add(s.rows, snap.RowsPending, "pending")
	add(s.rows, snap.RowsFailure, "failure")
	share(s.smActivity, snap.SMActivity)
	share(s.smOccupancy, snap.SMOccupancy)
	share(s.tensor, snap.TensorActivity)
	share(s.dram, snap.DRAMActivity)
}
