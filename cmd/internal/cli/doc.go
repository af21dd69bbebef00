// Package cli is what the two binaries share on the command line: exit codes, signals, logging, version and completion.
//
// It owns how a command ends (0 done, 1 failed, 2 used wrongly), what signals do, and how errors are printed. It does not own
// any command's work, flags of its own, or configuration files (cmd/internal/conf). It may import cmd/internal/conf and
// internal/config; only cmd may import it. An Env belongs to one run of a binary.
package cli
