// Package spool is a durable, bounded queue of opaque payloads in one file.
//
// It owns the file (a bbolt database), the order (oldest first), the bounds by bytes and by age, and what happens to a damaged file:
// it is moved aside, said aloud in the log, and a new one is begun. It does not own the payload's format, sending, or retries.
// It may import internal/config. It must not import agent or its collectors.
//
// An entry that Append has returned for survives SIGKILL; with Config.Sync "commit" it survives a power cut too. The cursor is the
// queue itself: Ack deletes. All methods are safe for concurrent use; one process at a time may hold a spool.
package spool
