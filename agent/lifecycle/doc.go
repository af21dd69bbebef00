// Package lifecycle follows how the model server of an instance starts, becomes ready, fails and ends.
//
// It owns the probes (liveness, readiness, startup), the event rows of the container with their names and messages, the series instance_ready,
// instance_state, instance_restarts_total, instance_info and instance_start_duration_seconds, and what the console lines of known servers say about
// the phases of a start. It does not own which process it is (agent/process), starting and ending it (agent/supervise), where console lines come
// from (agent/console), or the rows' way to the server (agent/records). It may import agent/process, agent/records and internal/config.
//
// Everything that happens comes in through methods that never block for long: Process, Line, FirstRequest, Event. Probes and the watch over a process
// that the agent did not start run inside Run. Absent is absent: a series is there once its value is known.
//
// All methods of Lifecycle are safe for concurrent use.
package lifecycle
