// Package kql is the query language of the logs: it binds a query to tables, plans it, and runs it.
//
// It owns the meaning of names (bind*.go), the tabular operators (op_*.go: each binds one operator and runs it over rows), scalar
// expressions (expr.go, eval.go), the limits of a query (limits.go), and the planner that says as much of a query as it can in SQL
// (sql_*.go), so that the store answers it. Whatever SQL cannot say runs here over rows, behind the same interface, with the same result.
// It does not own syntax (logs/kql/syntax), values (logs/kql/value), functions (logs/kql/fn) or storage: a Catalog gives it tables.
// It may import those, internal/config, internal/logrows and scopes. It must not import DuckDB.
// An Engine is safe for concurrent use; a Result belongs to one goroutine.
package kql
