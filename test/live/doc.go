// Package live holds the tests of the Live view over the real programs: an agent's proxy, its stream, the server, and a client of the events.
//
// It owns no code besides tests. It may import test/programs and internal/subproc.
package live
