//go:build !race

package agent

const withRace = false
