// Package condition decides when one series of a rule fires and when it resolves. Live evaluation and preview step the same state
// through the same checks, so what a preview shows is what would have happened.
//
// It owns the comparison of a value with a threshold or a band (compare.go), what several criteria make together (verdict.go), what a
// rule asks of its checks (Policy), and the state machine with its encoding (State). It owns no clock, no questions and no alerts:
// the caller says what a check at an instant saw and makes alerts of the events.
// It may import alerts and scopes. A State is not safe for concurrent use; everything else is.
package condition
