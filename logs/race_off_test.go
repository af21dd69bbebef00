//go:build !race

package logs

// raceEnabled says that the race detector slows everything down.
const raceEnabled = false
