// Package scopes is the vocabulary of Endscope: scope paths and patterns with their label matchers, the metric
// catalogue, and what a caller is granted.
//
// It owns the naming rules of endpoints, deployments and instances (name.go), Path (path.go), Pattern (pattern.go),
// Grants and their place in a context (grants.go), and the catalogue of metric definitions with its embedded YAML
// (catalogue*.go, catalogue/*.yaml). It does not own stored data, expressions, HTTP or any enforcement: a definition says
// declaratively how it is computed and query builds the expression; Grants say what is visible and the Queryable in query
// enforces it.
// It is pure: no I/O beyond the embedded files, no clock. It imports nothing of ours, and every package may import it.
// All values are immutable once made and safe for concurrent use.
package scopes
