// Package proxy is the streaming reverse proxy in front of a model server: it passes requests and answers on as they come, and measures each.
//
// It owns the listener, the connections to the model server, the outcome of every request (its row of the traffic log and its observations in the
// endpoint_* series), the limits on concurrency and bandwidth, and what it reads out of token streams. It does not own where rows go
// (agent/records), the push of its series (agent), or what the model server says of itself (agent/scrape). It may import agent/records and
// internal/config.
//
// The core is net/http/httputil.ReverseProxy. Around it stand a connection that counts bytes, bodies that count, limit and note how they ended, and
// a RoundTripper that picks the protocol. A request body of known length up to 16 KiB is read whole before the model is asked; of larger ones, and of
// answers, nothing is buffered beyond one read. An answer that breaks is aborted, so that half of it does not look whole.
//
// A Proxy is safe for concurrent use; Run may be called once.
package proxy
