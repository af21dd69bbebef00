// Package demo runs everything on one machine: the real server, an agent that reads the machine, and a sample endpoint under load.
//
// It owns the command `demo`: the cast of the sample endpoint, the processes of its instances, the load, what is printed, and the order in
// which all of it stops. It does not own the server (app), how questions are asked (client), what instances compute (demo/scoring), or
// how they are run, measured and read (endscope-agent). It may import everything of ours but cmd/endscope/commands, which alone imports it.
//
// Every instance is `endscope-agent exec` as a user would run it, with a scoring server as its child (the hidden command `demo-instance`):
// the agent's proxy measures the requests, its life cycle probes and restarts the server, its console takes what the server prints, and it
// scrapes the server's metrics, which a mapping file of the demo explains. The second container of one instance has an agent of its own.
//
// What it shows is measured. A few things are played, and said so: how long the scoring servers wait for their model and before they score,
// so that there is something to find; a second container of one instance, which ends because nobody listens where it looks for models; and
// GPUs with --simulate-gpu, whose model name begins with "Simulated". All instances share the machine, so their CPU, memory and disk are
// the machine's.
//
// A demo runs once; several may run in one process on different addresses and directories.
package demo
