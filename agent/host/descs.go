package host

import (
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/agent"
)

var (
	descCPUCount  = &agent.Desc{Name: "instance_cpu_count", Type: model.MetricTypeGauge, Help: "CPUs that the instance may use."}
	descCPUTime   = &agent.Desc{Name: "instance_cpu_seconds_total", Type: model.MetricTypeCounter, Unit: "seconds", Help: "CPU time spent, by mode.", Labels: []string{"mode"}}
	descCPURatio  = &agent.Desc{Name: "instance_cpu_utilization_ratio", Type: model.MetricTypeGauge, Unit: "ratio", Help: "Share of the CPU time that the instance may use that it used since the last round."}
	descDisk      = &agent.Desc{Name: "instance_disk_bytes", Type: model.MetricTypeGauge, Unit: "bytes", Help: "Size of the file system on a local disk, by state.", Labels: []string{"disk", "state"}}
	descDiskIO    = &agent.Desc{Name: "instance_disk_io_bytes_total", Type: model.MetricTypeCounter, Unit: "bytes", Help: "Bytes moved from and to a physical disk.", Labels: []string{"disk", "direction"}}
	descDiskRatio = &agent.Desc{Name: "instance_disk_utilization_ratio", Type: model.MetricTypeGauge, Unit: "ratio", Help: "Used share of the file system on a local disk.", Labels: []string{"disk"}}
	descLoad1     = &agent.Desc{Name: "instance_load1", Type: model.MetricTypeGauge, Help: "Tasks that ran or waited, mean of the last minute."}
	descMem       = &agent.Desc{Name: "instance_memory_bytes", Type: model.MetricTypeGauge, Unit: "bytes", Help: "Memory of the instance, by state.", Labels: []string{"state"}}
	descMemRatio  = &agent.Desc{Name: "instance_memory_utilization_ratio", Type: model.MetricTypeGauge, Unit: "ratio", Help: "Used share of the memory of the instance."}
	descNet       = &agent.Desc{Name: "instance_network_bytes_total", Type: model.MetricTypeCounter, Unit: "bytes", Help: "Bytes that a network device moved.", Labels: []string{"device", "direction"}}
	descUptime    = &agent.Desc{Name: "instance_uptime_seconds", Type: model.MetricTypeGauge, Unit: "seconds", Help: "Time since the machine, or the container, started."}
)

// Describe lists every metric of the collector.
func (*Collector) Describe() []*agent.Desc {
	return []*agent.Desc{descCPUCount, descCPUTime, descCPURatio, descDisk, descDiskIO, descDiskRatio, descLoad1, descMem, descMemRatio, descNet, descUptime}
}
