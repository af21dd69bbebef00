package condition

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const encodingVersion = 1

// ErrEncoding says that bytes are no encoded State.
var ErrEncoding = errors.New("no encoded state of a series")

// Encode appends the state, in at most 48 bytes, as Decode reads it: the version, and varints. The stamps but the first are written as
// their distance from it, which is short, plus one; 0 stands for none.
func (s *State) Encode(b []byte) []byte {
	b = append(b, encodingVersion)
	b = binary.AppendUvarint(b, uint64(s.last))
	for _, t := range []stamp{s.data, s.fired, s.acted} {
		distance := int64(0)
		if t != 0 {
			if distance = int64(s.last - t); distance >= 0 {
				distance++
			}
		}
		b = binary.AppendVarint(b, distance)
	}
	b = binary.AppendUvarint(b, uint64(s.ring))
	return binary.AppendUvarint(b, uint64(s.unmet))
}

// Decode reads a state that Encode wrote. It returns an error that wraps ErrEncoding for anything else, also for bytes behind it and
// for the version of a newer server.
func Decode(b []byte) (State, error) {
	if len(b) == 0 {
		return State{}, fmt.Errorf("%w: it is empty", ErrEncoding)
	}
	if b[0] != encodingVersion {
		return State{}, fmt.Errorf("%w: version %d, not %d", ErrEncoding, b[0], encodingVersion)
	}
	r := reader{b: b[1:]}
	var s State
	last := r.uvarint()
	s.last = stamp(last)
	for _, t := range []*stamp{&s.data, &s.fired, &s.acted} {
		switch distance := r.varint(); {
		case distance > 0:
			*t = s.last - stamp(distance-1)
		case distance < 0:
			*t = s.last - stamp(distance)
		default:
			continue
		}
		r.failed = r.failed || *t <= 0 || *t > maxStamp
	}
	ring, unmet := r.uvarint(), r.uvarint()
	if r.failed || len(r.b) > 0 || last > maxStamp || ring > math.MaxUint32 || unmet > math.MaxUint16 {
		return State{}, ErrEncoding
	}
	s.ring, s.unmet = uint32(ring), uint16(unmet)
	return s, nil
}

// maxStamp is in the year 9999.
const maxStamp = 253402300799999 + 1

// reader takes values from the front of b; what it returns after it failed means nothing.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	return v * int64(r.skip(n))
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	return v * uint64(r.skip(n))
}

// skip drops n bytes and returns 1, or 0 where there were none to drop.
func (r *reader) skip(n int) int {
	if n <= 0 {
		r.failed = true
		return 0
	}
	r.b = r.b[n:]
	return 1
}
