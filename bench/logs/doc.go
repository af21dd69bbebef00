// Command logs measures the log store of a real server: how many rows it takes through its HTTP API and what they cost on disk, and how
// long the queries of docs/logs.md take over them.
//
//	go run ./bench/logs                  # 10 million traffic rows and as many console lines over 30 days
//	go run ./bench/logs -rows 500000     # a quick look
//
// Rows come in batches of 5,000 as NDJSON, from a few connections. Queries are asked one after the other, each several times; shown are the
// median and the 99th percentile, with the rows that the first answer had.
//
// It owns the made-up rows (rows.go), the load (push.go), the questions (questions.go) and the report. It may import bench/kit and
// internal/subproc. Nobody imports it.
package main
