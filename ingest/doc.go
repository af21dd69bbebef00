// Package ingest turns pushed bytes into samples and appends them.
//
// It owns the parsers (one file each), the identity and relabelling of what arrives, the limits on what a sender may push, the
// cache from raw label bytes to stored series, the metadata that came with pushes, and the counters of what was refused and why.
// It does not own storage (it is given a Store), HTTP (parsers take bytes), or retries (senders retry; see Result and Error).
// It may import scopes and internal/config. It must not import tsdb, query or web.
// All exported functions are safe for concurrent use unless they say otherwise; a Batch belongs to one goroutine.
package ingest
