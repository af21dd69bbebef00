//go:build race

package agent

// withRace says that the programs are built with the race detector, as this test is. They are much larger then.
const withRace = true
