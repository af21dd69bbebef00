// Package spool is a durable, bounded queue of opaque payloads in the files of one folder.
//
// It owns the files (docs/spool-format.md), the order (oldest first), the bounds by bytes and by age, and what happens to damaged files: what is
// good in them is kept, and the rest is counted exactly. It does not own the payload's format, sending, or retries.
// It may import internal/config. It must not import agent or its collectors.
//
// An entry that Append has returned for survives SIGKILL; with Config.Sync "commit" it survives a power cut too. An acknowledgement survives SIGKILL
// alone: after a power cut entries may come again. Age is measured by a clock of the spool's own, which nobody can set. All methods are safe for
// concurrent use; one process at a time may hold a spool.
package spool
