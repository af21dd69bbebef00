package ingest

import "unsafe"

const (
	arenaFirst = 1 << 10 // a chunk's least and most bytes
	arenaChunk = 256 << 10
)

// arena holds the strings of one batch in few allocations, at the cost of one copy each. Whoever keeps one of the strings keeps its chunk.
type arena struct {
	free  []byte // the rest of the last chunk
	next  int    // size of the next chunk
	bytes int    // of all chunks
}

// text copies b.
func (a *arena) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > len(a.free) {
		return a.slow(b)
	}
	n := copy(a.free, b)
	s := unsafe.String(&a.free[0], n)
	a.free = a.free[n:]
	return s
}

func (a *arena) slow(b []byte) string {
	if len(b) > arenaChunk/4 { // a chunk's rest is not given up for it
		a.bytes += len(b)
		return string(b)
	}
	size := max(min(a.next, arenaChunk), arenaFirst, len(b))
	a.next = 2 * size
	a.free = make([]byte, size)
	a.bytes += size
	return a.text(b)
}
