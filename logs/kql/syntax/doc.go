// Package syntax reads the query language: a lexer, a parser that makes a tree with the position of every node, and a formatter that
// writes a tree as text again.
//
// It owns the tree (ast.go, operators.go), what is a word, a literal and a name (lexer.go, lex_*.go), the grammar (parser.go, and a file
// parse_*.go for each family of constructs), the canonical layout (format*.go, on layout.go), the limits of a query and the messages of
// syntax errors with line and column (errors.go). Words of the language are words only where the grammar has them: elsewhere they are names.
// It does not know which tables, columns or functions exist: that is the binder's. It imports logs/kql/value for the values of literals
// and nothing else of ours. All functions are safe for concurrent use; a tree is not changed after it was parsed.
package syntax
