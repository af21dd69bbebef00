package ingest

import "unsafe"

// arenaChunk is the memory that an arena takes at once.
const arenaChunk = 256 << 10

// arena holds the strings of one batch, so that they cost one copy and no allocation each. Its memory is used again after reset, and no
// string of before may be kept then.
type arena struct {
	chunks [][]byte // of arenaChunk bytes; the first used of them hold strings
	used   int
	large  [][]byte // what did not fit a chunk, one string each
	free   []byte   // the rest of the last used chunk
	bytes  int      // of all chunks in use and all large strings
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
		own := append([]byte(nil), b...)
		a.large = append(a.large, own)
		a.bytes += len(own)
		return unsafe.String(&own[0], len(own))
	}
	if a.used == len(a.chunks) {
		a.chunks = append(a.chunks, make([]byte, arenaChunk))
	}
	a.free = a.chunks[a.used]
	a.used++
	a.bytes += arenaChunk
	return a.text(b)
}

// reset forgets all strings.
func (a *arena) reset() {
	clear(a.large)
	*a = arena{chunks: a.chunks, large: a.large[:0]}
}
