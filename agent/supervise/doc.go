// Package supervise runs a model server as a child process, as a container runtime would.
//
// It owns starting and stopping the child and all that it started, forwarding signals to it, reaping orphans, restarting with back-off, and reading what it
// prints as fast as it prints. It does not own what becomes of the output (Settings.Output, which agent/console gives), what events mean for
// the instance (agent/lifecycle), or who sends signals (cmd). It may import internal/config.
//
// The child gets a session and a process group of its own. Whatever of its descendants is left when it ends is killed, as the end of a container
// would do, so that the next start finds ports and GPU memory free. On Linux, descendants whose parents ended come to the agent, which reaps them;
// the agent's other children are in the agent's own session and are told from them by that.
package supervise
