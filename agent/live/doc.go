// Package live is the agent's side of the Live view: it keeps one stream to the server open, and sends a frame a second while the server asks for them.
//
// It owns the stream and its back-off, the lease, the tap that counts requests, and the making of frames. It does not own the messages
// (internal/liveframe), the requests (agent/proxy tells of them through agent/records) or the collectors, whose readings it is told. It may import agent,
// agent/push, agent/records, scopes, internal/config and internal/liveframe.
//
// The tap costs one atomic load for each request while nobody watches. While somebody does, a request never waits: it is counted in the first of a few
// counters that is free, and where none is, the frame says that it was not. Nothing is stored or sent again: what a broken stream loses is gone.
// Request, Readings and Connected are safe for concurrent use; Run may be called once.
package live
