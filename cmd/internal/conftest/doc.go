// Package conftest checks the pages that are made from a configuration struct, for the tests of both binaries.
//
// It owns the comparison of an example file and of a section of the reference page with what conf would write now. It does not own
// the pages' words around that. It may import cmd/internal/conf; only tests import it. Its functions belong to one test.
package conftest
