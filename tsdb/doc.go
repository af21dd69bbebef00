// Package tsdb is the embedded metric store: the Prometheus TSDB with acknowledged writes that are durable.
//
// It owns opening and replaying the TSDB, the group commit (many writes, one commit, one fsync, the next group being appended
// meanwhile), retention, the health of the data directory, and closing within a deadline. It does not own parsing, limits on
// what may be written (the caller's function appends), or queries (it hands out Prometheus queriers).
// It may import internal/config and nothing else of ours. See DESIGN.md for what "durable" means and how it is kept.
// All exported methods of Store are safe for concurrent use.
package tsdb
