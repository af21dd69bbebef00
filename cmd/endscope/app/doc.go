// Package app wires the server: it opens and connects every part, runs them, and closes them in order.
//
// It owns the server's configuration as a whole, the order of start and shutdown, and reload. It does not own any part's work, flags
// or files. It may import every package of ours outside cmd, and cmd/internal; only packages below cmd import it.
// An App is safe for concurrent use; several may run in one process.
package app
