// Package logrows is the shape in which log rows travel between the parts: column types, the declaration of a table, and a columnar batch.
//
// It owns those types and nothing else, so that ingest can fill batches and logs can store them without knowing each other. It imports
// nothing of ours, and ingest, logs, web and cmd may import it. A Batch belongs to one goroutine at a time.
package logrows
