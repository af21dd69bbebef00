// Package live shows what happens now: while somebody watches a scope, it asks the agents of that scope for one frame a second, merges the frames and
// hands each second to those who watch. Nothing is stored.
//
// It owns the streams that agents keep open, what they are asked, the seconds and how long each waits for its frames, the merging, the limits, and the
// counters. It does not own the frames (internal/liveframe), how they are made (agent/live), routes and server-sent events (web), or which
// instances there are beside those that are connected (it is given a function). It may import scopes, internal/config and internal/liveframe.
//
// One goroutine, Run's, owns time: it shows seconds, renews leases and lets go. Everything else happens in short calls under one lock that never
// wait for a network: an agent's requests and a watcher's events go through bounded queues of their own, of which the newest are kept.
// All exported functions are safe for concurrent use unless they say otherwise.
package live
