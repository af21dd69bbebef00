// Package pack holds tests only: the ready-made alert rules are played over two days of made-up incidents, in a real store with the real
// engine, planner and evaluator. It is here because alerts does not know who answers its questions. It owns the back-test table in
// docs/alerts/starter-pack.md and the checks of docs/runbooks, and nothing else. It may import all parts that it plays together.
package pack
