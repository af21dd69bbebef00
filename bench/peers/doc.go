// Package peers pins the Prometheus that Endscope is measured against: the same version whose TSDB it embeds, as a Go
// module of its own, so that its server and its many service-discovery dependencies stay out of ours.
//
// It owns the version (go.mod's tool directive) and nothing else; it holds no code, and nothing imports it. bench/ingest builds
// the two programs from here into .cache/peers:
//
//	go build -C bench/peers -tags remove_all_sd -o ../../.cache/peers/ tool
//
// The tag leaves out service discovery, which a push benchmark does not use. The web UI is not in the Go module, so these programs
// answer the API and no pages.
package peers
