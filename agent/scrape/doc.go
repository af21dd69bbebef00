// Package scrape reads the metric pages of model servers and their proxies and writes them as raw and as canonical series.
//
// It owns fetching and parsing a page (text, OpenMetrics, protobuf), telling what kind of server wrote it, the mappings (mappings/*.yaml and
// the operator's own files) with the engine that applies them, the table of canonical series that a mapping may write, and its limits. It does
// not own the schedule or the push (agent), the proxy's own series (agent/proxy) or those of the driver (agent/gpu). It may import agent, scopes (names only)
// and internal/config, and parses with Prometheus's textparse.
//
// A page is hostile: a line that cannot be read costs that line where the format allows to go on, everything that is left out is counted in
// agent_scrape_dropped_samples_total with its reason, and a limit that is met is an error that names value and bound. Absent is absent: a
// reading that a server does not give is left out, never written as 0. A target that fails or hangs does not hold the others.
//
// A Collector is used by one goroutine, as agent.Collector says; Targets may be called at any time.
package scrape
