// Package kit is what the benchmarks share: their main function, the series of an instance, the programs that are measured, their folders, a cheap
// connection to push remote-write bodies over, and the CPU time that they used.
//
// It owns none of the loads, questions or reports. It may import internal/subproc and Prometheus's label type. Only bench imports it.
package kit
