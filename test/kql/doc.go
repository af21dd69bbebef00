// Package kql judges the query language of a real server with the open conformance cases, where the folder shared/kql stands beside the
// checkout. The cases and their runner belong to others and are never copied here.
//
// It owns the marks that the language has to reach and no behaviour: it holds nothing but tests. It may import every part of the server. The
// runner needs python3.
package kql
