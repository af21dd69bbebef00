// Package programs builds and runs Endscope's two programs for the tests below test.
//
// It owns their building, a server over its restarts, and the end of whatever a test starts. It owns no test. Only tests import it; it may import
// internal/subproc.
package programs
