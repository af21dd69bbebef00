// Package syntax reads the query language: a lexer, a parser that makes a tree with the position of every node, and a formatter that
// writes a tree as text again.
//
// It owns the tree (ast.go, operators.go), what is a word, a literal and a name, and the messages of syntax errors with line and column.
// It does not know which tables, columns or functions exist: that is the binder's. It imports logs/kql/value for the values of literals
// and nothing else of ours. All functions are safe for concurrent use; a tree is not changed after it was parsed.
package syntax
