// Package push takes what a spool holds to a server, oldest first, until the server has it or has refused it for good.
//
// It owns one POST and what its answer means (try again or not, and when), the waits between attempts and what an operator may set of them, and the
// loop that empties a queue while the server may be away. It does not own the payloads, their protocols, or what is counted: whoever sends gives a
// Delivery. It may import agent/spool and internal/config.
// It must not import agent or its collectors.
package push
