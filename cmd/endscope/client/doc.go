// Package client is `endscope query`: it asks a running server and prints the answer as a table, JSON or CSV.
//
// It owns the command line of queries and how answers look in a terminal. It does not own any meaning of an answer: PromQL
// goes through Prometheus's own API client, and answers of drill-down and of the logs are decoded from the server's documented JSON.
// It may import cmd/internal/cli and logs/kql/syntax, which formats queries, and nothing else of ours. A command belongs to one run.
package client
