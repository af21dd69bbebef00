// Package e2e tests the two binaries as an operator runs them: real processes on loopback, real Prometheus beside them, SIGKILL.
//
// It owns the promises that no single package can show: an agent's readings are answered within seconds, Debian's Prometheus writes
// to Endscope and gets its own answers back, what was acknowledged survives a killed server, and what was read survives a killed agent
// and an absent server. It owns no behaviour and holds no code but tests. They need Go to build the binaries and, for Prometheus,
// scripts/debian-tools. They may import internal/subproc, test/programs and Prometheus's wire types, and nothing of the server or the agent.
//
// Tests run in parallel; each has processes, ports and folders of its own, and ends what it started.
package e2e
