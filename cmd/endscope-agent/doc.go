// Command endscope-agent runs beside one instance of a deployment, reads it, and pushes what it read. All wiring is in app.
//
// It owns the process: its arguments, its streams and its exit code. It may import cmd/endscope-agent/app only. main runs one command.
package main
