// Package app wires the agent: its configuration as a whole, the explicit list of collectors, and the commands.
//
// It owns the agent's command line and which collectors run. It does not own reading, spooling or pushing (agent and below).
// It may import agent and what is below it, scopes and cmd/internal; only cmd/endscope-agent and the demo, which runs agents, import it.
// Several agents may run in one process.
package app
