// Package duck speaks to the embedded DuckDB: databases, connections, statements, streams of result chunks, and appenders.
//
// It owns everything that needs DuckDB's C interface: memory that has to be freed, interrupts, and the layout of DuckDB's vectors, which it
// reads and writes directly because one call into C for every value is what makes other ways slow. It knows nothing of log tables.
// It may import nothing of ours; only package logs imports it.
//
// A DB may be used by several goroutines at a time; a Conn, and the Rows and Appenders made from it, by one.
package duck
