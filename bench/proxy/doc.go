// Command proxy measures what the agent's proxy costs: how much longer a request takes than without it, and how much CPU and memory it uses,
// beside nginx from Debian in the same run.
//
//	scripts/debian-tools nginx && go run ./bench/proxy                    # the proxy and the log alone, in a process of their own
//	make build && go run ./bench/proxy -agent bin/endscope-agent          # the whole agent
//	go run ./bench/proxy -rate 500 -seconds 2 -rounds 1                   # a quick look
//
// Requests of 1 KiB come at a constant rate, whether or not the ones before have been answered, straight to a model server and through each proxy, a few
// seconds each in turn, for several rounds. Shown are the medians over the rounds of the percentiles, and of their distance from the direct
// calls of the same round. Then clients read token streams, and the delay of each token from the model's clock to the client's is compared.
//
// Everything shares one machine, the load and the model server too, so only differences inside one run mean anything.
//
// It owns the model server (model.go), the load (load.go, stream.go), the programs (programs.go) and the report. It may import agent/proxy,
// agent/records, scopes, bench/kit and internal/subproc. Nobody imports it.
package main
