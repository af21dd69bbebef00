// Package houserules holds the tests that keep the repository in its agreed shape: who imports whom, a doc.go per package, documented
// metrics, keys and dependencies, and nothing left undone in the source.
//
// It owns rules about the repository as a whole; rules about one package are tested there. It has no code besides tests, and
// nothing may import it. Its tests read the checkout, so they run from a working copy only.
package houserules
