// Package query answers questions about stored metrics: PromQL expressions, and drill-down questions in the words of the
// catalogue (a metric at a scope, by interval and split), which it plans into PromQL.
//
// It owns the PromQL engine and its limits (engine.go, limits.go), the sessions that compute the parts that plans are made of in one
// pass over the samples, several at a time and each once (session.go, leaf*.go), the Queryable that enforces the caller's grants
// (grants.go), the roll-ups that the server writes and where they may be read (rollup*.go), the planner from catalogue definitions to expressions (plan*.go), the shaped answers (drilldown*.go) and the
// scope tree with the state of every instance (tree*.go). It does not own storage (it is given a storage.Queryable), the
// definitions (scopes), HTTP, or what a caller is granted (the context carries it).
// Expressions are built as parser.Expr trees and never by pasting strings; every read, of samples and of label values,
// goes through the guarded Queryable, so no function here filters by hand what a caller may see.
// It may import scopes and internal/config. It must not import tsdb, ingest or web.
// All exported functions are safe for concurrent use unless they say otherwise.
package query
