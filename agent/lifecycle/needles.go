package lifecycle

import (
	"math/bits"
	"strings"
)

// needles finds which of many texts a line holds in one pass over it, by the four bytes that they begin with. Console output can come in at a hundred
// megabytes a second, so that looking for each text on its own would cost more than one core.
type needles struct {
	texts []string
	some  [1 << needleBits]bool    // whether a text has the hash of its first four bytes there; small enough to stay in the nearest cache
	slots [1 << needleBits][]uint8 // which ones
}

const (
	needleBits = 12
	maxNeedles = 64 // as many as set has bits
)

// set holds a bit for each text.
type set uint64

func (s set) has(i int) bool { return s>>i&1 == 1 }

// first returns the lowest member and the set without it.
func (s set) first() (int, set) { return bits.TrailingZeros64(uint64(s)), s & (s - 1) }

func (n *needles) add(text string) {
	for _, t := range n.texts {
		if t == text {
			return
		}
	}
	h := hash4(text, 0)
	n.some[h] = true
	n.slots[h] = append(n.slots[h], uint8(len(n.texts)))
	n.texts = append(n.texts, text)
}

func (n *needles) in(line string) set {
	var found set
	for i := 0; i+4 <= len(line); i++ {
		h := hash4(line, i)
		if !n.some[h] {
			continue
		}
		for _, t := range n.slots[h] {
			if !found.has(int(t)) && strings.HasPrefix(line[i:], n.texts[t]) {
				found |= 1 << t
			}
		}
	}
	return found
}

func (n *needles) index(text string) int {
	for i, t := range n.texts {
		if t == text {
			return i
		}
	}
	return -1
}

// hash4 mixes the four bytes from i on.
func hash4(s string, i int) uint32 {
	v := uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
	return v * 2654435761 >> (32 - needleBits)
}
