//go:build race

package query

// RaceDetector says that the tests run ten times slower.
const RaceDetector = true
