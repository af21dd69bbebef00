package query

import (
	encoding "encoding/binary"
	"math/bits"
)

// bitReader reads the bit streams that Prometheus's chunks are. Beyond the end it reads zeros; ended says whether it was there.
//
// It is here because decoding is most of the work of a plan, and upstream's readers go bit by bit.
type bitReader struct {
	b   []byte
	pos int // in bits
}

// peekBits is how many bits peek returns at least.
const peekBits = 57

func (r *bitReader) ended() bool { return r.pos > 8*len(r.b) }

// peek returns the next bits, leftmost first.
func (r *bitReader) peek() uint64 {
	i := r.pos >> 3
	if i+8 <= len(r.b) {
		return encoding.BigEndian.Uint64(r.b[i:]) << (r.pos & 7)
	}
	return r.peekTail(i)
}

func (r *bitReader) peekTail(i int) uint64 {
	var last [8]byte
	if i < len(r.b) {
		copy(last[:], r.b[i:])
	}
	return encoding.BigEndian.Uint64(last[:]) << (r.pos & 7)
}

// bits reads up to 64 bits.
func (r *bitReader) bits(n uint) uint64 {
	if n > peekBits {
		high := r.bits(n - 32)
		return high<<32 | r.bits(32)
	}
	v := r.peek() >> (64 - n)
	r.pos += int(n)
	return v
}

// varbitSizes are the lengths of the numbers that follow so many ones and a zero.
var varbitSizes = [8]uint{0, 3, 6, 9, 12, 18, 25, 56}

// varbit reads a number of variable length and says how long it was.
func (r *bitReader) varbit() (v uint64, size uint) {
	w := r.peek()
	ones := uint(bits.LeadingZeros64(^w))
	switch {
	case ones == 0:
		r.pos++
		return 0, 0
	case ones < 7:
		size = varbitSizes[ones]
		r.pos += int(ones + 1 + size)
		return w << (ones + 1) >> (64 - size), size
	case ones == 7:
		r.pos += 8
		return r.bits(56), 56
	}
	r.pos += 8
	return r.bits(64), 64
}

func (r *bitReader) uint() uint64 {
	v, _ := r.varbit()
	return v
}

func (r *bitReader) int() int64 {
	v, size := r.varbit()
	return signed(v, size)
}

// signed returns the signed number that was written with so many bits.
func signed(v uint64, size uint) int64 {
	if size > 0 && size < 64 && v > 1<<(size-1) {
		v -= 1 << size
	}
	return int64(v)
}

// deltas reads the changes of the differences d, and adds the differences to v. moving has a bit for each difference that is not 0, which
// are few in most histograms: buckets grow one at a time.
func (r *bitReader) deltas(v, d []int64, moving []uint64) {
	var (
		w    uint64
		have int // bits of w
		pos  = r.pos
		n    = len(v)
	)
	d = d[:n]
	for i := 0; i < n; {
		if have < 32 { // as much as all but the longest numbers take
			r.pos = pos
			w, have = r.peek(), peekBits
		}
		if w>>63 == 0 { // a run of differences that stay
			zeros := min(bits.LeadingZeros64(w), have, n-i)
			i += zeros
			w <<= uint(zeros)
			have -= zeros
			pos += zeros
			continue
		}
		var change int64
		if ones := uint(bits.LeadingZeros64(^w)); ones < 7 {
			size := varbitSizes[ones]
			change = signed(w<<(ones+1)>>(64-size), size)
			w <<= ones + 1 + size
			have -= int(ones + 1 + size)
			pos += int(ones + 1 + size)
		} else {
			r.pos = pos
			change = r.int()
			pos, have = r.pos, 0
		}
		d[i] += change
		bit := uint64(1) << (uint(i) & 63)
		if d[i] != 0 {
			moving[i>>6] |= bit
		} else {
			moving[i>>6] &^= bit
		}
		i++
	}
	r.pos = pos
	for k, left := range moving {
		for left != 0 {
			i := k<<6 + bits.TrailingZeros64(left)
			left &= left - 1
			v[i] += d[i]
		}
	}
}

// xorBits is a float that is written as what changed of its bits.
type xorBits struct {
	v                 uint64
	leading, trailing uint
}

func (x *xorBits) read(r *bitReader) {
	w := r.peek()
	switch w >> 62 {
	case 0, 1:
		r.pos++
		return
	case 2:
		r.pos += 2
		n := 64 - x.leading - x.trailing
		if n <= peekBits-2 {
			x.v ^= w << 2 >> (64 - n) << x.trailing
			r.pos += int(n)
			return
		}
		x.v ^= r.bits(n) << x.trailing
		return
	}
	x.leading = uint(w << 2 >> 59)
	n := uint(w << 7 >> 58)
	if n == 0 || x.leading+n > 64 { // the latter in a damaged chunk
		n = 64 - x.leading
	}
	x.trailing = 64 - x.leading - n
	r.pos += 13
	x.v ^= r.bits(n) << x.trailing
}
