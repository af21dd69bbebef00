// Command alerts measures what many alert rules cost: it runs the whole server in this process, pushes what a fleet would push, and compares
// a stretch of time without rules with one with 5,000 rules of ten series each that are checked every minute: CPU, memory, how late
// evaluations begin, and how fast a chart is answered beside them. It prints a table for docs/performance.md.
//
// It owns the fleet, the rules and the report. It may import cmd/endscope/app, bench/kit and the packages whose values it makes.
package main
