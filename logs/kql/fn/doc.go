// Package fn is the library of functions of the query language: scalar functions, aggregates and functions over ordered rows (window
// functions), each with its signature, a sentence of help and its implementation over values.
//
// It owns what a function is called, takes, returns and computes. It does not own names of columns and tables, evaluation order, or SQL:
// the binder resolves calls with Library, and the planner decides which functions it can say in SQL. It imports logs/kql/value and nothing
// else of ours. A Library is immutable once made and safe for concurrent use; accumulators belong to one goroutine.
package fn
