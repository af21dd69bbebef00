// Package host is the collector of the machine, or of the container, that an instance runs on: CPU, memory, disks, network, load, uptime.
//
// It owns what of the kernel's numbers is read and which of them are left out: limits of nested cgroups (v1 and v2), pseudo file systems, mounts
// that show one disk twice, partitions that count a disk's bytes twice, virtual network devices. It does not own the schedule or the push (agent).
// It may import agent and internal/config. Readings come from gopsutil and from files under an injected root.
//
// A source that fails does not hide the others: Collect adds what it could read and returns the joined errors of the rest. A Collector is not
// safe for concurrent use; the agent never calls Collect twice at once.
package host
