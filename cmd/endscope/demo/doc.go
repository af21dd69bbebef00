// Package demo runs everything on one machine: the real server, an agent that reads the machine, and a sample endpoint under load.
//
// It owns the command `demo`: the cast of the sample endpoint, the processes of its instances (the hidden command `demo-instance`,
// each a scoring server and a real agent), the load, what is printed, and the order in which all of it stops. It does not own the
// server (app), how questions are asked (client), what instances compute (demo/scoring), or how they are read (agent). It may import
// everything of ours but cmd/endscope/commands, which alone imports it.
//
// What it shows is measured. Two things are played, and said so: how long the scoring servers wait before they score, so that there
// is something to find, and GPUs with --simulate-gpu, whose model name begins with "Simulated". All instances share the machine, so
// their CPU, memory and disk are the machine's.
//
// A demo runs once; several may run in one process on different addresses and directories.
package demo
