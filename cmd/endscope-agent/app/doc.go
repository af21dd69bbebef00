// Package app wires the agent: its configuration as a whole, the explicit list of collectors, and the commands.
//
// It owns the agent's command line and which collectors run. It does not own reading, spooling or pushing (agent and below).
// It may import agent, agent/host, agent/gpu, agent/nvml, scopes and cmd/internal; only cmd/endscope-agent imports it.
// Several agents may run in one process.
package app
