//go:build !race

package query

// raceDetector says that the tests run ten times slower.
const raceDetector = false
