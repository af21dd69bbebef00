// Package subproc runs real server and agent processes for tests and benchmarks: on free loopback ports, in process groups of
// their own, with their output kept and their CPU time and memory read from the kernel.
//
// It owns starting, readiness, stopping, measuring and a plain question to them over HTTP. It does not own what the processes are or how
// they are configured, and no program that we ship imports it. It may import nothing of ours. Linux only, as it reads /proc.
//
// All methods of Process are safe for concurrent use.
package subproc
