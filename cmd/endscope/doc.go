// Command endscope is the server and its tools: serve, demo, check, query, version. All wiring is in app, all commands are in commands.
//
// It owns the process: its arguments, its streams and its exit code. It may import cmd/endscope/commands only. main runs one command.
package main
