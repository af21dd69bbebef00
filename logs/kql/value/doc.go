// Package value is what the query language computes with: scalar types and their Go values, conversions between them and to and from
// text and JSON, comparison, ordering, hashing and arithmetic with the language's rules for null.
//
// It owns how a value looks and behaves on its own: text and JSON forms (text.go, json.go), the readers of datetimes, timespans and
// numbers (parse_*.go), conversion (convert.go), comparison and order (compare.go), arithmetic (arith.go), terms of a text (term.go).
// It does not own functions, names or rows. It imports internal/logrows and nothing else of ours.
// All functions are pure and safe for concurrent use.
package value
