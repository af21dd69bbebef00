// Package agent drives the agent's real program against the real server: everything on at once, counted one by one, and the faults that instances
// and servers meet, each with real processes.
//
// It owns those tests alone: what parts of the agent promise by themselves is tested beside them. It imports internal/subproc and test/programs, and
// none of the code under test; what it learns comes over HTTP, from files and from the kernel. It needs Linux, Python, unshare, and nginx as
// scripts/debian-tools unpacks it.
//
// The machine's clock is not set: a jump of it cannot be had for one process alone (a program in Go reads it without a call to the kernel that
// could be answered otherwise), so jumps are tested in agent/spool, agent/records, agent/lifecycle and agent/proxy, with clocks of the tests' own, and
// bench/agent -jumps runs a whole agent that was built with another time.Now.
package agent
