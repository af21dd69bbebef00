// Package ruletest runs unit tests of Prometheus rules in the format of `promtool test rules`.
//
// It owns the format (file.go), evaluation of the rules over the input series of a test (run.go), and the comparison of what came out
// with what a test expects (compare.go). It does not own the command that prints results.
// It may import nothing of ours: rules are read and run by Prometheus's own packages.
package ruletest
