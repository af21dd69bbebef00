package kql

// optimize prepares a bound table for running: filters move down to where they cost least, and tables learn which columns are needed.
func optimize(n node) node {
	n.require(nil)
	return n
}
