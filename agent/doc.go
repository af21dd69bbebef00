// Package agent is the per-instance agent: it runs collectors on their intervals, turns each round into one remote-write
// request, keeps it in an on-disk spool and sends it, oldest first, until the server has acknowledged it.
//
// It owns the Collector interface, the schedule, stale markers, the spool and the push loop. It does not own the sources
// (agent/host, agent/gpu), flags or wiring (cmd). It may import scopes for names and paths; it must not import server packages.
package agent
