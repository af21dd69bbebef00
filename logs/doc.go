// Package logs is the store of the log tables: rows that are acknowledged when they are on disk, kept by DuckDB in one file per table and
// day, and read with SQL.
//
// It owns the declarations of the tables (schema.go, table_*.go), the durable append (append.go, commit.go, apply.go), queries with their
// limits and grants (query.go, relation.go), the tail of new rows (tail.go), retention, hot backups, and what is done about a damaged file.
// It does not own parsing of rows (ingest fills batches), the query language (logs/kql, which speaks SQL to Query), or HTTP.
// It may import scopes, internal/config, internal/logrows and the packages below it. See DESIGN.md for what is on disk and how
// "acknowledged" is kept. All exported methods of Store are safe for concurrent use.
package logs
