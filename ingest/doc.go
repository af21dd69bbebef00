// Package ingest turns pushed bytes into samples and log rows, and appends them.
//
// It owns the parsers (one file each), the identity and relabelling of what arrives, the limits on what a sender may push, the
// cache from raw label bytes to stored series, the metadata that came with pushes, and the counters of what was refused and why.
// What concerns logs is in logs_*.go: rows go straight into columns, see logBatch.
// It does not own storage (it is given a Store and a LogStore), HTTP (parsers take bytes), or retries (senders retry; see Result, LogsResult and Error).
// It may import scopes, internal/config and internal/logrows. It must not import tsdb, logs, query or web.
// All exported functions are safe for concurrent use unless they say otherwise; a Batch belongs to one goroutine.
package ingest
