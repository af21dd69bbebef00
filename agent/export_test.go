package agent

// SelfDescs lets the test of docs/metrics.md see what the self collector describes.
func SelfDescs() []*Desc { return selfDescs }
