// Command ingest pushes the same pre-built remote-write load at Endscope, at the Prometheus whose TSDB it embeds, and at Debian's
// VictoriaMetrics, one after the other, and prints how fast and how dearly each took it.
//
//	scripts/debian-tools victoria-metrics && go run ./bench/ingest
//
// Two loads: bulk (few connections, requests of 2,000 samples) and fleet (many agents, requests of 60 samples). Their bodies are
// made once, before any server starts, and every server gets the same bytes in the same order on each connection. Every server is a
// real process with an empty data directory and its defaults, and runs alone; the order changes from run to run. Ratios inside one
// run of this program mean something; numbers of different days or machines do not compare.
//
// It counts: samples and requests per second until the last acknowledgement, the server's CPU time, acknowledgement times, peak memory,
// and disk space after a pause. Then it asks the server how many samples of every metric it holds. A refused request or a missing
// sample makes the program fail: a benchmark that loses data measures nothing.
//
// It owns the load, the drivers and the report. It may import internal/subproc and Prometheus's wire types, and nothing of the
// server: it knows Endscope only as a binary.
package main
