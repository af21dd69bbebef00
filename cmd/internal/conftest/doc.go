// Package conftest checks the pages that are made from a configuration struct or from what is registered, for the tests of both binaries.
//
// It owns the comparison of an example file and of sections of pages with what conf, or a registry of metrics, would write now. It does not own
// the pages' words around that. It may import cmd/internal/conf; only tests import it. Its functions belong to one test.
package conftest
