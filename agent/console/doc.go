// Package console turns what a model server prints into rows of the console log.
//
// It owns the ways a line can come (files with rotation, Docker's and Kubernetes' formats, journald, and the output of a child process), how
// lines become rows (colours and control characters removed, progress bars reduced to their last state, tracebacks joined,
// long lines cut), the limits, and the positions in files that survive a restart. It does not own the rows' way to the disk and the server
// (agent/records gives Record and Append), what a secret is (agent/redact), the child process itself (agent/supervise), or what lines mean (agent/lifecycle gets each one). It
// may import agent/records, agent/redact and internal/config.
//
// There are two ways in, with opposite promises. A Stream is for a process that must not be slowed: Write never waits, and what cannot be taken
// is dropped, counted, and said in a row. Pipeline.Run reads what waits by itself, files and the journal: it reads as fast as Append stores rows, and
// remembers a position only after Append has returned, so a crash repeats at most the rows of one batch and loses none.
package console
