// Package commands is the command line of the server binary: the root, the list of subcommands, serve, check and test.
//
// It owns which commands there are and what their flags do. It does not own wiring (app), questions to a server (client), documents that a server is sent
// (resource) or the demo.
// It may import everything below cmd; only cmd/endscope imports it. A command belongs to one run.
package commands
