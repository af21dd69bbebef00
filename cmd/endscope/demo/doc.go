// Package demo runs everything on one machine: the real server, an agent that reads the machine, and a sample endpoint under load.
//
// It owns the command `demo`: the cast of the sample endpoint, the processes of its instances (the hidden command `demo-instance`,
// each a scoring server and a real agent), the rows that they push to the log tables, the load, what is printed, and the order in
// which all of it stops. It does not own the server (app), how questions are asked (client), what instances compute (demo/scoring), or
// how they are read (agent). It may import everything of ours but cmd/endscope/commands, which alone imports it.
//
// What it shows is measured. A few things are played, and said so: how long the scoring servers wait before they score, so that there
// is something to find; a second container of one instance, which ends because nobody listens where it looks for models; and GPUs with
// --simulate-gpu, whose model name begins with "Simulated". All instances share the machine, so their CPU, memory and disk are the
// machine's.
//
// Rows of the logs are made where things happen. A scoring server tells its own process, which pushes them; what happens to containers
// the fleet knows, which runs them, and it tells the instance on its standard input (happening).
//
// A demo runs once; several may run in one process on different addresses and directories.
package demo
