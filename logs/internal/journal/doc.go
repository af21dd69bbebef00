// Package journal keeps records on disk, in order, from when they are written until they are no longer needed.
//
// It owns the format of its segments (see Open), finding the end of what was written before a crash, cutting off what a failed write left
// behind, and the sequence numbers of records. It knows nothing of what is in a record. It may import nothing of ours; only package logs
// imports it. A Journal belongs to one goroutine at a time, except Release.
package journal
