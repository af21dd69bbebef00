// Command agent measures what an agent needs with everything on, beside a model server that it runs, and what becomes of the data while the Endscope
// server is away for long.
//
//	make build && go run ./bench/agent                                   # 0, 100 and 2,000 requests/s, 90 s each
//	go run ./bench/agent -rates 100 -seconds 20 -warm-up 5s              # a quick look
//	go run ./bench/agent -outage 10m -rates 500                          # the server is killed under load, and comes back after ten minutes
//	go run ./bench/agent -jumps 20s:5m,40s:-2h,60s:0s -rates 500         # the agent's clock is set under load, ahead, back and right again
//
// Everything is on: the proxy, a page of vLLM's metrics scraped, the console through exec with one line for each request, probes, host, GPU (absent on
// machines without), rows of all three logs; every 15 s, as by default. Resident memory is read from the kernel once a second and CPU time over the
// whole of each load; after each load every row must have arrived. The goal is less than 60 MiB of resident memory.
//
// With -outage and -jumps every request is followed by its id: its row and its line must arrive once, and counters must have risen by what happened.
//
// It owns the model server (model.go), the load (load.go), the programs (programs.go), what is asked of the server (ask.go), the measurements
// (footprint.go, outage.go, jumps.go) and their reports. It may import bench/kit and internal/subproc. Nobody imports it.
package main
