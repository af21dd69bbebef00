// Package process finds the processes of the model server that the agent stands beside: the main one, by a process id, a file that holds one, a
// port that it listens on, a cgroup or a pattern for its command line, and the tree of processes below it.
//
// It owns how a process is told from another one that got the same process id (by the kernel's start time), which process a listening port belongs
// to, which processes belong to a tree although their parent is gone, and waiting for the end of a process that is not a child. It does not own what
// a start or an end means (agent/lifecycle), nor processes that the agent itself starts (agent/supervise). It may import internal/config.
// Everything is read from files under an injected root; Linux only. Elsewhere nothing is found.
//
// A Finder is safe for concurrent use. Find is cheap as long as the process lives: one small file is read. Only when it is gone are sockets and file
// descriptors looked through. Tree reads one small file for each process of the machine.
package process
