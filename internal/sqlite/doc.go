// Package sqlite opens the database files of the server: one file, one writer, and commits that survive a power cut.
//
// It owns the driver and its settings (write-ahead log, synchronous=FULL, foreign keys, busy timeout), the step-by-step upgrade of a
// schema, and what a damaged or newer file, or a full disk, says. It does not own any table. It may import nothing of ours.
package sqlite
